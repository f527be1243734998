/* The terminal that other tests look through: it must see, and must be able to fail. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../console_assert.h"

#define SHELL(script)                                                                              \
    (const char *const[])                                                                          \
    {                                                                                              \
        "sh", "-c", script, NULL                                                                   \
    }

static struct console *console;

static int tear_down(void **state)
{
    (void)state;
    console_close(console);
    console = NULL;
    return 0;
}

static void text_is_where_it_was_written(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL("printf 'one\\n  two \\033[5;10Hthree'"));
    assert_exits(console, 0);
    assert_row(console, 0, "one");
    assert_row(console, 1, "  two");
    assert_row(console, 4, "         three");
    assert_row(console, 99, "");
    int row, column, columns, rows;
    assert_true(console_find(console, "three", &row, &column));
    assert_int_equal(row, 4);
    assert_int_equal(column, 9);
    assert_false(console_find(console, "four", NULL, NULL));
    assert_true(console_cursor(console, &row, &column));
    assert_int_equal(row, 4);
    assert_int_equal(column, 14);
    console_size(console, &columns, &rows);
    assert_int_equal(columns * rows, 80 * 24);
    assert_non_null(strstr(console_screen(console), "one\n  two\n\n"));
}

static void wide_and_combining_characters_take_their_cells(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL("printf '日本e\\314\\201|'"));
    assert_exits(console, 0);
    assert_row(console, 0, "日本e\u0301|");
    int column;
    assert_true(console_find(console, "|", NULL, &column));
    assert_int_equal(column, 5);
    assert_int_equal(console_cell(console, 0, 0).width, 2);
    assert_int_equal(console_cell(console, 0, 1).width, 0);
    assert_string_equal(console_cell(console, 0, 1).text, "");
    assert_string_equal(console_cell(console, 0, 4).text, "e\u0301");
}

static void colours_and_attributes_are_seen(void **state)
{
    (void)state;
    console =
        assert_console(.argv = SHELL(
                           "printf '\\033[1;31mb\\033[0;7mr\\033[0;4;38;5;208mu\\033[0;48;2;1;2;3mt"
                           "\\033[m-'"));
    assert_exits(console, 0);
    struct console_cell bold = console_cell(console, 0, 0);
    struct console_cell reverse = console_cell(console, 0, 1);
    struct console_cell underline = console_cell(console, 0, 2);
    struct console_cell rgb = console_cell(console, 0, 3);
    struct console_cell plain = console_cell(console, 0, 4);
    assert_true(bold.bold && !bold.reverse && !bold.underline);
    assert_int_equal(bold.foreground, 1);
    assert_true(reverse.reverse && !reverse.bold);
    assert_true(underline.underline);
    assert_int_equal(underline.foreground, 208);
    assert_int_equal(rgb.background, CONSOLE_RGB | 0x010203);
    assert_int_equal(rgb.foreground, CONSOLE_DEFAULT);
    assert_true(!plain.bold && !plain.reverse && !plain.underline);
    assert_int_equal(plain.foreground, CONSOLE_DEFAULT);
    assert_int_equal(plain.background, CONSOLE_DEFAULT);
}

static void the_program_finds_the_environment_it_is_given(void **state)
{
    (void)state;
    setenv("NO_COLOR", "1", 1);
    setenv("TLSRPTOP_TEST", "1", 1);
    console =
        assert_console(.argv = SHELL(
                           "echo $TERM,$LC_ALL,$NO_COLOR,$TLSRPTOP_TEST,$ONE=$(pwd); stty size"),
                       .term = "linux", .locale = "C", .columns = 100, .rows = 30,
                       .folder = "/usr/share",
                       .environment = (const char *const[]){"TLSRPTOP_TEST", "ONE=1=one", NULL});
    assert_exits(console, 0);
    assert_row(console, 0, "linux,C,,,1=one=/usr/share");
    assert_row(console, 1, "30 100");
    unsetenv("NO_COLOR");
    unsetenv("TLSRPTOP_TEST");
}

static void what_is_typed_arrives_and_is_waited_for(void **state)
{
    (void)state;
    console = assert_console(
            .argv = SHELL("stty -echo; echo ready; while read -r line; do echo \"<$line>\"; done"));
    assert_shows(console, "ready");
    assert_types(console, "hello world<Enter><lt>b><Enter>");
    assert_row(console, 1, "<hello world>");
    assert_row(console, 2, "<<b>>");
    assert_int_equal(console_type(console, "<Nonsense>"), -1);
    assert_int_equal(console_type(console, "<"), -1);
    assert_true(console_type(console, "<C-c>") == 0);
    assert_int_equal(console_wait_exit(console), 128 + SIGINT);
    assert_string_equal(console_leftover(console), "the line is not back to echo and line editing");
}

static void settling_waits_for_work_that_prints_nothing(void **state)
{
    (void)state;
    console =
        assert_console(.argv = SHELL(
                           "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; read x"));
    assert_settles(console);
    assert_row(console, 0, "done");
}

static void a_pager_is_driven_by_keys_and_restores_the_terminal(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL("seq 1000 1999 | LESS= less"));
    assert_shows(console, "1022");
    assert_true(console_alternate(console));
    assert_types(console, "<PgDn>");
    assert_row(console, 0, "1023");
    assert_types(console, "<Up><Up>");
    assert_row(console, 0, "1021");
    assert_types(console, "/1500<Enter>");
    assert_row(console, 0, "1500");
    assert_true(console_cell(console, 0, 0).reverse);
    assert_types(console, "q");
    assert_exits(console, 0);
    assert_false(console_alternate(console));
    assert_hides(console, "1500");
    assert_harmless(console);
}

static void a_new_size_reaches_the_program(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL("seq 1000 1999 | LESS= less"));
    assert_shows(console, "1022");
    console_resize(console, 40, 10);
    assert_hides(console, "1022");
    assert_settles(console);
    assert_row(console, 8, "1008");
    console_resize(console, 120, 50);
    assert_shows(console, "1048");
}

static void the_mouse_works_where_it_is_asked_for(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL(
                                 "stty raw -echo; printf '\\033[?1000h\\033[?1006hready'; cat -v"));
    assert_shows(console, "ready");
    console_click(console, 1, 4, 9);
    assert_shows(console, "^[[<0;10;5M^[[<0;10;5m");
    console_click(console, 5, 0, 0);
    assert_shows(console, "^[[<65;1;1M");
    assert_string_equal(console_leftover(console), "mouse clicks are still reported");
}

static void cursor_keys_follow_the_mode_of_the_terminal(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL("stty raw -echo; printf ready; cat -v"));
    assert_shows(console, "ready");
    assert_types(console, "<Down><S-Tab><F2><Backspace><C-x>");
    assert_shows(console, "^[[B^[[Z^[OQ^?^X");
    console_close(console);
    console = assert_console(.argv = SHELL("stty raw -echo; printf '\\033[?1hready'; cat -v"));
    assert_shows(console, "ready");
    assert_types(console, "<Down>");
    assert_shows(console, "^[OB");
}

static void the_clipboard_holds_what_was_written_last(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL("echo no"));
    assert_exits(console, 0);
    assert_null(console_clipboard(console));
    console_close(console);
    console = assert_console(.argv = SHELL(
                                 "printf '\\033]52;c;Zmlyc3Q=\\007\\033]52;c;c2Vjb25k\\033\\\\'"));
    assert_exits(console, 0);
    assert_string_equal(console_clipboard(console), "second");
    assert_harmless(console);
}

static void whatever_strangers_could_send_is_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        const char *harm;
    } cases[] = {
        {"printf 'plain \\033[1;31mred\\033[m \\342\\226\\210 \\303\\251\\n'", ""},
        {"printf 'a\\007'", "character U+0007"},
        {"printf 'a\\0007'", "character U+0000"},
        {"printf 'a\\302\\233'", "character U+009B"},
        {"printf 'a\\342\\200\\256b'", "character U+202E"},
        {"printf 'a\\342\\201\\246b'", "character U+2066"},
        {"printf 'a\\342\\200\\213b'", "character U+200B"},
        {"printf 'a\\377b'", "bytes that are not UTF-8, the last of them 0xff"},
        {"printf 'a\\033]0;title\\007'", "string sequence 0;title"},
        {"printf 'a\\033Pq\\033\\\\'", "string sequence q"},
        {"printf 'a\\033c'", "escape sequence with 0x63"},
        {"printf 'a\\033[6n'", "control sequence 6n"},
        {"printf 'a\\033]52;c;****\\007'", "OSC 52: its base64 holds other bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        console = assert_console(.argv = SHELL(cases[i].script));
        assert_int_equal(console_wait_exit(console), 0);
        assert_string_equal(console_harm(console), cases[i].harm);
        console_close(console);
    }
    console = assert_console(.argv = SHELL("printf '\\344\\200'"), .locale = "C");
    assert_exits(console, 0);
    assert_string_equal(console_harm(console), "control byte 0x80");
}

static void whatever_is_left_on_is_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        const char *leftover;
    } cases[] = {
        {"printf '\\033[?1049h\\033[?25l\\033[1m\\033[?1000;1006h"
         "\\033[?1000;1006l\\033[m\\033[?25h\\033[?1049l'",
         ""},
        {"printf '\\033[?1049h'", "the alternate screen is still on"},
        {"printf '\\033[?25l'", "the cursor is still invisible"},
        {"printf '\\033[?7l'", "lines no longer wrap"},
        {"printf '\\033[?1000;1006h\\033[?1000l'", "mouse positions are still encoded as SGR"},
        {"printf '\\033[?2004h'", "pastes are still bracketed"},
        {"printf '\\033[7m'", "colours or attributes are still on"},
        {"printf '\\033[44m'", "colours or attributes are still on"},
        {"printf '\\033[3'", "an escape sequence is unfinished"},
        {"stty -opost", "the line settings have changed"},
        {"stty raw", "the line is not back to echo and line editing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        console = assert_console(.argv = SHELL(cases[i].script));
        assert_int_equal(console_wait_exit(console), 0);
        assert_string_equal(console_leftover(console), cases[i].leftover);
        console_close(console);
    }
    console = NULL;
}

static void waiting_ends_when_the_program_does(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL("echo last words; exit 3"));
    assert_false(console_wait_for(console, "never"));
    assert_true(console_find(console, "last words", NULL, NULL));
    assert_true(console_settle(console));
    assert_int_equal(console_wait_exit(console), 3);
}

static void all_output_is_read_however_much(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL("seq 200000; echo end"));
    assert_exits(console, 0);
    assert_row(console, 22, "end");
}

static void a_signal_shows_in_the_status(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL("echo up; exec sleep 1000"));
    assert_shows(console, "up");
    kill(console_pid(console), SIGTERM);
    assert_exits(console, 128 + SIGTERM);
}

static void a_program_that_is_not_there_says_so(void **state)
{
    (void)state;
    console = assert_console(.argv = (const char *const[]){"no-such-program", NULL});
    assert_exits(console, 127);
    assert_row(console, 0, "no-such-program: No such file or directory");
}

static void closing_kills_what_still_runs(void **state)
{
    (void)state;
    console = assert_console(.argv = SHELL(
                                 "trap '' HUP TERM INT; echo up; while :; do sleep 1000; done"));
    assert_shows(console, "up");
    pid_t pid = console_pid(console);
    console_close(console);
    console = NULL;
    assert_int_equal(kill(pid, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(text_is_where_it_was_written, tear_down),
        cmocka_unit_test_teardown(wide_and_combining_characters_take_their_cells, tear_down),
        cmocka_unit_test_teardown(colours_and_attributes_are_seen, tear_down),
        cmocka_unit_test_teardown(the_program_finds_the_environment_it_is_given, tear_down),
        cmocka_unit_test_teardown(what_is_typed_arrives_and_is_waited_for, tear_down),
        cmocka_unit_test_teardown(settling_waits_for_work_that_prints_nothing, tear_down),
        cmocka_unit_test_teardown(a_pager_is_driven_by_keys_and_restores_the_terminal, tear_down),
        cmocka_unit_test_teardown(a_new_size_reaches_the_program, tear_down),
        cmocka_unit_test_teardown(the_mouse_works_where_it_is_asked_for, tear_down),
        cmocka_unit_test_teardown(cursor_keys_follow_the_mode_of_the_terminal, tear_down),
        cmocka_unit_test_teardown(the_clipboard_holds_what_was_written_last, tear_down),
        cmocka_unit_test_teardown(whatever_strangers_could_send_is_noticed, tear_down),
        cmocka_unit_test_teardown(whatever_is_left_on_is_noticed, tear_down),
        cmocka_unit_test_teardown(waiting_ends_when_the_program_does, tear_down),
        cmocka_unit_test_teardown(all_output_is_read_however_much, tear_down),
        cmocka_unit_test_teardown(a_signal_shows_in_the_status, tear_down),
        cmocka_unit_test_teardown(a_program_that_is_not_there_says_so, tear_down),
        cmocka_unit_test_teardown(closing_kills_what_still_runs, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
