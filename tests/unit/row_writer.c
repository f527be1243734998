/* Rows as CSV and JSON: exact where they can be, harmless in any case. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tui/row_writer.h"

static const char *const one_column[] = {"text", NULL};

/* What one row of TEXT is written as, without the line of names or brackets. */
static void expect_text(enum row_format format, const char *text, const char *expected)
{
    char *output = NULL;
    size_t size;
    FILE *file = open_memstream(&output, &size);
    struct row_writer writer;
    rows_begin(&writer, file, format, one_column);
    row_text(&writer, text);
    assert_int_equal(row_end(&writer), 0);
    fflush(file);
    const char *row = strchr(output, '\n') + 1;
    assert_string_equal(row, expected);
    fclose(file);
    free(output);
}

static void csv_quotes_what_needs_it(void **state)
{
    (void)state;
    expect_text(ROWS_CSV, "", "\n");
    expect_text(ROWS_CSV, "Google Inc.", "Google Inc.\n");
    expect_text(ROWS_CSV, "a,b", "\"a,b\"\n");
    expect_text(ROWS_CSV, "say \"hello\"", "\"say \"\"hello\"\"\"\n");
    expect_text(ROWS_CSV, "semi;colon", "\"semi;colon\"\n");
    expect_text(ROWS_CSV, " spaced", "\" spaced\"\n");
    expect_text(ROWS_CSV, "Z\xc3\xbcrich", "Z\xc3\xbcrich\n");
}

static void csv_never_holds_a_formula(void **state)
{
    (void)state;
    expect_text(ROWS_CSV, "=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\"\n");
    expect_text(ROWS_CSV, "+1", "'+1\n");
    expect_text(ROWS_CSV, "-1", "'-1\n");
    expect_text(ROWS_CSV, "@SUM(A1)", "'@SUM(A1)\n");
    expect_text(ROWS_CSV, "\t=1", "\\x09=1\n");
    expect_text(ROWS_CSV, "1=1", "1=1\n");
}

static void a_row_of_csv_is_one_harmless_line(void **state)
{
    (void)state;
    expect_text(ROWS_CSV, "two\nlines\r\n", "two\\x0alines\\x0d\\x0a\n");
    expect_text(ROWS_CSV, "\x1b]0;title\x07", "\"\\x1b]0;title\\x07\"\n");
    expect_text(ROWS_CSV, "\xe2\x80\xae", "\\u202e\n");
    expect_text(ROWS_CSV, "\xff", "\\xff\n");
}

static void json_is_exact_and_harmless_too(void **state)
{
    (void)state;
    expect_text(ROWS_JSON, "", "{\"text\":\"\"}");
    expect_text(ROWS_JSON, "=1+1", "{\"text\":\"=1+1\"}");
    expect_text(ROWS_JSON, "a \"b\" \\ c/d", "{\"text\":\"a \\\"b\\\" \\\\ c/d\"}");
    expect_text(ROWS_JSON, "two\nlines\x1b", "{\"text\":\"two\\u000alines\\u001b\"}");
    expect_text(ROWS_JSON, "\xe2\x80\xae\xc3\xbc", "{\"text\":\"\\u202e\xc3\xbc\"}");
    expect_text(ROWS_JSON, "\xc2\x9b", "{\"text\":\"\\u009b\"}");
    expect_text(ROWS_JSON, "\xff", "{\"text\":\"\\ufffd\"}");
}

static void write_all_kinds(FILE *file, enum row_format format, int rows)
{
    static const char *const columns[] = {"name", "count", "rate", "day", "time", NULL};
    struct row_writer writer;
    rows_begin(&writer, file, format, columns);
    for (int i = 0; i < rows; i++) {
        row_text(&writer, "x");
        row_count(&writer, INT64_C(1) << 40);
        row_rate(&writer, i == 0 ? -1 : 1.0 / 3);
        row_day(&writer, i == 0 ? -1 : 20781);
        row_instant(&writer, i == 0 ? -1 : 1795523696);
        assert_int_equal(row_end(&writer), 0);
    }
    assert_int_equal(rows_end(&writer), 0);
}

static void expect_all_kinds(enum row_format format, int rows, const char *expected)
{
    char *output = NULL;
    size_t size;
    FILE *file = open_memstream(&output, &size);
    write_all_kinds(file, format, rows);
    fclose(file);
    assert_string_equal(output, expected);
    free(output);
}

static void every_kind_of_value_is_written(void **state)
{
    (void)state;
    expect_all_kinds(ROWS_CSV, 2,
                     "name,count,rate,day,time\n"
                     "x,1099511627776,,,\n"
                     "x,1099511627776,0.333333,2026-11-24,2026-11-24T12:34:56Z\n");
    expect_all_kinds(
        ROWS_JSON, 2,
        "[\n"
        "{\"name\":\"x\",\"count\":1099511627776,\"rate\":null,\"day\":null,\"time\":null},\n"
        "{\"name\":\"x\",\"count\":1099511627776,\"rate\":0.333333,\"day\":\"2026-11-24\","
        "\"time\":\"2026-11-24T12:34:56Z\"}\n"
        "]\n");
}

static void no_rows_are_still_a_document(void **state)
{
    (void)state;
    expect_all_kinds(ROWS_CSV, 0, "name,count,rate,day,time\n");
    expect_all_kinds(ROWS_JSON, 0, "[]\n");
}

static void documents_stay_as_they_are_but_for_what_harms(void **state)
{
    (void)state;
    char *output = NULL;
    size_t size;
    FILE *file = open_memstream(&output, &size);
    struct row_writer writer;
    rows_begin(&writer, file, ROWS_DOCUMENTS, NULL);
    row_document(&writer, "{\"a\":\"\\u001b\xc3\xbc\x7f\"}");
    row_end(&writer);
    row_document(&writer, "{}");
    row_end(&writer);
    assert_int_equal(rows_end(&writer), 0);
    fclose(file);
    assert_string_equal(output, "{\"a\":\"\\u001b\xc3\xbc\\u007f\"}\n{}\n");
    free(output);
}

static void an_output_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    FILE *file = fopen("/dev/full", "w");
    struct row_writer writer;
    int result = 0;
    rows_begin(&writer, file, ROWS_CSV, one_column);
    for (int i = 0; i < 100000 && result == 0; i++) {
        row_text(&writer, "x");
        result = row_end(&writer);
    }
    assert_int_equal(result, -1);
    assert_int_equal(writer.error, ENOSPC);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_quotes_what_needs_it),
        cmocka_unit_test(csv_never_holds_a_formula),
        cmocka_unit_test(a_row_of_csv_is_one_harmless_line),
        cmocka_unit_test(json_is_exact_and_harmless_too),
        cmocka_unit_test(every_kind_of_value_is_written),
        cmocka_unit_test(no_rows_are_still_a_document),
        cmocka_unit_test(documents_stay_as_they_are_but_for_what_harms),
        cmocka_unit_test(an_output_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
