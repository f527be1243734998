/*
 * keys.h - which key does what: one table that drives the keys, the bar at the
 * bottom, and the help.
 */
#ifndef TLSRPTOP_TUI_KEYS_H
#define TLSRPTOP_TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

enum action {
    ACT_NONE,
    /* moving */
    ACT_UP,
    ACT_DOWN,
    ACT_PAGE_UP,
    ACT_PAGE_DOWN,
    ACT_FIRST,
    ACT_LAST,
    ACT_EARLIER, /* the cursor of a time axis */
    ACT_LATER,
    ACT_OPEN,
    ACT_SHUT, /* a branch of a tree */
    ACT_BACK,
    ACT_NEXT_PANE,
    ACT_PREVIOUS_PANE,
    /* what is shown */
    ACT_SEARCH,
    ACT_SEARCH_NEXT,
    ACT_SEARCH_PREVIOUS,
    ACT_FILTER,
    ACT_FAILING, /* only what fails */
    ACT_SORT,
    ACT_REVERSE,
    ACT_RANGE,
    ACT_RANGE_EARLIER,
    ACT_RANGE_LATER,
    ACT_RANGE_WIDER,
    ACT_RANGE_NARROWER,
    ACT_REFRESH,
    /* screens */
    ACT_DOMAINS,
    ACT_DOMAIN,
    ACT_SENDERS,
    ACT_FAILURES,
    ACT_MX,
    ACT_POLICIES,
    ACT_REPORTS,
    ACT_TIMELINE,
    ACT_INCIDENTS,
    ACT_IMPORTS,
    ACT_ADVICE,
    /* what some screens do */
    ACT_GROUP,
    ACT_RAW,
    ACT_FOREIGN,
    ACT_IMPORT,
    ACT_STOP,
    /* the rest */
    ACT_COPY,
    ACT_COPY_ROW,
    ACT_EXPORT,
    ACT_HELP,
    ACT_QUIT,
    ACTIONS
};

/* A set of actions, to say what a screen understands. */
struct action_set {
    bool has[ACTIONS];
};

enum { BINDING_KEYS = 4 };

struct binding {
    enum action action;
    wint_t keys[BINDING_KEYS]; /* characters; KEY_* with KEY_FLAG or'ed */
    const char *shown;         /* "PgDn Space" */
    const char *hint;          /* in the bar: "filter"; NULL: not there */
    const char *help;          /* one sentence without a full stop */
};

/* KEY_* codes overlap with characters: they carry this. */
enum { KEY_FLAG = 0x1000000 };

/* All of them, in the order of the help. */
extern const struct binding bindings[];
extern const size_t binding_count;

/* What KEY does; among several only what is in ALLOWED. */
enum action key_action(wint_t key, const struct action_set *allowed);

const struct binding *binding_of(enum action action);

#endif
