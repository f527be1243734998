#include "check_output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../db/day.h"
#include "../db/observation.h"
#include "../db/visible.h"

enum { LINE_TEXT = 4096 };

/* Lines are made fit for a terminal here, wherever their words come from. */
__attribute__((format(printf, 2, 3))) static void line(FILE *out, const char *format, ...)
{
    char text[LINE_TEXT], visible[LINE_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_visible(text, visible, sizeof visible);
    fprintf(out, "%s\n", visible);
}

/* --- the head --- */

static const char *describe_dane(const struct verdict *verdict, char text[static 64])
{
    switch (verdict->coverage) {
    case COVERAGE_SOME:
        snprintf(text, 64, ", DANE on %zu of %zu MX hosts", verdict->dane_hosts, verdict->dane_of);
        return text;
    case COVERAGE_UNUSABLE:
        return ", TLSA records present but unusable";
    case COVERAGE_INSECURE_MX:
        return ", TLSA records but no DNSSEC of the domain";
    case COVERAGE_BOGUS:
        return ", DNSSEC bogus";
    case COVERAGE_UNVERIFIABLE:
        return ", DNSSEC not verifiable here";
    case COVERAGE_NONE:
    case COVERAGE_ALL:
    case COVERAGE_UNKNOWN:
        break;
    }
    return "";
}

static const char *describe_kept(const struct verdict *verdict, char text[static 64])
{
    char day[DAY_TEXT];
    int64_t since = verdict->settings->now;
    if (verdict->dane_kept)
        since = verdict->known->dane_seen;
    if (verdict->sts_kept && verdict->known->sts_seen < since)
        since = verdict->known->sts_seen;
    text[0] = '\0';
    if (verdict->dane_kept || verdict->sts_kept)
        snprintf(text, 64, " (as last seen on %s)", day_format(day_of(since), day));
    return text;
}

static void write_head(FILE *out, const struct verdict *verdict)
{
    char shown[DOMAIN_TEXT * 4], dane[64], kept[64];
    domain_display(verdict->findings->domain, shown, sizeof shown);
    if (verdict->mx == MX_NULL)
        line(out, "%s: accepts no mail (null MX)", shown);
    else
        line(out, "%s: %s%s%s", shown, tls_mode_label(verdict->mode), describe_kept(verdict, kept),
             describe_dane(verdict, dane));
}

/* --- what was found --- */

static const char *name_dnssec(enum dnssec dnssec)
{
    static const char *const names[] = {
        [DNSSEC_UNKNOWN] = "DNSSEC unknown",
        [DNSSEC_INSECURE] = "not signed",
        [DNSSEC_SECURE] = "signed",
        [DNSSEC_BOGUS] = "DNSSEC bogus",
        [DNSSEC_UNVERIFIABLE] = "DNSSEC not verifiable here",
    };
    return names[dnssec];
}

static const char *name_tlsa(enum tlsa_state state)
{
    static const char *const names[] = {
        [TLSA_NONE] = "no TLSA",           [TLSA_USABLE] = "TLSA",
        [TLSA_UNUSABLE] = "TLSA unusable", [TLSA_INSECURE] = "TLSA not signed",
        [TLSA_BOGUS] = "TLSA bogus",       [TLSA_UNVERIFIABLE] = "TLSA not verifiable here",
        [TLSA_UNKNOWN] = "TLSA unknown",
    };
    return names[state];
}

static const char *describe_certificate(const struct host_verdict *weighed,
                                        char text[static 2 * CHAIN_TEXT])
{
    char day[DAY_TEXT];
    if (!weighed->certificate_seen)
        return "";
    snprintf(text, 2 * CHAIN_TEXT, ", certificate until %s, %s%s%s%s",
             day_format(day_of(weighed->facts.expires), day),
             weighed->web_fault[0] == '\0' ? "valid for the web" : "which ", weighed->web_fault,
             weighed->tlsa != TLSA_USABLE ? "" : ", for DANE ",
             weighed->tlsa != TLSA_USABLE  ? ""
             : weighed->dane == DANE_MATCH ? "valid"
                                           : "not valid");
    return text;
}

static void write_hosts(FILE *out, const struct verdict *verdict)
{
    const struct findings *findings = verdict->findings;
    for (size_t i = 0; i < findings->mx_count; i++) {
        char addresses[512] = "", certificate[2 * CHAIN_TEXT];
        const struct mx_host *host = findings->mx[i].host;
        const struct host_verdict *weighed = &verdict->hosts[i];
        size_t used = 0;
        for (size_t j = 0; j < host->addresses.count && used < sizeof addresses; j++)
            used += (size_t)snprintf(addresses + used, sizeof addresses - used, " %s",
                                     host->addresses.list[j]);
        line(out, "  MX %u %s%s: %s, %s%s%s", findings->mx[i].preference, host->name, addresses,
             name_dnssec(weighed->dnssec), name_tlsa(weighed->tlsa),
             verdict->policy.text == NULL || verdict->policy.mode == STS_NONE ? ""
             : weighed->covered ? ", named by the policy"
                                : ", not named by the policy",
             describe_certificate(weighed, certificate));
    }
}

static void write_policy(FILE *out, const char *what, const struct policy_seen *policy)
{
    char day[DAY_TEXT];
    if (policy->text == NULL)
        return;
    line(out, "  %s, id %s, since %s:", what, policy->id, day_format(day_of(policy->since), day));
    for (const char *text = policy->text; *text != '\0';) {
        size_t length = strcspn(text, "\n");
        line(out, "    %.*s", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void write_findings(FILE *out, const struct verdict *verdict)
{
    line(out, "  zone: %s", name_dnssec(verdict->findings->mx_look.dnssec));
    write_hosts(out, verdict);
    for (size_t i = 0; i < verdict->rua_count; i++)
        line(out, "  reports go to %s", verdict->rua[i]);
    write_policy(out, verdict->sts == TXT_FOUND ? "policy" : "policy, as senders keep it",
                 &verdict->policy);
    write_policy(out, "policy before, which senders may still use", &verdict->previous);
}

/* --- problems and ways --- */

static void write_problems(FILE *out, const struct verdict *verdict, enum detail detail)
{
    for (size_t i = 0; i < verdict->problem_count; i++) {
        const struct problem *problem = &verdict->problems[i];
        if (detail == DETAIL_PROBLEMS && problem->severity == SEVERITY_NOTE)
            continue;
        line(out, "  %s: %s", severity_name(problem->severity), problem->text);
        line(out, "    %s", problem->remedy);
        if (detail == DETAIL_ALL)
            line(out, "    (%s; %s)", problem->reference, problem->code);
    }
}

static void write_way(FILE *out, const char *name, const struct way *way, int64_t now)
{
    if (way->state != WAY_OPEN && way->state != WAY_CLOSED)
        return;
    line(out, "  %s is %s", name,
         way->state == WAY_OPEN ? "open; it takes:" : "closed for now; it would take:");
    char need[1024];
    for (size_t i = 0; i < way->count; i++) {
        observation_need(way->needs[i], now, need, sizeof need);
        line(out, "    %s", need);
    }
}

/* Who has protection already need not be told each time how to get more. */
static bool wants_ways(const struct verdict *verdict, enum detail detail)
{
    bool unprotected = verdict->mode == MODE_OPPORTUNISTIC || verdict->mode == MODE_UNKNOWN ||
                       verdict->mode == MODE_STS_NONE;
    return detail == DETAIL_ALL || (detail == DETAIL_USUAL && unprotected);
}

char *verdict_text(const struct verdict *verdict, enum detail detail)
{
    char *text = NULL;
    size_t size;
    if (detail == DETAIL_PROBLEMS && !verdict_has_problem(verdict))
        return strdup("");
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return NULL;
    write_head(out, verdict);
    write_problems(out, verdict, detail);
    if (wants_ways(verdict, detail)) {
        write_way(out, "the way to DANE", &verdict->dane_way, verdict->settings->now);
        write_way(out, "the way to MTA-STS", &verdict->sts_way, verdict->settings->now);
    }
    if (detail == DETAIL_ALL)
        write_findings(out, verdict);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
