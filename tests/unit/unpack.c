/* gzip and zip: whatever they claim, they unpack to a bounded number of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zip.h>
#include <zlib.h>

#include "../../importers/unpack.h"

static const struct limits small = {.document_max = 100000, .parts_max = 3};
static struct unpacker *unpacker;
static char reason[UNPACK_REASON];

static int set_up(void **state)
{
    (void)state;
    unpacker = unpacker_new(&small);
    return unpacker == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    unpacker_free(unpacker);
    return 0;
}

/* SIZE bytes of 'x' as gzip at OUT; returns its length. */
static size_t make_gzip(size_t size, char *out, size_t room)
{
    char *plain = malloc(size + 1);
    assert_non_null(plain);
    memset(plain, 'x', size);
    z_stream deflater = {0};
    assert_int_equal(deflateInit2(&deflater, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    deflater.next_in = (Bytef *)plain;
    deflater.avail_in = (uInt)size;
    deflater.next_out = (Bytef *)out;
    deflater.avail_out = (uInt)room;
    assert_int_equal(deflate(&deflater, Z_FINISH), Z_STREAM_END);
    deflateEnd(&deflater);
    free(plain);
    return room - deflater.avail_out;
}

static void expect_gunzip(const char *bytes, size_t length, size_t expected)
{
    struct slice document;
    unpacker_begin(unpacker);
    if (unpack_gzip(unpacker, (struct slice){bytes, length}, &document, reason) != 0)
        fail_msg("%s", reason);
    assert_int_equal(document.length, expected);
    for (size_t i = 0; i < expected; i++)
        assert_int_equal(document.start[i], 'x');
}

static void expect_gzip_refused(const char *bytes, size_t length, const char *expected)
{
    struct slice document;
    assert_int_equal(unpack_gzip(unpacker, (struct slice){bytes, length}, &document, reason), -1);
    assert_string_equal(reason, expected);
}

static void bytes_tell_what_they_are(void **state)
{
    (void)state;
    assert_int_equal(format_of((struct slice){" \r\n\t{", 5}), FORMAT_JSON);
    assert_int_equal(format_of((struct slice){"\xef\xbb\xbf{", 4}), FORMAT_JSON);
    assert_int_equal(format_of((struct slice){"\x1f\x8b", 2}), FORMAT_GZIP);
    assert_int_equal(format_of((struct slice){"PK\3\4", 4}), FORMAT_ZIP);
    assert_int_equal(format_of((struct slice){"pk\3\4", 4}), FORMAT_OTHER);
    assert_int_equal(format_of((struct slice){"", 0}), FORMAT_OTHER);
    assert_int_equal(format_of((struct slice){"From: {", 7}), FORMAT_OTHER);
}

static void gzip_is_unpacked(void **state)
{
    (void)state;
    char gzip[1024];
    expect_gunzip(gzip, make_gzip(0, gzip, sizeof gzip), 0);
    expect_gunzip(gzip, make_gzip(99999, gzip, sizeof gzip), 99999);
}

static void members_are_joined_and_what_follows_is_ignored(void **state)
{
    (void)state;
    char gzip[1024];
    size_t length = make_gzip(10, gzip, sizeof gzip);
    length += make_gzip(20, gzip + length, sizeof gzip - length);
    expect_gunzip(gzip, length, 30);
    memcpy(gzip + length, "\0\0\0garbage", 10);
    expect_gunzip(gzip, length + 10, 30);
}

static void damaged_gzip_says_where(void **state)
{
    (void)state;
    char gzip[1024];
    size_t length = make_gzip(1000, gzip, sizeof gzip);
    expect_gzip_refused(gzip, 2, "its gzip ends too early, after 2 bytes");
    expect_gzip_refused(gzip, length - 3, "its gzip ends too early, after 26 bytes");
    gzip[length - 8] ^= 1;
    expect_gzip_refused(gzip, length, "its gzip is damaged at byte 25: incorrect data check");
    gzip[2] = 9;
    expect_gzip_refused(gzip, length, "its gzip is damaged at byte 4: unknown compression method");
}

static void a_document_of_just_the_bound_is_unpacked(void **state)
{
    (void)state;
    char gzip[1024];
    expect_gunzip(gzip, make_gzip(small.document_max, gzip, sizeof gzip), small.document_max);
    size_t length = make_gzip(small.document_max + 1, gzip, sizeof gzip);
    expect_gzip_refused(gzip, length, "it unpacks to more than 100000 bytes");
}

static void all_documents_of_a_message_have_a_bound_together(void **state)
{
    (void)state;
    char gzip[1024];
    struct slice document;
    size_t length = make_gzip(small.document_max, gzip, sizeof gzip);
    unpacker_begin(unpacker);
    for (int i = 0; i < UNPACK_DOCUMENTS_MAX; i++)
        assert_int_equal(unpack_gzip(unpacker, (struct slice){gzip, length}, &document, reason), 0);
    expect_gzip_refused(gzip, length, "the message unpacks to more than 8 times 100000 bytes");
    expect_gunzip(gzip, length, small.document_max); /* the next message */
}

/* An archive of COUNT members of SIZE bytes at OUT; returns its length. */
static size_t make_zip(int count, size_t size, char *out, size_t room)
{
    zip_error_t error;
    char *plain = calloc(1, size + 1);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    assert_non_null(plain);
    assert_non_null(source);
    zip_source_keep(source);
    zip_t *archive = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    assert_non_null(archive);
    assert_true(zip_dir_add(archive, "folder", 0) >= 0);
    for (int i = 1; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "folder/%d", i);
        zip_source_t *content = zip_source_buffer(archive, plain, size, 0);
        assert_true(zip_file_add(archive, name, content, 0) >= 0);
    }
    assert_int_equal(zip_close(archive), 0);
    assert_int_equal(zip_source_open(source), 0);
    zip_int64_t length = zip_source_read(source, out, room);
    zip_source_close(source);
    zip_source_free(source);
    free(plain);
    return (size_t)length;
}

struct seen {
    int members;
    size_t bytes;
    int stop_after;
};

static int see_member(void *context, const char *name, struct slice content)
{
    struct seen *seen = context;
    assert_memory_equal(name, "folder/", 7);
    seen->bytes += content.length;
    return ++seen->members == seen->stop_after ? 7 : 0;
}

static int see_zip(const char *bytes, size_t length, struct seen *seen, int *stopped)
{
    unpacker_begin(unpacker);
    return unpack_zip(unpacker, (struct slice){bytes, length}, see_member, seen, stopped, reason);
}

static void the_members_of_a_zip_are_read(void **state)
{
    (void)state;
    char zip[4096];
    int stopped;
    struct seen seen = {0};
    size_t length = make_zip(3, 100000, zip, sizeof zip);
    assert_int_equal(see_zip(zip, length, &seen, &stopped), 0);
    assert_int_equal(stopped, 0);
    assert_int_equal(seen.members, 2);
    assert_int_equal(seen.bytes, 200000);
}

static void reading_a_zip_can_be_stopped(void **state)
{
    (void)state;
    char zip[4096];
    int stopped;
    struct seen seen = {.stop_after = 1};
    size_t length = make_zip(3, 10, zip, sizeof zip);
    assert_int_equal(see_zip(zip, length, &seen, &stopped), 0);
    assert_int_equal(stopped, 7);
    assert_int_equal(seen.members, 1);
}

static void expect_zip_refused(const char *bytes, size_t length, const char *expected)
{
    int stopped;
    struct seen seen = {0};
    assert_int_equal(see_zip(bytes, length, &seen, &stopped), -1);
    assert_string_equal(reason, expected);
}

static void zips_beyond_a_bound_are_refused(void **state)
{
    (void)state;
    char zip[4096];
    expect_zip_refused(zip, make_zip(4, 1, zip, sizeof zip),
                       "its zip archive has more than 3 members");
    expect_zip_refused(zip, make_zip(2, 100001, zip, sizeof zip),
                       "it unpacks to more than 100000 bytes");
}

static void damaged_zips_are_refused(void **state)
{
    (void)state;
    char zip[4096];
    size_t length = make_zip(2, 1000, zip, sizeof zip);
    expect_zip_refused(zip, length - 10, "its zip archive is damaged: Not a zip archive");
    zip[length / 2] ^= 0x55;
    struct seen seen = {0};
    int stopped;
    see_zip(zip, length, &seen, &stopped); /* whatever it is, it ends */
    expect_zip_refused("PK\3\4PK\6\7", 8, "it is a zip64 archive, which no report needs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_tell_what_they_are),
        cmocka_unit_test(gzip_is_unpacked),
        cmocka_unit_test(members_are_joined_and_what_follows_is_ignored),
        cmocka_unit_test(damaged_gzip_says_where),
        cmocka_unit_test(a_document_of_just_the_bound_is_unpacked),
        cmocka_unit_test(all_documents_of_a_message_have_a_bound_together),
        cmocka_unit_test(the_members_of_a_zip_are_read),
        cmocka_unit_test(reading_a_zip_can_be_stopped),
        cmocka_unit_test(zips_beyond_a_bound_are_refused),
        cmocka_unit_test(damaged_zips_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
