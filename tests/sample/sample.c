/*
 * sample - a mailbox of TLS reports.
 *
 *   sample [--mails N] [--days N] [--until DATE] [--seed N] [--clean] [--truth FILE]
 *          maildir|mbox|eml PATH
 *
 * Writes N mails (900) of the last so many days (365) up to DATE (today), the
 * same for the same arguments, into the new mailbox PATH.  Which domain is
 * reported on when follows the stories of sample_story.c; beyond some thousand
 * mails there are customers too.  Some mails are odd, none with --clean.  FILE
 * gets what an importer should count, as sample_truth.h says.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "../../db/day.h"
#include "../luck.h"
#include "../sample_box.h"
#include "../sample_mail.h"
#include "../sample_odd.h"
#include "../sample_truth.h"

enum {
    MAILS_MAX = 10 * 1000 * 1000,
    DAYS_MAX = 3650,
    FOR_STORIES = 4000, /* mails a year that the domains of the stories get at most */
    PER_CUSTOMER = 400, /* mails a year that a customer gets */
    WITH_ODD = 100,     /* mails from which on some are odd */
    SEARCH_STEPS = 200, /* for the scale; some twenty do */
    RECENT_DAYS = 30,
};

/* All of the sample that does not change while it is written. */
struct plan {
    uint64_t seed;
    unsigned mails, days;
    int until; /* the day on which the last mails arrive */
    bool clean;
    struct sample_domain *domains;
    unsigned domain_count;
    double scale; /* from what a report weighs to how likely it is */
};

/* What it is written to. */
struct work {
    const struct plan *plan;
    struct sample_box box;
    struct sample_truth truth;
    struct mailer *mailer;
    const struct odd *pending; /* happens to the next report */
};

/* --- which reports there are --- */

/* Reports get more over the time, and the last weeks are told best. */
static double weight_of_day(const struct plan *plan, int ago)
{
    double weight = 0.5 + (double)((int)plan->days - ago) / plan->days;
    return ago <= RECENT_DAYS ? 4 * weight : weight;
}

/* How much a report is worth telling, but for what happened; 0: there is none. */
static double usual_weight(const struct plan *plan, const struct sample_domain *domain,
                           enum reporter_number number, int ago)
{
    const struct reporter *reporter = &sample_reporters[number];
    if (reporter->time == TIME_WEEK && day_of_week(plan->until - ago) != 6)
        return 0;
    return reporter->presence * domain->story->activity * weight_of_day(plan, ago);
}

/* A number in (0, 1] of the report's own: it is in the sample if that is not
 * above its weight times the scale. */
static double draw(const struct plan *plan, unsigned domain, enum reporter_number reporter, int ago)
{
    struct luck luck = luck_of(~plan->seed, domain, reporter, (uint64_t)(plan->until - ago));
    return 1 - luck_share(&luck);
}

static bool is_chosen(const struct plan *plan, unsigned domain, enum reporter_number reporter,
                      int ago)
{
    const struct sample_domain *about = &plan->domains[domain];
    return draw(plan, domain, reporter, ago) <= plan->scale *
                                                    usual_weight(plan, about, reporter, ago) *
                                                    sample_interest(about, reporter, ago);
}

/* Adds up CALL over all reports that there could be. */
typedef double each_fn(const struct plan *plan, unsigned domain, enum reporter_number reporter,
                       int ago);
static double sum(const struct plan *plan, each_fn *call)
{
    double sum = 0;
    for (int ago = 1; ago <= (int)plan->days; ago++) {
        for (unsigned reporter = 0; reporter < REPORTERS; reporter++) {
            for (unsigned domain = 0; domain < plan->domain_count; domain++)
                sum += call(plan, domain, reporter, ago);
        }
    }
    return sum;
}

static double weight_of(const struct plan *plan, unsigned domain, enum reporter_number reporter,
                        int ago)
{
    return usual_weight(plan, &plan->domains[domain], reporter, ago);
}

static double count_of(const struct plan *plan, unsigned domain, enum reporter_number reporter,
                       int ago)
{
    return is_chosen(plan, domain, reporter, ago) ? 1 : 0;
}

static double count_at(struct plan *plan, double scale)
{
    plan->scale = scale;
    return sum(plan, count_of);
}

/* Finds the scale at which there are as many reports as WANTED, by turns where
 * a straight line would meet it and half-way.  Returns 0, or -1. */
