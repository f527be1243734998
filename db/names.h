/*
 * names.h - texts by number, each read once.  For db/ only.
 */
#ifndef TLSRPTOP_DB_NAMES_H
#define TLSRPTOP_DB_NAMES_H

#include "arena.h"
#include "db.h"
#include "key_map.h"

struct names {
    struct db *db;
    const char *select;   /* of one text, by a number */
    struct key_map texts; /* by the number */
    struct arena arena;
};

/* SELECT must outlive NAMES. */
void names_init(struct names *names, struct db *db, const char *select);
void names_free(struct names *names);

/* The text of ID, valid as long as NAMES; "" when there is none, or when *STATUS
 * is a failure, before or by this. */
const char *names_get(struct names *names, int64_t id, enum db_status *status);

#endif
