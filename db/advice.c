#include "advice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "observation.h"
#include "publication.h"
#include "sts_policy.h"

/* --- the next step --- */

const char *advice_step_label(enum advice_step step)
{
    static const char *const labels[STEPS] = {
        [STEP_OPPORTUNISTIC] = "Opportunistic TLS", [STEP_REPORTING] = "TLS reporting",
        [STEP_TESTING] = "MTA-STS testing",         [STEP_REVIEW] = "Review",
        [STEP_ENFORCE] = "MTA-STS enforce",         [STEP_DANE] = "DANE",
    };
    return labels[step];
}

static bool in_testing(const struct standing *standing)
{
    return tls_mode_sts(standing->mode) == STS_TESTING;
}

/* Are there so few sessions now that it means nothing that none failed?  Then what was
 * wrong may just not have been met. */
static bool is_without_mail(const struct standing *standing, const struct advice_settings *settings)
{
    enum { LEAST_SHARE = 10 /* of what is usual, one part in so many */ };
    double usual = (double)standing->tested / settings->testing_days * settings->quiet_days;
    return (double)standing->sessions * LEAST_SHARE < usual;
}

/* Is it chance that none failed now, as few sessions fail at all?  With three to be expected
 * at the rate of all days, none comes about once in twenty times. */
static bool may_be_chance(const struct standing *standing, const struct advice_settings *settings)
{
    enum { EXPECTED = 3 };
    return (double)standing->sessions * (double)standing->tested_failed <
               (double)standing->tested * EXPECTED &&
           standing->tested_failed > 0 && standing->failed == 0 &&
           (double)standing->tested_failed * 1e6 > (double)standing->tested * settings->failures;
}

static enum next_step next_in_testing(const struct standing *standing,
                                      const struct advice_settings *settings)
{
    if (standing->tested_days < settings->testing_days)
        return NEXT_KEEP_TESTING;
    if (standing->sessions == 0 || standing->reporters < settings->reporters ||
        standing->tested < settings->sessions || is_without_mail(standing, settings) ||
        may_be_chance(standing, settings) || standing->unheard > 0 || standing->overdue)
        return NEXT_MORE_REPORTS;
    return NEXT_ENFORCE;
}

/* Have reports ended?  Weekly ones begin as many as 14 days before the next has come. */
static bool is_silent(const struct standing *standing, const struct advice_settings *settings)
{
    enum { WEEKLY = 14 };
    return standing->silent_days > (settings->quiet_days > WEEKLY ? settings->quiet_days : WEEKLY);
}

enum next_step advice_next(const struct standing *standing, const struct advice_settings *settings)
{
    if (standing->failed > 0 && !standing->tolerated)
        return NEXT_FIX_FAILURES;
    if (standing->name_missing)
        return NEXT_FIND_NAME;
    if (standing->tlsrpt_missed || (!standing->reported && !standing->tlsrpt_seen))
        return NEXT_PUBLISH_TLSRPT;
    if (!standing->reported)
        return NEXT_WAIT;
    if (standing->sts_gone || standing->sts_lost > 0)
        return NEXT_RESTORE_STS;
    if (standing->problems > 0)
        return NEXT_FIX_PROBLEMS;
    if (is_silent(standing, settings) || standing->refused_last)
        return NEXT_FIND_REPORTS;
    if (in_testing(standing))
        return next_in_testing(standing, settings);
    return tls_mode_enforces(standing->mode) ? NEXT_NOTHING : NEXT_START_TESTING;
}

const char *advice_next_name(enum next_step next)
{
    static const char *const names[] = {
        [NEXT_FIX_FAILURES] = "fix-failures",
        [NEXT_FIND_NAME] = "find-name",
        [NEXT_RESTORE_STS] = "restore-mta-sts",
        [NEXT_FIX_PROBLEMS] = "fix-problems",
        [NEXT_FIND_REPORTS] = "find-reports",
        [NEXT_ENFORCE] = "enforce",
        [NEXT_START_TESTING] = "start-testing",
        [NEXT_PUBLISH_TLSRPT] = "publish-tlsrpt",
        [NEXT_MORE_REPORTS] = "more-reports",
        [NEXT_KEEP_TESTING] = "keep-testing",
        [NEXT_WAIT] = "wait",
        [NEXT_NOTHING] = "nothing",
    };
    return names[next];
}

