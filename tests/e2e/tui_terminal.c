/* The dashboard on the terminals there are: colours, characters, mouse, sizes,
 * clipboard, and the terminal as it was found, however it ends. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <pty.h>

#include "../../db/visible.h"
#include "../console_assert.h"
#include "../make_report.h"
#include "../run_program.h"

enum { DOMAINS = 30, DAYS = 20 };

static char folder[64];
static char path[128];

/* Keeps reports of the last DAYS days on DOMAINS domains. */
static void keep_reports(const char *database, int domains, int days)
{
    struct db *db;
    assert_int_equal(db_open(&db, database, DB_WRITE), DB_OK);
    struct store *store = open_store(db);
    keep_domains(store, domains, days);
    assert_int_equal(store_close(store, ""), DB_OK);
    db_close(db);
}

static int fill(void **state)
{
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    keep_reports(path, DOMAINS, DAYS);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

/* --- opening --- */

/* What a test wishes besides the defaults of struct console_settings. */
struct wish {
    const char *database;
    const char *term, *locale;
    const char *option, *value; /* of the program */
    const char *environment;
    int columns, rows;
};

static struct console *open_wish(const struct wish *wish)
{
    const char *database = wish->database != NULL ? wish->database : path;
    const char *const argv[] = {BUILD "/tlsrptop", "--db",      database,
                                wish->option,      wish->value, NULL};
    const char *const environment[] = {wish->environment, NULL};
    return assert_console(.argv = argv, .term = wish->term, .locale = wish->locale,
                          .columns = wish->columns, .rows = wish->rows,
                          .environment = wish->environment != NULL ? environment : NULL);
}

#define OPEN(...) open_ready(&(struct wish){__VA_ARGS__})

static struct console *open_ready(const struct wish *wish)
{
    struct console *console = open_wish(wish);
    assert_shows(console, "All domains");
    assert_settles(console);
    return console;
}

static void leave(struct console *console)
{
    assert_types(console, "q");
    assert_exits(console, 0);
    console_close(console);
}

/* Keys that go over the screens there are, from the first one and back. */
static const char *const ways[] = {"", "j<Enter>", "8", "9", "?", "f", "/d1"};
enum { WAYS = sizeof ways / sizeof *ways };

/* --- colours --- */

/* The greatest colour of the palette on the screen; CONSOLE_DEFAULT when there
 * is none. */
static int greatest_colour(struct console *console)
{
    int columns, rows, greatest = CONSOLE_DEFAULT;
    console_size(console, &columns, &rows);
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
            struct console_cell cell = console_cell(console, row, column);
            assert_true(cell.foreground < CONSOLE_RGB && cell.background < CONSOLE_RGB);
            greatest = cell.foreground > greatest ? cell.foreground : greatest;
            greatest = cell.background > greatest ? cell.background : greatest;
        }
    }
    return greatest;
}

