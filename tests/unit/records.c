/* Where one message ends and the next begins, however the bytes come. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../importers/records.h"

enum { RECORD_MAX = 300 * 1024, TEXT_MAX = 1024 };

static struct records records;

static int set_up(void **state)
{
    (void)state;
    records_init(&records, RECORD_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    records_free(&records);
    return 0;
}

static int file_of(const char *bytes, size_t size)
{
    int fd = memfd_create("records", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* All records of BYTES, as "1@0 first | 2@30 second", or "too long". */
static void split(const char *bytes, size_t size, char text[static TEXT_MAX])
{
    struct record record;
    int fd = file_of(bytes, size), more;
    size_t length = 0;
    text[0] = '\0';
    records_open(&records, fd, size, false);
    while ((more = records_next(&records, &record)) > 0) {
        length += (size_t)snprintf(text + length, TEXT_MAX - length, "%s%u@%u%s ",
                                   length > 0 ? "|" : "", (unsigned)record.number,
                                   (unsigned)record.offset, record.alone ? "alone" : "");
        if (record.too_long)
            length += (size_t)snprintf(text + length, TEXT_MAX - length, "too long");
        else
            length += (size_t)snprintf(text + length, TEXT_MAX - length, "%.*s", (int)record.size,
                                       record.bytes);
        assert_true(length < TEXT_MAX);
    }
    assert_int_equal(more, 0);
    close(fd);
}

static void assert_split(const char *bytes, const char *expected)
{
    char text[TEXT_MAX];
    split(bytes, strlen(bytes), text);
    assert_string_equal(text, expected);
}

static void other_files_are_one_thing(void **state)
{
    (void)state;
    assert_split("", "1@0alone ");
    assert_split("Subject: x\n\nFrom a\n\nFrom b\n", "1@0alone Subject: x\n\nFrom a\n\nFrom b\n");
    assert_split("\x1f\x8b}\n{", "1@0alone \x1f\x8b}\n{");
    assert_split("Fro", "1@0alone Fro");
}

static void an_mbox_separates_behind_an_empty_line_only(void **state)
{
    (void)state;
    assert_split("From a\nS: 1\n\nx\nFrom y\n\nFrom b\nS: 2\n\nz\n",
                 "1@0 S: 1\n\nx\nFrom y\n\n|2@23 S: 2\n\nz\n");
}

static void an_mbox_may_end_its_lines_with_a_return(void **state)
{
    (void)state;
    assert_split("From a\r\nS: 1\r\n\r\nFrom b\r\nS: 2\r\n", "1@0 S: 1\r\n\r\n|2@16 S: 2\r\n");
}

static void an_mbox_of_one_message_and_of_none(void **state)
{
    (void)state;
    assert_split("From a\nS: 1\n", "1@0alone S: 1\n");
    assert_split("From a", "1@0alone ");
    assert_split("From a\n\nFrom b\n", "1@0 \n|2@8 ");
}

static void one_mark_is_taken_from_each_quoted_line(void **state)
{
    (void)state;
    assert_split("From a\n>From b\n>>From c\n>Fro\n> From d\nx >From e\n>>>From f",
                 "1@0alone From b\n>From c\n>Fro\n> From d\nx >From e\n>>From f");
}

static void json_documents_stand_one_behind_the_other(void **state)
{
    (void)state;
    assert_split("{\"a\": 1}\n{\"b\": 2}\n", "1@0 {\"a\": 1}\n|2@9 {\"b\": 2}\n");
    assert_split(" {\"a\": 1}\r\n \n\n\t{\"b\": 2}", "1@0  {\"a\": 1}\r\n \n\n\t|2@15 {\"b\": 2}");
    assert_split("{\"a\": 1}", "1@0alone {\"a\": 1}");
    assert_split("\xef\xbb\xbf{}\n{}", "1@0 \xef\xbb\xbf{}\n|2@6 {}");
}

static void a_document_of_many_lines_stays_whole(void **state)
{
    (void)state;
    static const char pretty[] =
        "{\n  \"a\": [\n    {\n    },\n    {\n    }\n  ],\n\"b\":\n{\n}\n}\n";
    char text[TEXT_MAX], expected[TEXT_MAX];
    snprintf(expected, sizeof expected, "1@0alone %s", pretty);
    assert_split(pretty, expected);
    char two[TEXT_MAX];
    snprintf(two, sizeof two, "%s%s", pretty, pretty);
    split(two, strlen(two), text);
    snprintf(expected, sizeof expected, "1@0 %s|2@%zu %s", pretty, strlen(pretty), pretty);
    assert_string_equal(text, expected);
}

