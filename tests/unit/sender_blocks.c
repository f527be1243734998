/* What failed of all domains: the same by blocks as by days, whatever comes when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../../db/sender_blocks.h"
#include "../luck.h"
#include "../own_database.h"

enum { FIRST = 19990, DAYS = 170, REPORTS = 600, DOMAINS = 5, SENDERS = 7 };

static int number; /* of the next report */
static struct luck luck;

static void keep_one(int day)
{
    static const char *const types[] = {"certificate-expired", "starttls-not-supported",
                                        "validation-failure"};
    struct report report;
    char id[16], domain[32], host[64], ip[32], reporter[16];
    snprintf(id, sizeof id, "%d", number++);
    snprintf(domain, sizeof domain, "d%u.example", luck_pick(&luck, DOMAINS));
    snprintf(reporter, sizeof reporter, "R%u", luck_pick(&luck, 2));
    make_report(&report, reporter, id, day);
    struct policy *policy = add_policy(&report, "sts", domain, "", 10, 5);
    for (unsigned i = luck_pick(&luck, 3) + 1; i > 0; i--) {
        snprintf(ip, sizeof ip, "192.0.2.%u", luck_pick(&luck, SENDERS));
        snprintf(host, sizeof host, "mx%u.%s", luck_pick(&luck, 2), domain);
        add_failure(&report, policy, types[luck_pick(&luck, 3)], ip, host, luck_pick(&luck, 100));
    }
    assert_int_equal(keep_report(own.store, &report, "x"), OUTCOME_IMPORTED);
}

static int fill(void **state)
{
    own_database_set_up(state);
    number = 0;
    luck = luck_of(11, 0, 0, 0);
    for (int i = 0; i < REPORTS; i++)
        keep_one(FIRST + (int)luck_pick(&luck, DAYS));
    assert_int_equal(store_commit(own.store), DB_OK);
    return 0;
}

static int64_t made(void)
{
    return sql_integer(own.db, "SELECT count(*) FROM total_sender_of_mine WHERE made");
}

/* Those that ended before DAY. */
static void close_before(int day)
{
    bool more = true;
    while (more)
        assert_int_equal(sender_blocks_close_one(own.db, day, &more), DB_OK);
}

/* --- by days --- */

struct asked {
    struct day_range range;
    int rows;
};

static int check_sender(void *context, const struct sender_row *row)
{
    struct asked *asked = context;
#define OF_SENDER                                                                                  \
    " FROM sender_row s JOIN domain d ON d.id = s.domain WHERE d.mine AND s.day BETWEEN %d AND %d" \
    " AND s.organization = %lld AND s.sending_ip = (SELECT id FROM text WHERE value = '%s')"
#define OF                                                                                         \
    asked->range.first, asked->range.last, (long long)row->organization_id, row->sending_mta_ip
    assert_int_equal(row->failed, sql_integer(own.db, "SELECT sum(s.failed)" OF_SENDER, OF));
    assert_int_equal(row->first_day, sql_integer(own.db, "SELECT min(s.day)" OF_SENDER, OF));
    assert_int_equal(row->last_day, sql_integer(own.db, "SELECT max(s.day)" OF_SENDER, OF));
    asked->rows++;
    return 0;
}

static int count_sender(void *context, const struct sender_row *row)
{
    (void)row;
    ((struct asked *)context)->rows++;
    return 0;
}

static int check_host(void *context, const struct mx_row *row)
{
    struct asked *asked = context;
#define OF_HOST                                                                                    \
    " FROM sender_row s JOIN domain d ON d.id = s.domain JOIN text h ON h.id = s.mx_host"          \
    " WHERE d.mine AND s.day BETWEEN %d AND %d AND h.value = '%s'"
    const int first = asked->range.first, last = asked->range.last;
    assert_int_equal(row->failed, sql_integer(own.db, "SELECT sum(s.failed)" OF_HOST, first, last,
                                              row->mx_host));
    assert_int_equal(row->senders,
                     sql_integer(own.db, "SELECT count(DISTINCT s.sending_ip)" OF_HOST, first, last,
                                 row->mx_host));
    int64_t types = sql_integer(own.db, "SELECT count(DISTINCT s.result_type)" OF_HOST, first, last,
                                row->mx_host);
    for (const char *comma = row->result_types; types > 1; types--)
        assert_non_null(comma = strstr(comma + 1, ", "));
    asked->rows++;
    return 0;
}

