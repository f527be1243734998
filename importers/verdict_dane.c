#include <string.h>

#include "../db/day.h"
#include "dane.h"
#include "weigh.h"

static const char usage_section[] = "RFC 7672 section 3.1";
static const char lookup_section[] = "RFC 7672 section 2.2";

/* --- one MX host --- */

/* Of both address families: the worse, but an answer counts more than none, unless the host has
 * no other address than one that nobody tells. */
static enum dnssec dnssec_of(const struct addresses *addresses)
{
    enum dnssec v4 = addresses->v4.dnssec, v6 = addresses->v6.dnssec;
    if (v4 == DNSSEC_BOGUS || v6 == DNSSEC_BOGUS)
        return DNSSEC_BOGUS;
    if (addresses->count == 0 && (look_failed(&addresses->v4) || look_failed(&addresses->v6)))
        return DNSSEC_UNKNOWN;
    if (v4 == DNSSEC_UNKNOWN)
        return v6;
    if (v6 == DNSSEC_UNKNOWN)
        return v4;
    return v4 == DNSSEC_SECURE ? v6 : v4;
}

static size_t count_usable(const struct tlsa_look *look)
{
    size_t count = 0;
    for (size_t i = 0; i < look->count; i++)
        count += tlsa_fault(&look->records[i]) == NULL;
    return count;
}

static enum tlsa_state state_of_tlsa(const struct tlsa_look *look)
{
    switch (look->look.result) {
    case DNS_FAILED:
    case DNS_TIMEOUT:
        return TLSA_UNKNOWN;
    case DNS_BOGUS:
        return TLSA_BOGUS;
    case DNS_FOUND:
    case DNS_NO_DATA:
    case DNS_NO_NAME:
        break;
    }
    if (look->look.dnssec == DNSSEC_UNVERIFIABLE)
        return TLSA_UNVERIFIABLE;
    if (look->look.result != DNS_FOUND)
        return TLSA_NONE;
    if (look->look.dnssec != DNSSEC_SECURE)
        return TLSA_INSECURE;
    return count_usable(look) > 0 ? TLSA_USABLE : TLSA_UNUSABLE;
}

/* RFC 7672 section 2.2.2: where an MX host is not signed, senders do not ask for TLSA
 * records at all, so that no answer is no matter. */
static enum tlsa_state state_without_signature(const struct tlsa_look *look)
{
    return look->look.result == DNS_FOUND ? TLSA_INSECURE : TLSA_NONE;
}

/* Finds the records that count for HOST, by sections 2.2.2 and 2.2.3: where an alias
 * leads if all of the way is signed, else at the name itself. */
static void weigh_tlsa(struct host_verdict *verdict, const struct mx_host *host)
{
    bool has_alias = host->tlsa_alias.name[0] != '\0';
    verdict->tlsa_look = &host->tlsa;
    switch (verdict->dnssec) {
    case DNSSEC_BOGUS:
        verdict->tlsa = TLSA_BOGUS;
        return;
    case DNSSEC_UNKNOWN:
        verdict->tlsa = TLSA_UNKNOWN;
        return;
    case DNSSEC_INSECURE:
        verdict->tlsa = has_alias && host->cname.dnssec == DNSSEC_SECURE
                            ? state_of_tlsa(&host->tlsa)
                            : state_without_signature(&host->tlsa);
        return;
    case DNSSEC_SECURE:
    case DNSSEC_UNVERIFIABLE:
        break;
    }
    if (has_alias) {
        verdict->tlsa_look = &host->tlsa_alias;
        verdict->tlsa = state_of_tlsa(&host->tlsa_alias);
        if (verdict->tlsa != TLSA_NONE && verdict->tlsa != TLSA_INSECURE)
            return;
        verdict->tlsa_look = &host->tlsa;
    }
    verdict->tlsa = state_of_tlsa(&host->tlsa);
}

static const char *first_fault(const struct tlsa_look *look)
{
    for (size_t i = 0; i < look->count; i++) {
        const char *fault = tlsa_fault(&look->records[i]);
        if (fault != NULL)
            return fault;
    }
    return "they are malformed";
}

