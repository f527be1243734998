#include "own_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct own_database own;

int own_database_set_up(void **state)
{
    (void)state;
    make_folder(own.folder);
    snprintf(own.path, sizeof own.path, "%s/reports.db", own.folder);
    assert_int_equal(db_open(&own.db, own.path, DB_WRITE), DB_OK);
    own.store = open_store(own.db);
    return 0;
}

void own_database_close(void)
{
    assert_int_equal(store_close(own.store, ""), DB_OK);
    own.store = NULL;
    db_close(own.db);
    own.db = NULL;
}

/* What is still open was left so by a test that failed. */
int own_database_tear_down(void **state)
{
    (void)state;
    if (own.store != NULL)
        store_close(own.store, "");
    if (own.db != NULL)
        db_close(own.db);
    remove_folder(own.folder);
    return 0;
}
