/*
 * table.h - a list of rows with a cursor: sorted, filtered, searched.
 *
 * The rows belong to someone else and stay as they are while they are shown.
 * What is on the screen is an order, an array of their indexes, made by
 * table_arrange() in any thread.
 */
#ifndef TLSRPTOP_TUI_TABLE_H
#define TLSRPTOP_TUI_TABLE_H

#include <stdatomic.h>

#include "filter.h"
#include "keys.h"
#include "terminal.h"

struct table_type {
    const char *title;
    const struct column *columns;
    size_t column_count;
    uint64_t (*id)(const void *row);    /* the same row after reading it again */
    uint64_t (*stamp)(const void *row); /* changes when its figures do; NULL: never */
    bool (*fails)(const void *row);     /* NULL: its column "failed" is above 0 */
    int64_t (*grade)(const void *row);  /* what the column `graded` is sorted by, small ones first,
                                           in place of its value; NULL: there is no such column */
    int graded;
    int sort;     /* column; -1: in the order it was read */
    int named_by; /* column of words whose cell stands for a row; 0: the first of them */
    bool no_head; /* no line with the titles of the columns */
    bool pinned;  /* the first row stays the first, whatever the filter */
    /* Of a tree: the index of the row that ROW stands below, -1 for none.  Rows
     * are sorted among those below the same row, and a filter leaves what is
     * above a row that it lets through.  NULL: no tree. */
    int64_t (*parent)(const void *row);
    const char *(*copied)(const void *row); /* by y; NULL: the cell that stands for it */
    const char *(*lead)(const void *row);   /* of what is copied: stands before it in a file */
    const char *kept;    /* "newest": which rows are read where others are left out */
    bool others_failing; /* x reads anew, and so may reach those */
    const char *nothing; /* where there are no rows */
};

struct order {
    uint32_t *rows; /* malloc'ed */
    size_t count;
    uint32_t *whole; /* of a tree: with what is in shut branches; goes with `rows` */
    size_t whole_count;
};

/* How rows are to be arranged; can be copied. */
struct arrangement {
    const struct table_type *type;
    int sort;
    bool descending;
    bool failing; /* only rows that fail */
    struct filter filter;
};

/* Makes the order of ROWS.  Returns 0; -1 when memory is short or it was
 * CANCELLED. */
int table_arrange(const struct arrangement *arrangement, const struct rows *rows,
                  struct order *order, const atomic_bool *cancelled);

/* What was left out when rows were read. */
struct cut {
    int64_t kept; /* 0: nothing was */
    int64_t of;   /* 0: not known */
};

enum { TABLE_SEARCH_MAX = 128, TABLE_COLUMNS_MAX = 24 };

/* A branch that a person has opened or shut. */
struct branch {
    uint64_t id;
    bool open;
};

struct table {
    struct arrangement arrangement;
    struct rows rows;
    struct order order;
    struct cut cut;
    const char *nothing; /* where there are no rows, in place of the type's; NULL: that */
    bool *changed;       /* by index of the row; NULL: none */
    size_t cursor;       /* in the order */
    size_t top;
    bool awaited; /* its rows are being read */
    bool moved;   /* by a person: then the cursor follows its row, else it stays on top */
    char filter_text[FILTER_MAX];
    char search[TABLE_SEARCH_MAX];
    uint32_t hidden;         /* bit set of columns that are not drawn */
    int name_columns;        /* cells that the names in its first column of domains need */
    struct branch *branches; /* of a tree; malloc'ed */
    size_t branch_count;
    bool shut;        /* all other branches are, unless there is a filter */
    void *context;    /* for columns that paint */
    struct area area; /* of the last drawing */
};

bool table_has_column(const struct table_type *type, const char *name);

void table_init(struct table *table, const struct table_type *type);
void table_free(struct table *table);

/* Shows ROWS in ORDER, which it takes over, with the cursor on the row it was
 * on.  With MARK, rows whose stamp differs from before are marked; OLD rows must
 * still be there for that. */
void table_show(struct table *table, const struct rows *rows, struct order order, bool mark);
/* Forgets the marks. */
void table_unmark(struct table *table);

/* The row under the cursor; NULL when there is none. */
const void *table_current(const struct table *table);
/* Puts the cursor on the first row with this id; false when it is not shown. */
bool table_find(struct table *table, uint64_t id);

/* Hides the columns of text in which no row has any. */
void table_hide_empty(struct table *table);

/* Of a tree: is ROW open, if there is anything below it? */
bool table_is_open(const struct table *table, const void *row);
/* Opens or shuts the branch under the cursor; false when it is so already or
 * nothing is below it. */
bool table_set_open(struct table *table, bool open);
/* Shuts or opens all branches but those that a person has changed. */
void table_set_shut(struct table *table, bool shut);
/* Puts the cursor on the row that its row is below; false when there is none. */
bool table_go_up(struct table *table);
/* Sets the filter as filter_parse() does; the rows are to be arranged anew then. */
int table_filter(struct table *table, const char *text, const struct config *config,
                 char error[static FILTER_ERROR]);
/* For files: the rows in order, of a tree those with nothing below, in shut
 * branches too.  *N is 0 at first and not to be changed; NULL at the end. */
const void *table_next_leaf(const struct table *table, size_t *n);

void table_draw(struct table *table, struct area area, bool focused);
/* The cells that COLUMN has where the table is drawn into AREA: its first at *X,
 * returns how many; 0 when it is not shown. */
int table_column(const struct table *table, struct area area, int column, int *x);

/* Moves the cursor; false when ACTION is no moving. */
bool table_move(struct table *table, enum action action);
/* Sorts by the next column that is shown, or turns it round; the rows are to be
 * arranged anew then. */
void table_sort_next(struct table *table);
void table_sort_by(struct table *table, int column);

/* Puts the cursor on the next row that holds the search text, from the row STEP
 * (1, -1) behind the cursor; with STEP 0 on the first from the cursor on that holds
 * it as a whole cell, else as the beginning of one, else in any; false when there
 * is none.  What is in a shut branch is found too: REVEAL opens it, else the
 * cursor stays on the branch. */
bool table_search(struct table *table, int step, bool reveal);

/* What is at that place of the screen: returns 'r' for a row, which gets the
 * cursor, 'h' for the head of what can be sorted by, a column at *COLUMN, 0 for
 * neither. */
int table_click(struct table *table, int y, int x, int *column);

#endif
