#include "console_assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Prints the screen between rules of its width, and the sentence below. */
__attribute__((format(printf, 4, 5))) static void
fail_with_screen(struct console *console, const char *file, int line, const char *format, ...)
{
    char sentence[1024], rule[256];
    int columns, rows;
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    console_size(console, &columns, &rows);
    size_t width = (size_t)columns < sizeof rule ? (size_t)columns : sizeof rule - 1;
    memset(rule, '-', width);
    rule[width] = '\0';
    print_error("%s\n", rule);
    for (int row = 0; row < rows; row++) /* cmocka cuts off what is longer than a kilobyte */
        print_error("%s\n", console_row(console, row));
    print_error("%s\n%s\n", rule, sentence);
    _fail(file, line);
}

struct console *expect_console(const struct console_settings *settings, const char *file, int line)
{
    struct console *console = console_open(settings);
    if (console == NULL) {
        print_error("no terminal for %s\n", settings->argv[0]);
        _fail(file, line);
    }
    return console;
}

void expect_text(struct console *console, const char *text, const char *file, int line)
{
    if (!console_wait_for(console, text))
        fail_with_screen(console, file, line, "the screen does not show \"%s\"", text);
}

void expect_no_text(struct console *console, const char *text, const char *file, int line)
{
    if (!console_wait_without(console, text))
        fail_with_screen(console, file, line, "the screen still shows \"%s\"", text);
}

void expect_settled(struct console *console, const char *file, int line)
{
    if (!console_settle(console))
        fail_with_screen(console, file, line, "the program does not come to rest");
}

void expect_row(struct console *console, int row, const char *text, const char *file, int line)
{
    const char *seen = console_row(console, row);
    if (strcmp(seen, text) != 0) {
        char kept[512];
        snprintf(kept, sizeof kept, "%s", seen);
        fail_with_screen(console, file, line, "row %d is\n%s\nand not\n%s", row, kept, text);
    }
}

void expect_typed(struct console *console, const char *keys, const char *file, int line)
{
    if (console_type(console, keys) != 0)
        fail_with_screen(console, file, line, "\"%s\" names an unknown key", keys);
    expect_settled(console, file, line);
}

void expect_exit(struct console *console, int status, const char *file, int line)
{
    int seen = console_wait_exit(console);
    if (seen == CONSOLE_STILL_RUNNING)
        fail_with_screen(console, file, line, "the program has not ended");
    if (seen != status)
        fail_with_screen(console, file, line, "the program ended with status %d and not %d", seen,
                         status);
    const char *leftover = console_leftover(console);
    if (*leftover != '\0')
        fail_with_screen(console, file, line, "the terminal is not as it was: %s", leftover);
}

void expect_harmless(struct console *console, const char *file, int line)
{
    const char *harm = console_harm(console);
    if (*harm != '\0')
        fail_with_screen(console, file, line, "the terminal was sent: %s", harm);
}
