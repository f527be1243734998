#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../db/day.h"
#include "../db/visible.h"
#include "weigh.h"

/* --- sentences --- */

static const char *format_text(struct verdict *verdict, const char *format, va_list args)
{
    char text[2048];
    vsnprintf(text, sizeof text, format, args);
    const char *copy = arena_strdup(&verdict->arena, text);
    verdict->memory_short |= copy == NULL;
    return copy != NULL ? copy : "";
}

const char *put(struct verdict *verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = format_text(verdict, format, args);
    va_end(args);
    return text;
}

void problem(struct verdict *verdict, enum severity severity, const char *code,
             const char *reference, const char *format, ...)
{
    va_list args;
    verdict->latest = NULL;
    if (verdict->problem_count == PROBLEMS_MAX)
        return;
    va_start(args, format);
    verdict->latest = &verdict->problems[verdict->problem_count++];
    *verdict->latest = (struct problem){
        .severity = severity,
        .code = code,
        .text = format_text(verdict, format, args),
        .remedy = "",
        .reference = reference,
    };
    va_end(args);
}

void remedy(struct verdict *verdict, const char *format, ...)
{
    va_list args;
    if (verdict->latest == NULL)
        return;
    va_start(args, format);
    verdict->latest->remedy = format_text(verdict, format, args);
    va_end(args);
}

void need(struct verdict *verdict, struct way *way, const char *format, ...)
{
    va_list args;
    if (way->count == NEEDS_MAX)
        return;
    va_start(args, format);
    way->needs[way->count++] = format_text(verdict, format, args);
    va_end(args);
}

const char *quote(struct verdict *verdict, struct slice bytes)
{
    char text[QUOTE_MAX + 1], visible[4 * QUOTE_MAX + 4];
    size_t length = bytes.length < QUOTE_MAX ? bytes.length : QUOTE_MAX;
    for (size_t i = 0; i < length; i++)
        text[i] = bytes.start[i] != '\0' ? bytes.start[i] : '?';
    text[length] = '\0';
    text_visible(text, visible, 4 * QUOTE_MAX + 1);
    return put(verdict, "%s%s", visible, length < bytes.length ? "..." : "");
}

const char *quote_text(struct verdict *verdict, const char *text)
{
    return quote(verdict, (struct slice){text, strlen(text)});
}

const char *on_day(struct verdict *verdict, int64_t instant)
{
    char day[DAY_TEXT];
    return put(verdict, "%s", day_format(day_of(instant), day));
}

bool look_failed(const struct look *look)
{
    return look->result == DNS_FAILED || look->result == DNS_TIMEOUT;
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"note", "warning", "error"};
    return names[severity];
}

/* --- TLS reporting --- */

static enum txt_state state_of_tlsrpt(const struct txt_look *look)
{
    if (look_failed(&look->look))
        return TXT_UNKNOWN;
    if (look->look.result == DNS_BOGUS)
        return TXT_BOGUS;
    if (look->count > 1)
        return TXT_SEVERAL;
    if (look->count == 1)
        return TXT_FOUND;
    return look->almost.start != NULL ? TXT_INVALID : TXT_ABSENT;
}

/* Senders pass the record over: there will be no reports. */
static void complain_of_tlsrpt(struct verdict *verdict)
{
    static const char section[] = "RFC 8460 section 3";
    const char *domain = verdict->findings->domain;
    const struct txt_look *look = &verdict->findings->tlsrpt;
    switch (verdict->tlsrpt) {
    case TXT_UNKNOWN:
        problem(verdict, SEVERITY_WARNING, "tlsrpt-unknown", section,
                "DNS gave no answer about _smtp._tls.%s", domain);
        remedy(verdict, "check again later; if it stays so, look at the name servers of %s",
               domain);
        break;
    case TXT_BOGUS:
        problem(
            verdict, SEVERITY_ERROR, "tlsrpt-bogus", section,
            "the record at _smtp._tls.%s fails DNSSEC validation, so that senders cannot see it",
            domain);
        remedy(verdict, "renew the signatures of the zone, or correct its DS record");
        break;
    case TXT_SEVERAL:
        problem(verdict, SEVERITY_ERROR, "tlsrpt-several", section,
                "there are %zu TLSRPTv1 records at _smtp._tls.%s, so that senders heed none",
                look->count, domain);
        remedy(verdict, "leave one, with all addresses in its rua");
        break;
    case TXT_INVALID:
        problem(verdict, SEVERITY_ERROR, "tlsrpt-version", section,
                "the record at _smtp._tls.%s does not begin with \"v=TLSRPTv1;\": \"%s\"", domain,
                quote(verdict, look->almost));
        remedy(verdict, "publish it as \"v=TLSRPTv1; rua=mailto:tlsrpt@%s\"", domain);
        break;
    case TXT_ABSENT:
        problem(verdict, SEVERITY_WARNING, "tlsrpt-missing", section,
                "no reports are asked for: there is no record at _smtp._tls.%s", domain);
        remedy(verdict, "publish _smtp._tls.%s TXT \"v=TLSRPTv1; rua=mailto:tlsrpt@%s\"", domain,
               domain);
        break;
    case TXT_FOUND:
    case TXT_POLICY_FAILED:
        break;
    }
}

