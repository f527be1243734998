#include "evidence.h"

#include <json-c/json.h>
#include <string.h>

#include "../db/day.h"
#include "../db/visible.h"
#include "dane.h"

enum {
    VALUE_MAX = 2048, /* bytes of one text */
    TLSA_TEXT = 600   /* of a record; a whole certificate is cut off */
};

static const char *const dnssec_names[] = {
    [DNSSEC_UNKNOWN] = "unknown",
    [DNSSEC_INSECURE] = "insecure",
    [DNSSEC_SECURE] = "secure",
    [DNSSEC_BOGUS] = "bogus",
    [DNSSEC_UNVERIFIABLE] = "unverifiable",
};
static const char *const mx_names[] = {
    [MX_FOUND] = "found",     [MX_IMPLICIT] = "implicit", [MX_NULL] = "null",
    [MX_MISSING] = "missing", [MX_NXDOMAIN] = "nxdomain", [MX_BOGUS] = "bogus",
    [MX_UNKNOWN] = "unknown",
};
static const char *const txt_names[] = {
    [TXT_FOUND] = "found",     [TXT_ABSENT] = "absent",        [TXT_SEVERAL] = "several",
    [TXT_INVALID] = "invalid", [TXT_POLICY_FAILED] = "failed", [TXT_BOGUS] = "bogus",
    [TXT_UNKNOWN] = "unknown",
};
static const char *const tlsa_names[] = {
    [TLSA_NONE] = "none",         [TLSA_USABLE] = "usable", [TLSA_UNUSABLE] = "unusable",
    [TLSA_INSECURE] = "insecure", [TLSA_BOGUS] = "bogus",   [TLSA_UNVERIFIABLE] = "unverifiable",
    [TLSA_UNKNOWN] = "unknown",
};
static const char *const coverage_names[] = {
    [COVERAGE_NONE] = "none",
    [COVERAGE_ALL] = "all",
    [COVERAGE_SOME] = "some",
    [COVERAGE_UNUSABLE] = "unusable",
    [COVERAGE_INSECURE_MX] = "insecure-mx",
    [COVERAGE_BOGUS] = "bogus",
    [COVERAGE_UNVERIFIABLE] = "unverifiable",
    [COVERAGE_UNKNOWN] = "unknown",
};
static const char *const fetch_names[] = {
    [FETCH_NONE] = "",
    [FETCH_OK] = "ok",
    [FETCH_NO_HOST] = "no-host",
    [FETCH_CERTIFICATE] = "certificate",
    [FETCH_TLS] = "tls",
    [FETCH_REDIRECT] = "redirect",
    [FETCH_STATUS] = "status",
    [FETCH_ENCODED] = "encoded",
    [FETCH_TOO_LARGE] = "too-large",
    [FETCH_UNAVAILABLE] = "unavailable",
    [FETCH_NO_ANSWER] = "no-answer",
    [FETCH_REFUSED] = "refused",
    [FETCH_TIMEOUT] = "timeout",
    [FETCH_BROKEN] = "broken",
};
static const char *const way_names[] = {
    [WAY_DONE] = "done", [WAY_OPEN] = "open", [WAY_CLOSED] = "closed", [WAY_UNKNOWN] = "unknown"};
static const char *const sts_mode_names[] = {[STS_UNREADABLE] = "",
                                             [STS_NONE] = "none",
                                             [STS_TESTING] = "testing",
                                             [STS_ENFORCE] = "enforce"};

/* --- values --- */

static void put(struct json_object *object, const char *key, struct json_object *value)
{
    json_object_object_add(object, key, value);
}

static struct json_object *new_text(const char *text)
{
    char visible[VALUE_MAX];
    text_visible(text, visible, sizeof visible);
    return json_object_new_string(visible);
}

static void put_text(struct json_object *object, const char *key, const char *text)
{
    put(object, key, new_text(text));
}

static void put_alias(struct json_object *object, const char *alias)
{
    if (alias[0] != '\0')
        put_text(object, "alias", alias);
}

static void put_number(struct json_object *object, const char *key, int64_t number)
{
    put(object, key, json_object_new_int64(number));
}

static void put_time(struct json_object *object, const char *key, int64_t instant)
{
    char text[INSTANT_TEXT];
    put(object, key, json_object_new_string(instant_format(instant, text)));
}

static struct json_object *new_texts(const char *const *texts, size_t count)
{
    struct json_object *array = json_object_new_array();
    for (size_t i = 0; i < count; i++)
        json_object_array_add(array, new_text(texts[i]));
    return array;
}

/* --- MX hosts --- */