static int choose_scale(struct plan *plan, double wanted)
{
    double low = 0, low_count = count_at(plan, 0);
    double high = wanted / sum(plan, weight_of), high_count = count_at(plan, high);
    while (high_count < wanted) {
        if (high > 1) /* then all are chosen */
            return -1;
        low = high;
        low_count = high_count;
        high *= 2;
        high_count = count_at(plan, high);
    }
    for (int step = 0; step < SEARCH_STEPS && high_count > wanted; step++) {
        double share = step % 2 == 0 ? (wanted - low_count) / (high_count - low_count) : 0.5;
        double middle = low + (high - low) * share, count = count_at(plan, middle);
        if (count < wanted) {
            low = middle;
            low_count = count;
        } else {
            high = middle;
            high_count = count;
        }
    }
    plan->scale = high;
    return high_count == wanted ? 0 : -1;
}

/* Brings the domains into being, as many as so many mails need. */
static int make_domains(struct plan *plan)
{
    unsigned a_year = (unsigned)((uint64_t)plan->mails * 365 / plan->days);
    plan->domain_count = story_count;
    if (a_year > FOR_STORIES)
        plan->domain_count += (a_year - FOR_STORIES) / PER_CUSTOMER;
    plan->domains = calloc(plan->domain_count, sizeof *plan->domains);
    if (plan->domains == NULL)
        return -1;
    for (unsigned i = 0; i < plan->domain_count; i++)
        plan->domains[i] = sample_domain(i);
    return 0;
}

/* --- writing --- */

static int complain(const char *what)
{
    fprintf(stderr, "sample: %s: %s\n", what, strerror(errno));
    return -1;
}

/* Adds the mail that was made last. */
static int deliver(struct work *work, int64_t arrived)
{
    size_t size;
    const char *bytes = mailer_bytes(work->mailer, &size);
    if (bytes == NULL)
        return complain("a mail");
    return box_add(&work->box, bytes, size, arrived) == 0 ? 0 : complain(work->box.path);
}

static int send_report(struct work *work, const struct sample_report *report,
                       const struct delivery *delivery)
{
    mailer_report(work->mailer, report, delivery);
    return deliver(work, mailer_time(report) + 600 * delivery->number);
}

/* Sends REPORT and lets happen to it what is pending. */
static int send_with_oddity(struct work *work, unsigned domain, struct sample_report *report)
{
    struct delivery delivery = {.flaw = FLAW_NONE};
    const struct odd *odd = work->pending;
    work->pending = NULL;
    if (odd != NULL) {
        delivery.forwarded = odd->kind == ODD_FORWARDED;
        delivery.flaw = odd->kind == ODD_CUT       ? FLAW_CUT
                        : odd->kind == ODD_FLIPPED ? FLAW_FLIPPED
                                                   : FLAW_NONE;
    }
    if (delivery.flaw == FLAW_NONE)
        truth_count(&work->truth, domain, report);
    else
        work->truth.outcomes[OUTCOME_DAMAGED]++;
    if (send_report(work, report, &delivery) != 0)
        return -1;
    if (odd == NULL || (odd->kind != ODD_DUPLICATE && odd->kind != ODD_CONFLICT))
        return 0;
    work->truth.outcomes[odd->kind == ODD_CONFLICT ? OUTCOME_CONFLICT : OUTCOME_DUPLICATE]++;
    if (odd->kind == ODD_CONFLICT)
        report->policies[0].successful += 7;
    delivery.number = 1;
    return send_report(work, report, &delivery);
}

static struct occasion occasion_of(const struct plan *plan, unsigned domain,
                                   enum reporter_number reporter, int ago)
{
    return (struct occasion){.seed = plan->seed,
                             .domain = domain,
                             .reporter = reporter,
                             .day = plan->until - ago,
                             .last = plan->until - 1};
}

/* What is odd on that day. */
static int write_odd(struct work *work, int ago)
{
    int64_t arrived = (int64_t)(work->plan->until - ago + 1) * SECONDS_PER_DAY;
    for (unsigned i = 0; i < odd_count; i++) {
        const struct odd *odd = &odds[i];
        if (odd->ago != ago)
            continue;
        if (odd->kind == ODD_MAIL) {
            odd_mail(odd, work->mailer, arrived);
            work->truth.outcomes[odd->outcome]++;
            if (deliver(work, arrived) != 0)
                return -1;
        } else if (odd->kind == ODD_REPORTER) {
            struct sample_report report;
            struct occasion occasion = occasion_of(work->plan, STORY_CALM, CLUB, ago);
            odd_report(odd, &occasion, &report);
            if (send_with_oddity(work, STORY_CALM, &report) != 0)
                return -1;
        } else {
            work->pending = odd;
        }
    }
    return 0;
}

