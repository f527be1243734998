/* Lists of reports and failures: what they hold, and what they cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../../db/query.h"
#include "../make_report.h"

enum { DAY = 20000, DAYS = 200, DOMAINS = 3 };

static char folder[64];
static struct db *db;

/* A report a day on each domain, each with two failures: one of an address
 * that is always there, one of an address of that day alone. */
static void fill(void)
{
    struct store *store = open_store(db);
    for (int i = 0; i < DAYS * DOMAINS; i++) {
        char id[32], domain[32], ip[32];
        struct report report;
        snprintf(id, sizeof id, "%d", i);
        snprintf(domain, sizeof domain, "d%d.example", i % DOMAINS);
        snprintf(ip, sizeof ip, "192.0.2.%d", i / DOMAINS);
        make_report(&report, i % 2 == 0 ? "Google" : "Microsoft", id, DAY + i / DOMAINS);
        struct policy *policy = add_policy(&report, "sts", domain, sts_text("testing"), 10, 3);
        add_failure(&report, policy, "certificate-expired", "198.51.100.1", "mx1.example", 1);
        add_failure(&report, policy, "starttls-not-supported", ip, "mx2.example", 2);
        assert_int_equal(keep_report(store, &report, "a.eml"), OUTCOME_IMPORTED);
    }
    assert_int_equal(store_close(store, ""), DB_OK);
}

static int set_up(void **state)
{
    char path[128];
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    fill();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(db);
    remove_folder(folder);
    return 0;
}

static const struct day_range all_days = {DAY, DAY + DAYS - 1};

/* --- failures --- */

struct narrow {
    const struct failure_filter *by;
    int64_t rows, failed, sum;
    int last_day; /* of the row before */
};

static bool fits(const char *wanted, const char *text)
{
    return wanted == NULL || strcmp(wanted, text) == 0;
}

static int see_failure(void *context, const struct failure_row *row)
{
    struct narrow *seen = context;
    if (!fits(seen->by->organization, row->organization) ||
        !fits(seen->by->sending_mta_ip, row->sending_mta_ip) ||
        !fits(seen->by->result_type, row->result_type) ||
        !fits(seen->by->mx_host, row->receiving_mx_hostname))
        return 0;
    seen->rows++;
    seen->failed += row->failed;
    seen->sum += row->report * row->failed;
    return 0;
}

static int see_newest_first(void *context, const struct failure_row *row)
{
    struct narrow *seen = context;
    assert_true(seen->rows == 0 || row->day <= seen->last_day);
    seen->last_day = row->day;
    return see_failure(context, row);
}

static int64_t first_domain(void)
{
    int64_t domain;
    assert_int_equal(query_find_domain(db, "d1.example", &domain), DB_OK);
    return domain;
}

/* Asked for what FILTER names, the query gives just the rows that everything
 * holds of it. */
static void assert_narrows(struct failure_filter filter, int64_t expected)
{
    struct failure_filter everything = {.domain = filter.domain, .range = filter.range};
    struct narrow sifted = {.by = &filter}, narrowed = {.by = &everything};
    assert_int_equal(query_failures(db, &everything, see_failure, &sifted), DB_OK);
    assert_int_equal(query_failures(db, &filter, see_newest_first, &narrowed), DB_OK);
    assert_int_equal(narrowed.rows, expected);
    assert_int_equal(narrowed.rows, sifted.rows);
    assert_int_equal(narrowed.failed, sifted.failed);
    assert_int_equal(narrowed.sum, sifted.sum);
}

static void failures_are_narrowed_by_any_of_their_names(void **state)
{
    (void)state;
    int64_t one = first_domain();
    struct day_range days = {DAY + 10, DAY + 29};
    assert_narrows((struct failure_filter){one, days, NULL, "198.51.100.1", NULL, NULL, 0}, 20);
    assert_narrows((struct failure_filter){one, days, NULL, "192.0.2.12", NULL, NULL, 0}, 1);
    assert_narrows((struct failure_filter){one, days, "Google", NULL, NULL, NULL, 0}, 20);
    assert_narrows(
        (struct failure_filter){one, days, "Google", NULL, "certificate-expired", NULL, 0}, 10);
    assert_narrows((struct failure_filter){one, days, NULL, NULL, NULL, "mx2.example", 0}, 20);
    assert_narrows((struct failure_filter){0, days, NULL, "192.0.2.12", NULL, NULL, 0}, 3);
    assert_narrows((struct failure_filter){0, days, "Microsoft", NULL, NULL, "mx1.example", 0}, 30);
    assert_narrows((struct failure_filter){0, days, "Nobody", NULL, NULL, NULL, 0}, 0);
}

static void foreign_domains_are_no_part_of_all(void **state)
{
    (void)state;
    struct failure_filter filter = {0, all_days, NULL, "198.51.100.1", NULL, NULL, 0};
    struct narrow seen = {.by = &filter};
    assert_int_equal(db_exec(db, "UPDATE domain SET mine = 0 WHERE name = 'd1.example'"), DB_OK);
    assert_int_equal(query_failures(db, &filter, see_newest_first, &seen), DB_OK);
    assert_int_equal(seen.rows, DAYS * (DOMAINS - 1));
}

static int64_t steps_of_failures(const char *ip)
{
    struct failure_filter filter = {first_domain(), all_days, NULL, ip, NULL, NULL, 0};
    struct narrow seen = {.by = &filter};
    int64_t before = db_steps(db);
    assert_int_equal(query_failures(db, &filter, see_failure, &seen), DB_OK);
    return db_steps(db) - before;
}

