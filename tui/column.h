/*
 * column.h - what a table shows of its rows: one description of a column serves
 * drawing, sorting, filtering, copying and export.
 *
 * Rows are structs of a screen's own, in an array that is never changed once it
 * is shown.  Strings in them are as they stand in the database.
 */
#ifndef TLSRPTOP_TUI_COLUMN_H
#define TLSRPTOP_TUI_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
    VALUE_TEXT,
    VALUE_DOMAIN, /* a domain name: shown with its U-labels */
    VALUE_MODE,   /* enum tls_mode */
    VALUE_STATE,  /* enum incident_state */
    VALUE_COUNT,
    VALUE_RATE,   /* 0 to 1; negative: there is none */
    VALUE_CHANGE, /* of a rate: -1 to 1; less: there is none */
    VALUE_DAY,    /* negative: there is none */
    VALUE_TIME,   /* instant; 0: there is none */
};

struct value {
    const char *text; /* of TEXT and DOMAIN */
    int64_t number;   /* of MODE, STATE, COUNT, DAY, TIME */
    double rate;      /* of RATE */
};

/* A cell that a column paints itself. */
struct cell {
    int y, x, columns;
    int style;     /* of the row: SELECTED or 0 */
    void *context; /* of the table */
};

struct column {
    const char *name;  /* as filters and exports call it: "failed"; has no digit; "" of pictures */
    const char *title; /* "Failed" */
    enum value_kind kind;
    int least, most; /* cells: it grows from one to the other; both 0: only for filters and files */
    int rank;        /* where there is no room, the highest goes first; 0 stays */
    bool large_first;                       /* the way it is sorted at first */
    struct value (*value)(const void *row); /* NULL: a picture, which is only painted */
    int (*style)(const void *row);          /* NULL: normal */
    void (*paint)(const void *row, const struct cell *cell); /* NULL: its value */
};

/* Is it only a picture of what other columns say?  Then nobody sorts, filters or searches by
 * it, and it is in no file and no copy. */
static inline bool column_is_picture(const struct column *column)
{
    return column->value == NULL;
}

/* An array of rows. */
struct rows {
    const void *items;
    size_t size; /* bytes of one */
    size_t count;
};

static inline const void *row_at(const struct rows *rows, size_t index)
{
    return (const char *)rows->items + index * rows->size;
}

/* Shorthands for the functions value(). */
static inline struct value value_text(const char *text)
{
    return (struct value){.text = text};
}
static inline struct value value_number(int64_t number)
{
    return (struct value){.number = number};
}
static inline struct value value_rate(double rate)
{
    return (struct value){.rate = rate};
}
/* FAILED of all sessions; none where there were no sessions. */
struct value value_failure_rate(int64_t successful, int64_t failed);
/* From one such rate to another; none where there is none of both. */
struct value value_change(struct value before, struct value after);

/* Below zero, zero or above as A comes before B, by KIND. */
int value_compare(enum value_kind kind, struct value a, struct value b);
bool value_is_number(enum value_kind kind);

/* Goes on from HASH, 0 at first, with TEXT: numbers for rows that have none. */
uint64_t hash_text(uint64_t hash, const char *text);

enum { VALUE_TEXT_MAX = 8 * 1024 };
/* For the screen, in COLUMNS cells (counts are shortened to fit). */
void value_show(enum value_kind kind, struct value value, int columns,
                char text[static VALUE_TEXT_MAX]);
/* Is VALUE a domain name with A-labels?  Then TEXT is that name in the letters that people
 * write, whether the terminal has them or not. */
bool value_has_letters(enum value_kind kind, struct value value, char text[static VALUE_TEXT_MAX]);
/* For filters, files and the clipboard: whole and in the words of exports. */
void value_write(enum value_kind kind, struct value value, char text[static VALUE_TEXT_MAX]);

#endif
