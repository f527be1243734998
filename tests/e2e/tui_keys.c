/* Every key that works is in the help, and every key in the help works: on each
 * screen, at 80x24, by the table that drives both.  And what a new user meets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <curses.h>

#include "../../tui/keys.h"
#include "../console_assert.h"
#include "../dashboard.h"
#include "../make_report.h"
#include "../run_program.h"

enum { DOMAINS = 30, DAYS = 20, KEY_NAME = 16, SCREEN_MAX = 64 * 1024 };

static char folder[64];
static char path[128];
static char config[128];

static struct db *create(void)
{
    struct db *db;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    snprintf(config, sizeof config, "%s/config", folder);
    write_whole_file(config, "", 0);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    return db;
}

static int fill(void **state)
{
    (void)state;
    struct db *db = create();
    struct store *store = open_store(db);
    keep_domains(store, DOMAINS, DAYS);
    assert_int_equal(store_close(store, ""), DB_OK);
    db_close(db);
    return 0;
}

static int fill_nothing(void **state)
{
    (void)state;
    db_close(create());
    return 0;
}

static int clean(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static struct console *open_configured(void)
{
    const char *const argv[] = {BUILD "/tlsrptop", "--db", path, "--config", config, NULL};
    struct console *console = assert_console(.argv = argv, .folder = folder);
    assert_settles(console);
    return console;
}

/* --- all screens, all keys --- */

/* What keys lead to each screen, and to each of its kinds of panes. */
static const char *const ways[] = {
    "",                  /* Domains */
    "j2",                /* Domain: the time axis */
    "j2<Tab>",           /* its tables */
    "j2<Enter>",         /* Day */
    "j3",                /* Senders */
    "j3<Enter>j<Enter>", /* Failures of one */
    "j4",                /* Failures by result type */
    "j5",                /* MX hosts */
    "j6",                /* Policies */
    "j7",                /* Reports */
    "j7<Enter>",         /* Report */
    "j7<Enter>v",        /* Original */
    "8",                 /* Timeline: the axis */
    "8<Tab>",            /* its table */
    "I",                 /* Incidents */
    "9",                 /* Imports */
    "9<Tab><Tab>",       /* its mailboxes */
    "9<Enter>",          /* Run */
    "i",                 /* Import */
    "ja",                /* Advice */
    "ga",                /* Next steps */
    "?",                 /* Help */
};

/* All of a help screen, from its top to its end. */
static char *read_help(struct console *console)
{
    char *text = calloc(1, SCREEN_MAX), *end = text, *last = NULL;
    assert_non_null(text);
    for (;;) {
        const char *screen = console_screen(console);
        if (last != NULL && strcmp(last, screen) == 0)
            break;
        free(last);
        last = strdup(screen);
        assert_true((size_t)(end - text) + strlen(screen) < SCREEN_MAX);
        end = stpcpy(end, screen);
        assert_types(console, "<PgDn>");
    }
    free(last);
    return text;
}

static bool is_listed(const char *help, const struct binding *binding)
{
    char line[64];
    int words = (int)strcspn(binding->help, " ");
    snprintf(line, sizeof line, "%-16s %.*s", binding->shown, words, binding->help);
    return strstr(help, line) != NULL;
}

/* Does the help, whose text this is, list what KEY does? */
static bool lists_key(const char *help, wint_t key)
{
    for (size_t i = 0; i < binding_count; i++)
        for (size_t j = 0; j < BINDING_KEYS; j++)
            if (bindings[i].keys[j] == key && is_listed(help, &bindings[i]))
                return true;
    return false;
}

/* Goes from the first screen to the one that WAY leads to. */
static void go(struct console *console, const char *way)
{
    console_type(console, "<Esc>1g"); /* Esc for a prompt */
    assert_types(console, way);
}

/* A screen, told by what stands above it and by its keys. */
struct place {
    char top[512], keys[512];
};

static struct place place_of(struct console *console)
{
    struct place place;
    snprintf(place.top, sizeof place.top, "%s", console_row(console, 0));
    snprintf(place.keys, sizeof place.keys, "%s", console_row(console, 23));
    return place;
}

static bool is_at(struct console *console, const struct place *place)
{
    struct place now = place_of(console);
    return strcmp(now.top, place->top) == 0 && strcmp(now.keys, place->keys) == 0;
}