static int count_host(void *context, const struct mx_row *row)
{
    (void)row;
    ((struct asked *)context)->rows++;
    return 0;
}

static void expect_hosts(int first, int last)
{
    struct asked asked = {{first, last}, 0};
    assert_int_equal(query_mx(own.db, ALL_DOMAINS, asked.range, check_host, &asked), DB_OK);
    assert_int_equal(asked.rows, sql_integer(own.db,
                                             "SELECT count(DISTINCT s.mx_host)"
                                             " FROM sender_row s JOIN domain d ON d.id = s.domain"
                                             " WHERE d.mine AND s.day BETWEEN %d AND %d",
                                             first, last));
}

static void expect_range(int first, int last)
{
    expect_hosts(first, last);
    struct asked asked = {{first, last}, 0};
    assert_int_equal(query_senders(own.db, ALL_DOMAINS, asked.range, check_sender, &asked), DB_OK);
    assert_int_equal(asked.rows,
                     sql_integer(own.db,
                                 "SELECT count(DISTINCT s.organization * 1000000 + s.sending_ip)"
                                 " FROM sender_row s JOIN domain d ON d.id = s.domain"
                                 " WHERE d.mine AND s.day BETWEEN %d AND %d",
                                 first, last));
}

static void expect_same(void)
{
    unpack_senders(own.db);
    expect_range(FIRST, FIRST + DAYS);
    expect_range(0, DAY_MAX);
    for (int i = 0; i < 60; i++) {
        int first = FIRST + (int)luck_pick(&luck, DAYS);
        expect_range(first, first + (int)luck_pick(&luck, DAYS));
    }
    assert_int_equal(db_exec(own.db, "DROP TABLE temp.sender_row"), DB_OK);
}

/* --- tests --- */

static void blocks_tell_what_days_tell(void **state)
{
    (void)state;
    assert_int_equal(made(), 0);
    expect_same();
    close_before(FIRST + 100);
    assert_true(made() > 4);
    expect_same();
    close_before(FIRST + DAYS + 64);
    assert_int_equal(made(), sql_integer(own.db, "SELECT count(*) FROM total_sender_of_mine"));
    expect_same();
}

static void what_comes_late_is_added(void **state)
{
    (void)state;
    close_before(FIRST + DAYS + 64);
    int64_t all = made();
    keep_one(FIRST + 3);
    keep_one(FIRST + 120);
    assert_int_equal(store_commit(own.store), DB_OK);
    assert_int_equal(made(), all - 6);
    expect_same();
    close_before(FIRST + DAYS + 64);
    assert_int_equal(made(), all);
    expect_same();
}

static void foreign_domains_have_no_part_in_it(void **state)
{
    (void)state;
    close_before(FIRST + DAYS + 64);
    struct store_settings settings = {.mine = "d1.example, d2.example, d3.example",
                                      .close_from = 1000000};
    assert_int_equal(store_close(own.store, ""), DB_OK);
    assert_int_equal(store_open(&own.store, own.db, "test", &settings), DB_OK);
    assert_int_equal(made(), 0);
    expect_same();
    close_before(FIRST + DAYS + 64);
    expect_same();
}

