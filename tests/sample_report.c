#include "sample_report.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "../db/day.h"

enum {
    SENDERS_MAX = 4,  /* sending MTAs that one incident is split over */
    SUNDAY_SHARE = 45 /* of the mail of a working day, in 100 */
};

/* --- figures --- */

struct making {
    struct sample_report *report;
    const struct occasion *occasion;
    struct luck luck;
    int ago;          /* days before the end of the sample: its first day */
    int64_t sessions; /* of this reporter on that day */
};

static void receiver_ip(const struct sample_domain *domain, unsigned mx, bool v6,
                        char ip[static IP_TEXT])
{
    unsigned host = (unsigned)strlen(domain->name) + 7 * (unsigned)domain->name[0] % 100;
    if (v6)
        snprintf(ip, IP_TEXT, "2001:db8:25:%x::%u", host, mx + 1);
    else
        snprintf(ip, IP_TEXT, "203.0.113.%u", 100 + (host + mx) % 150);
}

/* Adds FAILED sessions to POLICY, by one to some of the reporter's MTAs. */
static void add_failures(struct making *making, struct sample_policy *policy,
                         const struct incident *incident, unsigned mx, int64_t failed)
{
    unsigned senders = 1 + luck_pick(&making->luck, SENDERS_MAX);
    policy->failed += failed;
    while (failed > 0 && policy->failure_count < SAMPLE_FAILURES_MAX) {
        struct sample_failure *failure = &policy->failures[policy->failure_count++];
        bool is_last = senders <= 1 || policy->failure_count == SAMPLE_FAILURES_MAX;
        int64_t part = is_last ? failed : (failed + 1) / 2;
        *failure = (struct sample_failure){.result_type = incident->result_type,
                                           .reason_code = incident->reason_code,
                                           .information = incident->information,
                                           .failed = part};
        reporter_ip(making->report->reporter, &making->luck, failure->sender);
        receiver_ip(&making->report->domain, mx, strchr(failure->sender, ':') != NULL,
                    failure->receiver);
        sample_mx(&making->report->domain, mx, failure->mx);
        failed -= part;
        senders--;
    }
}

/* SHARE of SESSIONS in 1000; of few sessions by chance none. */
static int64_t part_of(struct making *making, int64_t sessions, unsigned share)
{
    return (sessions * share + luck_pick(&making->luck, 1000)) / 1000;
}

/* What failed of the SESSIONS that reached MX. */
static int64_t fail_at_mx(struct making *making, struct sample_policy *policy, unsigned mx,
                          int64_t sessions)
{
    static const struct incident not_listed = {.result_type = "validation-failure",
                                               .reason_code = "",
                                               .information = "MX is not in the policy"};
    const struct sample_domain *domain = &making->report->domain;
    int64_t left = sessions;
    if (policy->phase != NULL && policy->phase->mx != 0 && !(policy->phase->mx >> mx & 1)) {
        add_failures(making, policy, &not_listed, mx, left);
        return left;
    }
    for (int i = 0; i < STORY_INCIDENTS_MAX; i++) {
        const struct incident *incident = &domain->story->incidents[i];
        if (incident->mx != mx || !sample_incident_on(domain, incident, making->occasion->reporter,
                                                      policy->type, making->ago))
            continue;
        int64_t failed = part_of(making, left, incident->share);
        if (failed > 0)
            add_failures(making, policy, incident, mx, failed);
        left -= failed;
    }
    return sessions - left;
}

static struct sample_policy *add_policy(struct making *making, enum policy_type type, int mx)
{
    struct sample_report *report = making->report;
    struct sample_policy *policy = &report->policies[report->policy_count++];
    *policy = (struct sample_policy){.type = type, .mx = mx};
    return policy;
}

/* Counts the sessions at MX, or at all of them where it is -1. */
static void count_sessions(struct making *making, struct sample_policy *policy)
{
    int64_t rest = making->sessions;
    for (unsigned mx = STORY_MX_MAX; mx-- > 0;) {
        int64_t here = mx == 0 ? rest
                               : part_of(making, making->sessions,
                                         sample_mx_share(&making->report->domain, mx));
        rest -= here;
        if (policy->mx >= 0 && policy->mx != (int)mx)
            continue;
        policy->successful += here - fail_at_mx(making, policy, mx, here);
    }
}