int advice_urgency(const struct standing *standing, const struct advice_settings *settings)
{
    enum next_step next = advice_next(standing, settings);
    bool lost = standing->refusing || standing->undelivered > 0;
    return next == NEXT_FIX_FAILURES && lost ? -1 : (int)next;
}

enum advice_step advice_step(const struct standing *standing,
                             const struct advice_settings *settings)
{
    switch (standing->mode) {
    case MODE_STS_TESTING:
    case MODE_DANE_STS_TESTING:
        return standing->testing_days < settings->testing_days ? STEP_TESTING : STEP_REVIEW;
    case MODE_STS_ENFORCE:
    case MODE_DANE_STS_ENFORCE:
        return STEP_ENFORCE;
    case MODE_DANE:
        return STEP_DANE;
    default:
        return standing->reported ? STEP_REPORTING : STEP_OPPORTUNISTIC;
    }
}

/* There is a record, and no policy that anybody could act on. */
static bool is_broken(const struct standing *standing)
{
    return standing->sts_broken && !in_testing(standing) && !tls_mode_enforces(standing->mode);
}

const char *advice_place(const struct standing *standing, const struct advice_settings *settings)
{
    if (standing->mode == MODE_DANE_STS_ENFORCE)
        return "DANE + enforce";
    if (standing->mode == MODE_DANE_STS_TESTING)
        return "DANE + testing";
    return is_broken(standing) ? "MTA-STS broken"
                               : advice_step_label(advice_step(standing, settings));
}

/* --- words --- */

/* "fix 95 in 7 days", or what is shorter where that is too long. */
static void label_failures(const struct standing *standing, int days,
                           char label[static ADVICE_LABEL])
{
    enum { COLUMNS = 18 };
    char text[COUNT_TEXT];
    int64_t failed = standing->failed;
    if (failed >= 100000 && failed < 1000000)
        snprintf(text, sizeof text, "%dk", (int)(failed / 1000));
    else
        group_digits(failed, text);
    if (snprintf(label, ADVICE_LABEL, "fix %.8s in %d day%s", text, days, days == 1 ? "" : "s") >
        COLUMNS)
        snprintf(label, ADVICE_LABEL, "fix %.8s in %d d", text, days);
}

const char *advice_label(const struct standing *standing, const struct advice_settings *settings,
                         char label[static ADVICE_LABEL])
{
    char text[COUNT_TEXT];
    switch (advice_next(standing, settings)) {
    case NEXT_PUBLISH_TLSRPT:
        snprintf(label, ADVICE_LABEL, "publish TLS-RPT");
        break;
    case NEXT_WAIT:
        snprintf(label, ADVICE_LABEL, "wait for reports");
        break;
    case NEXT_RESTORE_STS:
        snprintf(label, ADVICE_LABEL, "MTA-STS has gone");
        break;
    case NEXT_FIX_PROBLEMS:
        snprintf(label, ADVICE_LABEL, "fix %s", counted(standing->problems, "problem", text));
        break;
    case NEXT_FIX_FAILURES:
        if (is_broken(standing))
            snprintf(label, ADVICE_LABEL, "fix MTA-STS policy");
        else
            label_failures(standing, settings->quiet_days, label);
        break;
    case NEXT_FIND_NAME:
        snprintf(label, ADVICE_LABEL, "not found in DNS");
        break;
    case NEXT_FIND_REPORTS:
        snprintf(text, sizeof text, "no report for %d d", standing->silent_days);
        snprintf(label, ADVICE_LABEL, "%.18s",
                 standing->silent_days < 100 ? text : "reports have ended");
        break;
    case NEXT_START_TESTING:
        snprintf(label, ADVICE_LABEL, "start testing");
        break;
    case NEXT_MORE_REPORTS:
        snprintf(label, ADVICE_LABEL, "not enough reports");
        break;
    case NEXT_KEEP_TESTING:
        snprintf(label, ADVICE_LABEL, "testing: day %d/%d", standing->tested_days,
                 settings->testing_days);
        break;
    case NEXT_ENFORCE:
        snprintf(label, ADVICE_LABEL, "ready for enforce");
        break;
    case NEXT_NOTHING:
        snprintf(label, ADVICE_LABEL, "keep watching");
        break;
    }
    return label;
}