static void as_many_colours_are_used_as_there_are(void **state)
{
    (void)state;
    static const struct {
        struct wish wish;
        int least, most;
    } cases[] = {
        {{.term = "xterm-256color"}, 16, 255},
        {{.term = "screen-256color"}, 16, 255},
        {{.term = "tmux-256color"}, 16, 255},
        {{.term = "xterm-16color"}, 8, 15},
        {{.term = "xterm"}, 1, 7},
        {{.term = "linux"}, 1, 7},
        {{.term = "vt100"}, CONSOLE_DEFAULT, CONSOLE_DEFAULT},
        {{.term = "xterm-mono"}, CONSOLE_DEFAULT, CONSOLE_DEFAULT},
        {{.environment = "NO_COLOR=1"}, CONSOLE_DEFAULT, CONSOLE_DEFAULT},
        {{.environment = "NO_COLOR="}, 16, 255},
        {{.option = "--theme", .value = "mono"}, CONSOLE_DEFAULT, CONSOLE_DEFAULT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct console *console = open_ready(&cases[i].wish);
        for (size_t way = 0; way < WAYS; way++) {
            assert_types(console, ways[way]);
            int colour = greatest_colour(console);
            if (colour < cases[i].least || colour > cases[i].most)
                fail_msg("case %zu, keys %s: colour %d", i, ways[way], colour);
            assert_types(console, "<Esc>");
        }
        console_close(console);
    }
}

static void a_light_ground_has_colours_of_its_own(void **state)
{
    (void)state;
    struct console *dark = OPEN(.option = "--theme", .value = "dark");
    struct console *light = OPEN(.option = "--theme", .value = "light");
    struct console *found = OPEN(.environment = "COLORFGBG=0;15");
    int row, column;
    assert_true(console_find(dark, "1,000", &row, &column)); /* failed */
    int of_dark = console_cell(dark, row, column).foreground;
    int of_light = console_cell(light, row, column).foreground;
    assert_int_not_equal(of_dark, of_light);
    assert_int_equal(console_cell(found, row, column).foreground, of_light);
    leave(dark);
    leave(light);
    leave(found);
}

/* What the screen says it says without colours too. */
static void nothing_is_told_by_colour_alone(void **state)
{
    (void)state;
    struct console *coloured = OPEN(0), *plain = OPEN(.environment = "NO_COLOR=1");
    for (size_t way = 0; way < WAYS; way++) {
        assert_types(coloured, ways[way]);
        assert_types(plain, ways[way]);
        char *seen = strdup(console_screen(coloured));
        assert_string_equal(console_screen(plain), seen);
        free(seen);
        assert_types(coloured, "<Esc>");
        assert_types(plain, "<Esc>");
    }
    leave(coloured);
    leave(plain);
}

/* The row under the cursor stands out by more than a colour. */
static void the_cursor_is_seen_without_colours(void **state)
{
    (void)state;
    static const struct wish wishes[] = {{.term = "vt100"}, {.environment = "NO_COLOR=1"}};
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct console *console = open_ready(&wishes[i]);
        int row, column;
        assert_types(console, "jj");
        assert_true(console_find(console, "d02.example", &row, &column));
        assert_true(console_cell(console, row, column).reverse);
        assert_false(console_cell(console, row - 1, column).reverse);
        console_cursor(console, &row, NULL);
        assert_non_null(strstr(console_row(console, row), "d02.example"));
        console_close(console);
    }
}

/* --- characters --- */

static void check_ascii(struct console *console)
{
    for (const char *at = console_screen(console); *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80)
            fail_msg("not ASCII:\n%s", console_screen(console));
}

static void ascii_is_all_that_is_drawn_where_it_is_asked_for(void **state)
{
    (void)state;
    static const struct wish wishes[] = {
        {.option = "--ascii"}, {.locale = "C"}, {.locale = "C", .term = "linux"}};
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        struct console *console = open_ready(&wishes[i]);
        assert_shows(console, "xn--mnchen-3ya");
        for (size_t way = 0; way < WAYS; way++) {
            assert_types(console, ways[way]);
            check_ascii(console);
            assert_types(console, "<Esc>");
        }
        assert_types(console, "j<Enter><Tab><Tab><Tab>");
        assert_shows(console, "??????"); /* a reporter in characters that there are not */
        assert_types(console, "<Esc>");
        assert_harmless(console);
        leave(console);
    }
}

static void names_are_shown_in_the_letters_of_their_language(void **state)
{
    (void)state;
    struct console *console = OPEN(0);
    assert_shows(console, "münchen.example");
    assert_types(console, "j<Enter><Tab><Tab><Tab>");
    assert_shows(console, "日本語メール");
    leave(console);
}

/* Fonts of the Linux console have what code page 437 had. */
static void the_linux_console_gets_what_its_fonts_have(void **state)
{
    (void)state;
    static const char has[] = "─│└█▄▌░▲▼►•üÄÖÜäöß";
    struct console *console = OPEN(.term = "linux");
    for (size_t way = 0; way < WAYS; way++) {
        assert_types(console, ways[way]);
        const char *at = console_screen(console);
        while (*at != '\0') {
            uint32_t code;
            char one[8] = "";
            size_t length = utf8_read(at, &code);
            memcpy(one, at, length);
            if (code >= 0x80 && strstr(has, one) == NULL && code < 0x3000)
                fail_msg("%s:\n%s", one, console_screen(console));
            at += length;
        }
        assert_types(console, "<Esc>");
    }
    leave(console);
}

/* --- terminals that will not do --- */

static void what_a_terminal_lacks_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *term, *sentence;
    } cases[] = {
        {"dumb", "TERM=dumb cannot place the cursor"},
        {"nonesuch", "TERM=nonesuch is not known here"},
        {"", "TERM= is not known here"},
        {"../../etc/passwd", "is not known here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct console *console = open_wish(&(struct wish){.term = cases[i].term, .columns = 160});
        assert_shows(console, cases[i].sentence);
        assert_exits(console, EX_UNAVAILABLE);
        assert_harmless(console);
        console_close(console);
    }
}