/* Sessions for which the policy could not be fetched fail by that alone. */
static void count_fetch_errors(struct making *making, struct sample_policy *policy)
{
    static const char *const codes[] = {"bad https response code: 404",
                                        "bad https response code: 500"};
    enum fetch_style style = making->report->reporter->fetch;
    unsigned details = style == FETCH_BY_STATUS ? 2 : 1;
    policy->failed = making->sessions;
    policy->failure_count = details;
    for (unsigned i = 0; i < details; i++) {
        struct sample_failure *failure = &policy->failures[i];
        *failure = (struct sample_failure){.result_type = "sts-policy-fetch-error",
                                           .reason_code = "",
                                           .information = "",
                                           .failed = making->sessions};
        if (style == FETCH_WEBPKI) {
            failure->result_type = "sts-webpki-invalid";
            failure->information = "the certificate of mta-sts has expired";
            reporter_ip(making->report->reporter, &making->luck, failure->sender);
        } else if (style == FETCH_BY_STATUS) {
            failure->reason_code = codes[i];
        }
    }
}

/* Returns whether the report's policy could not be fetched. */
static bool add_sts(struct making *making)
{
    const struct reporter *reporter = making->report->reporter;
    const struct phase *phase = sample_policy_seen(&making->report->domain, reporter, making->ago);
    if (phase->published == PUBLISHED_BROKEN && reporter->fetch != FETCH_SILENT) {
        count_fetch_errors(making, add_policy(making, POLICY_STS, -1));
        return true;
    }
    if (phase->published != PUBLISHED_NOTHING && phase->published != PUBLISHED_BROKEN) {
        struct sample_policy *policy = add_policy(making, POLICY_STS, -1);
        policy->phase = phase;
        count_sessions(making, policy);
    }
    return false;
}

static void add_tlsa(struct making *making)
{
    if (making->report->reporter->tlsa_style != TLSA_BY_MX) {
        count_sessions(making, add_policy(making, POLICY_TLSA, -1));
        return;
    }
    for (unsigned mx = 0; mx < STORY_MX_MAX; mx++) {
        if (making->report->domain.story->mx[mx] != NULL)
            count_sessions(making, add_policy(making, POLICY_TLSA, (int)mx));
    }
}

static int64_t count_mail(struct making *making, int day)
{
    const struct reporter *reporter = making->report->reporter;
    unsigned mails = making->report->domain.volume * reporter->share / 1000;
    mails = mails * (60 + luck_pick(&making->luck, 80)) / 100;
    if (reporter->time != TIME_WEEK && day_of_week(day) >= 5)
        mails = mails * SUNDAY_SHARE / 100;
    return 1 + mails;
}

void sample_report_make(const struct occasion *occasion, struct sample_report *report)
{
    const struct reporter *reporter = &sample_reporters[occasion->reporter];
    struct making making = {
        .report = report,
        .occasion = occasion,
        .luck =
            luck_of(occasion->seed, occasion->domain, occasion->reporter, (uint64_t)occasion->day),
        .ago = occasion->last - occasion->day + 1 + (reporter->time == TIME_WEEK ? 6 : 0),
    };
    report->reporter = reporter;
    report->organization = reporter->organization;
    report->domain = sample_domain(occasion->domain);
    report->policy_count = 0;
    report->range = reporter_range(reporter, occasion->day);
    making.sessions = count_mail(&making, occasion->day);
    bool unfetched = reporter->sts && add_sts(&making);
    if (reporter->tlsa && sample_has_dane(&report->domain, making.ago))
        add_tlsa(&making);
    if (report->policy_count == 0)
        count_sessions(&making, add_policy(&making, POLICY_NOT_FOUND, -1));
    reporter_id(reporter, &making.luck, report->domain.name, report->range.begin, unfetched,
                report->id);
    report->luck = luck_next(&making.luck);
}

/* --- JSON --- */

struct writing {
    const struct sample_report *report;
    FILE *file;
    const char *comma, *colon;
    bool first; /* nothing stands in the present object or list yet */
};

