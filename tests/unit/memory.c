/* Memory that runs out while a list is written is an error, and never an empty list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../../db/domain_modes.h"
#include "../../db/query.h"
#include "../make_report.h"

enum { DAYS = 8, DOMAINS = 3, PIECES_MAX = 10000 };

static char folder[64];
static struct db *db;
static int64_t domain, organization; /* of some total */

/* --- SQLite's memory, of which one piece is refused --- */

static sqlite3_mem_methods plenty;
static int until_refused; /* the so-manieth piece from now is refused; 0: none is */

static bool is_refused(void)
{
    return until_refused > 0 && --until_refused == 0;
}

static void *give(int size)
{
    return is_refused() ? NULL : plenty.xMalloc(size);
}

static void *give_more(void *piece, int size)
{
    return is_refused() ? NULL : plenty.xRealloc(piece, size);
}

static int set_up(void **state)
{
    (void)state;
    char path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    if (db_open(&db, path, DB_WRITE) != DB_OK)
        return -1;
    struct store *store = open_store(db);
    keep_domains(store, DOMAINS, DAYS);
    if (store_close(store, "") != DB_OK)
        return -1;
    domain = sql_integer(db, "SELECT max(domain) FROM total_domain WHERE level = 0");
    organization = sql_integer(db, "SELECT min(organization) FROM total_reporter"
                                   " WHERE level = 0 AND domain <> 0");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    until_refused = 0;
    db_close(db);
    remove_folder(folder);
    return 0;
}

/* Asks QUESTION with each of the pieces of memory it takes refused in turn: it fails, or
 * its answer is the same as with plenty. */
static void starve(enum db_status (*question)(int64_t *answer))
{
    int64_t expected = 0;
    assert_int_equal(question(&expected), DB_OK);
    assert_int_not_equal(expected, 0);
    int failed = 0, pieces = 0;
    for (bool refused = true; refused; pieces++) {
        int64_t answer = 0;
        assert_true(pieces < PIECES_MAX);
        until_refused = pieces + 1;
        enum db_status status = question(&answer);
        refused = until_refused == 0;
        until_refused = 0;
        if (status == DB_OK)
            assert_int_equal(answer, expected);
        failed += status != DB_OK;
    }
    assert_int_not_equal(failed, 0);
}

static int count_day(void *context, int64_t touched_domain, int day)
{
    int64_t *days = context;
    (void)touched_domain;
    (void)day;
    ++*days;
    return 0;
}

static enum db_status silent_days(int64_t *days)
{
    struct silence silence = {organization, 0, DAY_MAX};
    return modes_find_silent(db, &silence, 1, count_day, days);
}

static void silence_of_a_reporter_is_found_or_complained_about(void **state)
{
    (void)state;
    starve(silent_days);
}

static enum db_status reports_of_a_domain(int64_t *reports)
{
    struct totals totals;
    enum db_status status = query_steps(db, domain, 0, DAY_MAX, 1, &totals);
    *reports = totals.reports;
    return status;
}

static void totals_of_a_domain_are_found_or_complained_about(void **state)
{
    (void)state;
    starve(reports_of_a_domain);
}

int main(void)
{
    sqlite3_mem_methods counted;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plenty) != SQLITE_OK)
        return 1;
    counted = plenty;
    counted.xMalloc = give;
    counted.xRealloc = give_more;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &counted) != SQLITE_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(silence_of_a_reporter_is_found_or_complained_about, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(totals_of_a_domain_are_found_or_complained_about, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
