/*
 * view.h - a screen: what it reads, shows and does.
 *
 * A kind of screen is one struct view_type in a file of its own, and a new one
 * changes no old file.  It reads the database in load(), in the worker's thread,
 * into a snapshot: rows for each of its tables, and figures of its own.  All else
 * happens in the main thread, over the snapshot, which never changes.
 */
#ifndef TLSRPTOP_TUI_VIEW_H
#define TLSRPTOP_TUI_VIEW_H

#include "chart.h"
#include "range.h"
#include "snapshot.h"
#include "table.h"

struct app;
struct view;

enum { VIEW_ACTIONS_MAX = 12, VIEW_TITLE = 512, FILE_HEAD = 2048 };

struct pane_type {
    const char *title;
    const struct table_type *table; /* NULL: a time axis, which draw() draws */
};

struct view_type {
    const char *name; /* "Domains" */
    const char *help; /* a sentence or two for the head of its help */
    struct pane_type panes[PANES_MAX];
    int pane_count;
    unsigned beside; /* a bit for each pane whose rows are made as beside.h says */
    enum action actions[VIEW_ACTIONS_MAX]; /* what act() understands, besides ACT_OPEN */
    bool timeless;                         /* does not depend on the range of days */
    bool momentary;    /* time alone changes it, or what is not in this database: is always read */
    bool of_no_domain; /* its scope names none */
    bool of_mine;      /* it knows no foreign domains */
    const struct view_type *of_all; /* in its place for all domains; NULL: itself */
    bool without_reports;           /* has something to show even when there are none */
    bool fitted;                    /* to be read again when the size of the screen changes */
    bool in_parts; /* load() minds first_rows; a first table is read as it is sorted at first */

    /* What follows the names of the screens before it in the breadcrumb; NULL:
     * its name. */
    void (*title)(const struct view *view, char title[static VIEW_TITLE]);
    /* Reads; its strings go to SNAPSHOT's arena. */
    enum db_status (*load)(const struct request *request, struct db *db, struct snapshot *snapshot);
    /* For screens that need no database, in place of load(). */
    void (*make)(struct view *view, struct snapshot *snapshot);
    /* A snapshot has come; view->snapshot is the new one. */
    void (*loaded)(struct view *view);
    /* Draws the body; NULL: its only table.  Of screens that load there is a snapshot. */
    void (*draw)(struct view *view, struct area area);
    /* What the cursor is on, for the keys that open a screen about it, at *SCOPE,
     * which is the view's own before; NULL: that one. */
    void (*target)(const struct view *view, struct scope *scope);
    /* What a file that e writes of its text begins with; NULL: nothing does. */
    void (*file_head)(const struct view *view, char text[static FILE_HEAD]);
    /* Does what its actions say; false leaves ACTION to all screens. */
    bool (*act)(struct view *view, enum action action);
    /* Before its state is freed. */
    void (*close)(struct view *view);
    size_t state_size; /* of view->state */
};

struct view {
    const struct view_type *type;
    struct app *app;
    uint64_t serial;    /* of all views ever opened */
    struct arena arena; /* the texts of `scope` */
    struct scope scope;
    struct snapshot *snapshot; /* NULL: nothing has been read yet */
    struct table tables[PANES_MAX];
    int focus;      /* a pane */
    int cursor_day; /* on the time axis; -1: where that starts */
    int64_t sought; /* domain to put the cursor on when its rows come; 0: none */
    void *state;    /* of type->state_size bytes, zeroed at first */
    bool stale;     /* to be read again when it is on top */
    bool loading;
    bool completing;       /* the snapshot is a partial one, and the rest is being read */
    bool completed;        /* it is that rest, of the same state of the database... */
    int64_t version;       /* ...its data_version */
    bool drawn;            /* with rows: its tables have their places */
    unsigned loads;        /* counts them: only the last one is shown */
    bool asked_for_extras; /* a job of extras.h is under way */
    enum db_status status; /* of the last reading */
    char error[512];
    unsigned arranges;            /* counts them... */
    bool overtaken;               /* ...the last was cancelled: to be done again on top */
    unsigned wanted[PANES_MAX];   /* counts the changes of an arrangement... */
    unsigned arranged[PANES_MAX]; /* ...up to the one that the order of the rows has */
};