static struct json_object *new_tlsa_record(const struct tlsa *record)
{
    char text[TLSA_TEXT];
    int used =
        snprintf(text, sizeof text, "%u %u %u ", record->usage, record->selector, record->matching);
    for (size_t i = 0; i < record->length && (size_t)used + 3 < sizeof text; i++)
        used += snprintf(text + used, 3, "%02x", record->data[i]);
    return json_object_new_string(text);
}

static struct json_object *new_tlsa(const struct host_verdict *weighed)
{
    const struct tlsa_look *look = weighed->tlsa_look;
    struct json_object *tlsa = json_object_new_object();
    put_text(tlsa, "state", tlsa_names[weighed->tlsa]);
    if (look->count == 0)
        return tlsa;
    struct json_object *records = json_object_new_array();
    for (size_t i = 0; i < look->count; i++)
        json_object_array_add(records, new_tlsa_record(&look->records[i]));
    put_text(tlsa, "base", look->name);
    put(tlsa, "records", records);
    return tlsa;
}

static const char *const tls_names[] = {
    [MX_TLS_NONE] = "",
    [MX_TLS_SEEN] = "seen",
    [MX_TLS_NOT_OFFERED] = "no-starttls",
    [MX_TLS_NOT_NOW] = "no-smtp",
    [MX_TLS_FAILED] = "failed",
    [MX_TLS_NO_SMTP] = "no-smtp",
    [MX_TLS_UNREACHED] = "unreached",
};

static struct json_object *new_certificate(const struct host_verdict *weighed,
                                           const struct mx_host *host)
{
    static const char *const dane_names[] = {
        [DANE_MISMATCH] = "mismatch",
        [DANE_WRONG_NAME] = "wrong-name",
        [DANE_INVALID] = "invalid",
        [DANE_MATCH] = "match",
    };
    struct json_object *certificate = json_object_new_object();
    put_text(certificate, "state", tls_names[host->tls.result]);
    if (!weighed->certificate_seen)
        return certificate;
    put_text(certificate, "subject", weighed->facts.subject);
    put_text(certificate, "issuer", weighed->facts.issuer);
    put_text(certificate, "names", weighed->facts.names);
    put_time(certificate, "expires", weighed->facts.expires);
    put_text(certificate, "webpki", weighed->web_fault[0] == '\0' ? "valid" : weighed->web_fault);
    put_text(certificate, "dane",
             weighed->tlsa == TLSA_USABLE ? dane_names[weighed->dane] : "none");
    return certificate;
}

static struct json_object *new_host(const struct verdict *verdict, size_t i)
{
    const struct mx_record *record = &verdict->findings->mx[i];
    const struct mx_host *host = record->host;
    const struct host_verdict *weighed = &verdict->hosts[i];
    struct json_object *object = json_object_new_object();
    put_text(object, "name", host->name);
    put_number(object, "preference", record->preference);
    if (!host->is_host_name)
        return object;
    put_alias(object, addresses_alias(&host->addresses));
    put(object, "addresses", new_texts(host->addresses.list, host->addresses.count));
    put_text(object, "dnssec", dnssec_names[weighed->dnssec]);
    put(object, "tlsa", new_tlsa(weighed));
    if (verdict->policy.text != NULL && verdict->policy.mode != STS_NONE)
        put(object, "covered", json_object_new_boolean(weighed->covered));
    if (host->tls.result != MX_TLS_NONE && !verdict->settings->smtp_closed)
        put(object, "certificate", new_certificate(weighed, host));
    return object;
}

static struct json_object *new_mx(const struct verdict *verdict)
{
    struct json_object *mx = json_object_new_object();
    struct json_object *hosts = json_object_new_array();
    put_text(mx, "state", mx_names[verdict->mx]);
    put_alias(mx, verdict->findings->mx_look.alias);
    for (size_t i = 0; i < verdict->findings->mx_count; i++)
        json_object_array_add(hosts, new_host(verdict, i));
    put(mx, "hosts", hosts);
    return mx;
}

/* --- TXT records and the policy --- */

static struct json_object *new_records(const struct txt_look *look)
{
    struct json_object *records = json_object_new_array();
    for (size_t i = 0; i < look->count && i < TXT_RECORDS_MAX; i++) {
        char text[VALUE_MAX];
        size_t length = look->records[i].length;
        length = length < sizeof text ? length : sizeof text - 1;
        memcpy(text, look->records[i].start, length);
        text[length] = '\0';
        json_object_array_add(records, new_text(text));
    }
    return records;
}