void advice_read_settings(const struct config *config, struct advice_settings *settings)
{
    const char *account = config_account(config, 0);
    const char *user = account != NULL ? config_text(config, "imap", account, "user") : "";
    *settings = (struct advice_settings){
        .testing_days = (int)config_number(config, "advice", NULL, "testing-days"),
        .reporters = (int)config_number(config, "advice", NULL, "reporters"),
        .sessions = (int)config_number(config, "advice", NULL, "sessions"),
        .quiet_days = (int)config_number(config, "advice", NULL, "quiet-days"),
        .failures = (int)config_number(config, "advice", NULL, "failures"),
        .rua = strchr(user, '@') != NULL ? user : "",
    };
}

/* --- the last days --- */

/* The last day before the quiet ones. */
static int day_before_quiet(const struct advising *advising)
{
    return advising->evidence->today - advising->settings->quiet_days;
}

bool is_reported_lately(const struct advising *advising)
{
    return advising->evidence->last_day > day_before_quiet(advising);
}

/* Sessions that were refused of late. */
static int64_t refused_lately(const struct standing *standing)
{
    return standing->refused_sts + standing->refused_dane;
}

/* Does the check see enforce, where reports tell of testing yet?  Then what failed in that
 * is refused from now on. */
static bool is_enforced_since(const struct evidence *evidence)
{
    return evidence->mode_is_live && tls_mode_sts(evidence->standing.mode) == STS_ENFORCE &&
           evidence->met[MET_STS].late > 0;
}

/* --- what holds it back --- */

static void tell_missing_name(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *sentences = &advising->advice->held_back;
    char time[INSTANT_TEXT], last[DAY_TEXT];
    instant_format(evidence->checked, time);
    day_format(evidence->last_day, last);
    if (is_reported_lately(advising))
        say(advising, sentences,
            "The resolver did not know %s at %s, though reports came up to %s: is the horizon "
            "split, or the delegation lost? The mode here is that of the reports.",
            evidence->domain, time, last);
    else
        say(advising, sentences, "The resolver did not know %s at %s.", evidence->domain, time);
}

/* Is it all senders, or one? */
static void tell_failing_reporters(struct advising *advising, struct sentences *sentences)
{
    const struct evidence *evidence = advising->evidence;
    size_t count = evidence->failing_reporter_count, used = 0;
    char text[1024], failed[COUNT_TEXT], sessions[COUNT_TEXT], others[COUNT_TEXT];
    if (count == 0)
        return;
    for (size_t i = 0; i < count && i < EVIDENCE_REPORTERS; i++)
        used += (size_t)snprintf(
            text + used, sizeof text - used, "%s%s of %s by %.200s", i == 0 ? "" : ", ",
            group_digits(evidence->failing_reporters[i].failed, failed),
            counted(evidence->failing_reporters[i].sessions, "session", sessions),
            evidence->failing_reporters[i].organization);
    if (count > EVIDENCE_REPORTERS)
        used += (size_t)snprintf(text + used, sizeof text - used, " and %zu more",
                                 count - EVIDENCE_REPORTERS);
    if (evidence->other_reporters > 0)
        snprintf(text + used, sizeof text - used, "; none of %s by %s",
                 group_digits(evidence->other_sessions, sessions),
                 counted(evidence->other_reporters, "other", others));
    bool alone =
        in_testing(&evidence->standing) && evidence->unfetched == 0 && count == 1 &&
        evidence->other_reporters > 0 &&
        evidence->failing_reporters[0].failed * 2 >= evidence->failing_reporters[0].sessions;
    say(advising, sentences, "By reporter: %s%s", text,
        alone ? ": it may be that sender's side, whose mail alone would be lost."
        : text[strlen(text) - 1] == '.' ? ""
                                        : ".");
}

static void tell_late_failures(struct advising *advising)
{
    const struct standing *standing = &advising->evidence->standing;
    const struct advice_settings *settings = advising->settings;
    struct sentences *sentences = &advising->advice->held_back;
    int64_t late = standing->failed - standing->running - standing->named;
    char failed[COUNT_TEXT], limit[64] = "", most[COUNT_TEXT];
    if (in_testing(standing) || !tls_mode_enforces(standing->mode))
        snprintf(limit, sizeof limit,
                 settings->failures == 0 ? "; the limit is 0" : "; the limit is %s of a million",
                 group_digits(settings->failures, most));
    if (late > 0)
        say(advising, sentences, "%s in the last %d days%s.", counted(late, "failure", failed),
            settings->quiet_days, limit);
    if (standing->running > 0)
        say(advising, sentences,
            "%s in reports of several days that began before the last %d days and ended in them%s.",
            counted(standing->running, "failure", failed), settings->quiet_days, limit);
    else if (standing->named > 0)
        say(advising, sentences,
            "The details of the last %d days name %s, which no summary counts%s.",
            settings->quiet_days, counted(standing->named, "failure", failed), limit);
    tell_failing_reporters(advising, sentences);
}