static void put_string(FILE *file, const char *text)
{
    putc_unlocked('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(file, "\\%c", *text);
        else if ((unsigned char)*text < ' ')
            fprintf(file, "\\u%04x", (unsigned char)*text);
        else
            putc_unlocked(*text, file);
    }
    putc_unlocked('"', file);
}

static void next(struct writing *writing)
{
    if (!writing->first)
        fputs(writing->comma, writing->file);
    writing->first = false;
}

static void begin(struct writing *writing, const char *key, char bracket)
{
    next(writing);
    if (key != NULL)
        fprintf(writing->file, "\"%s\"%s", key, writing->colon);
    putc_unlocked(bracket, writing->file);
    writing->first = true;
}

static void end(struct writing *writing, char bracket)
{
    putc_unlocked(bracket, writing->file);
    writing->first = false;
}

static void put_text(struct writing *writing, const char *key, const char *text)
{
    next(writing);
    if (key != NULL)
        fprintf(writing->file, "\"%s\"%s", key, writing->colon);
    put_string(writing->file, text);
}

/* Leaves out what is empty. */
static void put_filled(struct writing *writing, const char *key, const char *text)
{
    if (text[0] != '\0')
        put_text(writing, key, text);
}

static void put_null(struct writing *writing, const char *key)
{
    next(writing);
    fprintf(writing->file, "\"%s\"%snull", key, writing->colon);
}

static void put_count(struct writing *writing, const char *key, int64_t count)
{
    const char *quote = writing->report->reporter->count_strings ? "\"" : "";
    next(writing);
    fprintf(writing->file, "\"%s\"%s%s%" PRId64 "%s", key, writing->colon, quote, count, quote);
}

static void put_failures(struct writing *writing, const struct sample_policy *policy)
{
    enum details_style style = writing->report->reporter->details;
    if (policy->failure_count == 0 && style == DETAILS_NULL)
        put_null(writing, "failure-details");
    if (policy->failure_count == 0 && style != DETAILS_EMPTY)
        return;
    begin(writing, "failure-details", '[');
    for (unsigned i = 0; i < policy->failure_count; i++) {
        const struct sample_failure *failure = &policy->failures[i];
        begin(writing, NULL, '{');
        put_text(writing, "result-type", failure->result_type);
        put_filled(writing, "sending-mta-ip", failure->sender);
        put_filled(writing, "receiving-mx-hostname", failure->mx);
        put_filled(writing, "receiving-ip", failure->receiver);
        put_count(writing, "failed-session-count", failure->failed);
        put_filled(writing, "failure-reason-code", failure->reason_code);
        put_filled(writing, "additional-information", failure->information);
        end(writing, '}');
    }
    end(writing, ']');
}

static void put_sts_text(struct writing *writing, const struct phase *phase)
{
    static const char *const names[] = {[PUBLISHED_NONE] = "none",
                                        [PUBLISHED_TESTING] = "testing",
                                        [PUBLISHED_ENFORCE] = "enforce"};
    char line[DOMAIN_TEXT + 16], mx[DOMAIN_TEXT];
    begin(writing, "policy-string", '[');
    put_text(writing, NULL, "version: STSv1");
    snprintf(line, sizeof line, "mode: %s", names[phase->published]);
    put_text(writing, NULL, line);
    for (unsigned i = 0; i < STORY_MX_MAX; i++) {
        if (!(phase->mx >> i & 1))
            continue;
        snprintf(line, sizeof line, "mx: %s", sample_mx(&writing->report->domain, i, mx));
        put_text(writing, NULL, line);
    }
    snprintf(line, sizeof line, "max_age: %u", phase->max_age);
    put_text(writing, NULL, line);
    end(writing, ']');
}

/* The record of an MX, as it has been all the time. */
static void tlsa_record(const struct sample_report *report, unsigned mx, char text[static 80])
{
    struct luck luck = luck_of(mx, (uint64_t)report->domain.name[0],
                               (uint64_t)report->domain.name[1], strlen(report->domain.name));
    int length = snprintf(text, 80, "3 1 1 ");
    for (int i = 0; i < 4; i++)
        length += snprintf(text + length, 80 - (size_t)length, "%016" PRIX64, luck_next(&luck));
}

