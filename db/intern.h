/*
 * intern.h - the numbers of texts that are stored once.  For db/ only.
 *
 * A cache of bounded size before the tables organization, domain, policy_type,
 * result_type, policy_text and text.  What it has learned in a transaction
 * that was rolled back is wrong: intern_clear() then.
 */
#ifndef TLSRPTOP_DB_INTERN_H
#define TLSRPTOP_DB_INTERN_H

#include <stdint.h>

#include "db.h"

enum intern_kind {
    INTERN_TEXT,
    INTERN_POLICY_TEXT,
    INTERN_POLICY_TYPE,
    INTERN_RESULT_TYPE,
    INTERN_ORGANIZATION,
    INTERN_DOMAIN
};

struct interns;

/* MINE are the patterns that decide whether a new domain is mine; they must
 * outlive the interns.  NULL when memory is short. */
struct interns *interns_new(struct db *db, const char *mine);
void interns_free(struct interns *interns);
void intern_clear(struct interns *interns);
/* The patterns are others now. */
void intern_use(struct interns *interns, const char *mine);

/* The number of VALUE, entered if it is new, at *ID.  Of a domain *MINE tells
 * whether it is mine; MINE may be NULL. */
enum db_status intern(struct interns *interns, enum intern_kind kind, const char *value,
                      int64_t *id, bool *mine);

#endif
