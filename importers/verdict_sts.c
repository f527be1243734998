#include <string.h>

#include "../db/day.h"
#include "../db/domain.h"
#include "../db/observation.h"
#include "../db/visible.h"
#include "txt_record.h"
#include "weigh.h"

static const char record_section[] = "RFC 8461 section 3.1";
static const char policy_section[] = "RFC 8461 section 3.2";
static const char fetch_section[] = "RFC 8461 section 3.3";

/* --- the record --- */

static enum txt_state weigh_record(struct verdict *verdict)
{
    static const struct txt_words words = {
        .name = "_mta-sts",
        .version = "STSv1",
        .example = "publish it as \"v=STSv1; id=1\", with a new id at every change",
        .section = record_section,
        .unknown = "sts-unknown",
        .bogus = "sts-bogus",
        .several = "sts-several",
        .invalid = "sts-record-version",
    };
    return weigh_txt(verdict, &verdict->findings->sts, &words);
}

static void weigh_id(struct verdict *verdict)
{
    struct sts_record record;
    const char *domain = verdict->findings->domain;
    sts_record_read(verdict->findings->sts.records[0], &record);
    verdict->sts_id = record.id.length > 0 ? quote(verdict, record.id) : NULL;
    if (record.id.length == 0) {
        verdict->sts = TXT_INVALID;
        problem(verdict, SEVERITY_ERROR, "sts-id", record_section,
                "the record at _mta-sts.%s has %s, so that senders see no policy", domain,
                record.problems & RECORD_NO_ID ? "no id"
                                               : "an id that is not 1 to 32 letters and digits");
        remedy(verdict, "give it one, such as id=20261124T1200");
    } else if (record.problems != 0) {
        problem(verdict, SEVERITY_WARNING, "sts-record-field", record_section,
                "the record at _mta-sts.%s has %s, for which some senders refuse it", domain,
                record.problems & RECORD_REPEATED ? "more than one id"
                                                  : "a field that is no proper name=value");
        remedy(verdict, "publish it as \"v=STSv1; id=%s\"", verdict->sts_id);
    }
}

/* --- fetching --- */

/* Why there is no policy, as the end of a sentence; NULL when there is one. */
static const char *describe_failure(struct verdict *verdict)
{
    const struct policy_fetch *fetch = &verdict->findings->fetch;
    const char *detail = quote_text(verdict, fetch->detail);
    switch (fetch->result) {
    case FETCH_NO_HOST:
        return "it has no address";
    case FETCH_CERTIFICATE:
        return put(verdict, "its certificate %s", detail);
    case FETCH_TLS:
        return put(verdict, "no TLS 1.2 or newer comes about (%s)", detail);
    case FETCH_REDIRECT:
        return put(verdict, "it redirects (status %ld) to %s, which senders must not follow",
                   fetch->status, detail[0] != '\0' ? detail : "nowhere");
    case FETCH_STATUS:
        return put(verdict, "it answers with status %ld", fetch->status);
    case FETCH_ENCODED:
        return "it sends the policy compressed, though nobody asked for that";
    case FETCH_TOO_LARGE:
        return put(verdict, "it sends more than %d KiB", STS_POLICY_MAX / 1024);
    case FETCH_UNAVAILABLE:
        return put(verdict, "it answers with status %ld for now", fetch->status);
    case FETCH_NO_ANSWER:
        return "DNS gives no answer about its address";
    case FETCH_REFUSED:
        return "it takes no connection";
    case FETCH_TIMEOUT:
        return "it does not answer in time";
    case FETCH_BROKEN:
        return put(verdict, "the connection came to nothing (%s)", detail);
    case FETCH_NONE:
    case FETCH_OK:
        break;
    }
    return NULL;
}

static const char *remedy_for_failure(enum fetch_result result)
{
    switch (result) {
    case FETCH_NO_HOST:
        return "publish an A or AAAA record for it, or remove the record at _mta-sts";
    case FETCH_CERTIFICATE:
        return "give it a certificate for that very name from an authority that all know";
    case FETCH_REDIRECT:
        return "serve the policy under that very address, with status 200";
    case FETCH_STATUS:
        return "put the policy at /.well-known/mta-sts.txt, with status 200";
    case FETCH_ENCODED:
        return "let the web server compress only what is asked for so";
    case FETCH_TOO_LARGE:
        return "use patterns such as \"mx: *.example.com\" in place of many names";
    default:
        return "see to it that the web server answers, and check again";
    }
}