/* A file of PREFIX, FILLER bytes of text in lines, and SUFFIX. */
static char *long_file(const char *prefix, size_t filler, const char *suffix, size_t *size)
{
    *size = strlen(prefix) + filler + strlen(suffix);
    char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    strcpy(bytes, prefix);
    for (size_t i = 0; i < filler; i++)
        bytes[strlen(prefix) + i] = i % 64 == 63 ? '\n' : 'x';
    strcpy(bytes + strlen(prefix) + filler, suffix);
    return bytes;
}

static void what_is_too_long_is_passed_over_and_the_next_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *suffix;
        size_t filler;
        const char *expected;
    } files[] = {
        {"From a\n", "\n\nFrom b\nS: 2\n", RECORD_MAX, "1@0 too long|2@307209 S: 2\n"},
        {"From a\n", "\n\nFrom b\nS: 2\n", 5 * RECORD_MAX, "1@0 too long|2@1536009 S: 2\n"},
        {"From a\n", "", RECORD_MAX, "1@0alone too long"},
        {"{", "}\n{\"b\": 2}", 2 * RECORD_MAX, "1@0 too long|2@614403 {\"b\": 2}"},
        {"S: 1\n\n", "\n\nFrom b\n", RECORD_MAX, "1@0alone too long"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char text[TEXT_MAX];
        size_t size;
        char *bytes = long_file(files[i].prefix, files[i].filler, files[i].suffix, &size);
        split(bytes, size, text);
        assert_string_equal(text, files[i].expected);
        free(bytes);
    }
}

static void what_just_fits_is_read(void **state)
{
    (void)state;
    struct record record;
    for (size_t more = 0; more < 2; more++) {
        size_t size;
        char *bytes = long_file("", RECORD_MAX + more, "", &size);
        int fd = file_of(bytes, size);
        records_open(&records, fd, 0, false);
        assert_int_equal(records_next(&records, &record), 1);
        assert_int_equal(record.too_long, more == 1);
        if (more == 0) {
            assert_int_equal(record.size, size);
            assert_memory_equal(record.bytes, bytes, size);
        }
        assert_int_equal(records_next(&records, &record), 0);
        close(fd);
        free(bytes);
    }
}

/* Whatever the buffer's edges cut: a file of messages of every length. */
static void messages_of_any_length_come_out_as_they_went_in(void **state)
{
    (void)state;
    enum { MESSAGES = 700 };
    char *bytes = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&bytes, &size);
    for (int i = 0; i < MESSAGES; i++) {
        fprintf(file, "From x\nN: %d\n\n", i);
        for (int j = 0; j < (i * 37) % 2000; j++)
            fputc(j % 70 == 69 ? '\n' : 'a' + i % 26, file);
        fputs("\n\n", file);
    }
    fclose(file);
    int fd = file_of(bytes, size);
    struct record record;
    records_open(&records, fd, size, false);
    for (int i = 0; i < MESSAGES; i++) {
        char head[32];
        snprintf(head, sizeof head, "N: %d\n\n", i);
        assert_int_equal(records_next(&records, &record), 1);
        assert_int_equal(record.size, strlen(head) + (size_t)((i * 37) % 2000) + 2);
        assert_memory_equal(record.bytes, head, strlen(head));
        assert_memory_equal(bytes + record.offset, "From x\n", 7);
    }
    assert_int_equal(records_next(&records, &record), 0);
    close(fd);
    free(bytes);
}

static void memory_does_not_grow_with_the_file(void **state)
{
    (void)state;
    char zeros[4096] = {0};
    int fd = memfd_create("records", MFD_CLOEXEC);
    for (int i = 0; i < 4096; i++) {
        assert_int_equal(write(fd, "From a\nx\n\n", 10), 10);
        assert_int_equal(write(fd, zeros, sizeof zeros), sizeof zeros);
        assert_int_equal(write(fd, "\n\n", 2), 2);
    }
    lseek(fd, 0, SEEK_SET);
    struct record record;
    unsigned count = 0;
    records_open(&records, fd, 0, false);
    while (records_next(&records, &record) > 0)
        count++;
    assert_int_equal(count, 4096);
    assert_in_range(records.buffer.capacity, 1, 256 * 1024);
    close(fd);
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    struct record record;
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    records_open(&records, fd, 0, false);
    assert_int_equal(records_next(&records, &record), -1);
    assert_int_equal(errno, EISDIR);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(other_files_are_one_thing),
        TEST(an_mbox_separates_behind_an_empty_line_only),
        TEST(an_mbox_may_end_its_lines_with_a_return),
        TEST(an_mbox_of_one_message_and_of_none),
        TEST(one_mark_is_taken_from_each_quoted_line),
        TEST(json_documents_stand_one_behind_the_other),
        TEST(a_document_of_many_lines_stays_whole),
        TEST(what_is_too_long_is_passed_over_and_the_next_is_read),
        TEST(what_just_fits_is_read),
        TEST(messages_of_any_length_come_out_as_they_went_in),
        TEST(memory_does_not_grow_with_the_file),
        TEST(a_file_that_cannot_be_read_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