static void without_a_terminal_another_way_is_named(void **state)
{
    (void)state;
    struct run run = {0};
    run_program(&run, BUILD "/tlsrptop", "--db", path, NULL);
    assert_int_equal(run.status, EX_UNAVAILABLE);
    assert_string_equal(run.out, "");
    assert_non_null(strstr(run.err, "tlsrptop export domains"));
    run_free(&run);
}

/* --- sizes --- */

static void small_windows_are_told_so_and_large_ones_are_filled(void **state)
{
    (void)state;
    struct console *console = OPEN(0);
    static const struct {
        int columns, rows;
    } small[] = {{59, 24}, {80, 14}, {20, 5}, {3, 2}, {1, 1}}, enough[] = {{60, 15}, {200, 60}};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        console_resize(console, small[i].columns, small[i].rows);
        if (small[i].columns >= 20)
            assert_shows(console, "tlsrptop needs 60");
        assert_settles(console);
        for (size_t j = 0; j < sizeof enough / sizeof *enough; j++) {
            console_resize(console, enough[j].columns, enough[j].rows);
            assert_shows(console, "All domains");
            assert_settles(console);
            assert_non_null(strstr(console_row(console, enough[j].rows - 1), "q quit"));
            assert_non_null(strstr(console_row(console, 0), "last 30 days"));
        }
    }
    leave(console);
}

static void every_screen_survives_any_size(void **state)
{
    (void)state;
    static const struct {
        int columns, rows;
    } sizes[] = {{60, 15}, {1, 1}, {300, 100}, {60, 200}, {1200, 15}, {80, 24}};
    for (size_t way = 0; way < WAYS; way++) {
        struct console *console = OPEN(0);
        assert_types(console, ways[way]);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            console_resize(console, sizes[i].columns, sizes[i].rows);
            assert_types(console, "j");
            assert_types(console, "k");
        }
        assert_types(console, "<Esc>");
        assert_types(console, "g");
        assert_shows(console, "last 30 days");
        leave(console);
    }
}

/* Whenever a new size comes, even between a look for keys and the sleep. */
static void the_last_of_many_sizes_is_drawn(void **state)
{
    (void)state;
    struct console *console = OPEN(0);
    for (int i = 0; i < 300; i++) {
        console_resize(console, 60 + i % 80, 15 + i % 30);
        if (i % 7 == 0)
            console_send(console, "j", 1);
    }
    console_resize(console, 97, 33);
    assert_settles(console);
    assert_non_null(strstr(console_row(console, 32), "q quit"));
    assert_non_null(strstr(console_row(console, 0), "last 30 days"));
    leave(console);
}

static void the_environment_is_not_believed_about_the_size(void **state)
{
    (void)state;
    struct console *console = OPEN(.environment = "COLUMNS=200", .columns = 80);
    const char *top = console_row(console, 0);
    assert_non_null(strstr(top, "last 30 days"));
    console_resize(console, 100, 30);
    assert_settles(console);
    assert_non_null(strstr(console_row(console, 29), "q quit"));
    leave(console);
}

/* --- keys --- */

static void send(struct console *console, const char *sequence)
{
    console_send(console, sequence, strlen(sequence));
    assert_settles(console);
}

/* terminfo lists one of them for each key at the most. */
static void keys_that_move_work_by_all_their_usual_sequences(void **state)
{
    (void)state;
    static const char *const firsts[] = {"\033[1~", "\033[7~", "\033[H", "\033OH"};
    static const char *const lasts[] = {"\033[4~", "\033[8~", "\033[F", "\033OF"};
    static const char *const steps[][2] = {
        {"\033[B", "\033[A"}, {"\033OB", "\033OA"}, {"\033[6~", "\033[5~"}};
    static const char *const terms[] = {"xterm-256color", "linux", "vt100", "rxvt", "screen"};
    for (size_t term = 0; term < sizeof terms / sizeof *terms; term++) {
        struct console *console = OPEN(.term = terms[term]);
        for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
            send(console, lasts[i]);
            assert_shows(console, "row 30 of 30");
            send(console, firsts[i]);
            assert_shows(console, "all 30 rows");
        }
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            send(console, steps[i][0]);
            assert_hides(console, "all 30 rows");
            send(console, steps[i][1]);
            assert_shows(console, "all 30 rows");
        }
        leave(console);
    }
}