static void complain_of_fetch(struct verdict *verdict, const char *failure)
{
    static const char *const codes[] = {
        [FETCH_NO_HOST] = "sts-host-missing",
        [FETCH_CERTIFICATE] = "sts-certificate",
        [FETCH_TLS] = "sts-tls",
        [FETCH_REDIRECT] = "sts-redirect",
        [FETCH_STATUS] = "sts-status",
        [FETCH_ENCODED] = "sts-encoded",
        [FETCH_TOO_LARGE] = "sts-too-large",
        [FETCH_UNAVAILABLE] = "sts-unavailable",
        [FETCH_NO_ANSWER] = "sts-host-unknown",
        [FETCH_REFUSED] = "sts-refused",
        [FETCH_TIMEOUT] = "sts-timeout",
        [FETCH_BROKEN] = "sts-broken",
    };
    enum fetch_result result = verdict->findings->fetch.result;
    bool temporary = fetch_is_temporary(result);
    problem(verdict, temporary ? SEVERITY_WARNING : SEVERITY_ERROR, codes[result], fetch_section,
            "the policy cannot be had from mta-sts.%s: %s", verdict->findings->domain, failure);
    remedy(verdict, "%s", remedy_for_failure(result));
}

/* --- the policy --- */

static void complain_of_policy(struct verdict *verdict)
{
    for (size_t i = 0; i < sts_fault_count; i++) {
        const struct sts_fault *fault = &sts_faults[i];
        bool fatal = (fault->problem & STS_FATAL) != 0;
        if (!(verdict->policy_read.problems & fault->problem))
            continue;
        problem(verdict, fatal ? SEVERITY_ERROR : SEVERITY_WARNING, fault->code, policy_section,
                "the policy of %s %s%s", verdict->findings->domain, fault->text,
                fatal ? ", so that senders take it for none" : "");
        remedy(verdict, "%s", fault->remedy);
    }
}

static void weigh_expiry(struct verdict *verdict)
{
    const struct policy_fetch *fetch = &verdict->findings->fetch;
    if (fetch->expires - verdict->settings->now >= (int64_t)EXPIRY_DAYS * SECONDS_PER_DAY)
        return;
    problem(verdict, SEVERITY_WARNING, "sts-certificate-expires", fetch_section,
            "the certificate of mta-sts.%s expires on %s, and from then on no sender gets the"
            " policy",
            verdict->findings->domain, on_day(verdict, fetch->expires));
    remedy(verdict, "renew it, and see why that has not happened by itself");
}

static void weigh_content_type(struct verdict *verdict)
{
    const char *type = verdict->findings->fetch.content_type;
    struct slice name = {type, strcspn(type, ";")};
    if (slice_is(slice_trim(name), "text/plain"))
        return;
    problem(verdict, SEVERITY_WARNING, "sts-content-type", policy_section,
            "the policy of %s comes as \"%s\", for which some senders refuse it",
            verdict->findings->domain, quote_text(verdict, type));
    remedy(verdict, "let the web server send it with Content-Type: text/plain");
}

/* The text as reports quote it: '\n' between the lines, nothing harmful in it. */
static const char *copy_policy(struct verdict *verdict, const struct policy_fetch *fetch)
{
    char *shown = arena_alloc(&verdict->arena, POLICY_TEXT_MAX);
    char *rest = arena_strndup(&verdict->arena, fetch->body.bytes, fetch->length);
    size_t used = 0;
    if (shown == NULL || rest == NULL) {
        verdict->memory_short = true;
        return "";
    }
    for (char *c = rest; c < rest + fetch->length; c++)
        *c = *c != '\0' ? *c : '?';
    while (*rest != '\0' && used + 1 < POLICY_TEXT_MAX) {
        char *line = strsep(&rest, "\n");
        size_t length = strlen(line);
        if (length > 0 && line[length - 1] == '\r')
            line[length - 1] = '\0';
        text_visible(line, shown + used, POLICY_TEXT_MAX - used - 1);
        used += strlen(shown + used);
        if (rest == NULL)
            break;
        shown[used++] = '\n';
    }
    while (used > 0 && (shown[used - 1] == '\n' || shown[used - 1] == ' '))
        used--;
    shown[used] = '\0';
    return shown;
}