/* Back to PLACE, which WAY leads to. */
static void go_back(struct console *console, const char *way, const struct place *place)
{
    if (!is_at(console, place))
        assert_types(console, "<Esc>");
    if (!is_at(console, place))
        go(console, way);
}

/* A key without a meaning, whose complaint gives way to what another key does. */
#define NO_KEY '~'

static void complaint_about(wint_t key, char text[static 64])
{
    snprintf(text, 64, "%c does nothing here", (char)key);
}

static bool complains(struct console *console, wint_t key)
{
    char text[64];
    complaint_about(key, text);
    console_send(console, (char[]){(char)key}, 1);
    return console_wait_for(console, text);
}

static void expect_key(struct console *console, const char *way, wint_t key, bool listed)
{
    char text[64];
    if (!listed && !complains(console, key))
        fail_msg("%c is not in the help of \"%s\", and does something\n%s", (char)key, way,
                 console_screen(console));
    if (!listed)
        return;
    assert_true(complains(console, NO_KEY));
    console_send(console, (char[]){(char)key}, 1);
    complaint_about(NO_KEY, text);
    assert_true(console_wait_without(console, text));
    complaint_about(key, text);
    if (console_find(console, text, NULL, NULL))
        fail_msg("%c is in the help of \"%s\", and does nothing", (char)key, way);
}

static void keys_work_where_the_help_lists_them_and_nowhere_else(void **state)
{
    (void)state;
    char *common = NULL; /* the help of the first screen: what it lists is tried there */
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct console *console = open_configured();
        go(console, ways[i]);
        struct place place = place_of(console);
        assert_types(console, "?");
        char *help = read_help(console);
        go_back(console, ways[i], &place);
        for (wint_t key = '!'; key <= '~'; key++) {
            if (key == 'q' || key == NO_KEY)
                continue;
            bool listed = lists_key(help, key);
            if (listed && common != NULL && lists_key(common, key))
                continue;
            expect_key(console, ways[i], key, listed);
            go_back(console, ways[i], &place);
        }
        if (!lists_key(help, 'q'))
            fail_msg("q is not in the help of \"%s\"", ways[i]);
        if (common == NULL)
            common = help;
        else
            free(help);
        leave_dashboard(console);
    }
    free(common);
}

/* --- what each key does --- */

/* After the keys of WAY, KEY does ACTION, so that SHOWS is on the screen, and was
 * not before.  A NULL is not looked for. */
