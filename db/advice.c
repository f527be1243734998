#include "advice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "observation.h"
#include "publication.h"

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
    return standing->mode == MODE_STS_TESTING || standing->mode == MODE_DANE_STS_TESTING;
}

static enum next_step next_in_testing(const struct standing *standing,
                                      const struct advice_settings *settings)
{
    if (standing->testing_days < settings->testing_days)
        return NEXT_KEEP_TESTING;
    if (standing->sessions == 0 || standing->reporters < settings->reporters)
        return NEXT_MORE_REPORTS;
    return NEXT_ENFORCE;
}

enum next_step advice_next(const struct standing *standing, const struct advice_settings *settings)
{
    if (standing->failed > 0)
        return NEXT_FIX_FAILURES;
    if (standing->name_missing)
        return NEXT_FIND_NAME;
    if (standing->tlsrpt_missed || (!standing->reported && !standing->tlsrpt_seen))
        return NEXT_PUBLISH_TLSRPT;
    if (!standing->reported)
        return NEXT_WAIT;
    if (standing->problems > 0)
        return NEXT_FIX_PROBLEMS;
    if (in_testing(standing))
        return next_in_testing(standing, settings);
    return tls_mode_enforces(standing->mode) ? NEXT_NOTHING : NEXT_START_TESTING;
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

/* --- words --- */

enum { COUNT_TEXT = 64 };

/* "1 failure", "12,345 failures"; from a million on "1.2M failures". */
static const char *counted(int64_t count, const char *what, char text[static COUNT_TEXT])
{
    const char *plural = count == 1 ? "" : "s";
    if (count < 1000)
        snprintf(text, COUNT_TEXT, "%d %s%s", (int)count, what, plural);
    else if (count < 1000000)
        snprintf(text, COUNT_TEXT, "%d,%03d %s%s", (int)(count / 1000), (int)(count % 1000), what,
                 plural);
    else
        snprintf(text, COUNT_TEXT, "%" PRId64 ".%dM %s%s", count / 1000000,
                 (int)(count / 100000 % 10), what, plural);
    return text;
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
    case NEXT_FIX_PROBLEMS:
        snprintf(label, ADVICE_LABEL, "fix %s", counted(standing->problems, "problem", text));
        break;
    case NEXT_FIX_FAILURES:
        snprintf(label, ADVICE_LABEL, "fix %s", counted(standing->failed, "failure", text));
        break;
    case NEXT_FIND_NAME:
        snprintf(label, ADVICE_LABEL, "not found in DNS");
        break;
    case NEXT_START_TESTING:
        snprintf(label, ADVICE_LABEL, "start testing");
        break;
    case NEXT_MORE_REPORTS:
        snprintf(label, ADVICE_LABEL, "not enough reports");
        break;
    case NEXT_KEEP_TESTING:
        snprintf(label, ADVICE_LABEL, "testing: %d/%d days", standing->testing_days,
                 settings->testing_days);
        break;
    case NEXT_ENFORCE:
        snprintf(label, ADVICE_LABEL, "ready for enforce");
        break;
    case NEXT_NOTHING:
        snprintf(label, ADVICE_LABEL,
                 standing->mode == MODE_DANE ? "protected by DANE" : "enforced");
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
        .quiet_days = (int)config_number(config, "advice", NULL, "quiet-days"),
        .rua = strchr(user, '@') != NULL ? user : "",
    };
}

/* --- what was counted --- */

static void tell_reports(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *sentences = &advising->advice->evidence;
    char sessions[COUNT_TEXT], reporters[COUNT_TEXT], first[DAY_TEXT], last[DAY_TEXT];
    if (evidence->last_day < 0) {
        say(advising, sentences, "No report on the domain has come yet.");
        return;
    }
    day_format(evidence->first_day, first);
    day_format(evidence->last_day, last);
    say(advising, sentences, "Reports have come from %s to %s.", first, last);
    counted(evidence->sessions, "session", sessions);
    counted(evidence->reporters, "reporter", reporters);
    day_format(evidence->range.first, first);
    if (evidence->standing.testing_since >= 0)
        say(advising, sentences,
            "MTA-STS testing since %s, %d days: reports by %s, %s under a policy.", first,
            evidence->standing.testing_days, reporters, sessions);
    else
        say(advising, sentences, "Since %s: reports by %s, %s under a policy.", first, reporters,
            sessions);
}