/* What testing has not shown yet. */
static void tell_testing(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    const struct standing *standing = &evidence->standing;
    const struct advice_settings *settings = advising->settings;
    struct sentences *sentences = &advising->advice->held_back;
    char failed[COUNT_TEXT], sessions[COUNT_TEXT], day[DAY_TEXT];
    if (standing->testing_days < settings->testing_days)
        say(advising, sentences, "Testing has run for %d of %d days.", standing->testing_days,
            settings->testing_days);
    else if (standing->tested_days < settings->testing_days)
        say(advising, sentences,
            "The policy has all of its mx lines since %s: these have been tested for %d of %d "
            "days.",
            day_format(evidence->today - standing->tested_days + 1, day), standing->tested_days,
            settings->testing_days);
    for (size_t i = 0; i < evidence->unheard_count; i++)
        say(advising, sentences,
            "%s: %s of %s failed on %s, and it has told of no session under MTA-STS since.",
            evidence->unheard[i].organization, group_digits(evidence->unheard[i].failed, failed),
            counted(evidence->unheard[i].sessions, "session", sessions),
            day_format(evidence->unheard[i].day, day));
}

/* What is too little to judge testing by. */
static void tell_lack(struct advising *advising)
{
    const struct standing *standing = &advising->evidence->standing;
    const struct advice_settings *settings = advising->settings;
    struct sentences *sentences = &advising->advice->held_back;
    char failed[COUNT_TEXT], tested[COUNT_TEXT], sessions[COUNT_TEXT];
    if (standing->sessions == 0)
        say(advising, sentences,
            "No session under MTA-STS was reported in the last %d days: not "
            "enough reports to tell.",
            settings->quiet_days);
    else if (standing->testing_days >= settings->testing_days &&
             standing->tested < settings->sessions)
        say(advising, sentences,
            "%s under MTA-STS in the last %d days, of %s: too little mail to tell.",
            counted(standing->tested, "session", tested), settings->testing_days,
            group_digits(settings->sessions, sessions));
    else if (is_without_mail(standing, settings))
        say(advising, sentences,
            "%s under MTA-STS in the last %d days, of %s in %d days: too little mail to tell.",
            counted(standing->sessions, "session", sessions), settings->quiet_days,
            group_digits(standing->tested, tested), settings->testing_days);
    else if (may_be_chance(standing, settings))
        say(advising, sentences,
            "%s of %s failed in the last %d days: at that rate it may be chance that none of %s in "
            "the last %d days did.",
            group_digits(standing->tested_failed, failed),
            counted(standing->tested, "session", tested), settings->testing_days,
            group_digits(standing->sessions, sessions), settings->quiet_days);
    if (standing->reporters < settings->reporters)
        say(advising, sentences,
            "%" PRId64 " of %d reporters has reported on MTA-STS in the last %d days: "
            "not enough reports to tell.",
            standing->reporters, settings->reporters, settings->testing_days);
}

static void tell_what_holds_back(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    const struct standing *standing = &evidence->standing;
    struct sentences *sentences = &advising->advice->held_back;
    char day[DAY_TEXT];
    if (standing->name_missing)
        tell_missing_name(advising);
    else if (standing->tlsrpt_missed)
        say(advising, sentences, "There is no TLS-RPT record at _smtp._tls.%s.", evidence->domain);
    if (standing->failed > 0 && !standing->tolerated)
        tell_late_failures(advising);
    else if (standing->tolerated)
        tell_failing_reporters(advising, &advising->advice->evidence);
    if (standing->sts_gone)
        say(advising, sentences,
            "There is no record at _mta-sts.%s any more, though reports tell of a policy.",
            evidence->domain);
    else if (standing->sts_lost > 0)
        say(advising, sentences, "Reports tell of no MTA-STS policy since %s.",
            day_format(standing->sts_lost, day));
    for (size_t i = 0; i < evidence->problem_count; i++)
        say(advising, sentences, "%s", evidence->problems[i].text);
    if (is_silent(standing, advising->settings) || standing->overdue || standing->refused_last ||
        (standing->failed > 0 && standing->silent_days > REPORTS_LATE))
        say(advising, sentences, "No report has come for the %d days since %s.",
            standing->silent_days, day_format(evidence->today - standing->silent_days, day));
    if (in_testing(standing)) {
        tell_testing(advising);
        tell_lack(advising);
    }
}

