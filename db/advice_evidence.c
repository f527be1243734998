/* What was counted, and what the newest check saw, in sentences. */
#include <stdio.h>
#include <string.h>

#include "advising.h"
#include "observation.h"
#include "sts_policy.h"

static void tell_reports(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *sentences = &advising->advice->evidence;
    char sessions[COUNT_TEXT], reporters[COUNT_TEXT], days[COUNT_TEXT];
    char first[DAY_TEXT], last[DAY_TEXT];
    if (evidence->last_day < 0) {
        say(advising, sentences, "No report on the domain has come yet.");
        return;
    }
    day_format(evidence->first_day, first);
    day_format(evidence->last_day, last);
    if (evidence->first_day == evidence->last_day)
        say(advising, sentences, "Reports have come of one day, %s.", first);
    else
        say(advising, sentences, "Reports have come from %s to %s.", first, last);
    counted(evidence->sessions, "session", sessions);
    counted(evidence->reporters, "reporter", reporters);
    if (evidence->standing.testing_since >= 0)
        say(advising, sentences, "MTA-STS testing since %s, %s: reports by %s, %s under a policy.",
            day_format(evidence->standing.testing_since, first),
            counted(evidence->standing.testing_days, "day", days), reporters, sessions);
    else
        say(advising, sentences, "Since %s: reports by %s, %s under a policy.",
            day_format(evidence->range.first, first), reporters, sessions);
}

/* Those for which the record was there, and no policy to be had or read. */
static void tell_unread(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    int64_t sessions = evidence->met[MET_UNREAD].sessions;
    char text[COUNT_TEXT];
    if (sessions == 0 || tls_mode_has_sts(evidence->standing.mode))
        return;
    say(advising, &advising->advice->evidence,
        "%s with no MTA-STS policy read: the _mta-sts record is published, its policy is broken. "
        "Senders deliver as if there were none, unless they keep an older policy.",
        counted(sessions, "session", text));
}

/* What came after the sessions that were refused. */
static const char *since_refused(const struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    if (evidence->standing.failed > 0)
        return "";
    if (!is_reported_lately(advising))
        return ", and no report has come since";
    return evidence->refused.last_failed < evidence->last_day ? ", and none since" : "";
}

enum { CAUSE_TEXT = 1024 };

/* " at mx1.example.com", or " at mx1... (2,256), mx2... (1,599) and 2 more"; "" where the one
 * with most failures was not named. */
static void write_where(const struct evidence *evidence, char *text, size_t size)
{
    char failed[COUNT_TEXT];
    size_t shown = evidence->failing_host_count, used = 0;
    text[0] = '\0';
    if (shown == 0 || evidence->failing_hosts[0].name[0] == '\0')
        return;
    if (shown == 1) {
        snprintf(text, size, " at %s", evidence->failing_hosts[0].name);
        return;
    }
    if (shown > EVIDENCE_FAILING_HOSTS)
        shown = EVIDENCE_FAILING_HOSTS;
    for (size_t i = 0; i < shown && used < size; i++) {
        const char *name = evidence->failing_hosts[i].name;
        used += (size_t)snprintf(text + used, size - used, "%s%s (%s)", i == 0 ? " at " : ", ",
                                 name[0] != '\0' ? name : "an unnamed host",
                                 group_digits(evidence->failing_hosts[i].failed, failed));
    }
    if (evidence->failing_host_count > shown && used < size)
        snprintf(text + used, size - used, " and %zu more", evidence->failing_host_count - shown);
}

/* Why most sessions were refused, and where; nothing where others failed, too, as the results
 * are of all. */
static const char *write_cause(const struct evidence *evidence, int64_t refused,
                               char text[static CAUSE_TEXT])
{
    char where[CAUSE_TEXT - 128];
    text[0] = '\0';
    write_where(evidence, where, sizeof where);
    if (evidence->result_count > 0 && only_refused_failed(evidence))
        snprintf(text, CAUSE_TEXT, ": %s%.100s%s",
                 evidence->results[0].failed >= refused ? "" : "mostly ",
                 evidence->results[0].result_type, where);
    return text;
}

/* Those that enforce or DANE refused. */
static void tell_refused(struct advising *advising)
{
    struct met_totals refused = advising->evidence->refused;
    char sessions[COUNT_TEXT], days[SPAN_TEXT], cause[CAUSE_TEXT];
    if (refused.failed == 0)
        return;
    say(advising, &advising->advice->evidence,
        "%s %s refused %s%s%s. %s mail may have been late or lost.",
        counted(refused.failed, "session", sessions), refused.failed == 1 ? "was" : "were",
        span(refused.first_failed, refused.last_failed, days), since_refused(advising),
        write_cause(advising->evidence, refused.failed, cause),
        refused.failed == 1 ? "Its" : "Their");
}