/* Their ends would run as commands: open screens, change the days, leave. */
static void sequences_of_no_key_do_nothing(void **state)
{
    (void)state;
    static const char *const sequences[] = {
        "\033[1;5C", "\033[5;3~",       "\033[1;2H",
        "\033[24~",  "\033[27;5;9~",    "\033[97;5u",
        "\033O5C",   "\033OQ",          "\033Oq",
        "\033[[B",   "\033[?1;2c",      "\033[1;2R",
        "\033[I",    "\033[O",          "\033[200~",
        "\033[201~", "\033[3",          "\033[1;5C\033[I",
        "\033[a",    "\033[12;3\033[I", "\033[11;22;33;44;55;66;77;88;99;10;11;12;13;14;15q",
    };
    static const char *const terms[] = {"xterm-256color", "vt100"};
    for (size_t term = 0; term < sizeof terms / sizeof *terms; term++) {
        struct console *console = OPEN(.term = terms[term]);
        assert_types(console, "j2");
        char *before = strdup(console_screen(console));
        for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
            send(console, sequences[i]);
            if (strcmp(before, console_screen(console)) != 0)
                fail_msg("sequence %zu:\n%s", i, console_screen(console));
        }
        free(before);
        leave(console);
    }
}

/* Around a sequence nothing gets lost, and Esc by itself stays a key. */
static void keys_around_a_sequence_are_taken(void **state)
{
    (void)state;
    struct console *console = OPEN(0);
    send(console, "j\033[1;5Cj\033[I2");
    assert_shows(console, "› d02.example");
    send(console, "\0333");
    assert_shows(console, "› d02.example › Senders");
    send(console, "\033a");
    assert_shows(console, "› d02.example › Advice");
    send(console, "\033\033[1;5C");
    assert_shows(console, "row 3 of 30");
    send(console, "\033[\r");
    assert_shows(console, "› d02.example");
    assert_hides(console, "last 30 days"); /* but those before */
    leave(console);
}

static void what_is_typed_slowly_is_no_sequence(void **state)
{
    (void)state;
    struct console *console = OPEN(0);
    assert_types(console, "j3");
    send(console, "\033");
    assert_shows(console, "row 2 of 30");
    send(console, "[");
    assert_hides(console, "last 30 days");
    send(console, "]1");
    assert_shows(console, "last 30 days");
    leave(console);
}

/* --- mouse --- */

static int row_of(struct console *console, const char *text)
{
    int row;
    if (!console_find(console, text, &row, NULL))
        fail_msg("\"%s\" is not on\n%s", text, console_screen(console));
    return row;
}

/* Again where the machine was too busy to take it for one. */
static void double_click(struct console *console, int row)
{
    for (int i = 0; i < 20 && !console_find(console, "›", NULL, NULL); i++) {
        console_click(console, 1, row, 5);
        console_click(console, 1, row, 5);
        assert_settles(console);
    }
}

static void a_click_chooses_and_two_open(void **state)
{
    (void)state;
    static const char *const terms[] = {"xterm-256color", "screen-256color", "tmux-256color",
                                        "xterm"};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        struct console *console = OPEN(.term = terms[i]);
        console_click(console, 1, row_of(console, "d03.example"), 5);
        assert_settles(console);
        assert_shows(console, "row 4 of 30");
        double_click(console, row_of(console, "d04.example"));
        assert_shows(console, "› d04.example");
        assert_types(console, "<Esc>");
        assert_shows(console, "row 5 of 30");
        leave(console);
    }
}

static void a_click_on_the_head_of_a_column_sorts(void **state)
{
    (void)state;
    struct console *console = OPEN(0);
    int row, column;
    assert_true(console_find(console, "Domain  ", &row, &column));
    console_click(console, 1, row, column);
    assert_shows(console, "Domain▴");
    console_click(console, 1, row, column);
    assert_shows(console, "Domain▾");
    leave(console);
}

