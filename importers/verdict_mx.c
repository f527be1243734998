#include <arpa/inet.h>
#include <string.h>

#include "weigh.h"

static const char section[] = "RFC 5321 section 5.1";

static bool has_address(const struct mx_host *host)
{
    return host->addresses.count > 0;
}

/* Both families asked, and there is none of either. */
static bool has_no_address(const struct mx_host *host)
{
    const struct addresses *addresses = &host->addresses;
    return !has_address(host) && !look_failed(&addresses->v4) && !look_failed(&addresses->v6) &&
           addresses->v4.result != DNS_BOGUS && addresses->v6.result != DNS_BOGUS;
}

static enum mx_state state_of_mx(const struct findings *findings)
{
    switch (findings->mx_look.result) {
    case DNS_FAILED:
    case DNS_TIMEOUT:
        return MX_UNKNOWN;
    case DNS_BOGUS:
        return MX_BOGUS;
    case DNS_NO_NAME:
        return MX_NXDOMAIN;
    case DNS_NO_DATA:
        return findings->mx_count > 0 && has_no_address(findings->mx[0].host) ? MX_MISSING
                                                                              : MX_IMPLICIT;
    case DNS_FOUND:
        break;
    }
    return findings->null_mx && findings->mx_count == 0 ? MX_NULL : MX_FOUND;
}

static void complain_of_domain(struct verdict *verdict)
{
    const char *domain = verdict->findings->domain;
    switch (verdict->mx) {
    case MX_UNKNOWN:
        problem(verdict, SEVERITY_WARNING, "mx-unknown", section,
                "DNS gave no answer about the MX records of %s", domain);
        remedy(verdict, "check again later; if it stays so, look at the name servers of %s",
               domain);
        break;
    case MX_BOGUS:
        problem(verdict, SEVERITY_ERROR, "mx-bogus", "RFC 7672 section 2.1.1",
                "the MX records of %s fail DNSSEC validation, so that senders that validate cannot"
                " deliver: %s",
                domain, quote_text(verdict, verdict->findings->mx_look.why));
        remedy(verdict, "renew the signatures of the zone, or correct its DS record");
        break;
    case MX_NXDOMAIN:
        problem(verdict, SEVERITY_ERROR, "domain-missing", section, "%s does not exist in DNS",
                domain);
        remedy(verdict, "look for a misspelling, or have the domain delegated");
        break;
    case MX_MISSING:
        problem(verdict, SEVERITY_ERROR, "mx-missing", section,
                "%s can receive no mail: it has neither an MX record nor an address", domain);
        remedy(verdict, "publish an MX record, or the null MX \"0 .\" if that is meant");
        break;
    case MX_IMPLICIT:
        problem(verdict, SEVERITY_WARNING, "mx-implicit", section,
                "%s has no MX record, so that mail goes to the address of its own name", domain);
        remedy(verdict, "publish an MX record, or the null MX \"0 .\" if no mail is wanted");
        break;
    case MX_FOUND:
    case MX_NULL:
        break;
    }
}

static void weigh_set(struct verdict *verdict)
{
    const struct findings *findings = verdict->findings;
    if (findings->null_mx && findings->mx_count > 0) {
        problem(verdict, SEVERITY_ERROR, "mx-null-among-others", "RFC 7505 section 3",
                "%s has a null MX (\"0 .\") beside other MX records", findings->domain);
        remedy(verdict, "remove the null MX, or all others if no mail is wanted");
    }
    if (findings->mx_left_out > 0) {
        problem(verdict, SEVERITY_WARNING, "mx-too-many", section,
                "%s has more than %d MX hosts; the %zu of lowest preference were not looked at",
                findings->domain, MX_MAX, findings->mx_left_out);
        remedy(verdict, "leave a few");
    }
}

static bool is_address(const char *name)
{
    char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, bytes) == 1;
}

static void weigh_host(struct verdict *verdict, const struct mx_host *host)
{
    const char *domain = verdict->findings->domain;
    const struct addresses *addresses = &host->addresses;
    const char *name = quote_text(verdict, host->name);
    const char *alias = addresses_alias(addresses);
    if (!host->is_host_name) {
        problem(verdict, SEVERITY_ERROR, "mx-not-a-host", section, "the MX record %s of %s is %s",
                name, domain, is_address(host->name) ? "an address, not a name" : "no host name");
        remedy(verdict, "let the MX record name a host that has an address record");
    } else if (has_no_address(host) && verdict->mx == MX_FOUND) {
        problem(verdict, SEVERITY_ERROR, "mx-host-missing", section,
                "the MX host %s of %s has no address", name, domain);
        remedy(verdict, "publish its A or AAAA record, or remove the MX record");
    } else if (addresses->v4.result == DNS_BOGUS || addresses->v6.result == DNS_BOGUS) {
        const struct look *bogus =
            addresses->v4.result == DNS_BOGUS ? &addresses->v4 : &addresses->v6;
        problem(verdict, SEVERITY_ERROR, "mx-host-bogus", "RFC 7672 section 2.1.1",
                "the address of the MX host %s fails DNSSEC validation, so that senders that"
                " validate cannot reach it: %s",
                name, quote_text(verdict, bogus->why));
        remedy(verdict, "have the signatures of its zone renewed, or its DS record corrected");
    } else if (!has_address(host) && verdict->mx != MX_MISSING) {
        problem(verdict, SEVERITY_WARNING, "mx-host-unknown", section,
                "DNS gave no answer about the address of the MX host %s", name);
        remedy(verdict, "check again later; if it stays so, look at its name servers");
    }
    if (host->is_host_name && alias[0] != '\0' && verdict->mx == MX_FOUND) {
        problem(verdict, SEVERITY_WARNING, "mx-alias", section,
                "the MX host %s is an alias (CNAME) of %s, which an MX host must not be", name,
                quote_text(verdict, alias));
        remedy(verdict, "let the MX record name %s", quote_text(verdict, alias));
    }
}

void weigh_mx(struct verdict *verdict)
{
    const struct findings *findings = verdict->findings;
    verdict->mx = state_of_mx(findings);
    complain_of_domain(verdict);
    weigh_set(verdict);
    for (size_t i = 0; i < findings->mx_count; i++) {
        weigh_host(verdict, findings->mx[i].host);
        verdict->hosts[i].counts = has_address(findings->mx[i].host);
    }
}
