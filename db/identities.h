/*
 * identities.h - which of the stored reports may be the same as a new one.
 *
 * The identity of a report is a hash, so that reports come in no order of it, and an
 * index of all of them would have a page of the disk written for each.  The newest
 * are therefore in no index: who looks for duplicates reads their hashes into memory
 * once, and adds what it stores.  When they are many they go into a small index
 * together, in its order, and when that one has grown, into the large one: each time
 * all pages of the index are written.
 */
#ifndef TLSRPTOP_DB_IDENTITIES_H
#define TLSRPTOP_DB_IDENTITIES_H

#include <stddef.h>
#include <stdint.h>

#include "db.h"

struct identities;

/* NULL when memory is short.  DB must outlive it. */
struct identities *identities_new(struct db *db);
void identities_free(struct identities *identities);

/* Others may have stored reports: the next search looks.  To be called when a
 * transaction begins. */
void identities_refresh(struct identities *identities);

/* What was added may not be stored after all: forgets what is in memory. */
void identities_clear(struct identities *identities);

/* A search for the reports of one hash.  They may differ in everything else. */
struct identity_search {
    int32_t hash;
    int64_t indexed; /* the last one that the index told */
    size_t probes;   /* in memory */
};

/* The next *REPORT that SEARCH, begun as {.hash = ...}, finds; 0 behind the last.
 * Nothing may be added meanwhile. */
enum db_status identities_next(struct identities *identities, struct identity_search *search,
                               int64_t *report);

/* REPORT has been stored in the open transaction, after a search for HASH. */
enum db_status identities_add(struct identities *identities, int32_t hash, int64_t report);

/* Brings those in memory into the index, in the open transaction, if there are LEAST
 * of them or more.  After a failure comes identities_clear(). */
enum db_status identities_index(struct identities *identities, size_t least);

#endif
