/* The names in a folder: sorted, complete, and in bounded memory. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../importers/listing.h"
#include "../make_report.h"

static char folder[64];
static DIR *stream;

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    stream = opendir(folder);
    return stream == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    closedir(stream);
    remove_folder(folder);
    return 0;
}

static void make_file(const char *name)
{
    int fd = openat(dirfd(stream), name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void assert_names(bool folders, size_t names_max, const char *expected)
{
    struct listing listing;
    const char *name;
    char text[1024] = "";
    listing_open(&listing, stream, folders, names_max);
    while ((name = listing_next(&listing)) != NULL) {
        strcat(text, name);
        strcat(text, " ");
    }
    assert_int_equal(errno, 0);
    assert_string_equal(text, expected);
    listing_close(&listing);
}

static void names_come_in_the_order_of_their_bytes(void **state)
{
    (void)state;
    make_file("b");
    make_file("\xc3\xa9");
    make_file("a10");
    make_file("a2");
    make_file("B");
    make_file(".hidden");
    assert_names(false, LISTING_NAMES_MAX, ".hidden B a10 a2 b \xc3\xa9 ");
    assert_names(true, LISTING_NAMES_MAX, "");
}

static void links_count_as_what_they_point_to(void **state)
{
    (void)state;
    make_file("file");
    assert_int_equal(mkdirat(dirfd(stream), "folder", 0700), 0);
    assert_int_equal(symlinkat("folder", dirfd(stream), "to-folder"), 0);
    assert_int_equal(symlinkat("file", dirfd(stream), "to-file"), 0);
    assert_int_equal(symlinkat("nowhere", dirfd(stream), "to-nowhere"), 0);
    assert_names(false, LISTING_NAMES_MAX, "file to-file to-nowhere ");
    assert_names(true, LISTING_NAMES_MAX, "folder to-folder ");
}

static void an_empty_folder_has_no_names(void **state)
{
    (void)state;
    assert_names(false, LISTING_NAMES_MAX, "");
}

/* Room for a few names only: the folder is read again and again. */
static void names_that_do_not_fit_come_later(void **state)
{
    (void)state;
    enum { FILES = 1000 };
    for (int i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%03d", i * 7 % FILES);
        make_file(name);
    }
    for (size_t names_max = 8; names_max < 8 * FILES; names_max *= 3) {
        struct listing listing;
        listing_open(&listing, stream, false, names_max);
        for (int i = 0; i < FILES; i++) {
            char expected[16];
            snprintf(expected, sizeof expected, "%03d", i);
            const char *name = listing_next(&listing);
            assert_non_null(name);
            assert_string_equal(name, expected);
            assert_true(listing.used <= names_max);
        }
        assert_int_equal(listing.total, FILES);
        assert_null(listing_next(&listing));
        assert_null(listing_next(&listing));
        listing_close(&listing);
    }
}

static void names_that_vanish_or_come_do_no_harm(void **state)
{
    (void)state;
    struct listing listing;
    make_file("1");
    make_file("2");
    make_file("3");
    make_file("4");
    listing_open(&listing, stream, false, 4); /* two names at a time */
    assert_string_equal(listing_next(&listing), "1");
    assert_int_equal(unlinkat(dirfd(stream), "3", 0), 0);
    make_file("5");
    assert_string_equal(listing_next(&listing), "2");
    assert_string_equal(listing_next(&listing), "4");
    assert_string_equal(listing_next(&listing), "5");
    assert_null(listing_next(&listing));
    listing_close(&listing);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(names_come_in_the_order_of_their_bytes), TEST(links_count_as_what_they_point_to),
        TEST(an_empty_folder_has_no_names),           TEST(names_that_do_not_fit_come_later),
        TEST(names_that_vanish_or_come_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