static struct json_object *new_tlsrpt(const struct verdict *verdict)
{
    const struct txt_look *look = &verdict->findings->tlsrpt;
    struct json_object *tlsrpt = json_object_new_object();
    put_text(tlsrpt, "state", txt_names[verdict->tlsrpt]);
    put_alias(tlsrpt, look->look.alias);
    if (look->count > 0)
        put(tlsrpt, "records", new_records(look));
    if (verdict->rua_count > 0)
        put(tlsrpt, "rua", new_texts(verdict->rua, verdict->rua_count));
    return tlsrpt;
}

static struct json_object *new_fetch(const struct policy_fetch *fetch)
{
    struct json_object *object = json_object_new_object();
    put_text(object, "result", fetch_names[fetch->result]);
    if (fetch->status != 0)
        put_number(object, "status", fetch->status);
    if (fetch->content_type[0] != '\0')
        put_text(object, "content_type", fetch->content_type);
    if (fetch->result == FETCH_OK)
        put_time(object, "expires", fetch->expires);
    return object;
}

/* The mx lines of a policy's text, which is our own copy. */
static struct json_object *new_patterns(const char *text)
{
    static struct sts_policy policy;
    struct json_object *patterns = json_object_new_array();
    sts_policy_read(text, strlen(text), &policy);
    for (size_t i = 0; i < policy.mx_count; i++)
        json_object_array_add(
            patterns, json_object_new_string_len(policy.mx[i].start, (int)policy.mx[i].length));
    return patterns;
}

static struct json_object *new_policy(const struct policy_seen *policy)
{
    struct json_object *object = json_object_new_object();
    put(object, "text", json_object_new_string(policy->text));
    put_text(object, "id", policy->id);
    put_text(object, "mode", sts_mode_names[policy->mode]);
    put_number(object, "max_age", policy->max_age);
    return object;
}

static struct json_object *new_sts(const struct verdict *verdict)
{
    const struct txt_look *look = &verdict->findings->sts;
    const struct policy_seen *policy = &verdict->policy, *previous = &verdict->previous;
    struct json_object *sts = json_object_new_object();
    put_text(sts, "state", txt_names[verdict->sts]);
    put_alias(sts, look->look.alias);
    if (look->count > 0)
        put(sts, "records", new_records(look));
    if (verdict->sts_id != NULL)
        put_text(sts, "id", verdict->sts_id);
    if (verdict->findings->fetch.result != FETCH_NONE)
        put(sts, "fetch", new_fetch(&verdict->findings->fetch));
    if (policy->text != NULL) {
        struct json_object *object = new_policy(policy);
        put(object, "mx", new_patterns(policy->text));
        put_time(object, "since", policy->since);
        if (policy->seen != verdict->settings->now)
            put_time(object, "seen", policy->seen);
        put(sts, "policy", object);
    }
    if (previous->text != NULL) {
        struct json_object *object = new_policy(previous);
        put_time(object, "since", previous->since);
        put_time(object, "seen", previous->seen);
        put_time(object, "until", previous->seen + previous->max_age);
        put(sts, "previous", object);
    }
    return sts;
}

/* --- what follows from it --- */

static struct json_object *new_dane(const struct verdict *verdict)
{
    struct json_object *dane = json_object_new_object();
    put_text(dane, "state", coverage_names[verdict->coverage]);
    put_number(dane, "hosts", (int64_t)verdict->dane_hosts);
    put_number(dane, "of", (int64_t)verdict->dane_of);
    return dane;
}

static struct json_object *new_kept(const struct verdict *verdict)
{
    struct json_object *kept = json_object_new_object();
    if (verdict->dane_kept)
        put_time(kept, "dane", verdict->known->dane_seen);
    if (verdict->sts_kept)
        put_time(kept, "sts", verdict->known->sts_seen);
    return kept;
}

static struct json_object *new_way(const struct way *way)
{
    struct json_object *object = json_object_new_object();
    put_text(object, "state", way_names[way->state]);
    put(object, "needs", new_texts(way->needs, way->count));
    return object;
}

struct json_object *evidence_new(const struct verdict *verdict)
{
    struct json_object *evidence = json_object_new_object();
    struct json_object *ways = json_object_new_object();
    if (evidence == NULL || ways == NULL)
        return NULL;
    put_text(evidence, "dnssec", dnssec_names[verdict->findings->mx_look.dnssec]);
    put(evidence, "mx", new_mx(verdict));
    put(evidence, "tlsrpt", new_tlsrpt(verdict));
    put(evidence, "sts", new_sts(verdict));
    put(evidence, "dane", new_dane(verdict));
    if (verdict->dane_kept || verdict->sts_kept)
        put(evidence, "kept", new_kept(verdict));
    put(ways, "dane", new_way(&verdict->dane_way));
    put(ways, "sts", new_way(&verdict->sts_way));
    put(evidence, "ways", ways);
    return evidence;
}

