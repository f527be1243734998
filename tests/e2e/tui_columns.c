/* Columns of tables: their heads, what is only a picture, and how rows are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../console_assert.h"
#include "../dashboard.h"
#include "../own_database.h"

static int fill(void **state)
{
    struct report report;
    own_database_set_up(state);
    make_report(&report, "Google", "1", today() - 1);
    struct policy *policy =
        add_policy(&report, "sts", "example.com", sts_text("testing"), 1000, 12);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx1.example.com", 7);
    add_failure(&report, policy, "starttls-not-supported", "192.0.2.2", "mx2.example.com", 5);
    assert_int_equal(keep_report(own.store, &report, "1"), OUTCOME_IMPORTED);
    own_database_close();
    return 0;
}

/* --- heads --- */

static void the_head_of_the_sorted_column_has_its_arrow_at_every_width(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    for (int columns = 60; columns <= 140; columns += 10) {
        console_resize(console, columns, 24);
        assert_settles(console);
        for (int column = 0; column < 9; column++) {
            const char *head = console_row(console, 3);
            if (strstr(head, "\u25be") == NULL && strstr(head, "\u25b4") == NULL)
                fail_msg("no arrow at %d columns in\n%s", columns, console_screen(console));
            assert_types(console, "s");
        }
    }
    leave_dashboard(console);
}

static void heads_say_what_is_below_them(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 160, 30);
    assert_shows(console, "Last seen");
    assert_types(console, "5");
    assert_shows(console, "From IPs");
    leave_dashboard(console);
}

/* --- pictures --- */

/* Presses s until it has gone round; how often the sorted column was none with a title. */
static int untitled(struct console *console, int row, int columns)
{
    int found = 0;
    for (int i = 0; i < columns; i++) {
        const char *head = console_row(console, row);
        found += strstr(head, " \u25be") != NULL || strstr(head, " \u25b4") != NULL;
        found += strstr(head, "Trend\u25be") != NULL || strstr(head, "Trend\u25b4") != NULL;
        assert_types(console, "s");
    }
    return found;
}

static void rows_are_not_sorted_by_a_picture(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 160, 30);
    int row = row_of(console, "Trend");
    assert_int_equal(untitled(console, row, 9), 0);
    assert_types(console, "<Esc>");
    assert_types(console, "5");
    row = row_of(console, "MX host");
    assert_int_equal(untitled(console, row, 7), 0);
    leave_dashboard(console);
}

static void a_click_on_the_head_of_a_picture_does_nothing(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 160, 30);
    console_click(console, 1, row_of(console, "Trend"), column_of(console, "Trend"));
    assert_settles(console);
    assert_shows(console, "Failed\u25be");
    leave_dashboard(console);
}

static void a_picture_is_in_no_file_and_no_copy(void **state)
{
    (void)state;
    char keys[256], file[128], text[1024] = "";
    struct console *console = open_dashboard(own.path, 160, 30);
    assert_types(console, "5Y");
    assert_shows(console, "copied:");
    assert_string_equal(console_clipboard(console),
                        "mx1.example.com\t7\t0.583333\t1\tno\tcertificate-expired");
    snprintf(file, sizeof file, "%s/mx.csv", own.folder);
    snprintf(keys, sizeof keys, "e<C-u>%s<Enter>", file);
    assert_types(console, keys);
    assert_shows(console, "2 rows written");
    FILE *written = fopen(file, "r");
    assert_non_null(written);
    assert_non_null(fgets(text, sizeof text, written));
    assert_string_equal(text,
                        "receiving_mx_hostname,failed,share,senders,in_policy,result_types\n");
    fclose(written);
    leave_dashboard(console);
}

static void a_picture_is_no_column_of_filters(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 160, 30);
    assert_types(console, "ft<Tab>");
    assert_shows(console, "columns: domain mode sessions failed failure_rate change next_step");
    assert_types(console, "<C-u>trend>0");
    assert_shows(console, "no column trend: domain mode");
    assert_types(console, "<Esc>");
    leave_dashboard(console);
}

/* --- how many rows there are --- */

static void rows_are_counted_in_words_that_fit(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    assert_types(console, "g");
    assert_row(console, 22, " 1 row");
    assert_types(console, "fnobody<Enter>");
    assert_row(console, 22, " no rows (1 in all)  filter: nobody");
    assert_types(console, "f<C-u><Enter>5fnobody<Enter>");
    assert_row(console, 22, " no rows (2 in all)  filter: nobody");
    leave_dashboard(console);
}

static void of_a_failing_sender_the_address_is_copied(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 160, 30);
    assert_types(console, "2<Tab><Tab>y");
    assert_shows(console, "copied:");
    assert_string_equal(console_clipboard(console), "192.0.2.1");
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_of_the_sorted_column_has_its_arrow_at_every_width),
        cmocka_unit_test(heads_say_what_is_below_them),
        cmocka_unit_test(rows_are_not_sorted_by_a_picture),
        cmocka_unit_test(a_click_on_the_head_of_a_picture_does_nothing),
        cmocka_unit_test(a_picture_is_in_no_file_and_no_copy),
        cmocka_unit_test(of_a_failing_sender_the_address_is_copied),
        cmocka_unit_test(a_picture_is_no_column_of_filters),
        cmocka_unit_test(rows_are_counted_in_words_that_fit),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