/* Of more sums than are kept in a block none is: the days tell. */
static void a_block_without_end_is_not_made(void **state)
{
    (void)state;
    enum { REPORT_SENDERS = 1000, MANY = 67 };
    for (int i = 0; i < MANY; i++) {
        struct report report;
        char id[24], ip[32];
        snprintf(id, sizeof id, "many %d", i);
        make_report(&report, "R0", id, FIRST + i % 10);
        struct policy *policy = add_policy(&report, "sts", "d0.example", "", 10, 5);
        for (int j = 0; j < REPORT_SENDERS; j++) {
            snprintf(ip, sizeof ip, "10.%d.%d.%d", i, j / 256, j % 256);
            add_failure(&report, policy, "validation-failure", ip, "mx.example.com", 1);
        }
        assert_int_equal(keep_report(own.store, &report, "x"), OUTCOME_IMPORTED);
    }
    assert_int_equal(store_commit(own.store), DB_OK);
    close_before(FIRST + DAYS + 64);
    assert_int_equal(sql_integer(own.db,
                                 "SELECT count(*) FROM total_sender_of_mine"
                                 " WHERE level = 3 AND block = %d >> 6",
                                 FIRST),
                     0);
    assert_true(made() > 0);
    struct asked asked = {{FIRST, FIRST + DAYS}, 0};
    assert_int_equal(query_senders(own.db, ALL_DOMAINS, asked.range, count_sender, &asked), DB_OK);
    assert_true(asked.rows >= MANY * REPORT_SENDERS);
    asked.rows = 0;
    assert_int_equal(query_mx(own.db, ALL_DOMAINS, asked.range, count_host, &asked), DB_OK);
    assert_int_equal(asked.rows, 2 * DOMAINS + 1);
}

/* A database is anybody's file. */
static void damaged_blocks_are_told(void **state)
{
    (void)state;
    close_before(FIRST + DAYS + 64);
    assert_int_equal(db_exec(own.db, "UPDATE total_sender_of_mine SET senders = x'ffffff'"), DB_OK);
    struct asked asked = {{FIRST, FIRST + DAYS}, 0};
    assert_int_equal(query_senders(own.db, ALL_DOMAINS, asked.range, count_sender, &asked),
                     DB_DAMAGED);
    /* too long an integer, an end in the middle, no difference, numbers beyond all */
    static const char *const bytes[] = {
        "ffffff",        "0101", "00", "fffffffffffffffff7", "01010100fffffffffffffffff7",
        "010105000900ff"};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        char update[96];
        snprintf(update, sizeof update, "UPDATE total_mx_of_mine SET hosts = x'%s'", bytes[i]);
        assert_int_equal(db_exec(own.db, update), DB_OK);
        assert_int_equal(query_mx(own.db, ALL_DOMAINS, asked.range, count_host, &asked),
                         DB_DAMAGED);
    }
    assert_int_equal(db_exec(own.db, "DELETE FROM total_mx_of_mine"), DB_OK);
    assert_int_equal(query_mx(own.db, ALL_DOMAINS, asked.range, count_host, &asked), DB_DAMAGED);
}

/* Whatever a byte becomes, it is read or told. */
static void any_byte_may_be_wrong(void **state)
{
    (void)state;
    close_before(FIRST + DAYS + 64);
    assert_int_equal(db_exec(own.db, "CREATE TEMP TABLE kept AS SELECT * FROM total_mx_of_mine"),
                     DB_OK);
    for (int i = 0; i < 300; i++) {
        char update[320];
        int at = (int)luck_pick(&luck, 150) + 1;
        snprintf(update, sizeof update,
                 "UPDATE total_mx_of_mine SET hosts = (SELECT CAST(substr(k.hosts, 1, %d)"
                 " || x'%02x' || substr(k.hosts, %d) AS BLOB) FROM kept k"
                 " WHERE k.level = total_mx_of_mine.level AND k.block = total_mx_of_mine.block)",
                 at - 1, luck_pick(&luck, 256), at + 1);
        assert_int_equal(db_exec(own.db, update), DB_OK);
        struct asked asked = {{FIRST, FIRST + DAYS}, 0};
        enum db_status status = query_mx(own.db, ALL_DOMAINS, asked.range, count_host, &asked);
        assert_true(status == DB_OK || status == DB_DAMAGED);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, fill, own_database_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(blocks_tell_what_days_tell),
        TEST(what_comes_late_is_added),
        TEST(foreign_domains_have_no_part_in_it),
        TEST(a_block_without_end_is_not_made),
        TEST(damaged_blocks_are_told),
        TEST(any_byte_may_be_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