struct json_object *problems_new(const struct verdict *verdict)
{
    struct json_object *problems = json_object_new_array();
    for (size_t i = 0; problems != NULL && i < verdict->problem_count; i++) {
        const struct problem *problem = &verdict->problems[i];
        struct json_object *object = json_object_new_object();
        put_text(object, "severity", severity_name(problem->severity));
        put_text(object, "code", problem->code);
        put_text(object, "text", problem->text);
        put_text(object, "remedy", problem->remedy);
        put_text(object, "reference", problem->reference);
        json_object_array_add(problems, object);
    }
    return problems;
}

const char *json_line(struct json_object *object)
{
    return json_object_to_json_string_ext(object,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* --- what was known --- */

/* What stands in OBJECT under the keys of PATH, ended by NULL; NULL when nothing. */
static struct json_object *find(struct json_object *object, const char *const *path)
{
    for (; *path != NULL; path++) {
        if (!json_object_object_get_ex(object, *path, &object))
            return NULL;
    }
    return object;
}

static const char *find_text(struct json_object *object, const char *const *path)
{
    const char *text = json_object_get_string(find(object, path));
    return text != NULL ? text : "";
}

/* The time there, but none after LATEST, which it is if there is none. */
static int64_t find_time(struct json_object *object, const char *const *path, int64_t latest)
{
    int64_t instant;
    bool found = instant_parse(find_text(object, path), &instant) == 0;
    return found && instant < latest ? instant : latest;
}

#define AT(...) ((const char *const[]){__VA_ARGS__, NULL})

static enum sts_mode find_sts_mode(const char *name)
{
    for (size_t i = STS_NONE; i <= STS_ENFORCE; i++) {
        if (strcmp(name, sts_mode_names[i]) == 0)
            return (enum sts_mode)i;
    }
    return STS_UNREADABLE;
}

static void read_policy(struct policy_seen *policy, struct arena *arena, struct json_object *object,
                        int64_t seen)
{
    enum sts_mode mode = find_sts_mode(find_text(object, AT("mode")));
    if (object == NULL || mode == STS_UNREADABLE)
        return;
    policy->text = arena_strdup(arena, find_text(object, AT("text")));
    policy->id = arena_strdup(arena, find_text(object, AT("id")));
    policy->mode = mode;
    policy->max_age = json_object_get_int64(find(object, AT("max_age")));
    policy->seen = find_time(object, AT("seen"), seen);
    policy->since = find_time(object, AT("since"), policy->seen);
    if (policy->id == NULL || policy->max_age < 0 || policy->max_age > STS_MAX_AGE_MAX)
        policy->text = NULL;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0)
            return true;
    }
    return false;
}

/* The mode says what holds; that a mechanism is absent only the evidence can. */
static void read_states(struct known *known, struct json_object *evidence, enum tls_mode mode)
{
    const char *dane = find_text(evidence, AT("dane", "state"));
    const char *sts = find_text(evidence, AT("sts", "state"));
    bool dane_kept = find(evidence, AT("kept", "dane")) != NULL;
    bool sts_kept = find(evidence, AT("kept", "sts")) != NULL;
    if (mode >= MODE_DANE)
        known->dane = DANE_PRESENT;
    else if (dane_kept || is_one_of(dane, AT("none", "some", "unusable", "insecure-mx")))
        known->dane = DANE_ABSENT;
    if (tls_mode_sts(mode) == STS_TESTING)
        known->sts = STS_STATE_TESTING;
    else if (tls_mode_sts(mode) == STS_ENFORCE)
        known->sts = STS_STATE_ENFORCE;
    else if (strcmp(find_text(evidence, AT("sts", "policy", "mode")), "none") == 0)
        known->sts = STS_STATE_NONE;
    else if (sts_kept || is_one_of(sts, AT("absent", "several", "invalid", "failed")))
        known->sts = STS_STATE_ABSENT;
}

void known_read(struct known *known, struct arena *arena, const struct observation *observation)
{
    int64_t seen = observation->last_time;
    struct json_object *evidence = json_tokener_parse(observation->evidence);
    *known = (struct known){.dane_seen = seen, .sts_seen = seen};
    read_states(known, evidence, observation->mode);
    known->dane_seen = find_time(evidence, AT("kept", "dane"), seen);
    known->sts_seen = find_time(evidence, AT("kept", "sts"), seen);
    read_policy(&known->policy, arena, find(evidence, AT("sts", "policy")), seen);
    read_policy(&known->previous, arena, find(evidence, AT("sts", "previous")), seen);
    json_object_put(evidence);
}