static void weigh_policy(struct verdict *verdict)
{
    const struct policy_fetch *fetch = &verdict->findings->fetch;
    struct sts_policy *read = &verdict->policy_read;
    sts_policy_read(fetch->length > 0 ? fetch->body.bytes : "", fetch->length, read);
    complain_of_policy(verdict);
    weigh_content_type(verdict);
    weigh_expiry(verdict);
    if (read->problems & STS_FATAL) {
        verdict->sts = TXT_POLICY_FAILED;
        return;
    }
    verdict->policy = (struct policy_seen){
        .text = fetch->length > 0 ? copy_policy(verdict, fetch) : "",
        .id = verdict->sts_id,
        .mode = read->mode,
        .max_age = read->max_age,
        .since = verdict->settings->now,
        .seen = verdict->settings->now,
    };
    if (read->mode != STS_NONE && read->max_age < SECONDS_PER_DAY) {
        problem(verdict, SEVERITY_WARNING, "sts-short-max-age", policy_section,
                "senders forget the policy of %s after %lld s (max_age), so that whoever can hide"
                " it for so long can switch it off",
                verdict->findings->domain, (long long)read->max_age);
        remedy(verdict, "use weeks: max_age: 1209600 or more");
    }
}

/* --- MX hosts and patterns --- */

static void weigh_coverage(struct verdict *verdict)
{
    const struct sts_policy *policy = &verdict->policy_read;
    const struct findings *findings = verdict->findings;
    bool used[STS_MX_MAX] = {false};
    for (size_t i = 0; i < findings->mx_count; i++) {
        const char *host = findings->mx[i].host->name;
        bool covered = false;
        for (size_t j = 0; j < policy->mx_count; j++) {
            bool match = sts_policy_line_covers(policy, j, host);
            used[j] |= match;
            covered |= match;
        }
        verdict->hosts[i].covered = covered;
        if (covered || !findings->mx[i].host->is_host_name)
            continue;
        bool enforced = policy->mode == STS_ENFORCE;
        problem(verdict, enforced ? SEVERITY_ERROR : SEVERITY_WARNING, "sts-mx-not-covered",
                "RFC 8461 section 4.1",
                "the policy of %s%s does not name its MX host %s, so that"
                " senders %s deliver there",
                findings->domain, verdict->sts == TXT_FOUND ? "" : ", as senders keep it,", host,
                enforced ? "do not" : "would not");
        remedy(verdict, "add \"mx: %s\" to the policy, and change the id of the record", host);
    }
    for (size_t i = 0; i < policy->mx_count && findings->mx_count > 0; i++) {
        if (used[i])
            continue;
        struct slice pattern = {policy->mx[i].start, policy->mx[i].length};
        problem(verdict, SEVERITY_NOTE, "sts-mx-unused", "RFC 8461 section 4.1",
                "the policy of %s names %s, which is none of its MX hosts", findings->domain,
                quote(verdict, pattern));
        remedy(verdict, "remove the line if the host will not come back");
        break; /* the first will do */
    }
}

/* --- before and now --- */

static const char *canonical(struct verdict *verdict, const char *text)
{
    struct sts_policy policy;
    sts_policy_read(text, strlen(text), &policy);
    const char *says = sts_policy_canonical(&policy, &verdict->arena);
    verdict->memory_short |= says == NULL;
    return says != NULL ? says : "";
}

/* Do both say the same, however it is written? */
static bool say_the_same(struct verdict *verdict, const struct policy_seen *a,
                         const struct policy_seen *b)
{
    return strcmp(a->text, b->text) == 0 ||
           strcmp(canonical(verdict, a->text), canonical(verdict, b->text)) == 0;
}

static bool is_same(struct verdict *verdict, const struct policy_seen *a,
                    const struct policy_seen *b)
{
    return a->text != NULL && b->text != NULL && strcmp(a->id, b->id) == 0 &&
           say_the_same(verdict, a, b);
}

static int64_t forgotten_at(const struct policy_seen *policy)
{
    return policy->seen + policy->max_age;
}

static bool has_no_answer(const struct verdict *verdict)
{
    return verdict->sts == TXT_UNKNOWN || verdict->sts == TXT_BOGUS;
}

/* RFC 8461 section 5.1: where no policy can be had, senders go on with the one they have until
 * they forget it.  What gives no answer just now may have given one to them since our last
 * look, so that it is not lost before that is old. */