static void put_tlsa_text(struct writing *writing, int only)
{
    const struct sample_report *report = writing->report;
    char record[80], all[2 + STORY_MX_MAX * 84] = "[";
    begin(writing, "policy-string", '[');
    for (unsigned mx = 0; mx < STORY_MX_MAX; mx++) {
        if (report->domain.story->mx[mx] == NULL || (only >= 0 && only != (int)mx))
            continue;
        tlsa_record(report, mx, record);
        if (report->reporter->tlsa_style == TLSA_IN_A_STRING)
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s\"%s\"", mx > 0 ? "," : "",
                     record);
        else
            put_text(writing, NULL, record);
    }
    if (report->reporter->tlsa_style == TLSA_IN_A_STRING) {
        snprintf(all + strlen(all), sizeof all - strlen(all), "]");
        put_text(writing, NULL, all);
    }
    end(writing, ']');
}

static void put_mx_hosts(struct writing *writing, const struct sample_policy *policy)
{
    enum mx_style style = writing->report->reporter->mx;
    char name[DOMAIN_TEXT], entry[DOMAIN_TEXT + 8];
    if (style == MX_MISSING || policy->phase == NULL || policy->phase->mx == 0)
        return;
    if (style == MX_STRING) {
        put_text(writing, "mx-host", sample_mx(&writing->report->domain, 0, name));
        return;
    }
    begin(writing, style == MX_PATTERN ? "mx-host-pattern" : "mx-host", '[');
    for (unsigned mx = 0; mx < STORY_MX_MAX; mx++) {
        if (!(policy->phase->mx >> mx & 1))
            continue;
        snprintf(entry, sizeof entry, "%s%s", style == MX_PREFIXED ? "mx: " : "",
                 sample_mx(&writing->report->domain, mx, name));
        put_text(writing, NULL, entry);
    }
    end(writing, ']');
}

void sample_report_domain(const struct sample_report *report, char name[static DOMAIN_TEXT])
{
    if (report->reporter->international)
        domain_display(report->domain.name, name, DOMAIN_TEXT);
    else
        snprintf(name, DOMAIN_TEXT, "%s", report->domain.name);
}

static void put_policy(struct writing *writing, const struct sample_policy *policy)
{
    char name[DOMAIN_TEXT];
    sample_report_domain(writing->report, name);
    begin(writing, NULL, '{');
    begin(writing, "policy", '{');
    put_text(writing, "policy-type", policy_type_name((int)policy->type));
    if (policy->type == POLICY_STS && policy->phase != NULL)
        put_sts_text(writing, policy->phase);
    if (policy->type == POLICY_TLSA)
        put_tlsa_text(writing, policy->mx);
    if (policy->mx >= 0)
        sample_mx(&writing->report->domain, (unsigned)policy->mx, name);
    if (policy->type != POLICY_NOT_FOUND || writing->report->reporter->domain_of_not_found)
        put_text(writing, "policy-domain", name);
    put_mx_hosts(writing, policy);
    end(writing, '}');
    begin(writing, "summary", '{');
    put_count(writing, "total-successful-session-count", policy->successful);
    put_count(writing, "total-failure-session-count", policy->failed);
    end(writing, '}');
    put_failures(writing, policy);
    end(writing, '}');
}

void sample_report_write(const struct sample_report *report, FILE *file)
{
    bool spaced = report->reporter->spaced;
    struct writing writing = {.report = report,
                              .file = file,
                              .comma = spaced ? ", " : ",",
                              .colon = spaced ? ": " : ":",
                              .first = true};
    begin(&writing, NULL, '{');
    put_text(&writing, "organization-name", report->organization);
    begin(&writing, "date-range", '{');
    put_text(&writing, "start-datetime", report->range.begin_text);
    put_text(&writing, "end-datetime", report->range.end_text);
    end(&writing, '}');
    if (report->reporter->contact != NULL)
        put_text(&writing, "contact-info", report->reporter->contact);
    else
        put_null(&writing, "contact-info");
    put_text(&writing, "report-id", report->id);
    begin(&writing, "policies", '[');
    for (unsigned i = 0; i < report->policy_count; i++)
        put_policy(&writing, &report->policies[i]);
    end(&writing, ']');
    end(&writing, '}');
}