static const struct {
    enum action action;
    const char *way, *key, *shows;
} effects[] = {
    {ACT_UP, "jj", "k", "row 2 of 30"},
    {ACT_UP, "jj", "<Up>", "row 2 of 30"},
    {ACT_UP, "jj", "<C-p>", "row 2 of 30"},
    {ACT_DOWN, "", "j", "row 2 of 30"},
    {ACT_DOWN, "", "<Down>", "row 2 of 30"},
    {ACT_DOWN, "", "<C-n>", "row 2 of 30"},
    {ACT_PAGE_UP, "G", "<PgUp>", "row 13 of 30"},
    {ACT_PAGE_UP, "G", "b", "row 13 of 30"},
    {ACT_PAGE_UP, "G", "<C-b>", "row 13 of 30"},
    {ACT_PAGE_UP, "G", "<C-u>", "row 13 of 30"},
    {ACT_PAGE_DOWN, "", "<PgDn>", "row 18 of 30"},
    {ACT_PAGE_DOWN, "", " ", "row 18 of 30"},
    {ACT_PAGE_DOWN, "", "<C-f>", "row 18 of 30"},
    {ACT_PAGE_DOWN, "", "<C-d>", "row 18 of 30"},
    {ACT_FIRST, "G", "g", "all 30 rows"},
    {ACT_FIRST, "G", "<Home>", "all 30 rows"},
    {ACT_LAST, "", "G", "row 30 of 30"},
    {ACT_LAST, "", "<End>", "row 30 of 30"},
    {ACT_EARLIER, "2", "<Left>", "YESTERDAY"},
    {ACT_EARLIER, "2", ",", "YESTERDAY"},
    {ACT_LATER, "2,,", "<Right>", "YESTERDAY"},
    {ACT_LATER, "2,,", ".", "YESTERDAY"},
    {ACT_OPEN, "", "<Enter>", "› d00.example"},
    {ACT_OPEN, "", "l", "› d00.example"},
    {ACT_OPEN, "", "<Right>", "› d00.example"},
    {ACT_SHUT, "3", "h", "▸ Google (2)"},
    {ACT_SHUT, "3", "<Left>", "▸ Google (2)"},
    {ACT_BACK, "j<Enter>", "<Esc>", "row 2 of 30"},
    {ACT_BACK, "j<Enter>", "h", "row 2 of 30"},
    {ACT_BACK, "j<Enter>", "<Backspace>", "row 2 of 30"},
    {ACT_BACK, "j<Enter><Tab>", "<Left>", "row 2 of 30"},
    {ACT_NEXT_PANE, "9", "<Tab>", "▾ Trouble"},
    {ACT_PREVIOUS_PANE, "9", "<S-Tab>", "▾ Journal"},
    {ACT_SEARCH, "", "/", "n and N go on"},
    {ACT_SEARCH_NEXT, "/d1<Enter>", "n", "row 12 of 30"},
    {ACT_SEARCH_PREVIOUS, "/d1<Enter>n", "N", "row 11 of 30"},
    {ACT_FILTER, "", "f", "filter:"},
    {ACT_FAILING, "", "x", "failing only"},
    {ACT_SORT, "", "s", "Rate▾"},
    {ACT_REVERSE, "", "S", "Failed▴"},
    {ACT_RANGE, "", "t", "days:"},
    {ACT_RANGE_EARLIER, "", "[", "1 row" /* replaced below */},
    {ACT_RANGE_LATER, "[", "]", "last 30 days"},
    {ACT_RANGE_WIDER, "", "+", "last 90 days"},
    {ACT_RANGE_WIDER, "", "=", "last 90 days"},
    {ACT_RANGE_NARROWER, "", "-", "last 14 days"},
    {ACT_REFRESH, "", "r", NULL},
    {ACT_REFRESH, "", "<C-l>", NULL},
    {ACT_DOMAINS, "j2", "1", "row 2 of 30"},
    {ACT_DOMAIN, "", "2", "› d00.example"},
    {ACT_SENDERS, "", "3", "› d00.example › Senders"},
    {ACT_FAILURES, "", "4", "› d00.example › "},
    {ACT_MX, "", "5", "› d00.example › "},
    {ACT_POLICIES, "", "6", "› d00.example › Policies"},
    {ACT_REPORTS, "", "7", "› d00.example › Reports"},
    {ACT_TIMELINE, "", "8", "› Timeline"},
    {ACT_INCIDENTS, "", "I", "› Incidents"},
    {ACT_IMPORTS, "", "9", "› Imports"},
    {ACT_ADVICE, "", "a", "› d00.example › Advice"},
    {ACT_ADVICE, "", "0", "› d00.example › Advice"},
    {ACT_GROUP, "3", "w", "192.0.2.0/24"},
    {ACT_RAW, "7<Enter>", "v", "› Original"},
    {ACT_FOREIGN, "", "F", "Foreign domains"},
    {ACT_IMPORT, "", "i", "› Import"},
    {ACT_STOP, "i", "c", "It has ended"},
    {ACT_COPY, "", "y", "copied: d00.example"},
    {ACT_COPY_ROW, "", "Y", "copied: d00.example"},
    {ACT_EXPORT, "", "e", "write to:"},
    {ACT_HELP, "", "?", "› Help"},
    {ACT_HELP, "", "<F1>", "› Help"},
    {ACT_QUIT, "", "q", NULL},
};
enum { EFFECTS = sizeof effects / sizeof *effects };

static const char *wanted_of(size_t i, char text[static 64])
{
    const char *shows = effects[i].shows;
    if (effects[i].action == ACT_RANGE_EARLIER)
        day_format(today() - 59, text);
    else if (shows != NULL && strcmp(shows, "YESTERDAY") == 0)
        day_format(today() - 1, text);
    else
        return shows;
    return text;
}

