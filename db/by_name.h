/*
 * by_name.h - puts domains in the order of their names.  For db/ only.
 *
 * Read by the index of names each domain comes from another page, and what is asked
 * about it too: of a hundred thousand that takes several times as long as reading
 * them by number and sorting them here.
 */
#ifndef TLSRPTOP_DB_BY_NAME_H
#define TLSRPTOP_DB_BY_NAME_H

#include <stdbool.h>

#include "arena.h"
#include "query.h"

/* Zeroed, it is empty. */
struct by_name {
    struct listed *rows; /* as they were added */
    size_t count, capacity;
    struct arena names;
    bool short_of_memory; /* when the last row was added */
};

/* A domain_row_fn whose context is the list: copies ROW.  -1 when memory is short. */
int by_name_add(void *list, const struct domain_row *row);

/* Calls ROW for all of them by name, when what added them ended with STATUS.  Returns
 * that, if it is another than DB_OK and memory was not short; DB_STOPPED when ROW
 * returns anything but 0. */
enum db_status by_name_give(struct db *db, const struct by_name *list, enum db_status status,
                            domain_row_fn *row, void *context);

void by_name_free(struct by_name *list);

#endif