/* Did sessions begin to be refused when the mode was changed? */
static void tell_change(struct advising *advising)
{
    enum { SOON = 2 /* days: senders keep an old policy for a while */ };
    const struct evidence *evidence = advising->evidence;
    struct met_totals refused = evidence->refused;
    char day[DAY_TEXT];
    if (refused.failed == 0 || !tls_mode_enforces(evidence->changed_mode) ||
        evidence->changed_day <= evidence->range.first ||
        refused.first_failed < evidence->changed_day ||
        refused.first_failed > evidence->changed_day + SOON)
        return;
    say(advising, &advising->advice->evidence, "That began with the change to %s on %s.",
        tls_mode_label(evidence->changed_mode), day_format(evidence->changed_day, day));
}

/* Was a step taken back that may not have been meant so? */
static void tell_way_back_to_testing(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    char day[DAY_TEXT];
    if (evidence->standing.testing_since < 0 ||
        tls_mode_sts(evidence->changed_mode) != STS_TESTING ||
        tls_mode_sts(evidence->changed_from) != STS_ENFORCE)
        return;
    say(advising, &advising->advice->evidence,
        "By reports enforce was given up for testing on %s%s.",
        day_format(evidence->changed_day, day),
        evidence->refused.last_failed < evidence->changed_day
            ? ": MTA-STS has refused nothing since"
            : "");
}

bool has_lost_dane(const struct evidence *evidence)
{
    return evidence->changed_day > evidence->today - EVIDENCE_DAYS &&
           tls_mode_has_dane(evidence->changed_from) &&
           !tls_mode_has_dane(evidence->changed_mode) &&
           !tls_mode_has_dane(evidence->standing.mode);
}

static void tell_lost_dane(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    char day[DAY_TEXT];
    if (has_lost_dane(evidence))
        say(advising, &advising->advice->evidence,
            "DANE is gone since %s, by reports: were the TLSA records taken out, or is the zone no "
            "longer signed?",
            day_format(evidence->changed_day, day));
}

/* Of senders that saw no policy. */
static void tell_unprotected(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    int64_t failed = evidence->met[MET_NO_POLICY].failed;
    char text[COUNT_TEXT];
    if (failed == 0)
        return;
    say(advising, &advising->advice->evidence,
        evidence->standing.sts_broken
            ? "%s failed of senders that got no policy: delivered, unless they keep an older one."
        : evidence->standing.undelivered > 0
            ? "%s failed of senders that saw no policy: not delivered where DNSSEC was broken, or "
              "the sender demands DANE."
            : "%s failed of senders that saw no policy: delivered, perhaps in the clear. One that "
              "minds a policy would have failed alike.",
        counted(failed, "session", text));
}

static void tell_failures(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *sentences = &advising->advice->evidence;
    char text[COUNT_TEXT], days[SPAN_TEXT];
    const struct met_totals *in_testing = &evidence->met[MET_STS];
    int64_t refused = evidence->refused.failed;
    int64_t unfetched = evidence->unfetched < evidence->failed - refused
                            ? evidence->unfetched
                            : evidence->failed - refused;
    int64_t testing = evidence->standing.testing_since >= 0 ? in_testing->failed : 0;
    if (testing > evidence->failed - refused - unfetched)
        testing = evidence->failed - refused - unfetched;
    int64_t other = evidence->failed - refused - unfetched - testing;
    tell_refused(advising);
    tell_change(advising);
    if (unfetched > 0)
        say(advising, sentences,
            "%s failed because the policy could not be had or read: nothing is refused by that, "
            "and senders go on by the policy that they keep.",
            counted(unfetched, "session", text));
    if (testing > 0)
        say(advising, sentences,
            "%s failed in testing %s: under enforce %s would have been refused.",
            counted(testing, "session", text),
            span(in_testing->first_failed, in_testing->last_failed, days),
            testing == 1 ? "it" : "they");
    if (other > 0)
        say(advising, sentences,
            "%s failed under a policy that refuses nothing, or whose text was not reported.",
            counted(other, "session", text));
    if (evidence->failed == 0 && evidence->sessions > 0 && evidence->standing.running == 0)
        say(advising, sentences, "%s",
            evidence->result_count == 0 || evidence->met[MET_NO_POLICY].failed > 0 ||
                    evidence->met[MET_UNREAD].failed > 0
                ? "None of these failed."
                : "None of these failed by the summaries, which leave out what the details name.");
    tell_unprotected(advising);
}

/* Until when the sender may keep the policy that it reports, if there is a newer one: it may
 * have looked just before that.  RFC 8461 section 3.3. */
static const char *kept_until(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sts_policy kept;
    char day[DAY_TEXT];
    sts_policy_read(evidence->dissenting_text, strlen(evidence->dissenting_text), &kept);
    if (kept.max_age < 0 || evidence->former_since <= evidence->dissenting_since ||
        strcmp(evidence->dissenting_text, evidence->former_text) == 0)
        return "";
    int until = evidence->former_since + (int)(kept.max_age / SECONDS_PER_DAY) + 1;
    day_format(until, day);
    return evidence->dissenting_day <= until
               ? text_of(advising, " It may keep that until about %s.", day)
               : text_of(advising,
                         " It could keep that until about %s only: is the id in the record a new "
                         "one, and can it fetch the policy?",
                         day);
}

