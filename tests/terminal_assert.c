#include "terminal_assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Prints the screen between rules of its width, and the sentence below. */
__attribute__((format(printf, 4, 5))) static void
fail_with_screen(struct terminal *terminal, const char *file, int line, const char *format, ...)
{
    char sentence[1024], rule[256];
    int columns, rows;
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    terminal_size(terminal, &columns, &rows);
    size_t width = (size_t)columns < sizeof rule ? (size_t)columns : sizeof rule - 1;
    memset(rule, '-', width);
    rule[width] = '\0';
    print_error("%s\n%s%s\n%s\n", rule, terminal_screen(terminal), rule, sentence);
    _fail(file, line);
}

struct terminal *expect_terminal(const struct terminal_settings *settings, const char *file,
                                 int line)
{
    struct terminal *terminal = terminal_open(settings);
    if (terminal == NULL) {
        print_error("no terminal for %s\n", settings->argv[0]);
        _fail(file, line);
    }
    return terminal;
}

void expect_text(struct terminal *terminal, const char *text, const char *file, int line)
{
    if (!terminal_wait_for(terminal, text))
        fail_with_screen(terminal, file, line, "the screen does not show \"%s\"", text);
}

void expect_no_text(struct terminal *terminal, const char *text, const char *file, int line)
{
    if (!terminal_wait_without(terminal, text))
        fail_with_screen(terminal, file, line, "the screen still shows \"%s\"", text);
}

void expect_settled(struct terminal *terminal, const char *file, int line)
{
    if (!terminal_settle(terminal))
        fail_with_screen(terminal, file, line, "the program does not come to rest");
}

void expect_row(struct terminal *terminal, int row, const char *text, const char *file, int line)
{
    const char *seen = terminal_row(terminal, row);
    if (strcmp(seen, text) != 0) {
        char kept[512];
        snprintf(kept, sizeof kept, "%s", seen);
        fail_with_screen(terminal, file, line, "row %d is\n%s\nand not\n%s", row, kept, text);
    }
}

void expect_typed(struct terminal *terminal, const char *keys, const char *file, int line)
{
    if (terminal_type(terminal, keys) != 0)
        fail_with_screen(terminal, file, line, "\"%s\" names an unknown key", keys);
    expect_settled(terminal, file, line);
}

void expect_exit(struct terminal *terminal, int status, const char *file, int line)
{
    int seen = terminal_wait_exit(terminal);
    if (seen == TERMINAL_STILL_RUNNING)
        fail_with_screen(terminal, file, line, "the program has not ended");
    if (seen != status)
        fail_with_screen(terminal, file, line, "the program ended with status %d and not %d", seen,
                         status);
    const char *leftover = terminal_leftover(terminal);
    if (*leftover != '\0')
        fail_with_screen(terminal, file, line, "the terminal is not as it was: %s", leftover);
}

void expect_harmless(struct terminal *terminal, const char *file, int line)
{
    const char *harm = terminal_harm(terminal);
    if (*harm != '\0')
        fail_with_screen(terminal, file, line, "the terminal was sent: %s", harm);
}