static void keep_policy(struct verdict *verdict)
{
    const struct policy_seen *policy = &verdict->known->policy;
    int64_t end = forgotten_at(policy);
    int64_t old = policy->seen + (int64_t)OBSERVATION_FRESH_DAYS * SECONDS_PER_DAY;
    if (has_no_answer(verdict) && end < old)
        end = old;
    if (policy->text == NULL || end <= verdict->settings->now)
        return;
    verdict->policy = *policy;
    sts_policy_read(policy->text, strlen(policy->text), &verdict->policy_read);
    if (policy->mode == STS_NONE || forgotten_at(policy) <= verdict->settings->now)
        return;
    problem(verdict, SEVERITY_NOTE, "sts-kept", "RFC 8461 section 5.1",
            "senders that know the policy of %s (mode %s) keep it until %s",
            verdict->findings->domain, sts_mode_name(policy->mode),
            on_day(verdict, forgotten_at(policy)));
    remedy(verdict, "let it be had again before that day; to end MTA-STS, publish one with"
                    " \"mode: none\"");
}

/* What senders may still have in their caches beside, or in place of, what is in
 * force now.  One that was gone in between is the same as before. */
static void find_previous(struct verdict *verdict)
{
    const struct known *known = verdict->known;
    bool unchanged = is_same(verdict, &known->policy, &verdict->policy);
    if (unchanged)
        verdict->policy.since = known->policy.since;
    bool replaced = known->policy.text != NULL && !unchanged &&
                    forgotten_at(&known->policy) > verdict->settings->now;
    verdict->previous = replaced ? known->policy : known->previous;
    struct policy_seen *previous = &verdict->previous;
    bool is_back = known->policy.text == NULL && is_same(verdict, previous, &verdict->policy);
    if (is_back)
        verdict->policy.since = previous->since;
    if (is_back || (previous->text != NULL && forgotten_at(previous) <= verdict->settings->now))
        previous->text = NULL;
}

static void weigh_change(struct verdict *verdict)
{
    const struct policy_seen *previous = &verdict->previous;
    const char *domain = verdict->findings->domain;
    if (previous->text == NULL)
        return;
    const char *until = on_day(verdict, forgotten_at(previous));
    if (verdict->sts == TXT_FOUND && strcmp(previous->id, verdict->policy.id) == 0 &&
        !say_the_same(verdict, previous, &verdict->policy)) {
        problem(verdict, SEVERITY_ERROR, "sts-id-unchanged", record_section,
                "the policy of %s has changed, but the id \"%s\" has not: senders keep the old one"
                " until %s",
                domain, previous->id, until);
        remedy(verdict, "give the record at _mta-sts.%s another id", domain);
    } else if (verdict->sts == TXT_ABSENT && previous->mode != STS_NONE) {
        problem(verdict, SEVERITY_WARNING, "sts-removed", "RFC 8461 section 8.3",
                "MTA-STS has gone from %s, but senders keep the old policy until %s", domain,
                until);
        remedy(verdict, "publish a policy with \"mode: none\" and another id until that day");
    }
}

/* --- the whole --- */

static void find_state(struct verdict *verdict)
{
    const struct known *known = verdict->known;
    bool no_answer = has_no_answer(verdict);
    bool keeps = verdict->policy.text != NULL || (no_answer && known->policy.text == NULL);
    verdict->sts_state = no_answer ? STS_UNSTATED : STS_STATE_ABSENT;
    if (verdict->sts == TXT_FOUND) {
        verdict->sts_state = (enum sts_state)(STS_STATE_NONE + (verdict->policy.mode - STS_NONE));
    } else if (keeps && known->sts != STS_UNSTATED) {
        verdict->sts_state = known->sts;
        verdict->sts_kept = true;
    }
}

void weigh_sts(struct verdict *verdict)
{
    const struct findings *findings = verdict->findings;
    verdict->sts = weigh_record(verdict);
    if (verdict->sts == TXT_FOUND)
        weigh_id(verdict);
    if (verdict->sts == TXT_FOUND) {
        const char *failure = describe_failure(verdict);
        if (failure != NULL)
            complain_of_fetch(verdict, failure);
        if (failure != NULL)
            verdict->sts =
                fetch_is_temporary(findings->fetch.result) ? TXT_UNKNOWN : TXT_POLICY_FAILED;
        else
            weigh_policy(verdict);
    }
    if (verdict->sts != TXT_FOUND && verdict->sts != TXT_ABSENT)
        keep_policy(verdict);
    if (verdict->policy.text != NULL && verdict->policy.mode != STS_NONE)
        weigh_coverage(verdict);
    find_previous(verdict);
    weigh_change(verdict);
    find_state(verdict);
}
