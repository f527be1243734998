/* How to put right what has failed, the likeliest cause first. */
#include <stdio.h>
#include <string.h>

#include "advising.h"
#include "domain.h"
#include "sts_policy.h"

static void tell_remedy(struct advising *advising, const struct result_count *result,
                        const char *when)
{
    const struct result_type *type = result_type_under(result->result_type, result->policy_type);
    bool at = result->mx_host != NULL && result->mx_host[0] != '\0';
    say(advising, &advising->advice->to_do, "%s%s%s%s: %s", result->result_type,
        !at                                          ? ""
        : advising->evidence->failing_host_count > 1 ? ", mostly at "
                                                     : " at ",
        at ? result->mx_host : "", when,
        type != NULL ? type->action
                     : "RFC 8460 does not name it; look at the reason code and the additional "
                       "information of its failures.");
}

/* --- DANE --- */

static bool is_of_dane(const struct result_count *result)
{
    const struct result_type *type = result_type_find(result->result_type);
    return result->policy_type == POLICY_TLSA && type != NULL && type->group == GROUP_DANE;
}

/* Can it be that a key does not match its TLSA records? */
static bool is_of_a_key(const struct result_count *result)
{
    return result->policy_type == POLICY_TLSA &&
           (strcmp(result->result_type, "tlsa-invalid") == 0 ||
            strcmp(result->result_type, "validation-failure") == 0 ||
            strcmp(result->result_type, "certificate-not-trusted") == 0);
}

/* The record "3 1 1 0d6f..." at the end of LINE as RRDATA, nothing else in it; false
 * if there is none, for it goes into a command. */
static bool read_record(const char *line, size_t length, char *rrdata, size_t size)
{
    unsigned numbers[3];
    int begin = 0;
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)length, line);
    if (sscanf(text, "%1u %1u %1u %n", &numbers[0], &numbers[1], &numbers[2], &begin) != 3 ||
        begin == 0)
        return false;
    size_t digits = strspn(text + begin, "0123456789abcdefABCDEF");
    if (digits == 0 || text[(size_t)begin + digits] != '\0')
        return false;
    return (size_t)snprintf(rrdata, size, "%u %u %u %s", numbers[0], numbers[1], numbers[2],
                            text + begin) < size;
}

/* Every reported record as an option of openssl s_client. */
static void write_options(const char *records, char *options, size_t size)
{
    enum { RECORDS_MAX = 4 };
    char rrdata[160]; /* a digest of 512 bits, and not a whole certificate */
    size_t used = 0;
    options[0] = '\0';
    for (int count = 0; *records != '\0' && count < RECORDS_MAX;) {
        size_t length = strcspn(records, "\n");
        if (read_record(records, length, rrdata, sizeof rrdata)) {
            used +=
                (size_t)snprintf(options + used, size - used, " -dane_tlsa_rrdata \"%s\"", rrdata);
            count++;
        }
        records += length + (records[length] == '\n');
    }
    if (used == 0)
        snprintf(options, size, " -dane_tlsa_rrdata \"3 1 1 DIGEST\"");
}

static void tell_how_to_check_key(struct advising *advising, const char *mx_host)
{
    char options[1024];
    const char *mx = mx_host != NULL && domain_is_host(mx_host) ? mx_host : "MX";
    write_options(advising->evidence->tlsa_records, options, sizeof options);
    say(advising, &advising->advice->to_do,
        "Compare dig +short TLSA _25._tcp.%s with the present key: the command in the next line is "
        "to say \"Verification: OK\"%s.",
        mx, advising->evidence->failing_host_count > 1 ? ", and so for each MX host" : "");
    say(advising, &advising->advice->to_do,
        "openssl s_client -starttls smtp -connect %s:25 -dane_tlsa_domain %s%s </dev/null", mx, mx,
        options);
}

/* The same records, at first without failures: then it is the key that changed. */
static void tell_since_when(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    const struct met_totals *met = &evidence->met[MET_TLSA];
    char since[DAY_TEXT], failing[DAY_TEXT];
    if (evidence->tlsa_records[0] == '\0' || met->failed == 0 ||
        evidence->tlsa_since >= met->first_failed || evidence->tlsa_last < met->first_failed ||
        met->first_failed == evidence->range.first)
        return;
    say(advising, &advising->advice->to_do,
        "Reports show the same TLSA records since %s and failures under them only since %s: the "
        "key or certificate changed about then.",
        day_format(evidence->tlsa_since, since), day_format(met->first_failed, failing));
}

/* Tells of the key once, for all that it may be the cause of. */
static void tell_key(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    for (size_t i = 0; i < evidence->recent_count; i++) {
        if (!is_of_a_key(&evidence->recent[i]))
            continue;
        tell_how_to_check_key(advising, evidence->recent[i].mx_host);
        tell_since_when(advising);
        return;
    }
}

/* --- hosts that are none of the domain's --- */

/* Has the check found it among the MX hosts? */
static bool is_live(const struct evidence *evidence, const char *host)
{
    for (size_t i = 0; i < evidence->host_count; i++)
        if (evidence->hosts[i].live && strcmp(evidence->hosts[i].name, host) == 0)
            return true;
    return false;
}

bool fails_where_it_should(const struct evidence *evidence)
{
    struct sts_policy policy;
    sts_policy_read(evidence->policy_text, strlen(evidence->policy_text), &policy);
    bool kept = tls_mode_sts(evidence->standing.mode) == STS_ENFORCE &&
                evidence->standing.refused_sts > 0 && policy.mx_count > 0 &&
                evidence->failing_host_count > 0 &&
                evidence->failing_host_count <= EVIDENCE_FAILING_HOSTS;
    for (size_t i = 0; kept && i < evidence->failing_host_count; i++) {
        const char *name = evidence->failing_hosts[i].name;
        kept = name[0] != '\0' && !sts_policy_covers(&policy, name) && !is_live(evidence, name);
    }
    return kept;
}

void tell_kept_away(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    if (fails_where_it_should(evidence))
        say(advising, &advising->advice->to_do,
            "No mx line covers %s, where they failed. If dig +short MX %s does not list it, "
            "MTA-STS has kept mail from a stranger's host, and nothing is to be put right; if it "
            "does, add its line under a new id.",
            evidence->failing_hosts[0].name, evidence->domain);
}

/* --- all --- */

void tell_remedies(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    bool first = true;
    if (evidence->recent_count == 0 && evidence->standing.failed > 0)
        say(advising, &advising->advice->to_do,
            "No report tells why: see who reports failures (7, then x), and look at the MX hosts: "
            "tlsrptop check --mx %s.",
            evidence->domain);
    for (int of_dane = 1; of_dane >= 0; of_dane--) {
        for (size_t i = 0; i < evidence->recent_count; i++) {
            if (is_of_dane(&evidence->recent[i]) != (of_dane == 1))
                continue;
            tell_remedy(advising, &evidence->recent[i], "");
            if (first)
                tell_key(advising);
            first = false;
        }
    }
}

void tell_past_remedy(struct advising *advising)
{
    const struct evidence *evidence = advising->evidence;
    if (evidence->result_count == 0 || evidence->refused.failed == 0 ||
        !only_refused_failed(evidence))
        return;
    struct result_count past = evidence->results[0];
    if (evidence->refused.failed == evidence->met[MET_TLSA].failed)
        past.policy_type = POLICY_TLSA;
    bool over = is_reported_lately(advising) && !evidence->standing.tolerated;
    tell_remedy(advising, &past, over ? ", should it come back" : "");
}