static void failures_of_others_cost_those_of_one_sender_nothing(void **state)
{
    (void)state;
    int64_t before = steps_of_failures("192.0.2.12");
    struct store *store = open_store(db);
    for (int i = 0; i < 10 * DAYS; i++) {
        char id[32];
        struct report report;
        snprintf(id, sizeof id, "more %d", i);
        make_report(&report, "Google", id, DAY + i % DAYS);
        struct policy *policy =
            add_policy(&report, "sts", "d1.example", sts_text("testing"), 10, 1);
        add_failure(&report, policy, "certificate-expired", "198.51.100.1", "mx1.example", 1);
        keep_report(store, &report, "a.eml");
    }
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_true(steps_of_failures("192.0.2.12") < before * 2);
    assert_true(steps_of_failures(NULL) > before * 2);
}

/* --- senders --- */

static int see_sender(void *context, const struct sender_row *row)
{
    struct sender_row *seen = context;
    if (strcmp(row->sending_mta_ip, "198.51.100.1") == 0 &&
        strcmp(row->organization, "Google") == 0) {
        seen->failed = row->failed;
        seen->first_day = strcmp(row->mx_hosts, "mx1.example") == 0;
        seen->last_day = strcmp(row->mx_hosts, "") == 0;
    }
    return 0;
}

static void senders_name_the_mx_hosts_of_one_domain(void **state)
{
    (void)state;
    struct sender_row seen = {0};
    assert_int_equal(query_senders(db, first_domain(), all_days, see_sender, &seen), DB_OK);
    assert_int_equal(seen.failed, DAYS / 2);
    assert_true(seen.first_day);
    assert_int_equal(query_senders(db, ALL_DOMAINS, all_days, see_sender, &seen), DB_OK);
    assert_int_equal(seen.failed, DAYS * DOMAINS / 2);
    assert_true(seen.last_day);
}

struct worst {
    int64_t rows, failed, always; /* of the address that is always there */
    struct organization_sums sums;
};

static int see_worst(void *context, const struct sender_row *row)
{
    struct worst *worst = context;
    worst->rows++;
    worst->failed += row->failed;
    worst->always += strcmp(row->sending_mta_ip, "198.51.100.1") == 0;
    worst->sums = *row->organization_sums;
    return 0;
}

static void the_worst_senders_come_whatever_their_organization(void **state)
{
    (void)state;
    enum { MOST = 7, OF_TWO = MOST - 2 };
    struct worst worst = {0};
    struct sender_total total;
    assert_int_equal(
        query_worst_senders(db, first_domain(), all_days, MOST, &total, see_worst, &worst), DB_OK);
    assert_int_equal(worst.rows, MOST);
    assert_int_equal(worst.always, 2);
    assert_int_equal(worst.failed, DAYS + 2 * OF_TWO);
    assert_int_equal(total.senders, DAYS + 2);
    assert_int_equal(total.organizations, 2);
    assert_int_equal(total.failed, 3 * DAYS);
    assert_int_equal(worst.sums.senders, DAYS / 2 + 1);
    assert_int_equal(worst.sums.failed, 3 * DAYS / 2);
    assert_true(worst.sums.first_day <= DAY + 1 && worst.sums.last_day >= DAY + DAYS - 2);
}

/* --- reports --- */

static int see_report(void *context, const struct report_row *row)
{
    *(int *)context = row->day;
    return 0;
}

static int64_t steps_of_newest(int64_t domain, int days, bool failing)
{
    struct report_filter filter = {.domain = domain,
                                   .range = {all_days.last - days + 1, all_days.last},
                                   .failing = failing,
                                   .limit = 1};
    int day = 0;
    int64_t before = db_steps(db);
    assert_int_equal(query_reports(db, &filter, see_report, &day), DB_OK);
    assert_int_equal(day, all_days.last);
    return db_steps(db) - before;
}

static void the_newest_report_costs_the_same_in_any_range(void **state)
{
    (void)state;
    for (int64_t domain = 0; domain < 2; domain++)
        for (int failing = 0; failing < 2; failing++)
            assert_true(steps_of_newest(domain, DAYS, failing) <
                        steps_of_newest(domain, 10, failing) * 2);
}

static int see_document(void *context, const struct document_row *row)
{
    (void)row;
    ++*(int64_t *)context;
    return 0;
}

static int64_t steps_of_documents(int days)
{
    struct day_range range = {all_days.last - days + 1, all_days.last};
    int64_t documents = 0, before = db_steps(db);
    assert_int_equal(query_documents(db, ALL_DOMAINS, range, see_document, &documents), DB_OK);
    assert_int_equal(documents, days * DOMAINS);
    return db_steps(db) - before;
}

static void all_documents_cost_as_much_as_there_are(void **state)
{
    (void)state;
    assert_true(steps_of_documents(DAYS) < steps_of_documents(DAYS / 10) * 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(failures_are_narrowed_by_any_of_their_names, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(foreign_domains_are_no_part_of_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_of_others_cost_those_of_one_sender_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(senders_name_the_mx_hosts_of_one_domain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_worst_senders_come_whatever_their_organization, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_newest_report_costs_the_same_in_any_range, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(all_documents_cost_as_much_as_there_are, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
