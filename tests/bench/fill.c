/*
 * fill - builds a large database through the project's own storing code.
 *
 *   fill DATABASE REPORTS DOMAINS [FROM TO]
 *
 * REPORTS in the order of their days over a year, two policies and one failure detail
 * each on average, by a dozen reporters.  The same arguments give the same database.
 * With FROM and TO only the reports of these numbers are stored, which may go on
 * behind the year.  Prints the bytes a report, and the microseconds each took but for
 * the first: a run reads some of what is there before it is at its pace.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../../db/day.h"
#include "../../db/store.h"

enum { FIRST_DAY = 20413, DAYS = 365, REPORTERS = 12, SENDERS = 400, FIRST_FEW = 20000 };

static uint64_t state = 88172645463325252U;

static unsigned pick(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 20) % below;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const char *text_of(struct report *report, const char *format, unsigned number)
{
    return arena_printf(&report->arena, format, number);
}

static void fill_failure(struct report *report, struct policy *policy, unsigned domain)
{
    static const char *const types[] = {"certificate-expired", "starttls-not-supported",
                                        "validation-failure", "sts-policy-fetch-error",
                                        "certificate-host-mismatch"};
    struct failure *failure = arena_alloc(&report->arena, sizeof *failure);
    *failure = (struct failure){
        .result_type = types[pick(pick(5) + 1)],
        .sending_mta_ip = text_of(report, "198.51.100.%u", pick(pick(SENDERS) + 1)),
        .receiving_mx_hostname =
            text_of(report, pick(2) ? "mx1.d%u.example" : "mx2.d%u.example", domain),
        .receiving_mx_helo = "",
        .receiving_ip = "203.0.113.25",
        .reason_code = "",
        .additional_info = "",
        .failed = 1 + pick(20),
    };
    policy->failures = failure;
    policy->failure_count = 1;
    policy->failed = failure->failed;
}

/* Busy domains are few: the square of a uniform number. */
static unsigned pick_domain(unsigned domains)
{
    return (unsigned)((uint64_t)pick(domains) * pick(domains) / domains);
}

static void fill_report(struct report *report, unsigned number, unsigned domains, int day)
{
    unsigned domain = pick_domain(domains);
    bool enforce = day > FIRST_DAY + DAYS - 101 - (int)(domain % 200);
    const char *name = text_of(report, "d%u.example", domain);
    report->organization = text_of(report, "Reporter %u", pick(REPORTERS));
    report->report_id = text_of(report, "2026-01-01T00:00:00Z_%u", number);
    report->contact = "tls@example.net";
    report->recipient = name;
    report->begin = (int64_t)day * SECONDS_PER_DAY;
    report->end = report->begin + SECONDS_PER_DAY - 1;
    report->policies = arena_alloc(&report->arena, 2 * sizeof *report->policies);
    report->policy_count = 2;
    for (int i = 0; i < 2; i++) {
        report->policies[i] = (struct policy){
            .type = i == 0            ? "sts"
                    : domain % 3 == 0 ? "tlsa"
                                      : "no-policy-found",
            .domain = name,
            .text = i == 1    ? ""
                    : enforce ? "version: STSv1\nmode: enforce\nmx: *.example\nmax_age: 604800"
                              : "version: STSv1\nmode: testing\nmx: *.example\nmax_age: 604800",
            .mx = i == 0 ? "*.example" : "",
            .counts_for = "",
            .mx_host = "",
            .successful = pick(5000),
        };
        if (pick(2) == 0)
            fill_failure(report, &report->policies[i], domain);
    }
}

struct part {
    unsigned from, to, reports, domains;
    unsigned measured; /* the last so many */
};

/* Stores PART, and tells the seconds that what is measured has *TAKEN. */
static int fill(struct store *store, const struct part *part, double *taken)
{
    static const char document[2] = {'\x1f', '\x8b'}; /* the originals are counted apart */
    double start = seconds();
    for (unsigned i = part->from; i < part->to; i++) {
        struct report report;
        struct store_result result;
        const char *why;
        struct origin origin = {.path = "bench"};
        if (part->to - i == part->measured)
            start = seconds();
        report_init(&report, 0);
        fill_report(&report, i, part->domains,
                    FIRST_DAY + (int)((uint64_t)i * DAYS / part->reports));
        if (report_resolve(&report, &why) != 0 ||
            store_report(store, &origin, &report, document, sizeof document, &result) != DB_OK)
            return -1;
        report_free(&report);
        if (i % STORE_BATCH == STORE_BATCH - 1 && store_commit(store) != DB_OK)
            return -1;
    }
    *taken = seconds() - start;
    return 0;
}

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 6) {
        fprintf(stderr, "usage: fill DATABASE REPORTS DOMAINS [FROM TO]\n");
        return 64;
    }
    struct part part = {.reports = number(argv[2]), .domains = number(argv[3])};
    part.from = argc == 6 ? number(argv[4]) : 0;
    part.to = argc == 6 ? number(argv[5]) : part.reports;
    part.measured = part.to - part.from;
    if (part.measured > 2 * FIRST_FEW)
        part.measured -= FIRST_FEW;
    state += part.from; /* other ones than those before */
    struct db *db;
    struct store *store = NULL;
    struct store_settings settings = {
        .mine = "", .close_from = STORE_SMALL, .unindexed = STORE_UNINDEXED};
    double taken;
    enum db_status status = db_open(&db, argv[1], DB_WRITE);
    if (status == DB_OK)
        status = store_open(&store, db, "bench", &settings);
    if (status != DB_OK || fill(store, &part, &taken) != 0 || store_close(store, "") != DB_OK) {
        fprintf(stderr, "fill: %s\n", db == NULL ? "out of memory" : db_error(db));
        return 1;
    }
    db_close(db);
    struct stat about;
    if (stat(argv[1], &about) == 0)
        printf("%.0f bytes a report, %.1f us\n", (double)about.st_size / part.to,
               taken * 1e6 / part.measured);
    return 0;
}