/* What has failed, and what that did to the mail. */
static void tell_failures(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *sentences = &advising->advice->evidence;
    char failed[COUNT_TEXT];
    counted(evidence->failed, "session", failed);
    if (evidence->failed > 0 && evidence->standing.testing_since >= 0)
        say(advising, sentences,
            "Of these %s failed: under enforce that mail would not have been "
            "delivered.",
            failed);
    else if (evidence->failed > 0)
        say(advising, sentences,
            tls_mode_enforces(evidence->standing.mode)
                ? "Of these %s failed: that mail was late, or is lost."
                : "Of these %s failed.",
            failed);
    else if (evidence->sessions > 0)
        say(advising, sentences, "None of these failed.");
    for (size_t i = 0; i < evidence->result_count; i++)
        say(advising, sentences, "%s: %s.", evidence->results[i].result_type,
            counted(evidence->results[i].failed, "failure", failed));
    for (size_t i = 0; i < evidence->sender_count; i++) {
        const char *name = evidence->senders[i].host_name;
        const char *ip = evidence->senders[i].sending_mta_ip;
        const char *mx = evidence->senders[i].mx_hosts;
        say(advising, sentences, "%s%s%s%s%s to %s: %s (%s).", evidence->senders[i].organization,
            ip[0] != '\0' ? " from " : "", ip, name[0] != '\0' ? " " : "", name,
            mx[0] != '\0' ? mx : "an unnamed host",
            counted(evidence->senders[i].failed, "failure", failed),
            evidence->senders[i].result_types);
    }
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
        instant_format(evidence->checked, time), tls_mode_label(evidence->standing.mode),
        evidence->dnssec[0] != '\0' ? evidence->dnssec : "unknown");
    if (evidence->tlsrpt_record[0] != '\0')
        say(advising, sentences, "Reports are asked for by: %s", evidence->tlsrpt_record);
}

/* --- what holds it back --- */

/* Are there reports of the last days, which an absence in DNS contradicts? */
static bool is_reported_lately(const struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    return evidence->last_day > evidence->today - advising->settings->quiet_days;
}

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

static void tell_what_holds_back(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    const struct standing *standing = &evidence->standing;
    const struct advice_settings *settings = advising->settings;
    struct sentences *sentences = &advising->advice->held_back;
    char failed[COUNT_TEXT];
    if (standing->name_missing)
        tell_missing_name(advising);
    else if (standing->tlsrpt_missed)
        say(advising, sentences, "There is no TLS-RPT record at _smtp._tls.%s.", evidence->domain);
    if (standing->failed > 0)
        say(advising, sentences, "%s in the last %d days; 0 are asked for.",
            counted(standing->failed, "failure", failed), settings->quiet_days);
    for (size_t i = 0; i < evidence->problem_count; i++)
        say(advising, sentences, "%s", evidence->problems[i].text);
    if (!in_testing(standing))
        return;
    if (standing->testing_days < settings->testing_days)
        say(advising, sentences, "Testing has run for %d of %d days.", standing->testing_days,
            settings->testing_days);
    if (standing->sessions == 0)
        say(advising, sentences,
            "No session under a policy was reported in the last %d days: not "
            "enough reports to tell.",
            settings->quiet_days);
    if (standing->reporters < settings->reporters)
        say(advising, sentences,
            "%" PRId64 " of %d reporters has reported in the last %d days: "
            "not enough reports to tell.",
            standing->reporters, settings->reporters, settings->testing_days);
}

/* --- what to do --- */