static void complain_of_tlsa(struct verdict *verdict, const struct host_verdict *host,
                             const char *name)
{
    const struct tlsa_look *look = host->tlsa_look;
    if (host->dnssec == DNSSEC_BOGUS || host->dnssec == DNSSEC_UNKNOWN)
        return; /* that is said already */
    if (look->left_out > 0) {
        problem(verdict, SEVERITY_WARNING, "tlsa-too-many", usage_section,
                "%s has %zu TLSA records, of which no more than %d were looked at", name,
                look->count + look->malformed + look->left_out, TLSA_MAX);
        remedy(verdict, "leave those of the keys that are in use or come next");
    }
    switch (host->tlsa) {
    case TLSA_UNUSABLE:
        problem(verdict, SEVERITY_WARNING, "tlsa-unusable", usage_section,
                "senders can use none of the TLSA records of %s: %s", name, first_fault(look));
        remedy(verdict, "publish \"3 1 1\" and the SHA-256 digest of the key of %s", name);
        break;
    case TLSA_INSECURE:
        problem(verdict, SEVERITY_WARNING, "tlsa-insecure", lookup_section,
                "the TLSA records of %s have no effect: its zone is not signed with DNSSEC", name);
        remedy(verdict, "have the zone of %s signed, and its DS record published", name);
        break;
    case TLSA_BOGUS:
        problem(verdict, SEVERITY_ERROR, "tlsa-bogus", "RFC 7672 section 2.1.2",
                "the TLSA records of %s fail DNSSEC validation, so that senders that use DANE do"
                " not deliver: %s",
                name, quote_text(verdict, look->look.why));
        remedy(verdict, "have the signatures of its zone renewed, or its DS record corrected");
        break;
    case TLSA_UNKNOWN:
        problem(verdict, SEVERITY_WARNING, "tlsa-unknown", "RFC 7672 section 2.1.2",
                "DNS gave no answer about the TLSA records of %s; as long as it does not, senders"
                " that use DANE do not deliver",
                name);
        remedy(verdict, "check again later; if it stays so, look at the name servers of %s", name);
        break;
    case TLSA_USABLE:
        if (look->malformed == 0 && count_usable(look) == look->count)
            break;
        problem(verdict, SEVERITY_NOTE, "tlsa-partly-unusable", usage_section,
                "senders pass over some TLSA records of %s: %s", name, first_fault(look));
        remedy(verdict, "remove them");
        break;
    case TLSA_NONE:
    case TLSA_UNVERIFIABLE:
        break;
    }
}

/* --- the domain --- */

struct tally {
    size_t by_state[TLSA_UNKNOWN + 1];
    size_t all;
};

static enum dane_coverage coverage_of(const struct look *mx_look, const struct tally *tally)
{
    const size_t *hosts = tally->by_state;
    size_t usable = hosts[TLSA_USABLE];
    if (mx_look->dnssec == DNSSEC_UNVERIFIABLE)
        return COVERAGE_UNVERIFIABLE;
    if (mx_look->dnssec == DNSSEC_BOGUS)
        return COVERAGE_BOGUS;
    if (mx_look->dnssec == DNSSEC_UNKNOWN)
        return COVERAGE_UNKNOWN;
    if (usable > 0 && mx_look->dnssec == DNSSEC_INSECURE)
        return COVERAGE_INSECURE_MX;
    if (usable > 0 && usable == tally->all)
        return COVERAGE_ALL;
    /* it may be all of them still, unless one is known to have none */
    if (mx_look->dnssec == DNSSEC_SECURE) {
        size_t open = hosts[TLSA_BOGUS] + hosts[TLSA_UNKNOWN];
        if (open > 0 && usable + open == tally->all)
            return hosts[TLSA_BOGUS] > 0 ? COVERAGE_BOGUS : COVERAGE_UNKNOWN;
    }
    if (usable > 0)
        return COVERAGE_SOME;
    return hosts[TLSA_UNUSABLE] + hosts[TLSA_INSECURE] > 0 ? COVERAGE_UNUSABLE : COVERAGE_NONE;
}

static enum dane_state state_of_dane(enum dane_coverage coverage)
{
    switch (coverage) {
    case COVERAGE_ALL:
        return DANE_PRESENT;
    case COVERAGE_BOGUS:
    case COVERAGE_UNVERIFIABLE:
    case COVERAGE_UNKNOWN:
        return DANE_UNSTATED;
    default:
        return DANE_ABSENT;
    }
}

