/* What the live check stores, look after look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../../db/observation.h"
#include "../own_database.h"

/* Looks at TIME; is a row of its own stored? */
static bool observe(int64_t time, const char *evidence)
{
    bool changed;
    struct observation observation = {
        .last_time = time, .mode = MODE_DANE, .evidence = evidence, .problems = "[]"};
    assert_int_equal(observation_store(own.db, "example.com", "", &observation, &changed), DB_OK);
    return changed;
}

static void addresses_that_go_round_are_no_change(void **state)
{
    (void)state;
    static const char host[] = "{\"mx\":[{\"addresses\":[%s],\"tlsa\":1},"
                               "{\"addresses\":[%s],\"tlsa\":%d}]}";
    char evidence[3][256];
    snprintf(evidence[0], sizeof *evidence, host, "\"192.0.2.1\"", "", 1);
    snprintf(evidence[1], sizeof *evidence, host, "\"192.0.2.1\",\"192.0.2.2\"", "\"::1\"", 1);
    snprintf(evidence[2], sizeof *evidence, host, "\"192.0.2.1\",\"192.0.2.2\"", "\"::1\"", 2);
    assert_true(observe(1000, evidence[0]));
    assert_false(observe(2000, evidence[1]));
    assert_int_equal(sql_integer(own.db, "SELECT evidence LIKE '%%192.0.2.2%%' FROM observation"),
                     1); /* the newest are told */
    assert_true(observe(3000, evidence[2]));
    assert_true(observe(4000, "{}"));
    assert_true(observe(5000, "{\"addresses\":[]}"));
}

static void a_clock_that_was_ahead_stops_nothing(void **state)
{
    (void)state;
    assert_true(observe(1000, "{}"));
    assert_false(observe(500000, "{}"));
    assert_true(observe(600000, "{\"dnssec\":\"ahead\"}"));
    assert_true(observe(2000, "{\"dnssec\":\"now\"}"));
    assert_false(observe(3000, "{\"dnssec\":\"now\"}"));
    assert_int_equal(sql_integer(own.db, "SELECT count(*) FROM observation"), 3);
    assert_int_equal(sql_integer(own.db, "SELECT min(first_time) FROM observation"), 1000);
    assert_int_equal(sql_integer(own.db, "SELECT max(first_time) FROM observation"), 2000);
    assert_int_equal(sql_integer(own.db, "SELECT max(last_time) FROM observation"), 3000);
    assert_true(observe(4000, "{}"));
}

static void a_clock_that_is_behind_leaves_what_was_seen(void **state)
{
    (void)state;
    assert_true(observe(100000, "{}"));
    assert_true(observe(200000, "{\"dnssec\":\"secure\"}"));
    assert_true(observe(300000, "{}"));
    observe(1000, "{}");
    assert_int_equal(sql_integer(own.db, "SELECT count(*) FROM observation WHERE last_time IN"
                                         " (100000, 200000, 300000)"),
                     3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(addresses_that_go_round_are_no_change, own_database_set_up,
                                        own_database_tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_was_ahead_stops_nothing, own_database_set_up,
                                        own_database_tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_is_behind_leaves_what_was_seen,
                                        own_database_set_up, own_database_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