/* --- what to do --- */

static void tell_way(struct advising *advising, const char *name, const struct advice_way *way)
{
    struct sentences *ways = &advising->advice->ways;
    if (strcmp(way->state, "done") == 0)
        say(advising, ways, "%s: in force.", name);
    else if (strcmp(way->state, "open") == 0)
        say(advising, ways, way->need_count > 0 ? "%s: open. It takes:" : "%s: open.", name);
    else if (strcmp(way->state, "closed") == 0)
        say(advising, ways, "%s: closed until others have moved:", name);
    else
        say(advising, ways, "%s: the check could not tell.", name);
    char need[1024];
    for (size_t i = 0; i < way->need_count; i++) {
        observation_need(way->needs[i], advising->now, need, sizeof need);
        say(advising, ways, "%s", need);
    }
}

/* What is in force, as far as reports tell. */
static void tell_reported_ways(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *ways = &advising->advice->ways;
    enum tls_mode mode = evidence->standing.mode;
    bool dane = tls_mode_has_dane(mode), enforced = tls_mode_sts(mode) == STS_ENFORCE;
    if (!dane && !enforced)
        say(advising, ways, "A look at DNS tells which is open: tlsrptop check %s",
            evidence->domain);
    else
        say(advising, ways, "%s by the reports.",
            dane && enforced ? "DANE and MTA-STS: in force,"
            : dane           ? "DANE: in force,"
                             : "MTA-STS: in force,");
    if (enforced && !dane)
        say(advising, ways, "DANE: a look at DNS tells whether it is open: tlsrptop check %s",
            evidence->domain);
}

/* Senders without DANE are covered by MTA-STS alone. */
static void tell_the_uncovered(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    int64_t sessions = evidence->met[MET_NO_POLICY].sessions;
    char text[COUNT_TEXT], first[DAY_TEXT];
    if (evidence->standing.mode != MODE_DANE || sessions == 0)
        return;
    say(advising, &advising->advice->ways,
        "%s since %s met no policy: their senders do without DANE. MTA-STS beside DANE covers "
        "them.",
        counted(sessions, "session", text), day_format(evidence->range.first, first));
}

static void tell_ways(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *ways = &advising->advice->ways;
    if (evidence->checked == 0 || evidence->sts_way.state[0] == '\0') {
        tell_reported_ways(advising);
        return;
    }
    tell_way(advising, "MTA-STS", &evidence->sts_way);
    tell_way(advising, "DANE", &evidence->dane_way);
    if (strcmp(evidence->dane_way.state, "open") == 0)
        say(advising, ways,
            "A TLSA record at _25._tcp.MX says 3 1 1 and the digest that this prints: "
            "openssl s_client -starttls smtp -connect MX:25 -servername MX </dev/null | openssl "
            "x509 -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256");
}

static void tell_how_to_publish(struct advising *advising)
{
    const struct advice *advice = advising->advice;
    if (advice->text_count == 0)
        return;
    say(advising, &advising->advice->to_do,
        "Put the policy file in place first (text/plain, without a redirect, with a valid "
        "certificate for mta-sts.%s), then the record with its new id.",
        advising->evidence->domain);
}

/* The mode of the policy that was published last, as far as it is known. */
static enum sts_mode published_mode(const struct evidence *evidence)
{
    struct sts_policy published;
    sts_policy_read(evidence->policy_text, strlen(evidence->policy_text), &published);
    return published.mode;
}

/* Is mail refused by MTA-STS, which another policy could stop? */
static bool is_enforcing_too_early(const struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    const struct standing *standing = &evidence->standing;
    bool refusing = standing->refusing && standing->refused_sts > 0;
    return advising->advice->next == NEXT_FIX_FAILURES &&
           (refusing || is_enforced_since(evidence)) && published_mode(evidence) != STS_TESTING &&
           !fails_where_it_should(evidence);
}

/* RFC 8461 section 5.1. */
static void tell_way_back(struct advising *advising)
{
    say(advising, &advising->advice->to_do,
        tls_mode_has_sts(advising->evidence->standing.mode)
            ? "If that takes longer, publish the policy in mode testing meanwhile, as below: "
              "senders look for a new id before they give a mail up, and deliver it then."
            : "Senders refuse by the enforce policy of before, which they keep: publish record "
              "and policy under a new id, in mode none or, as below, testing. They look for a "
              "new id before they give a mail up, and deliver it then.");
}