/* Does RUA, "mailto:..." or "https:...", lead to one of the addresses read here? */
static bool is_own(const struct verdict *verdict, struct slice rua)
{
    static const char scheme[] = "mailto:";
    if (slice_begins(rua, scheme)) {
        rua.start += strlen(scheme);
        rua.length -= strlen(scheme);
        const char *fields = memchr(rua.start, '?', rua.length);
        if (fields != NULL)
            rua.length = (size_t)(fields - rua.start);
    }
    for (const char *const *own = verdict->settings->own_rua; *own != NULL; own++) {
        if (slice_is(rua, *own))
            return true;
    }
    return false;
}

static void weigh_rua(struct verdict *verdict, const struct tlsrpt_record *record)
{
    static const char section[] = "RFC 8460 section 3";
    const char *domain = verdict->findings->domain;
    bool none_own = verdict->settings->own_rua[0] != NULL;
    for (size_t i = 0; i < record->rua_count; i++) {
        verdict->rua[verdict->rua_count++] = quote(verdict, record->rua[i]);
        none_own = none_own && !is_own(verdict, record->rua[i]);
    }
    if (record->problems & RECORD_BAD_RUA) {
        problem(verdict, record->rua_count == 0 ? SEVERITY_ERROR : SEVERITY_WARNING,
                "tlsrpt-bad-rua", section,
                "reports on %s cannot go to \"%s\": it is neither a mailto: nor an https: address",
                domain, quote(verdict, record->bad_rua));
        remedy(verdict, "write it as mailto:tlsrpt@%s", domain);
    } else if (record->problems & RECORD_NO_RUA) {
        problem(verdict, SEVERITY_ERROR, "tlsrpt-no-rua", section,
                "the record at _smtp._tls.%s does not say where reports go", domain);
        remedy(verdict, "add rua=mailto:tlsrpt@%s to it", domain);
    } else if (none_own) {
        problem(verdict, SEVERITY_NOTE, "tlsrpt-elsewhere", section,
                "reports on %s go to %s, which is not read here", domain, verdict->rua[0]);
        remedy(verdict,
               "add mailto:%s to its rua, or name the address under [check] rua if it leads here",
               verdict->settings->own_rua[0]);
    }
    if (record->problems & RECORD_TOO_MANY_RUA) {
        problem(verdict, SEVERITY_WARNING, "tlsrpt-too-many-rua", section,
                "the record at _smtp._tls.%s names more than %d addresses", domain, RUA_MAX);
        remedy(verdict, "leave one or two: senders need not serve all");
    }
}

void weigh_tlsrpt(struct verdict *verdict)
{
    struct tlsrpt_record record;
    const char *domain = verdict->findings->domain;
    verdict->tlsrpt = state_of_tlsrpt(&verdict->findings->tlsrpt);
    if (verdict->mx != MX_NULL && verdict->mx != MX_NXDOMAIN)
        complain_of_tlsrpt(verdict);
    if (verdict->tlsrpt != TXT_FOUND)
        return;
    tlsrpt_record_read(verdict->findings->tlsrpt.records[0], &record);
    weigh_rua(verdict, &record);
    if (record.problems & (RECORD_BAD_FIELD | RECORD_REPEATED)) {
        problem(verdict, SEVERITY_WARNING, "tlsrpt-field", "RFC 8460 section 3",
                "the record at _smtp._tls.%s has %s, which some senders refuse", domain,
                record.problems & RECORD_REPEATED ? "more than one rua"
                                                  : "a field that is no name=value");
        remedy(verdict, "write it as \"v=TLSRPTv1; rua=\" with all addresses, joined by commas");
    }
}

/* --- the mode --- */

/* A mechanism that could not be looked at stays as it was last known. */
static void keep_known(struct verdict *verdict)
{
    const struct known *known = verdict->known;
    if (verdict->dane_state == DANE_UNSTATED && known->dane != DANE_UNSTATED) {
        verdict->dane_state = known->dane;
        verdict->dane_kept = true;
    }
    if (verdict->sts_state == STS_UNSTATED && known->sts != STS_UNSTATED) {
        verdict->sts_state = known->sts;
        verdict->sts_kept = true;
    }
}

void weigh_mode(struct verdict *verdict)
{
    keep_known(verdict);
    bool neither = verdict->dane_state == DANE_ABSENT && verdict->sts_state == STS_STATE_ABSENT;
    verdict->mode = mode_combine(verdict->dane_state, verdict->sts_state, neither);
}

/* --- the whole --- */

/* Worst first, and otherwise as they were found. */
static void sort_problems(struct verdict *verdict)
{
    struct problem *problems = verdict->problems;
    for (size_t i = 1; i < verdict->problem_count; i++) {
        struct problem moved = problems[i];
        size_t at = i;
        for (; at > 0 && problems[at - 1].severity < moved.severity; at--)
            problems[at] = problems[at - 1];
        problems[at] = moved;
    }
}

bool verdict_has_problem(const struct verdict *verdict)
{
    return verdict->problem_count > 0 && verdict->problems[0].severity > SEVERITY_NOTE;
}

void verdict_reach(struct verdict *verdict, const struct findings *findings,
                   const struct known *known, const struct verdict_settings *settings,
                   const struct trust *trust)
{
    memset(verdict, 0, sizeof *verdict);
    verdict->findings = findings;
    verdict->known = known;
    verdict->settings = settings;
    verdict->trust = trust;
    arena_init(&verdict->arena, 0);
    weigh_mx(verdict);
    weigh_tlsrpt(verdict);
    weigh_sts(verdict);
    weigh_dane(verdict);
    weigh_mode(verdict);
    weigh_certificates(verdict);
    weigh_ways(verdict);
    sort_problems(verdict);
}

void verdict_free(struct verdict *verdict)
{
    arena_free(&verdict->arena);
}