static void check_effect(size_t i)
{
    char text[64];
    const char *shows = wanted_of(i, text);
    struct console *console = open_configured();
    assert_types(console, effects[i].way);
    if (shows != NULL && console_find(console, shows, NULL, NULL))
        fail_msg("\"%s\" is there before %s\n%s", shows, effects[i].key, console_screen(console));
    if (effects[i].action == ACT_QUIT) {
        leave_dashboard(console);
        return;
    }
    assert_types(console, effects[i].key);
    if (shows != NULL)
        assert_shows(console, shows);
    assert_hides(console, "does nothing here");
    console_close(console);
}

static void each_key_does_what_the_help_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < EFFECTS; i++)
        check_effect(i);
}

/* As console_type() names KEY. */
static void name_key(wint_t key, char name[static KEY_NAME])
{
    static const struct {
        wint_t key;
        const char *name;
    } names[] = {
        {KEY_UP | KEY_FLAG, "<Up>"},
        {KEY_DOWN | KEY_FLAG, "<Down>"},
        {KEY_LEFT | KEY_FLAG, "<Left>"},
        {KEY_RIGHT | KEY_FLAG, "<Right>"},
        {KEY_HOME | KEY_FLAG, "<Home>"},
        {KEY_END | KEY_FLAG, "<End>"},
        {KEY_PPAGE | KEY_FLAG, "<PgUp>"},
        {KEY_NPAGE | KEY_FLAG, "<PgDn>"},
        {KEY_ENTER | KEY_FLAG, "<Enter>"},
        {KEY_BACKSPACE | KEY_FLAG, "<Backspace>"},
        {KEY_BTAB | KEY_FLAG, "<S-Tab>"},
        {KEY_F(1) | KEY_FLAG, "<F1>"},
        {'\r', "<Enter>"},
        {'\033', "<Esc>"},
        {'\t', "<Tab>"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].key == key) {
            snprintf(name, KEY_NAME, "%s", names[i].name);
            return;
        }
    }
    assert_true(key < 0x7f);
    snprintf(name, KEY_NAME, key < ' ' ? "<C-%c>" : "%c", (char)(key < ' ' ? key | 0x60 : key));
}

static void no_key_is_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < binding_count; i++) {
        for (size_t j = 0; j < BINDING_KEYS && bindings[i].keys[j] != 0; j++) {
            char name[KEY_NAME];
            bool tried = false;
            name_key(bindings[i].keys[j], name);
            for (size_t k = 0; k < EFFECTS && !tried; k++)
                tried =
                    effects[k].action == bindings[i].action && strcmp(effects[k].key, name) == 0;
            if (!tried)
                fail_msg("nobody tries %s: %s", name, bindings[i].help);
        }
    }
}

/* --- what they ask for --- */

static void searching_finds_while_typing_and_esc_forgets(void **state)
{
    (void)state;
    struct console *console = open_configured();
    assert_types(console, "n");
    assert_shows(console, "Nothing is searched: / begins");
    assert_types(console, "/d2");
    assert_row(console, 22, "/ d2");
    assert_types(console, "9");
    assert_types(console, "<Enter>");
    assert_shows(console, "row 30 of 30  search: d29");
    assert_types(console, "/nonesuch");
    assert_shows(console, "not here");
    assert_types(console, "<Enter>");
    assert_shows(console, "\"nonesuch\" is not here");
    assert_types(console, "/<Backspace><C-u>MÜNCHEN<Enter>");
    assert_types(console, "/d0<Esc>");
    assert_hides(console, "search:");
    leave_dashboard(console);
}

static void a_filter_narrows_and_its_errors_are_said(void **state)
{
    (void)state;
    struct console *console = open_configured();
    assert_types(console, "ffaile<Tab>");
    assert_row(console, 22, "filter: failed>");
    assert_types(console, "<Enter>");
    assert_shows(console, "there is no value behind failed");
    assert_types(console, "970<Enter>");
    assert_shows(console, "row 1 of 2 (30 in all)  filter: failed>970");
    assert_row(console, 1, " 1,980 failed of 5,980 sessions (33%), in 2 of 2 filtered domains");
    assert_types(console, "f<C-u>nonesuch:1");
    assert_shows(console, "no column nonesuch: domain mode");
    assert_types(console, "<Esc>"); /* keeps the one before */
    assert_shows(console, "row 1 of 2 (30 in all)  filter: failed>970");
    assert_types(console, "f<C-u>mode:dane<Enter>");
    assert_shows(console, "Nothing matches the filter");
    assert_types(console, "<Esc>");
    assert_shows(console, "of 30");
    assert_types(console, "f<Tab>");
    assert_shows(console, "columns: domain mode sessions failed");
    assert_types(console, "<Esc>");
    leave_dashboard(console);
}