/* The policy that is to be published next, or has to be put right. */
static void advise_policy(struct advising *advising)
{
    const struct standing *standing = &advising->evidence->standing;
    if (is_enforcing_too_early(advising))
        publish_policy(advising, STS_TESTING);
    else if (tls_mode_sts(standing->mode) == STS_ENFORCE || advising->advice->next == NEXT_ENFORCE)
        publish_policy(advising, STS_ENFORCE);
    else if (in_testing(standing) || advising->advice->next == NEXT_START_TESTING ||
             advising->advice->next == NEXT_RESTORE_STS)
        publish_policy(advising, STS_TESTING);
    tell_how_to_publish(advising);
}

static void tell_where_to_look(struct advising *advising)
{
    const char *domain = advising->evidence->domain;
    say(advising, &advising->advice->to_do,
        "Compare dig NS %s with dig NS %s @9.9.9.9: if only the first finds nothing, the own "
        "resolver has another view of the zone; if neither does, see to the delegation.",
        domain, domain);
    say(advising, &advising->advice->to_do, "Then look again: tlsrptop check %s.", domain);
}

static void tell_how_to_ask(struct advising *advising)
{
    publish_tlsrpt(advising);
    say(advising, &advising->advice->to_do,
        "Publish the TLS-RPT record below and import what comes to its mailbox.");
}

static void tell_where_reports_are(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *to_do = &advising->advice->to_do;
    if (evidence->standing.tlsrpt_seen)
        say(advising, to_do,
            "The TLS-RPT record is there: see that the address in it receives mail.");
    else
        say(advising, to_do,
            "See that _smtp._tls.%s still asks for reports, at an address that receives mail: "
            "tlsrptop check %s.",
            evidence->domain, evidence->domain);
    say(advising, to_do, "See that its mailbox is imported: 9 shows the last runs.");
    say(advising, to_do,
        "A domain that gets no mail from those who report gets no reports either.");
}

static void tell_what_to_do(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    const struct standing *standing = &evidence->standing;
    struct sentences *to_do = &advising->advice->to_do;
    switch (advising->advice->next) {
    case NEXT_PUBLISH_TLSRPT:
        tell_how_to_ask(advising);
        return;
    case NEXT_WAIT:
        say(advising, to_do,
            "Reports come a day or two after the first mail from a large "
            "provider; see that the mailbox is imported.");
        return;
    case NEXT_FIX_FAILURES:
        tell_kept_away(advising);
        tell_remedies(advising);
        if (is_enforcing_too_early(advising))
            tell_way_back(advising);
        break;
    case NEXT_FIND_REPORTS:
        tell_where_reports_are(advising);
        tell_past_remedy(advising);
        return;
    case NEXT_FIND_NAME:
        tell_where_to_look(advising);
        return;
    case NEXT_RESTORE_STS:
        if (standing->sts_gone)
            say(advising, to_do,
                "Publish record and policy again, under a new id; or, if MTA-STS is to end, a "
                "policy with mode none until all have forgotten the old one.");
        else
            say(advising, to_do,
                "See what is published now: tlsrptop check %s. If MTA-STS was not meant to end, "
                "publish it again under a new id, at first in mode testing, which changes no "
                "delivery.",
                evidence->domain);
        break;
    case NEXT_FIX_PROBLEMS:
        break;
    case NEXT_START_TESTING:
        say(advising, to_do,
            "Publish MTA-STS in mode testing: it changes no delivery, and reports "
            "begin to tell what enforce would refuse.");
        tell_remedies(advising);
        break;
    case NEXT_MORE_REPORTS:
        say(advising, to_do,
            "Stay in testing until enough has been reported; the thresholds are "
            "in [advice] of the configuration.");
        break;
    case NEXT_KEEP_TESTING:
        say(advising, to_do, "Stay in testing.");
        break;
    case NEXT_ENFORCE:
        say(advising, to_do,
            "Set the policy to enforce with the max_age it has: a mistake stays with senders for "
            "so long. Raise it to some weeks once all is quiet.");
        break;
    case NEXT_NOTHING:
        say(advising, to_do, "Go on watching: certificates expire, and MX hosts change.");
        tell_past_remedy(advising);
        break;
    }
    if (standing->name_missing) {
        tell_where_to_look(advising);
        return;
    }
    for (size_t i = 0; i < evidence->problem_count; i++)
        say(advising, to_do, "%s", evidence->problems[i].remedy);
    if (standing->tlsrpt_missed)
        tell_how_to_ask(advising);
    advise_policy(advising);
}

