/*
 * app.h - the dashboard: the stack of screens, the keys, and what all screens
 * share.  For the main thread.
 */
#ifndef TLSRPTOP_TUI_APP_H
#define TLSRPTOP_TUI_APP_H

#include "import_run.h"
#include "prompt.h"
#include "range.h"
#include "view.h"
#include "worker.h"

struct app_settings {
    const char *db_path;
    const struct config *config; /* outlives the app */
    const char *config_file;     /* --config; NULL: none was given */
    const char *domain;          /* to open at first; NULL: none */
    const char *group;           /* "@acme", to filter by at first; NULL: none */
    struct range range;
};

enum { STACK_MAX = 16, MESSAGE_MAX = 512, HELD_MAX = 512 };

struct app {
    struct app_settings settings;
    struct worker *worker;
    struct recall *recall; /* the worker's, while there is one */
    struct view *stack[STACK_MAX];
    int depth;
    uint64_t serial; /* of the last view */
    struct range range;
    struct extent extent;   /* as last read */
    int64_t extent_version; /* the data_version it belongs to; -1: not read yet */
    char group[FILTER_MAX]; /* the filter by groups that lists of domains begin with */
    struct prompt prompt;
    struct {
        uint64_t view; /* its serial */
        size_t count;
        bool leads; /* not all of them only move: what follows keeps its turn */
        wint_t keys[HELD_MAX];
    } held; /* keys typed ahead of the rows they are meant for */
    struct {
        int steps; /* of what may be asked for next, that were read since the last key */
        bool reading;
    } ahead;
    char message[MESSAGE_MAX]; /* until the next key */
    int message_style;
    int64_t data_version;  /* since which screens are marked as stale; -1: not known */
    unsigned openings;     /* of the database */
    int64_t patient_until; /* milliseconds: a frame waits for what is being read */
    bool watching;         /* a look at data_version is under way */
    bool dirty;            /* to be drawn */
    bool quit;
    bool quit_asked;           /* by the key before, while an import runs */
    struct import_run *import; /* the last one started here; NULL: none yet */
};

/* Runs the dashboard until it is left; the terminal is open.  Returns 0, or the
 * number of the signal that ended it, or -1 with a sentence at *WHY. */
int app_run(const struct app_settings *settings, const char **why);

struct view *app_top(const struct app *app);
/* Puts a screen on top; scope's texts are copied. */
void app_open(struct app *app, const struct view_type *type, const struct scope *scope);
/* Back to the screen below the one on top; the first one stays. */
void app_back(struct app *app);
/* A job has opened the database: where it is not the first one, another file has taken
 * its name, and numbers of domains and reports mean others there.  True then: only the
 * first screen is left, and is to be read anew. */
bool app_notes_opening(struct app *app);

/* app->range is another one: what shows it is read again. */
void app_range_changed(struct app *app);

/* Is SCOPE that of all foreign domains, of which no sums are kept?  Then it says so. */
bool app_refuses(struct app *app, const struct scope *scope);

/* Says something in the line above the keys, until the next key. */
void app_say(struct app *app, int style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Are rows of the top screen being read that it does not show yet? */
bool app_awaits_rows(const struct app *app);
/* The view with SERIAL, if it is still open. */
struct view *app_view(const struct app *app, uint64_t serial);

/* frame.c: draws everything around and the top screen. */
void frame_draw(struct app *app);
/* import_view.c: starts an import unless one runs; false when that cannot be
 * done, which has been said then. */
bool import_start(struct app *app);
/* Takes what it has said. */
void import_collect(struct app *app);
bool import_runs(const struct app *app);
/* How far the one that runs is, in a few words for other screens. */
void import_brief(const struct app *app, char text[static MESSAGE_MAX]);
/* prompts.c: asks for what these actions need; false for any other. */
bool app_ask(struct app *app, enum action action);

#endif
