/*
 * own_database.h - a database of its own for each test.
 *
 * For cmocka_unit_test_setup_teardown(): own_database_set_up() makes a folder
 * with an empty database in it, open for storing; own_database_tear_down()
 * removes them.  One a process.
 */
#ifndef TLSRPTOP_TESTS_OWN_DATABASE_H
#define TLSRPTOP_TESTS_OWN_DATABASE_H

#include "make_report.h"

struct own_database {
    char folder[64];
    char path[128]; /* of the database */
    struct db *db;
    struct store *store; /* NULL when it is closed */
};

extern struct own_database own;

int own_database_set_up(void **state);
int own_database_tear_down(void **state);

/* Ends storing, so that a program finds all of it. */
void own_database_close(void);

#endif