/* A policy of before that a sender has kept, or another one that it finds. */
static void tell_dissent(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    char day[DAY_TEXT];
    if (evidence->dissenter[0] == '\0')
        return;
    day_format(evidence->dissenting_day, day);
    if (evidence->dissenting_mode == STS_UNREADABLE)
        say(advising, &advising->advice->evidence,
            "Not all see the policy: %s, which did before, finds none, up to %s. Does one of the "
            "name servers lack the _mta-sts record?",
            evidence->dissenter, day);
    else
        say(advising, &advising->advice->evidence,
            "Not all see the same policy: %s reports mode %s, up to %s (6 shows who sees which).%s",
            evidence->dissenter, sts_mode_name(evidence->dissenting_mode), day,
            kept_until(advising));
}

/* A report that anybody may have written is no reason to hold back, nor to feel safe. */
static void tell_unproven(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    char unproven[COUNT_TEXT], reports[COUNT_TEXT];
    if (evidence->unproven == 0)
        return;
    say(advising, &advising->advice->evidence,
        "%s of the newest %s with failures %s not signed by whom they say they come from: see who "
        "signed them (7, then x).",
        group_digits(evidence->unproven, unproven),
        counted(evidence->failing_reports, "report", reports),
        evidence->unproven == 1 ? "is" : "are");
}

static void tell_where(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *sentences = &advising->advice->evidence;
    char text[COUNT_TEXT];
    for (size_t i = 0; i < evidence->result_count; i++)
        say(advising, sentences, "%s: %s.", evidence->results[i].result_type,
            counted(evidence->results[i].failed, "failure", text));
    for (size_t i = 0; i < evidence->sender_count; i++) {
        const char *name = evidence->senders[i].host_name;
        const char *ip = evidence->senders[i].sending_mta_ip;
        const char *mx = evidence->senders[i].mx_hosts;
        say(advising, sentences, "%s%s%s%s%s to %s: %s (%s).", evidence->senders[i].organization,
            ip[0] != '\0' ? " from " : "", ip, name[0] != '\0' ? " " : "", name,
            mx[0] != '\0' ? mx : "an unnamed host",
            counted(evidence->senders[i].failed, "failure", text),
            evidence->senders[i].result_types);
    }
}

/* Until when senders may go on by the policy that was withdrawn. */
static void tell_what_is_kept(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sts_policy former;
    char day[DAY_TEXT];
    sts_policy_read(evidence->former_text, strlen(evidence->former_text), &former);
    if (former.mode != STS_ENFORCE || former.max_age <= 0)
        return;
    int until = evidence->withdrawn_last + (int)(former.max_age / SECONDS_PER_DAY) + 1;
    day_format(until, day);
    say(advising, &advising->advice->evidence,
        evidence->withdrawn_to_none
            ? "Senders that have not looked again may keep to the old enforce policy until its "
              "max_age ends, about %s%s."
            : "Senders keep to the old enforce policy until its max_age ends, about %s%s; only "
              "mode none would tell them to stop.",
        day, until < evidence->today ? ", which is over" : "");
}

static void tell_withdrawal(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    char day[DAY_TEXT], last[DAY_TEXT];
    if (evidence->withdrawn_since < 0)
        return;
    say(advising, &advising->advice->evidence,
        "MTA-STS %s: by reports it was %s up to %s, and %s since %s.",
        evidence->standing.sts_broken ? "cannot be had" : "was withdrawn",
        sts_mode_name(evidence->withdrawn), day_format(evidence->withdrawn_last, last),
        evidence->withdrawn_to_none ? "none" : "not there",
        day_format(evidence->withdrawn_since, day));
    if (evidence->withdrawn == STS_ENFORCE)
        tell_what_is_kept(advising);
}

static void tell_check(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *sentences = &advising->advice->evidence;
    char time[INSTANT_TEXT];
    if (evidence->checked == 0) {
        say(advising, sentences,
            "DNS and the policy host were not looked at in the last %d days: "
            "tlsrptop check %s does.",
            OBSERVATION_FRESH_DAYS, evidence->domain);
        return;
    }
    say(advising, sentences, "Checked at %s: mode %s, DNSSEC of the domain %s.",
        instant_format(evidence->checked, time),
        evidence->mode_is_live ? tls_mode_label(evidence->standing.mode) : "not to be told",
        evidence->dnssec[0] != '\0' ? evidence->dnssec : "unknown");
    if (evidence->tlsrpt_record[0] != '\0')
        say(advising, sentences, "Reports are asked for by: %s", evidence->tlsrpt_record);
}

void tell_evidence(struct advising *advising)
{
    tell_withdrawal(advising);
    tell_reports(advising);
    tell_lost_dane(advising);
    tell_way_back_to_testing(advising);
    tell_failures(advising);
    tell_unread(advising);
    tell_dissent(advising);
    tell_unproven(advising);
    tell_where(advising);
    tell_check(advising);
}