static const char *summarise_start(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    int64_t failed = evidence->met[MET_NO_POLICY].late;
    char day[DAY_TEXT], text[COUNT_TEXT];
    if (evidence->withdrawn_since >= 0)
        return text_of(advising,
                       "MTA-STS was withdrawn: by reports %s became %s on %s. If that was not "
                       "meant, start again with testing, which changes no delivery.",
                       sts_mode_name(evidence->withdrawn),
                       evidence->withdrawn_to_none ? "none" : "no policy",
                       day_format(evidence->withdrawn_since, day));
    if (has_lost_dane(evidence) && evidence->standing.undelivered == 0)
        return text_of(advising,
                       "DANE has gone, by reports on %s. If that was not meant, see to the TLSA "
                       "records and to DNSSEC.",
                       day_format(evidence->changed_day, day));
    if (failed > 0 && evidence->recent_count > 0)
        return text_of(advising,
                       "%s in the last %d days, mostly %s: enforce or DANE would refuse such "
                       "mail. Put that right first; testing changes no delivery.",
                       counted(failed, "failure", text), advising->settings->quiet_days,
                       evidence->recent[0].result_type);
    return "Safe to start MTA-STS testing, which changes no delivery.";
}

static const char *summarise_end(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct met_totals refused = evidence->refused;
    char sessions[COUNT_TEXT], failed[COUNT_TEXT], days[SPAN_TEXT], day[DAY_TEXT];
    if (evidence->standing.tolerated)
        return text_of(advising,
                       "%s of %s failed in the last %d days: no more than [advice] failures lets "
                       "be.",
                       group_digits(evidence->standing.failed, failed),
                       counted(evidence->standing.sessions, "session", sessions),
                       advising->settings->quiet_days);
    if (refused.failed > 0)
        return text_of(advising, "%s %s refused %s, %s.",
                       counted(refused.failed, "session", sessions),
                       refused.failed == 1 ? "was" : "were",
                       span(refused.first_failed, refused.last_failed, days),
                       is_reported_lately(advising) ? "none since: see that it stays so"
                                                    : "and no report tells how it has been since");
    if (has_lost_dane(evidence))
        return text_of(advising,
                       "Enforced by MTA-STS, though DANE has gone, by reports on %s: see to the "
                       "TLSA records and to DNSSEC, if that was not meant.",
                       day_format(evidence->changed_day, day));
    if (evidence->standing.mode == MODE_DANE_STS_ENFORCE)
        return "DANE and MTA-STS are in force: senders that look at either deliver with valid TLS "
               "or not at all.";
    return evidence->standing.mode == MODE_DANE
               ? "Protected by DANE: senders that check it deliver with valid TLS or not at all."
               : "Enforced: senders that look at the policy deliver with valid TLS or not at all.";
}

/* Of sessions some of which were refused. */
static const char *summarise_refusals(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    int days = advising->settings->quiet_days;
    char refused[COUNT_TEXT], day[DAY_TEXT];
    group_digits(refused_lately(&evidence->standing), refused);
    if (evidence->standing.refusing)
        return text_of(advising, "Sessions are being refused: %s in the last %d days.", refused,
                       days);
    return text_of(advising, "Sessions were refused: %s in the last %d days, none since %s.",
                   refused, days, day_format(evidence->refused.last_failed, day));
}

/* In testing failures are what enforce would refuse, unless DANE refuses all of them now. */
static const char *summarise_failures(struct advising *advising)
{
    const struct standing *standing = &advising->evidence->standing;
    int days = advising->settings->quiet_days;
    int64_t refused = refused_lately(standing);
    char failed[COUNT_TEXT], text[COUNT_TEXT];
    counted(standing->failed, "failure", failed);
    if (is_broken(standing))
        return text_of(advising,
                       "The _mta-sts record is published, its policy is broken: %s in the "
                       "last %d days, with no policy read.",
                       failed, days);
    if (in_testing(standing) && (refused < standing->failed || !tls_mode_has_dane(standing->mode)))
        return refused == 0
                   ? text_of(advising, "Not safe to enforce: %s in the last %d days.", failed, days)
                   : text_of(advising,
                             standing->refusing
                                 ? "Sessions are being refused: %s of %s in the last %d days."
                                 : "Not safe to enforce: %s of %s in the last %d days were refused "
                                   "already.",
                             group_digits(refused, text), failed, days);
    if (refused > 0)
        return summarise_refusals(advising);
    if (standing->undelivered == standing->failed)
        return text_of(advising,
                       "Mail is not delivered: %s in the last %d days, for broken DNSSEC or "
                       "a sender that demands DANE.",
                       failed, days);
    if (is_enforced_since(advising->evidence))
        return text_of(advising,
                       "Enforced since testing: what failed there, %s in the last %d days, is "
                       "refused from now on.",
                       failed, days);
    return text_of(advising,
                   tls_mode_enforces(standing->mode)
                       ? "Sessions fail, though none was refused: %s in the last %d days."
                       : "Not safe to start MTA-STS testing: %s in the last %d days.",
                   failed, days);
}