/* A hand lets go of a button long after it pressed it. */
static void what_comes_after_a_button_is_let_go_is_shown(void **state)
{
    (void)state;
    char database[160];
    snprintf(database, sizeof database, "%s/growing.db", folder);
    keep_reports(database, 3, 1);
    struct console *console = OPEN(.database = database);
    for (int button = 1; button <= 3; button++) {
        console_button(console, button, true, 6, 5);
        assert_settles(console);
        console_button(console, button, false, 6, 5);
        assert_settles(console);
        keep_reports(database, 3 + button, 1);
        char shown[32];
        snprintf(shown, sizeof shown, "of %d domains", 3 + button);
        assert_shows(console, shown);
    }
    leave(console);
}

static void a_click_on_a_prompt_is_not_kept(void **state)
{
    (void)state;
    struct console *console = OPEN(0);
    assert_types(console, "/");
    console_click(console, 1, 12, 5);
    console_click(console, 5, 12, 5);
    assert_types(console, "<Esc>");
    assert_shows(console, "row 1 of 30");
    console_click(console, 5, 12, 5);
    assert_settles(console);
    assert_shows(console, "row 4 of 30");
    leave(console);
}

static void the_wheel_scrolls(void **state)
{
    (void)state;
    struct console *console = OPEN(0);
    console_click(console, 5, 10, 5);
    console_click(console, 5, 10, 5);
    assert_settles(console);
    assert_shows(console, "row 7 of 30");
    console_click(console, 4, 10, 5);
    assert_settles(console);
    assert_shows(console, "row 4 of 30");
    for (int i = 0; i < 20; i++) /* as fast as they come */
        console_click(console, 5, 10, 5);
    assert_settles(console);
    assert_shows(console, "row 30 of 30");
    leave(console);
}

static void a_click_goes_to_the_pane_that_is_there(void **state)
{
    (void)state;
    struct console *console = OPEN(.columns = 120);
    assert_types(console, "j<Enter><Tab><Tab>"); /* Failing senders */
    assert_types(console, "<Esc>9<Tab><Tab><Tab>");
    assert_shows(console, "row 1 of 600");
    assert_types(console, "<Tab>"); /* Runs, where rows of the journal were */
    assert_shows(console, "row 1 of 1");
    console_click(console, 1, 12, 10);
    assert_settles(console);
    assert_shows(console, "row 1 of 1");
    leave(console);
}

static void clicks_elsewhere_do_nothing(void **state)
{
    (void)state;
    struct console *console = OPEN(0);
    static const int buttons[] = {1, 2, 3};
    for (size_t i = 0; i < sizeof buttons / sizeof *buttons; i++) {
        console_click(console, buttons[i], 0, 0);
        console_click(console, buttons[i], 23, 79);
        console_click(console, buttons[i], 22, 40);
    }
    assert_types(console, "/");
    console_click(console, 1, 8, 5);
    console_click(console, 5, 8, 5);
    assert_types(console, "d07<Enter>");
    assert_shows(console, "search: d07");
    leave(console);
}

/* --- how it ends --- */

static void the_terminal_is_as_it_was_whatever_screen_was_left(void **state)
{
    (void)state;
    static const char *const keys[] = {"q", "9q", "?q", "j<Enter>q", "/d1<Enter>q", "8q"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct console *console = OPEN(0);
        assert_true(console_alternate(console));
        assert_int_equal(console_type(console, keys[i]), 0);
        assert_exits(console, 0);
        assert_false(console_alternate(console));
        assert_true(console_cursor(console, NULL, NULL));
        console_close(console);
    }
}

static void keys_that_end_programs_leave_the_terminal_as_it_was(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        int signal;
    } cases[] = {{"<C-c>", SIGINT}, {"/abc<C-c>", SIGINT}, {"f<C-\\>", SIGQUIT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct console *console = OPEN(0);
        assert_int_equal(console_type(console, cases[i].keys), 0);
        assert_exits(console, 128 + cases[i].signal);
        assert_false(console_alternate(console));
        assert_true(console_cursor(console, NULL, NULL));
        console_close(console);
    }
}

static void signals_leave_the_terminal_as_it_was(void **state)
{
    (void)state;
    /* as without sanitizers */
    static const char options[] = "ASAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:"
                                  "handle_sigill=0:handle_abort=0";
    static const int signals[] = {SIGTERM, SIGHUP,  SIGINT, SIGSEGV, SIGBUS,
                                  SIGFPE,  SIGABRT, SIGILL, SIGQUIT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct console *console = OPEN(.environment = options);
        assert_types(console, "/d"); /* a prompt with its cursor */
        kill(console_pid(console), signals[i]);
        assert_exits(console, 128 + signals[i]);
        assert_false(console_alternate(console));
        console_close(console);
    }
}

