#include "keys.h"

#include <curses.h>

#define SPECIAL(key)    ((wint_t)(key) | KEY_FLAG)
#define CONTROL(letter) ((wint_t)(letter)&0x1f)

const struct binding bindings[] = {
    {ACT_UP, {'k', SPECIAL(KEY_UP), CONTROL('p')}, "k Up", NULL, "one row up"},
    {ACT_DOWN, {'j', SPECIAL(KEY_DOWN), CONTROL('n')}, "j Down", NULL, "one row down"},
    {ACT_PAGE_UP,
     {SPECIAL(KEY_PPAGE), 'b', CONTROL('b'), CONTROL('u')},
     "PgUp b",
     NULL,
     "one page up"},
    {ACT_PAGE_DOWN,
     {SPECIAL(KEY_NPAGE), ' ', CONTROL('f'), CONTROL('d')},
     "PgDn Space",
     NULL,
     "one page down"},
    {ACT_FIRST, {'g', SPECIAL(KEY_HOME)}, "g Home", NULL, "to the first row, or the first day"},
    {ACT_LAST, {'G', SPECIAL(KEY_END)}, "G End", NULL, "to the last row, or the last day"},
    {ACT_EARLIER, {SPECIAL(KEY_LEFT), ','}, "Left ,", NULL, "the cursor to an earlier day"},
    {ACT_LATER, {SPECIAL(KEY_RIGHT), '.'}, "Right .", NULL, "the cursor to a later day"},
    {ACT_OPEN,
     {'\r', SPECIAL(KEY_ENTER), 'l', SPECIAL(KEY_RIGHT)},
     "Enter l",
     "open",
     "open what the cursor is on"},
    {ACT_SHUT,
     {'h', SPECIAL(KEY_LEFT)},
     "h Left",
     "shut",
     "shut the branch, or go to the one above; back where there is none"},
    {ACT_BACK,
     {'\033', 'h', SPECIAL(KEY_BACKSPACE), SPECIAL(KEY_LEFT)},
     "Esc h Backspace",
     "back",
     "back to the screen before"},
    {ACT_NEXT_PANE, {'\t'}, "Tab", "pane", "to the next pane"},
    {ACT_PREVIOUS_PANE, {SPECIAL(KEY_BTAB)}, "Shift-Tab", NULL, "to the pane before"},

    {ACT_SEARCH, {'/'}, "/", "search", "search while you type"},
    {ACT_SEARCH_NEXT, {'n'}, "n", NULL, "to the next match"},
    {ACT_SEARCH_PREVIOUS, {'N'}, "N", NULL, "to the match before"},
    {ACT_FILTER,
     {'f'},
     "f",
     "filter",
     "show only rows for which this is true: failed>0 mode:sts-*"},
    {ACT_FAILING, {'x'}, "x", "failing", "show only rows with failed sessions, or all again"},
    {ACT_SORT, {'s'}, "s", "sort", "sort by the next column"},
    {ACT_REVERSE, {'S'}, "S", NULL, "sort the other way round"},
    {ACT_RANGE,
     {'t'},
     "t",
     "days",
     "choose the days: 7d, 12w, 1y, all, 2026-03, 2026-03-01..2026-04-15"},
    {ACT_RANGE_EARLIER, {'['}, "[", NULL, "the days before these"},
    {ACT_RANGE_LATER, {']'}, "]", NULL, "the days after these"},
    {ACT_RANGE_WIDER, {'+', '='}, "+", NULL, "more days"},
    {ACT_RANGE_NARROWER, {'-'}, "-", NULL, "fewer days"},
    {ACT_REFRESH,
     {'r', CONTROL('l')},
     "r",
     NULL,
     "read the database again and draw the screen anew"},

    {ACT_DOMAINS, {'1'}, "1", NULL, "the list of domains"},
    {ACT_DOMAIN, {'2'}, "2", NULL, "this domain: its mode and sessions over time"},
    {ACT_SENDERS, {'3'}, "3", NULL, "its failing senders"},
    {ACT_FAILURES, {'4'}, "4", NULL, "its failures by result type, and what to do"},
    {ACT_MX, {'5'}, "5", NULL, "its MX hosts that fail"},
    {ACT_POLICIES, {'6'}, "6", NULL, "its policies as senders saw them"},
    {ACT_REPORTS, {'7'}, "7", NULL, "its reports"},
    {ACT_TIMELINE, {'8'}, "8", NULL, "the modes of all domains over time"},
    {ACT_INCIDENTS, {'I'}, "I", NULL, "where far more failed than is usual for the domain"},
    {ACT_IMPORTS, {'9'}, "9", NULL, "imports: runs, mailboxes, and what was damaged"},
    {ACT_ADVICE, {'a', '0'}, "a 0", "advice", "the next step for this domain, and what to publish"},

    {ACT_GROUP, {'w'}, "w", "group", "group addresses by /24 and /64, or not"},
    {ACT_RAW, {'v'}, "v", "raw", "the report as it came, or taken apart"},
    {ACT_FOREIGN, {'F'}, "F", NULL, "reports about domains that are not mine, or mine again"},
    {ACT_IMPORT, {'i'}, "i", "import", "import now, or show the import that runs"},
    {ACT_STOP, {'c'}, "c", "stop", "stop the import that runs; what it stored stays"},

    {ACT_COPY, {'y'}, "y", NULL, "copy the domain, sender or other name in the row"},
    {ACT_COPY_ROW, {'Y'}, "Y", NULL, "copy the whole row"},
    {ACT_EXPORT, {'e'}, "e", NULL, "write these rows to a .csv or .json file"},
    {ACT_HELP, {'?', SPECIAL(KEY_F(1))}, "?", "help", "the keys of this screen"},
    {ACT_QUIT, {'q'}, "q", "quit", "leave tlsrptop"},
};
const size_t binding_count = sizeof bindings / sizeof *bindings;

enum action key_action(wint_t key, const struct action_set *allowed)
{
    if (key == 0)
        return ACT_NONE;
    if (key == '\n')
        key = '\r';
    if (key == 0x7f || key == '\b')
        key = SPECIAL(KEY_BACKSPACE);
    for (size_t i = 0; i < binding_count; i++)
        for (size_t j = 0; j < BINDING_KEYS; j++)
            if (bindings[i].keys[j] == key && allowed->has[bindings[i].action])
                return bindings[i].action;
    return ACT_NONE;
}

const struct binding *binding_of(enum action action)
{
    for (size_t i = 0; i < binding_count; i++)
        if (bindings[i].action == action)
            return &bindings[i];
    return NULL;
}
