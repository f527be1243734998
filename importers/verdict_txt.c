#include <string.h>

#include "txt_record.h"
#include "weigh.h"

/* --- what both records have in common --- */

static enum txt_state state_of(const struct txt_look *look)
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

enum txt_state weigh_txt(struct verdict *verdict, const struct txt_look *look,
                         const struct txt_words *words)
{
    const char *domain = verdict->findings->domain;
    enum txt_state state = state_of(look);
    switch (state) {
    case TXT_UNKNOWN:
        problem(verdict, SEVERITY_WARNING, words->unknown, words->section,
                "DNS gave no answer about %s.%s", words->name, domain);
        remedy(verdict, "check again later; if it stays so, look at the name servers of %s",
               domain);
        break;
    case TXT_BOGUS:
        problem(verdict, SEVERITY_ERROR, words->bogus, words->section,
                "the record at %s.%s fails DNSSEC validation, so that senders cannot see it",
                words->name, domain);
        remedy(verdict, "renew the signatures of the zone, or correct its DS record");
        break;
    case TXT_SEVERAL:
        problem(verdict, SEVERITY_ERROR, words->several, words->section,
                "there are %zu %s records at %s.%s, so that senders heed none", look->count,
                words->version, words->name, domain);
        remedy(verdict, "leave one");
        break;
    case TXT_INVALID:
        problem(verdict, SEVERITY_ERROR, words->invalid, words->section,
                "the record at %s.%s does not begin with \"v=%s;\": \"%s\"", words->name, domain,
                words->version, quote(verdict, look->almost));
        remedy(verdict, "%s", words->example);
        break;
    case TXT_FOUND:
    case TXT_ABSENT:
    case TXT_POLICY_FAILED:
        break;
    }
    return state;
}

/* --- TLS reporting --- */

static const char section[] = "RFC 8460 section 3";

enum { DNS_NAME_MAX = 253 }; /* without the final dot */

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
    static const struct txt_words words = {
        .name = "_smtp._tls",
        .version = "TLSRPTv1",
        .example = "publish it as \"v=TLSRPTv1; rua=mailto:\" and an address of yours",
        .section = section,
        .unknown = "tlsrpt-unknown",
        .bogus = "tlsrpt-bogus",
        .several = "tlsrpt-several",
        .invalid = "tlsrpt-version",
    };
    struct tlsrpt_record record;
    const char *domain = verdict->findings->domain;
    verdict->tlsrpt = weigh_txt(verdict, &verdict->findings->tlsrpt, &words);
    bool missing =
        verdict->tlsrpt == TXT_ABSENT && verdict->mx != MX_NULL && verdict->mx != MX_NXDOMAIN;
    if (missing && strlen(words.name) + 1 + strlen(domain) > DNS_NAME_MAX) {
        problem(verdict, SEVERITY_NOTE, "tlsrpt-too-long", section,
                "no reports can be asked for: _smtp._tls.%s would be too long a name for DNS",
                domain);
        remedy(verdict, "use a shorter domain for mail");
    } else if (missing) {
        problem(verdict, SEVERITY_WARNING, "tlsrpt-missing", section,
                "no reports are asked for: there is no record at _smtp._tls.%s", domain);
        remedy(verdict, "publish _smtp._tls.%s TXT \"v=TLSRPTv1; rua=mailto:tlsrpt@%s\"", domain,
               domain);
    }
    if (verdict->tlsrpt != TXT_FOUND)
        return;
    tlsrpt_record_read(verdict->findings->tlsrpt.records[0], &record);
    weigh_rua(verdict, &record);
    if (record.problems & (RECORD_BAD_FIELD | RECORD_REPEATED)) {
        problem(verdict, SEVERITY_WARNING, "tlsrpt-field", section,
                "the record at _smtp._tls.%s has %s, which some senders refuse", domain,
                record.problems & RECORD_REPEATED ? "more than one rua"
                                                  : "a field that is no proper name=value");
        remedy(verdict, "write it as \"v=TLSRPTv1; rua=\" and the addresses, with commas between");
    }
}
