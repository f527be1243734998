#include "dashboard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "console_assert.h"

struct console *open_dashboard(const char *path, int columns, int rows)
{
    const char *const argv[] = {BUILD "/tlsrptop", "--db", path, NULL};
    struct console *console = assert_console(.argv = argv, .columns = columns, .rows = rows);
    assert_shows(console, "Domains");
    assert_settles(console);
    return console;
}

void leave_dashboard(struct console *console)
{
    assert_harmless(console);
    assert_types(console, "q");
    assert_exits(console, 0);
    console_close(console);
}

int row_of(struct console *console, const char *text)
{
    int row = -1;
    assert_shows(console, text);
    console_find(console, text, &row, NULL);
    return row;
}

int column_of(struct console *console, const char *text)
{
    int column = -1;
    assert_shows(console, text);
    console_find(console, text, NULL, &column);
    return column;
}

const char *hostile_text(void)
{
    enum { CHARACTERS = 10000 };
    static const char start[] = "\x1b]0;evil\x07\x1b[2J\xc2\x9b"
                                "31m\xe2\x80\xae\xd7\x90 \xe6\x97\xa5\xe6\x9c\xac"
                                "e\xcc\x81\xcc\x81\xcc\x81 \r\n\t";
    static char text[CHARACTERS + sizeof start];
    if (text[0] == '\0') {
        memset(text, 'x', CHARACTERS);
        memcpy(text, start, sizeof start - 1);
    }
    return text;
}