/* The table that has the keys; NULL on a time axis. */
struct table *view_table(struct view *view);
/* The figures of the snapshot; NULL while there are none. */
void *view_figures(const struct view *view);

/* Does it move with the range of all screens? */
bool view_has_range(const struct view *view);

/* Is its first table of rows that each name one of many domains? */
bool view_lists_domains(const struct view *view);

/* What keys do here now. */
struct action_set view_actions(const struct view *view);
/* Does ACTION; false when it means nothing here. */
bool view_act(struct view *view, enum action action);
void view_draw(struct view *view, struct area area);

/* Reads the database again; MARK shows which rows have changed. */
void view_load(struct view *view, bool mark);

/* Has nothing to show until it has been read again. */
void view_forget(struct view *view);
/* Goes to the next row with the text that is searched, as table_search() does, or says
 * that there is none. */
void view_search(struct view *view, int step);
/* Sorts and filters the table of PANE anew. */
void view_arrange(struct view *view, int pane);
/* The same once more, if another view's arranging has cancelled it. */
void view_arrange_again(struct view *view);

/* For lists of domains: puts the cursor on DOMAIN, as soon as there are rows. */
void view_seek_domain(struct view *view, int64_t domain);

/* For app.c: a view on SCOPE, whose texts are copied; NULL when memory is
 * short. */
struct view *view_new(struct app *app, const struct view_type *type, const struct scope *scope);
void view_free(struct view *view);
/* For app.c: reads what a screen of TYPE about SCOPE would show of RANGE, so that it is
 * there when it is asked for.  Anything else goes first. */
void view_read_ahead(struct app *app, const struct view_type *type, const struct scope *scope,
                     struct range range);

/* Draws the table of PANE below its title and how many rows it has. */
void view_draw_pane(struct view *view, int pane, struct area area);

/* Draws the heads of tables COUNT panes from FIRST on, beside each other as far
 * as there is room for LEAST cells each; the one with the keys is among them. */
void view_draw_beside(struct view *view, struct area area, int first, int count, int least);

/* Takes ROWS lines and a rule above them off AREA, at the bottom, to show what the
 * row under the cursor holds; none of an AREA that is too small for that. */
struct area view_take_foot(struct area *area, int rows);
/* The same of the rows that TABLE leaves of it, LEAST to MOST. */
struct area view_take_foot_below(struct area *area, const struct table *table, int least, int most);

/* Adds what fits of TEXT to a part of the breadcrumb. */
void view_add_title(char title[static VIEW_TITLE], const char *text);

/* The step of AXIS under the cursor. */
int view_step(const struct view *view, const struct axis *axis);
/* Moves the cursor on AXIS; false when ACTION is no moving. */
bool view_move_step(struct view *view, const struct axis *axis, enum action action);

/* All kinds of screens. */
extern const struct view_type view_domains;
extern const struct view_type view_domain;
extern const struct view_type view_senders;
extern const struct view_type view_failures; /* by result type */
extern const struct view_type view_details;  /* single failures */
extern const struct view_type view_mx;
extern const struct view_type view_policies;
extern const struct view_type view_reports;
extern const struct view_type view_report;
extern const struct view_type view_original; /* its JSON */
extern const struct view_type view_timeline;
extern const struct view_type view_incidents;
extern const struct view_type view_day; /* a step of the time axis */
extern const struct view_type view_imports;
extern const struct view_type view_run;    /* of the importer */
extern const struct view_type view_import; /* the one that was started here */
extern const struct view_type view_advice;
extern const struct view_type view_next_steps; /* advice for all domains */
extern const struct view_type view_help;

#endif