/* The whole of it, in the order of arrival. */
static int write_mails(struct work *work)
{
    const struct plan *plan = work->plan;
    for (int ago = (int)plan->days; ago > 0; ago--) {
        if (!plan->clean && write_odd(work, ago) != 0)
            return -1;
        for (unsigned reporter = 0; reporter < REPORTERS; reporter++) {
            for (unsigned domain = 0; domain < plan->domain_count; domain++) {
                struct sample_report report;
                if (!is_chosen(plan, domain, reporter, ago))
                    continue;
                struct occasion occasion = occasion_of(plan, domain, reporter, ago);
                sample_report_make(&occasion, &report);
                if (send_with_oddity(work, domain, &report) != 0)
                    return -1;
            }
        }
    }
    return 0;
}

static int write_truth(const struct sample_truth *truth, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return complain(path);
    truth_write(truth, file);
    return fclose(file) == 0 ? 0 : complain(path);
}

static int write_sample(struct plan *plan, enum box_kind kind, const char *path, const char *truth)
{
    struct work work = {.plan = plan, .mailer = mailer_new()};
    int status = -1;
    if (make_domains(plan) != 0 || truth_init(&work.truth, plan->domain_count) != 0 ||
        work.mailer == NULL) {
        complain("memory");
        goto out;
    }
    if (choose_scale(plan, (double)plan->mails - (plan->clean ? 0 : odd_mails(plan->days))) != 0) {
        fprintf(stderr, "sample: there are not so many reports in %u days\n", plan->days);
        goto out;
    }
    if (box_open(&work.box, kind, path) != 0) {
        complain(path);
        goto out;
    }
    status = write_mails(&work);
    if (box_close(&work.box) != 0 && status == 0)
        status = complain(path);
    if (status == 0 && truth != NULL)
        status = write_truth(&work.truth, truth);
out:
    mailer_free(work.mailer);
    truth_free(&work.truth);
    free(plan->domains);
    return status;
}

/* --- the command line --- */

static int usage(void)
{
    fprintf(stderr, "usage: sample [--mails N] [--days N] [--until DATE] [--seed N] [--clean]"
                    " [--truth FILE]\n              maildir|mbox|eml PATH\n");
    return EX_USAGE;
}

static int read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno != 0 || end == text || *end != '\0' || *number < least || *number > most ? -1 : 0;
}

static int read_option(int option, const char *value, struct plan *plan)
{
    uint64_t number = 0;
    int status = 0;
    switch (option) {
    case 'm':
        status = read_number(value, 1, MAILS_MAX, &number);
        plan->mails = (unsigned)number;
        return status;
    case 'd':
        status = read_number(value, 1, DAYS_MAX, &number);
        plan->days = (unsigned)number;
        return status;
    case 's':
        return read_number(value, 0, UINT64_MAX, &plan->seed);
    case 'u':
        return day_parse(value, &plan->until);
    case 'c':
        plan->clean = true;
        return 0;
    default:
        return -1;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"mails", required_argument, NULL, 'm'},
                                            {"days", required_argument, NULL, 'd'},
                                            {"until", required_argument, NULL, 'u'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"clean", no_argument, NULL, 'c'},
                                            {"truth", required_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    static const char *const kinds[] = {
        [BOX_MAILDIR] = "maildir", [BOX_MBOX] = "mbox", [BOX_FOLDER] = "eml"};
    struct plan plan = {.seed = 1, .mails = 900, .days = 365, .until = today()};
    const char *truth = NULL;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 't')
            truth = optarg;
        else if (read_option(option, optarg, &plan) != 0)
            return usage();
    }
    if (argc - optind != 2)
        return usage();
    if (plan.mails < WITH_ODD)
        plan.clean = true;
    for (unsigned kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        if (strcmp(argv[optind], kinds[kind]) == 0)
            return write_sample(&plan, kind, argv[optind + 1], truth) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
    }
    return usage();
}