static void columns_are_named_as_in_an_export(void **state)
{
    (void)state;
    struct console *console = open_configured();
    static const char *const filters[] = {"failure_rate>30%", "rate>30%"};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        assert_types(console, "f<C-u>");
        assert_types(console, filters[i]);
        assert_types(console, "<Enter>");
        assert_shows(console, "in 5 of 5 filtered domains");
    }
    assert_types(console, "5f<C-u>receiving_mx_hostname:nonesuch<Enter>");
    assert_shows(console, "Nothing matches the filter");
    leave_dashboard(console);
}

static void days_are_chosen_and_errors_are_said(void **state)
{
    (void)state;
    struct console *console = open_configured();
    assert_types(console, "t7d<Enter>");
    assert_shows(console, "last 7 days");
    assert_types(console, "tyesteryear<Enter>");
    assert_shows(console, "write 30d, 12w, 6m, 1y, all");
    assert_types(console, "<C-u>2026-03-01..2026-02-01<Enter>");
    assert_shows(console, "the last day is before the first");
    assert_types(console, "<C-u>2020-03<Enter>");
    assert_shows(console, "2020-03-01 to 2020-03-31");
    assert_shows(console, "No sessions were reported in these days.");
    assert_types(console, "j<Enter>");
    assert_shows(console, "No sessions were reported in these days.");
    assert_shows(console, "by the reports of");
    assert_types(console, "tall<Enter>");
    assert_shows(console, "all days");
    leave_dashboard(console);
}

static void days_that_cannot_be_moved_are_said(void **state)
{
    (void)state;
    struct console *console = open_configured();
    assert_types(console, "]");
    assert_shows(console, "These are the last days: [ leads back.");
    assert_types(console, "j");
    assert_hides(console, "leads back");
    assert_types(console, "[]]");
    assert_shows(console, "These are the last days: [ leads back.");
    assert_types(console, "t1d<Enter>-");
    assert_shows(console, "There is no shorter step: t chooses any days.");
    static const char *const keys[] = {"+", "[", "]"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_types(console, "tall<Enter>j");
        assert_types(console, keys[i]);
        assert_shows(console, "These are all days: - and t choose some of them.");
    }
    leave_dashboard(console);
}

static void rows_are_written_to_a_file_whose_name_is_completed(void **state)
{
    (void)state;
    char file[160];
    size_t size;
    struct console *console = open_configured();
    snprintf(file, sizeof file, "%s/subfolder", folder);
    assert_int_equal(mkdir(file, 0755), 0);
    assert_types(console, "fd1<Enter>");
    assert_types(console, "e<C-u>subf<Tab>");
    assert_row(console, 22, "write to: subfolder/");
    assert_types(console, "list.csv<Enter>");
    assert_shows(console, "10 rows written to subfolder/list.csv");
    snprintf(file, sizeof file, "%s/subfolder/list.csv", folder);
    char *text = read_whole_file(file, &size);
    static const char head[] = "domain,mode,sessions,failed,";
    assert_int_equal(strncmp(text, head, strlen(head)), 0);
    assert_non_null(strstr(text, "\nd19.example,sts-testing,2000,0,"));
    free(text);
    assert_types(console, "e<C-u>subfolder/li<Tab>");
    assert_row(console, 22, "write to: subfolder/list.csv");
    assert_shows(console, "it exists");
    assert_types(console, "<Enter>");
    assert_shows(console, "it exists: Enter once more replaces it");
    assert_types(console, "x<Left><Del><Enter>"); /* another name, and this one again */
    assert_shows(console, "it exists: Enter once more replaces it");
    assert_types(console, "<Enter>");
    assert_shows(console, "10 rows written to subfolder/list.csv");
    assert_types(console, "e");
    assert_types(console, "<C-u>nonesuch/list.csv<Enter>");
    assert_shows(console, "nonesuch/list.csv: No such file or directory");
    assert_types(console, "<C-u>list.json<Enter>");
    assert_shows(console, "rows written to list.json");
    snprintf(file, sizeof file, "%s/list.json", folder);
    text = read_whole_file(file, &size);
    assert_non_null(strstr(text, "\"domain\":\"d19.example\""));
    free(text);
    leave_dashboard(console);
}

