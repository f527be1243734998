/*
 * snap - a picture of a terminal program at work.
 *
 *   snap [--size 80x24] [--term NAME] [--keys KEYS] [--svg FILE] -- PROGRAM [ARGUMENT]...
 *
 * Runs PROGRAM on a terminal of its own, types KEYS, waits until it is at rest,
 * prints the screen, writes it to FILE as a picture, and kills the program.
 * KEYS are those of console_type(), and
 *
 *   <wait TEXT>   until TEXT is on the screen
 *   <click C,R>   the left button at column C, row R, counted from 1
 *   <size CxR>    a new size
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "../svg.h"
#include "../console.h"

enum { TOKEN_MAX = 256, SIDE_MAX = 1000 };

static int read_pair(const char *text, char between, int *first, int *second)
{
    char *end;
    long a = strtol(text, &end, 10);
    if (*end != between)
        return -1;
    long b = strtol(end + 1, &end, 10);
    if (*end != '\0' || a < 1 || b < 1 || a > SIDE_MAX || b > SIDE_MAX)
        return -1;
    *first = (int)a;
    *second = (int)b;
    return 0;
}

static int complain(struct console *console, const char *what, const char *token)
{
    fprintf(stderr, "%ssnap: %s: %s\n", console_screen(console), token, what);
    return -1;
}

/* Does what TOKEN says: "<...>", or characters to type. */
static int act(struct console *console, char *token)
{
    int a, b;
    size_t length = strlen(token);
    if (strncmp(token, "<wait ", 6) == 0) {
        token[length - 1] = '\0';
        if (!console_wait_for(console, token + 6))
            return complain(console, "it never came", token + 6);
    } else if (strncmp(token, "<click ", 7) == 0) {
        token[length - 1] = '\0';
        if (read_pair(token + 7, ',', &a, &b) != 0)
            return complain(console, "no column and row", token + 7);
        console_click(console, 1, b - 1, a - 1);
    } else if (strncmp(token, "<size ", 6) == 0) {
        token[length - 1] = '\0';
        if (read_pair(token + 6, 'x', &a, &b) != 0)
            return complain(console, "no size", token + 6);
        console_resize(console, a, b);
    } else if (console_type(console, token) != 0) {
        return complain(console, "no such key", token);
    }
    return console_settle(console) ? 0 : complain(console, "it does not come to rest", token);
}

static int play(struct console *console, const char *keys)
{
    while (*keys != '\0') {
        char token[TOKEN_MAX];
        size_t length = *keys == '<' ? strcspn(keys, ">") + 1 : strcspn(keys, "<");
        if (length >= sizeof token || length > strlen(keys))
            return complain(console, "it has no end", keys);
        snprintf(token, sizeof token, "%.*s", (int)length, keys);
        if (act(console, token) != 0)
            return -1;
        keys += length;
    }
    return 0;
}

static int write_picture(struct console *console, const char *path, const char *title)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fprintf(stderr, "snap: %s: %s\n", path, strerror(errno));
        return -1;
    }
    svg_write(file, console, title);
    if (fclose(file) != 0) {
        fprintf(stderr, "snap: %s: %s\n", path, strerror(errno));
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"size", required_argument, NULL, 's'},
                                            {"term", required_argument, NULL, 't'},
                                            {"keys", required_argument, NULL, 'k'},
                                            {"svg", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    struct console_settings settings = {.argv = NULL};
    const char *keys = "", *svg = NULL;
    bool wrong = false;
    for (int option; (option = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
        if (option == 's')
            wrong |= read_pair(optarg, 'x', &settings.columns, &settings.rows) != 0;
        else if (option == 't')
            settings.term = optarg;
        else if (option == 'k')
            keys = optarg;
        else if (option == 'o')
            svg = optarg;
        else
            wrong = true;
    }
    if (wrong || optind == argc) {
        fprintf(stderr, "usage: snap [--size 80x24] [--term NAME] [--keys KEYS] [--svg FILE]"
                        " -- PROGRAM [ARGUMENT]...\n");
        return EX_USAGE;
    }
    settings.argv = (const char *const *)argv + optind;
    struct console *console = console_open(&settings);
    if (console == NULL) {
        fprintf(stderr, "snap: no terminal: %s\n", strerror(errno));
        return EX_OSERR;
    }
    int status = console_settle(console)
                     ? play(console, keys)
                     : complain(console, "it does not come to rest", settings.argv[0]);
    if (status == 0) {
        fputs(console_screen(console), stdout);
        if (svg != NULL)
            status = write_picture(console, svg, argv[optind]);
    }
    console_close(console);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
