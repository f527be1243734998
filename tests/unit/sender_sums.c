/* Sums by sender that are packed into one row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/sender_sums.h"
#include "../../db/statement.h"
#include "../luck.h"
#include "../own_database.h"

enum { DAY = 20000, DOMAIN = 7, MANY = 500 };

/* Reads the only row into SUMS, at most MANY of them, and tells how many. */
static enum db_status read_sums(struct sender_sum *sums, size_t *count)
{
    enum db_status status = DB_OK;
    sqlite3_stmt *row = db_statement(own.db, "SELECT senders FROM total_sender");
    *count = 0;
    assert_true(statement_next(own.db, row, &status));
    struct sender_sums reader = sender_sums_of(own.db, row, 0);
    while (*count < MANY && sender_sums_next(&reader, &sums[*count], &status))
        ++*count;
    return db_done(row, status);
}

static void add(const struct sender_sum *sums, size_t count)
{
    assert_int_equal(sender_sums_add(own.db, DAY, DOMAIN, sums, count), DB_OK);
}

static void what_comes_later_is_added_in_its_place(void **state)
{
    (void)state;
    static const struct sender_sum first[] = {{1, 10, 2, 0, 5}, {1, 300, 2, 4, 7}};
    static const struct sender_sum later[] = {
        {1, 9, 9, 9, 1}, {1, 10, 2, 0, 200}, {1, 10, 2, 1, 2}, {2, 1, 1, 1, 3}};
    static const struct sender_sum both[] = {
        {1, 9, 9, 9, 1}, {1, 10, 2, 0, 205}, {1, 10, 2, 1, 2}, {1, 300, 2, 4, 7}, {2, 1, 1, 1, 3}};
    struct sender_sum found[MANY];
    size_t count;
    add(first, 2);
    add(later, 4);
    assert_int_equal(read_sums(found, &count), DB_OK);
    assert_int_equal(count, 5);
    assert_memory_equal(found, both, sizeof both);
}

static void numbers_of_any_length_come_back(void **state)
{
    (void)state;
    struct sender_sum sums[64], found[MANY];
    size_t count;
    for (int i = 0; i < 63; i++)
        sums[i] = (struct sender_sum){INT64_C(1) << i, (INT64_C(1) << i) - 1, INT64_MAX >> i, 0, i};
    sums[63] = (struct sender_sum){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    for (int i = 63; i >= 0; i--)
        add(&sums[i], 1);
    assert_int_equal(read_sums(found, &count), DB_OK);
    assert_int_equal(count, 64);
    assert_memory_equal(found, sums, sizeof sums);
}

static void set_bytes(const void *bytes, int size)
{
    sqlite3_stmt *insert =
        db_statement(own.db, "INSERT OR REPLACE INTO total_sender VALUES(1, 1, ?)");
    sqlite3_bind_blob(insert, 1, bytes, size, SQLITE_STATIC);
    assert_int_equal(db_run(own.db, insert), DB_OK);
}

static void bytes_that_are_no_sums_are_damage(void **state)
{
    (void)state;
    static const unsigned char cut[] = {1, 2, 3, 4, 5, 1, 2, 3};
    static const unsigned char endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                            0x80, 0x80, 0x80, 0x80, 0x80, 1};
    static const unsigned char negative[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                             0xff, 0xff, 0xff, 1,    1,    1};
    struct sender_sum found[MANY];
    size_t count;
    set_bytes(cut, sizeof cut);
    assert_int_equal(read_sums(found, &count), DB_DAMAGED);
    assert_int_equal(count, 1);
    assert_non_null(strstr(db_error(own.db), "a row of total_sender cannot be read"));
    assert_int_equal(sender_sums_add(own.db, 1, 1, found, 1), DB_DAMAGED);
    set_bytes(endless, sizeof endless);
    assert_int_equal(read_sums(found, &count), DB_DAMAGED);
    set_bytes(negative, sizeof negative);
    assert_int_equal(read_sums(found, &count), DB_DAMAGED);
    set_bytes("", 0);
    assert_int_equal(read_sums(found, &count), DB_OK);
    assert_int_equal(count, 0);
}

/* Whatever the bytes, each sum takes at least one of them, and reading ends. */
static void any_bytes_end(void **state)
{
    (void)state;
    struct luck luck = luck_of(5, 0, 0, 0);
    for (int time = 0; time < 2000; time++) {
        unsigned char bytes[100];
        struct sender_sum found[MANY];
        size_t count;
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (unsigned char)luck_pick(&luck, 256);
        set_bytes(bytes, (int)luck_pick(&luck, sizeof bytes));
        enum db_status status = read_sums(found, &count);
        assert_true(status == DB_OK || status == DB_DAMAGED);
        assert_true(count <= sizeof bytes / 5);
    }
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, own_database_set_up, own_database_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_comes_later_is_added_in_its_place),
        TEST(numbers_of_any_length_come_back),
        TEST(bytes_that_are_no_sums_are_damage),
        TEST(any_bytes_end),
    };
    return cmocka_run_group_tests_name("sender sums", tests, NULL, NULL);
}