static void it_ends_with_its_terminal(void **state)
{
    (void)state;
    int terminal, status;
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    char byte;
    pid_t pid = forkpty(&terminal, NULL, NULL, &size);
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        execl(BUILD "/tlsrptop", "tlsrptop", "--db", path, (char *)NULL);
        _exit(127);
    }
    assert_true(read(terminal, &byte, 1) == 1); /* it draws */
    close(terminal);
    for (int i = 0; i < 600 && waitpid(pid, &status, WNOHANG) == 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGHUP : WEXITSTATUS(status) == 0);
    assert_int_equal(kill(pid, 0), -1);
}

/* --- a shell around it --- */

static struct console *open_shell(void)
{
    static const char *const argv[] = {"bash", "--norc", "--noprofile", "-i", NULL};
    static const char *const environment[] = {"PS1=ready: ", NULL};
    struct console *console = assert_console(.argv = argv, .environment = environment);
    assert_shows(console, "ready:");
    return console;
}

static void it_can_be_suspended_and_taken_up_again(void **state)
{
    (void)state;
    char command[300];
    struct console *console = open_shell();
    snprintf(command, sizeof command, "%s --db %s\r", BUILD "/tlsrptop", path);
    console_send(console, command, strlen(command));
    assert_shows(console, "All domains");
    assert_types(console, "jj");
    assert_shows(console, "row 3 of 30");
    console_send(console, "\x1a", 1);
    assert_shows(console, "Stopped");
    assert_false(console_alternate(console));
    assert_true(console_cursor(console, NULL, NULL));
    console_resize(console, 100, 30); /* meanwhile */
    console_send(console, "fg\r", 3);
    assert_shows(console, "row 3 of 30");
    assert_types(console, "j");
    assert_shows(console, "row 4 of 30");
    assert_non_null(strstr(console_row(console, 29), "q quit"));
    console_click(console, 1, row_of(console, "d04.example"), 5); /* the mouse is back */
    assert_settles(console);
    assert_shows(console, "row 5 of 30");
    console_send(console, "q", 1);
    assert_shows(console, "ready:");
    console_send(console, "exit\r", 5);
    assert_exits(console, 0);
    console_close(console);
}

/* --- clipboard --- */

static bool has_copied(struct console *console, const void *context)
{
    const char *clipboard = console_clipboard(console);
    return clipboard != NULL && strcmp(clipboard, context) == 0;
}

static void expect_copied(struct console *console, const char *text)
{
    if (!console_wait_until(console, has_copied, text))
        fail_msg("the clipboard holds \"%s\" and not \"%s\" with\n%s",
                 console_clipboard(console) != NULL ? console_clipboard(console) : "(nothing)",
                 text, console_screen(console));
}

static void a_row_goes_to_the_clipboard(void **state)
{
    (void)state;
    struct console *console = OPEN(0);
    assert_types(console, "jjY");
    assert_shows(console, "copied:");
    assert_non_null(console_clipboard(console));
    assert_int_equal(strncmp(console_clipboard(console), "d02.example\tsts-testing\t", 24), 0);
    assert_types(console, "sy"); /* the cell of the column it is sorted by */
    assert_harmless(console);
    leave(console);
}

static void what_has_no_clipboard_says_so(void **state)
{
    (void)state;
    static const char *const terms[] = {"linux", "vt100"};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        struct console *console = OPEN(.term = terms[i]);
        assert_types(console, "jY");
        assert_shows(console, "this terminal has no clipboard");
        assert_null(console_clipboard(console));
        console_close(console);
    }
}

/* Opens the dashboard within another program that shows it; ARGV ends with the
 * shell's command for it. */
static struct console *open_within(const char *const *argv, const char *setting)
{
    const char *const environment[] = {setting, "TMUX_TMPDIR=/tmp", NULL};
    struct console *console = assert_console(.argv = argv, .environment = environment);
    assert_shows(console, "All domains");
    assert_types(console, "jj");
    assert_shows(console, "row 3 of 30");
    assert_shows(console, "münchen.example");
    return console;
}