static void complain_of_coverage(struct verdict *verdict)
{
    const char *domain = verdict->findings->domain;
    if (verdict->coverage == COVERAGE_SOME) {
        problem(verdict, SEVERITY_WARNING, "dane-some", lookup_section,
                "DANE protects %zu of the %zu MX hosts of %s, so that whoever blocks these gets the"
                " mail unprotected",
                verdict->dane_hosts, verdict->dane_of, domain);
        remedy(verdict, "publish TLSA records for all of them");
    } else if (verdict->coverage == COVERAGE_INSECURE_MX) {
        problem(verdict, SEVERITY_NOTE, "dane-domain-insecure", "RFC 7672 section 2.2.1",
                "the MX hosts of %s have TLSA records, but the domain itself is not signed, so that"
                " its MX records can be forged",
                domain);
        remedy(verdict, "sign the zone of %s with DNSSEC, and DANE is in force", domain);
    }
}

void weigh_dane(struct verdict *verdict)
{
    const struct findings *findings = verdict->findings;
    struct tally tally = {.all = 0};
    for (size_t i = 0; i < findings->mx_count; i++) {
        const struct mx_host *host = findings->mx[i].host;
        struct host_verdict *weighed = &verdict->hosts[i];
        if (!host->is_host_name)
            continue;
        weighed->dnssec = dnssec_of(&host->addresses);
        weigh_tlsa(weighed, host);
        bool missing = !weighed->counts && weighed->dnssec != DNSSEC_BOGUS &&
                       weighed->dnssec != DNSSEC_UNKNOWN;
        if (missing)
            continue;
        complain_of_tlsa(verdict, weighed, host->name);
        tally.by_state[weighed->tlsa]++;
        tally.all++;
    }
    verdict->dane_hosts = tally.by_state[TLSA_USABLE];
    verdict->dane_of = tally.all;
    verdict->coverage = coverage_of(&findings->mx_look, &tally);
    verdict->dane_state = state_of_dane(verdict->coverage);
    complain_of_coverage(verdict);
}

/* --- certificates --- */

/* How bad it is if mail is refused for want of a good certificate. */
static enum severity severity_by_mode(const struct verdict *verdict)
{
    return verdict->sts_state == STS_STATE_ENFORCE   ? SEVERITY_ERROR
           : verdict->sts_state == STS_STATE_TESTING ? SEVERITY_WARNING
                                                     : SEVERITY_NOTE;
}

static void complain_of_tls(struct verdict *verdict, const struct host_verdict *weighed,
                            const struct mx_host *host)
{
    static const char section[] = "RFC 3207 section 4";
    bool required = tls_mode_enforces(verdict->mode) || weighed->tlsa == TLSA_USABLE;
    enum severity severity = required ? SEVERITY_ERROR : SEVERITY_WARNING;
    const char *detail = quote_text(verdict, host->tls.detail);
    switch (host->tls.result) {
    case MX_TLS_NOT_OFFERED:
        problem(verdict, severity, "mx-no-starttls", section, "the MX host %s offers no STARTTLS%s",
                host->name, required ? ", so that senders refuse to deliver there" : "");
        remedy(verdict, "switch STARTTLS on, with a certificate for that name");
        break;
    case MX_TLS_NOT_NOW:
        problem(verdict, SEVERITY_WARNING, "mx-starttls-refused", section,
                "the MX host %s offers STARTTLS, but refuses it for now: %s%s", host->name, detail,
                required ? "; senders try again later" : "");
        remedy(verdict, "look at its log: it may lack its certificate or its key");
        break;
    case MX_TLS_FAILED:
        problem(verdict, severity, "mx-tls-failed", section,
                "the MX host %s offers STARTTLS, but TLS does not come about: %s", host->name,
                detail);
        remedy(verdict, "look at its TLS settings and its log");
        break;
    case MX_TLS_NO_SMTP:
        problem(verdict, SEVERITY_WARNING, "mx-no-smtp", "RFC 5321 section 3.1",
                "the MX host %s takes a connection, but does not go on as a mail server: %s",
                host->name, detail);
        remedy(verdict, "see whether it refuses this machine only; its log may tell");
        break;
    case MX_TLS_UNREACHED:
        if (verdict->settings->smtp_closed)
            break;
        problem(verdict, SEVERITY_WARNING, "mx-unreached", "RFC 5321 section 5.1",
                "the MX host %s cannot be reached, though others can: %s", host->name, detail);
        remedy(verdict, "see that it runs and that its firewall lets port 25 in");
        break;
    case MX_TLS_NONE:
    case MX_TLS_SEEN:
        break;
    }
}

