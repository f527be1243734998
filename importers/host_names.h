/*
 * host_names.h - the names of the addresses that had failures.
 *
 * A PTR record says what its owner likes, so a name counts only if it leads back to
 * the address (RFC 1912 section 2.1).
 */
#ifndef TLSRPTOP_IMPORTERS_HOST_NAMES_H
#define TLSRPTOP_IMPORTERS_HOST_NAMES_H

#include "../db/db.h"
#include "resolver.h"

enum {
    HOST_NAMES_RUN_MAX = 20000, /* addresses asked for in a run, the others in the next */
    HOST_NAMES_DAYS = 30        /* what gave an answer is asked again after */
};

struct host_name_counts {
    size_t asked;
    size_t named;
    size_t unknown; /* no answer for now: asked again by the next run, after all others */
};

/* Asks for those that were never asked, or long ago, and keeps the answers in DB.
 * Returns the status of the database; DB_STOPPED when the run was asked to end. */
enum db_status host_names_ask(struct db *db, struct resolver *resolver,
                              struct host_name_counts *counts);

#endif