/* --- what a new user meets --- */

static void without_a_database_it_says_how_to_get_one(void **state)
{
    (void)state;
    assert_int_equal(unlink(path), 0);
    struct console *console = open_configured();
    assert_shows(console, "Nothing has been imported yet.");
    assert_shows(console, "tlsrptop-import");
    assert_shows(console, "[imap work]");
    for (char key = '2'; key <= '9'; key++) {
        char keys[] = {key, '\0'};
        assert_types(console, keys);
        assert_shows(console, "Nothing has been imported yet.");
    }
    assert_types(console, "a");
    assert_types(console, "?");
    assert_shows(console, "one row down");
    assert_types(console, "<Esc>1");
    /* and as soon as there is one: */
    struct db *db;
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    struct store *store = open_store(db);
    keep_domains(store, 3, 3);
    assert_int_equal(store_close(store, ""), DB_OK);
    db_close(db);
    assert_shows(console, "d00.example");
    leave_dashboard(console);
}

static void an_empty_database_says_how_reports_are_asked_for(void **state)
{
    (void)state;
    struct console *console = open_configured();
    assert_shows(console, "The database holds no reports yet.");
    assert_shows(console, "\"v=TLSRPTv1; rua=mailto:");
    for (char key = '2'; key <= '8'; key++) {
        char keys[] = {key, '\0'};
        assert_types(console, keys);
        assert_shows(console, "The database holds no reports yet.");
    }
    assert_types(console, "9");
    assert_shows(console, "Runs (0)");
    leave_dashboard(console);
}

static void what_is_no_database_is_named(void **state)
{
    (void)state;
    write_whole_file(path, "this is no database, but a text of some length", 46);
    struct console *console = open_configured();
    assert_shows(console, "reports.db");
    assert_hides(console, "Nothing has been imported yet.");
    leave_dashboard(console);
}

static void an_empty_file_is_told_from_none(void **state)
{
    (void)state;
    write_whole_file(path, "", 0);
    struct console *console = open_configured();
    assert_shows(console, "Nothing has been imported yet.");
    assert_shows(console, "is empty");
    assert_hides(console, "There is no database");
    leave_dashboard(console);
}

static void where_nothing_is_in_range_it_says_so(void **state)
{
    (void)state;
    struct console *console = open_configured();
    assert_types(console, "t2020-03<Enter>");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        go(console, ways[i]);
        assert_shows(console, "Domains");
        assert_harmless(console);
    }
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_key_is_left_out),
        cmocka_unit_test_setup_teardown(each_key_does_what_the_help_says, fill, clean),
        cmocka_unit_test_setup_teardown(keys_work_where_the_help_lists_them_and_nowhere_else, fill,
                                        clean),
        cmocka_unit_test_setup_teardown(searching_finds_while_typing_and_esc_forgets, fill, clean),
        cmocka_unit_test_setup_teardown(a_filter_narrows_and_its_errors_are_said, fill, clean),
        cmocka_unit_test_setup_teardown(columns_are_named_as_in_an_export, fill, clean),
        cmocka_unit_test_setup_teardown(days_are_chosen_and_errors_are_said, fill, clean),
        cmocka_unit_test_setup_teardown(days_that_cannot_be_moved_are_said, fill, clean),
        cmocka_unit_test_setup_teardown(rows_are_written_to_a_file_whose_name_is_completed, fill,
                                        clean),
        cmocka_unit_test_setup_teardown(without_a_database_it_says_how_to_get_one, fill_nothing,
                                        clean),
        cmocka_unit_test_setup_teardown(an_empty_database_says_how_reports_are_asked_for,
                                        fill_nothing, clean),
        cmocka_unit_test_setup_teardown(what_is_no_database_is_named, fill_nothing, clean),
        cmocka_unit_test_setup_teardown(an_empty_file_is_told_from_none, fill_nothing, clean),
        cmocka_unit_test_setup_teardown(where_nothing_is_in_range_it_says_so, fill, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