static void tell_remedies(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *to_do = &advising->advice->to_do;
    for (size_t i = 0; i < evidence->recent_count; i++) {
        const char *name = evidence->recent[i].result_type;
        const struct result_type *type = result_type_find(name);
        say(advising, to_do, "%s: %s", name,
            type != NULL ? type->action
                         : "RFC 8460 does not name it; look at the reason code and the additional "
                           "information of its failures.");
    }
}

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
    for (size_t i = 0; i < way->need_count; i++)
        say(advising, ways, "%s", way->needs[i]);
}

static void tell_ways(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *ways = &advising->advice->ways;
    if (evidence->checked == 0) {
        say(advising, ways, "A look at DNS tells which is open: tlsrptop check %s",
            evidence->domain);
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

/* The policy that is to be published next, or has to be put right. */
static void advise_policy(struct advising *advising)
{
    const struct standing *standing = &advising->evidence->standing;
    bool enforced = standing->mode == MODE_STS_ENFORCE || standing->mode == MODE_DANE_STS_ENFORCE;
    if (enforced || advising->advice->next == NEXT_ENFORCE)
        publish_policy(advising, STS_ENFORCE);
    else if (in_testing(standing) || advising->advice->next == NEXT_START_TESTING)
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
        tell_remedies(advising);
        break;
    case NEXT_FIND_NAME:
        tell_where_to_look(advising);
        return;
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
            "Set the policy to enforce, and raise max_age step by step to some "
            "weeks once all is quiet.");
        break;
    case NEXT_NOTHING:
        say(advising, to_do, "Go on watching: certificates expire, and MX hosts change.");
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

static const char *summarise(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    const struct standing *standing = &evidence->standing;
    char text[COUNT_TEXT];
    switch (advising->advice->next) {
    case NEXT_PUBLISH_TLSRPT:
        return is_reported_lately(advising)
                   ? "There is no TLS-RPT record any more: reports still come, and will end."
                   : "Nobody is asked for reports yet: that comes first.";
    case NEXT_WAIT:
        return "Reports are asked for, and none has come yet.";
    case NEXT_FIX_FAILURES:
        return text_of(advising,
                       in_testing(standing) ? "Not safe to enforce: %s in the last %d days."
                       : tls_mode_enforces(standing->mode)
                           ? "Mail is being refused: %s in the last %d days."
                           : "Not safe to go on: %s in the last %d days.",
                       counted(standing->failed, "failure", text), advising->settings->quiet_days);
    case NEXT_FIX_PROBLEMS:
        return text_of(advising, "Not safe to go on: the check found %s.",
                       counted(standing->problems, "problem", text));
    case NEXT_FIND_NAME:
        return text_of(advising,
                       is_reported_lately(advising)
                           ? "The resolver does not know %s, and yet reports come: split horizon, "
                             "or the delegation?"
                           : "The resolver does not know %s.",
                       evidence->domain);
    case NEXT_START_TESTING:
        return "Safe to start MTA-STS testing, which changes no delivery.";
    case NEXT_MORE_REPORTS:
        return "Not enough reports to tell whether enforce is safe.";
    case NEXT_KEEP_TESTING:
        return text_of(advising, "Too early to tell: testing has run for %d of %d days.",
                       standing->testing_days, advising->settings->testing_days);
    case NEXT_ENFORCE:
        return text_of(advising,
                       "Safe to enforce, as far as reports tell: %d days of testing, %s, no "
                       "failure in the last %d days.",
                       standing->testing_days, counted(evidence->reporters, "reporter", text),
                       advising->settings->quiet_days);
    case NEXT_NOTHING:
        break;
    }
    return standing->mode == MODE_DANE
               ? "Protected by DANE against every sender that checks it."
               : "Enforced: senders that look at the policy deliver with valid TLS or not at all.";
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
    tell_reports(&advising);
    tell_failures(&advising);
    tell_check(&advising);
    tell_what_holds_back(&advising);
    tell_what_to_do(&advising);
    tell_ways(&advising);
    return advising.out_of_memory ? -1 : 0;
}