static void tmux_shows_it_and_hands_on_its_clipboard(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "set -g set-clipboard on\n",
        "set -g set-clipboard external\nset -g allow-passthrough on\n",
    };
    char command[300], config[128], socket[128];
    snprintf(config, sizeof config, "%s/tmux.conf", folder);
    snprintf(socket, sizeof socket, "%s/tmux.socket", folder);
    snprintf(command, sizeof command, "exec %s --db %s", BUILD "/tlsrptop", path);
    const char *const argv[] = {"tmux", "-S",          socket,  "-u", "-f",
                                config, "new-session", command, NULL};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        write_whole_file(config, settings[i], strlen(settings[i]));
        struct console *console = open_within(argv, "TMUX");
        console_send(console, "sssssssssy", 10);
        assert_shows(console, "copied:");
        expect_copied(console, "d02.example");
        console_send(console, "q", 1);
        assert_shows(console, "[exited]");
        assert_int_equal(console_wait_exit(console), 0);
        console_close(console);
    }
}

static void screen_shows_it_and_hands_on_its_clipboard(void **state)
{
    (void)state;
    char sockets[128], setting[160];
    snprintf(sockets, sizeof sockets, "%s/screen", folder);
    assert_int_equal(mkdir(sockets, 0700), 0);
    snprintf(setting, sizeof setting, "SCREENDIR=%s", sockets);
    const char *const argv[] = {
        "screen",          "-U",   "-c", "/dev/null", "-T", "screen-256color",
        BUILD "/tlsrptop", "--db", path, NULL};
    struct console *console = open_within(argv, setting);
    console_send(console, "sssssssssy", 10);
    assert_shows(console, "copied:");
    expect_copied(console, "d02.example");
    console_send(console, "q", 1);
    assert_shows(console, "[screen is terminating]");
    console_wait_exit(console);
    console_close(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_colours_are_used_as_there_are),
        cmocka_unit_test(a_light_ground_has_colours_of_its_own),
        cmocka_unit_test(nothing_is_told_by_colour_alone),
        cmocka_unit_test(the_cursor_is_seen_without_colours),
        cmocka_unit_test(ascii_is_all_that_is_drawn_where_it_is_asked_for),
        cmocka_unit_test(names_are_shown_in_the_letters_of_their_language),
        cmocka_unit_test(the_linux_console_gets_what_its_fonts_have),
        cmocka_unit_test(what_a_terminal_lacks_is_said),
        cmocka_unit_test(without_a_terminal_another_way_is_named),
        cmocka_unit_test(small_windows_are_told_so_and_large_ones_are_filled),
        cmocka_unit_test(every_screen_survives_any_size),
        cmocka_unit_test(the_last_of_many_sizes_is_drawn),
        cmocka_unit_test(the_environment_is_not_believed_about_the_size),
        cmocka_unit_test(keys_that_move_work_by_all_their_usual_sequences),
        cmocka_unit_test(sequences_of_no_key_do_nothing),
        cmocka_unit_test(keys_around_a_sequence_are_taken),
        cmocka_unit_test(what_is_typed_slowly_is_no_sequence),
        cmocka_unit_test(a_click_chooses_and_two_open),
        cmocka_unit_test(a_click_on_the_head_of_a_column_sorts),
        cmocka_unit_test(what_comes_after_a_button_is_let_go_is_shown),
        cmocka_unit_test(a_click_on_a_prompt_is_not_kept),
        cmocka_unit_test(the_wheel_scrolls),
        cmocka_unit_test(a_click_goes_to_the_pane_that_is_there),
        cmocka_unit_test(clicks_elsewhere_do_nothing),
        cmocka_unit_test(the_terminal_is_as_it_was_whatever_screen_was_left),
        cmocka_unit_test(keys_that_end_programs_leave_the_terminal_as_it_was),
        cmocka_unit_test(signals_leave_the_terminal_as_it_was),
        cmocka_unit_test(it_ends_with_its_terminal),
        cmocka_unit_test(it_can_be_suspended_and_taken_up_again),
        cmocka_unit_test(a_row_goes_to_the_clipboard),
        cmocka_unit_test(what_has_no_clipboard_says_so),
        cmocka_unit_test(tmux_shows_it_and_hands_on_its_clipboard),
        cmocka_unit_test(screen_shows_it_and_hands_on_its_clipboard),
    };
    return cmocka_run_group_tests(tests, fill, clean);
}