static void weigh_web(struct verdict *verdict, struct host_verdict *weighed,
                      const struct mx_host *host)
{
    static const char section[] = "RFC 8461 section 4.2";
    int64_t left = weighed->facts.expires - verdict->settings->now;
    enum severity severity = severity_by_mode(verdict);
    char fault[CHAIN_FAULT];
    chain_is_good(&host->tls.chain, verdict->trust, host->name, fault);
    weighed->web_fault = quote_text(verdict, fault);
    if (severity == SEVERITY_NOTE && verdict->dane_state == DANE_PRESENT)
        return; /* DANE needs none of it */
    if (weighed->web_fault[0] != '\0') {
        problem(verdict, severity, "mx-certificate", section,
                "the certificate of the MX host %s %s%s", host->name, weighed->web_fault,
                severity == SEVERITY_ERROR     ? ", so that senders do not deliver there"
                : severity == SEVERITY_WARNING ? ", so that senders would not deliver there"
                                               : ", which MTA-STS would not accept");
        remedy(verdict, "give it a certificate for %s from an authority that all know", host->name);
    } else if (left < (int64_t)EXPIRY_DAYS * SECONDS_PER_DAY) {
        problem(verdict, severity > SEVERITY_WARNING ? SEVERITY_WARNING : severity,
                "mx-certificate-expires", section,
                "the certificate of the MX host %s expires on %s", host->name,
                on_day(verdict, weighed->facts.expires));
        remedy(verdict, "renew it, and see why that has not happened by itself");
    }
}

static void weigh_match(struct verdict *verdict, struct host_verdict *weighed,
                        const struct mx_host *host)
{
    static const struct {
        const char *code, *text, *remedy;
    } faults[] = {
        [DANE_MISMATCH] = {"dane-mismatch", "fits none of its TLSA records",
                           "publish the digest of the new key beside the old before it is used"},
        [DANE_WRONG_NAME] = {"dane-wrong-name", "is for another name, as its TLSA record asks for",
                             "give it a certificate for that name, or publish a record of usage 3"},
        [DANE_INVALID] = {"dane-chain", "does not lead validly to the issuer in its TLSA record",
                          "renew it, or let the server send the whole chain"},
    };
    if (weighed->tlsa != TLSA_USABLE)
        return;
    const char *base = weighed->tlsa_look->name + strlen("_25._tcp.");
    const char *const names[] = {base, host->name, verdict->findings->domain, NULL};
    weighed->dane = dane_verify(weighed->tlsa_look->records, weighed->tlsa_look->count,
                                &host->tls.chain, names);
    if (weighed->dane == DANE_MATCH || weighed->tlsa_look->left_out > 0)
        return;
    problem(verdict, SEVERITY_ERROR, faults[weighed->dane].code, "RFC 7672 section 3.2",
            "the certificate of the MX host %s %s: senders that use DANE do not deliver there",
            host->name, faults[weighed->dane].text);
    remedy(verdict, "%s", faults[weighed->dane].remedy);
}

void weigh_certificates(struct verdict *verdict)
{
    const struct findings *findings = verdict->findings;
    for (size_t i = 0; i < findings->mx_count; i++) {
        const struct mx_host *host = findings->mx[i].host;
        struct host_verdict *weighed = &verdict->hosts[i];
        complain_of_tls(verdict, weighed, host);
        if (host->tls.result != MX_TLS_SEEN)
            continue;
        weighed->certificate_seen = true;
        chain_facts(&host->tls.chain, &weighed->facts);
        weigh_web(verdict, weighed, host);
        weigh_match(verdict, weighed, host);
    }
}