static const char *summarise(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    const struct standing *standing = &evidence->standing;
    char text[COUNT_TEXT], sessions[COUNT_TEXT], failed[COUNT_TEXT], day[DAY_TEXT];
    switch (advising->advice->next) {
    case NEXT_PUBLISH_TLSRPT:
        return is_reported_lately(advising)
                   ? "There is no TLS-RPT record any more: reports still come, and will end."
                   : "Nobody is asked for reports yet: that comes first.";
    case NEXT_WAIT:
        return "Reports are asked for, and none has come yet.";
    case NEXT_FIX_FAILURES:
        return summarise_failures(advising);
    case NEXT_RESTORE_STS:
        if (standing->sts_gone)
            return "The _mta-sts record has gone: senders keep the policy until its max_age ends, "
                   "and then deliver as if there had been none.";
        return text_of(advising,
                       "MTA-STS has gone: by reports %s became no policy on %s. Senders that "
                       "have not kept it deliver without.",
                       sts_mode_name(evidence->withdrawn), day_format(standing->sts_lost, day));
    case NEXT_FIX_PROBLEMS:
        return text_of(advising,
                       in_testing(standing) ? "Not safe to enforce: the check found %s."
                       : tls_mode_enforces(standing->mode)
                           ? "What is enforced is at risk: the check found %s."
                           : "Not safe to start MTA-STS testing: the check found %s.",
                       counted(standing->problems, "problem", text));
    case NEXT_FIND_NAME:
        return text_of(advising,
                       is_reported_lately(advising)
                           ? "The resolver does not know %s, and yet reports come: split horizon, "
                             "or the delegation?"
                           : "The resolver does not know %s.",
                       evidence->domain);
    case NEXT_FIND_REPORTS:
        return text_of(advising,
                       "Reports have ended: what senders have met since %s, nobody tells.%s",
                       day_format(evidence->last_day, day),
                       evidence->refused.last_failed == evidence->last_day
                           ? " The last ones told of refused sessions."
                           : "");
    case NEXT_START_TESTING:
        return summarise_start(advising);
    case NEXT_MORE_REPORTS:
        return "Not enough reports to tell whether enforce is safe.";
    case NEXT_KEEP_TESTING:
        return text_of(advising,
                       standing->tested_days < standing->testing_days
                           ? "Too early to tell: the present mx lines have been tested for %d of "
                             "%d days."
                           : "Too early to tell: testing has run for %d of %d days.",
                       standing->tested_days, advising->settings->testing_days);
    case NEXT_ENFORCE:
        return text_of(advising,
                       "Safe to enforce, as far as reports tell: %d days of testing, %s; %s in the "
                       "last %d days, and %s failed.",
                       standing->testing_days, counted(evidence->reporters, "reporter", text),
                       counted(standing->sessions, "session", sessions),
                       advising->settings->quiet_days,
                       standing->failed == 0 ? "none" : group_digits(standing->failed, failed));
    case NEXT_NOTHING:
        break;
    }
    return summarise_end(advising);
}

int advice_make(const struct evidence *evidence, const struct advice_settings *settings,
                int64_t now, struct arena *arena, struct advice *advice)
{
    struct advising advising = {
        .evidence = evidence, .settings = settings, .now = now, .arena = arena, .advice = advice};
    *advice = (struct advice){
        .step = advice_step(&evidence->standing, settings),
        .next = advice_next(&evidence->standing, settings),
    };
    advice_label(&evidence->standing, settings, advice->label);
    advice->summary = summarise(&advising);
    tell_evidence(&advising);
    tell_what_holds_back(&advising);
    tell_what_to_do(&advising);
    tell_ways(&advising);
    tell_the_uncovered(&advising);
    return advising.out_of_memory ? -1 : 0;
}
