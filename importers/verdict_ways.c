#include <string.h>

#include "../db/observation.h"
#include "weigh.h"

/* "DANE or MTA-STS?": which way is open to a domain, and what it would take. */

/* Is HOST run by whoever runs the domain, as far as names tell? */
static bool is_own_host(const struct verdict *verdict, const char *host)
{
    const char *mine = verdict->settings->mine;
    for (const char *name = host; name != NULL; name = strchr(name, '.')) {
        name += *name == '.';
        if (strcmp(name, verdict->findings->domain) == 0)
            return true;
        if (mine[0] != '\0' && domain_is_mine(name, mine))
            return true;
    }
    return false;
}

/* --- DANE --- */

static void need_tlsa(struct verdict *verdict, const struct mx_host *host)
{
    char digest[DANE_DIGEST_TEXT];
    if (host->tls.result == MX_TLS_SEEN && dane_key_digest(&host->tls.chain, digest) == 0)
        need(verdict, &verdict->dane_way, "publish _25._tcp.%s TLSA 3 1 1 %s", host->name, digest);
    else
        need(verdict, &verdict->dane_way,
             "publish _25._tcp.%s TLSA 3 1 1 with the SHA-256 digest of its key", host->name);
}

static void need_of_host(struct verdict *verdict, const struct host_verdict *weighed,
                         const struct mx_host *host)
{
    struct way *way = &verdict->dane_way;
    bool is_signed = weighed->dnssec == DNSSEC_SECURE;
    if (is_own_host(verdict, host->name)) {
        if (!is_signed && verdict->findings->mx_look.dnssec == DNSSEC_SECURE)
            need(verdict, way, "sign the zone of %s with DNSSEC", host->name);
        need_tlsa(verdict, host);
        return;
    }
    way->state = WAY_CLOSED;
    if (is_signed)
        need(verdict, way, "whoever runs %s must publish TLSA records for it", host->name);
    else
        need(verdict, way, "whoever runs %s must sign its zone and publish TLSA records for it",
             host->name);
}

static void weigh_dane_way(struct verdict *verdict)
{
    const struct findings *findings = verdict->findings;
    struct way *way = &verdict->dane_way;
    way->state = WAY_OPEN;
    switch (verdict->coverage) {
    case COVERAGE_ALL:
        way->state = WAY_DONE;
        return;
    case COVERAGE_UNVERIFIABLE:
    case COVERAGE_UNKNOWN:
        way->state = WAY_UNKNOWN;
        return;
    case COVERAGE_BOGUS:
        need(verdict, way, "put right what fails DNSSEC validation");
        return;
    case COVERAGE_NONE:
    case COVERAGE_SOME:
    case COVERAGE_UNUSABLE:
    case COVERAGE_INSECURE_MX:
        break;
    }
    if (verdict->dane_of == 0) {
        way->state = WAY_UNKNOWN;
        return;
    }
    if (findings->mx_look.dnssec != DNSSEC_SECURE)
        need(verdict, way, "sign the zone of %s with DNSSEC, and have its DS record published",
             findings->domain);
    for (size_t i = 0; i < findings->mx_count; i++) {
        if (verdict->hosts[i].counts && verdict->hosts[i].tlsa != TLSA_USABLE)
            need_of_host(verdict, &verdict->hosts[i], findings->mx[i].host);
    }
}

/* --- MTA-STS --- */

/* Is the certificate of a host known not to do for MTA-STS?  Whatever kept us from seeing one
 * tells nothing. */
static bool lacks_certificate(const struct host_verdict *weighed, const struct mx_host *host)
{
    switch (host->tls.result) {
    case MX_TLS_NOT_OFFERED:
    case MX_TLS_FAILED:
        return true;
    case MX_TLS_SEEN:
        return weighed->web_fault[0] != '\0';
    case MX_TLS_NONE:
    case MX_TLS_NOT_NOW:
    case MX_TLS_NO_SMTP:
    case MX_TLS_UNREACHED:
        break;
    }
    return false;
}

static void need_certificates(struct verdict *verdict)
{
    const struct findings *findings = verdict->findings;
    for (size_t i = 0; i < findings->mx_count; i++) {
        const struct mx_host *host = findings->mx[i].host;
        if (!lacks_certificate(&verdict->hosts[i], host))
            continue;
        if (!is_own_host(verdict, host->name))
            verdict->sts_way.state = WAY_CLOSED;
        need(verdict, &verdict->sts_way, "%s must offer STARTTLS with a certificate valid for it",
             host->name);
    }
}

static void need_policy(struct verdict *verdict)
{
    const char *domain = verdict->findings->domain;
    struct way *way = &verdict->sts_way;
    if (verdict->sts == TXT_POLICY_FAILED) {
        need(verdict, way, "put right the policy at https://mta-sts.%s/.well-known/mta-sts.txt",
             domain);
    } else if (verdict->sts != TXT_FOUND) {
        need(verdict, way,
             "serve a policy with \"mode: testing\" and an mx line for each MX host at"
             " https://mta-sts.%s/.well-known/mta-sts.txt",
             domain);
        need(verdict, way, "publish _mta-sts.%s TXT \"v=STSv1; " OBSERVATION_ID "\"", domain);
    } else if (verdict->policy.mode == STS_NONE) {
        need(verdict, way, "change the policy to \"mode: testing\", and the id with it");
    } else {
        need(verdict, way,
             "when reports show no failure any more, change the policy to \"mode: enforce\","
             " and the id with it");
    }
}

static void weigh_sts_way(struct verdict *verdict)
{
    struct way *way = &verdict->sts_way;
    bool told = verdict->sts != TXT_UNKNOWN && verdict->sts != TXT_BOGUS;
    if (verdict->sts == TXT_FOUND && verdict->policy.mode == STS_ENFORCE) {
        way->state = WAY_DONE;
        return;
    }
    if (!told || (verdict->mx != MX_FOUND && verdict->mx != MX_IMPLICIT)) {
        way->state = WAY_UNKNOWN;
        return;
    }
    way->state = WAY_OPEN;
    if (verdict->tlsrpt == TXT_ABSENT)
        need(verdict, way, "ask for reports first: they tell who would fail");
    need_policy(verdict);
    need_certificates(verdict);
}

void weigh_ways(struct verdict *verdict)
{
    weigh_dane_way(verdict);
    weigh_sts_way(verdict);
}
