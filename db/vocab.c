#include "vocab.h"

#include <string.h>

#define CHECK_TLSA                                                                                 \
    "dig +short TLSA _25._tcp.MX, and openssl s_client -starttls smtp -connect MX:25 "             \
    "-dane_tlsa_domain MX -dane_tlsa_rrdata \"3 1 1 DIGEST\" </dev/null for each: "                \
    "\"Verification: OK\" is wanted."

/* In the commands DOMAIN is the recipient domain and MX one of its mail hosts. */
const struct result_type result_types[] = {
    {
        .name = "starttls-not-supported",
        .group = GROUP_NEGOTIATION,
        .meaning = "The MX host did not offer STARTTLS, so the sender had no way to encrypt.",
        .causes =
            "TLS is off on one MX host (often a backup MX) or after an update; a firewall or "
            "spam filter strips STARTTLS from the EHLO answer (Cisco shows \"250-XXXXXXXA\"); "
            "the server was overloaded and answered with a reduced feature list.",
        .check = "openssl s_client -starttls smtp -connect MX:25 -servername MX </dev/null; do it "
                 "for every MX of \"dig +short MX DOMAIN\", over IPv4 (-4) and IPv6 (-6), and from "
                 "outside your own network.",
        .action =
            "Enable STARTTLS on the host that the report names and switch off SMTP inspection "
            "on the firewall before it. Under enforce or DANE no sender delivers to it.",
    },
    {
        .name = "certificate-host-mismatch",
        .group = GROUP_NEGOTIATION,
        .meaning = "The certificate of the MX host does not name that host.",
        .causes = "The certificate was issued for another name (the web server, an internal name, "
                  "the bare domain); the MX record was renamed or points to a CNAME; the server "
                  "picks a default certificate because SNI is not set up.",
        .check =
            "openssl s_client -starttls smtp -connect MX:25 -servername MX -verify_hostname MX "
            "</dev/null, and compare \"dig +short MX DOMAIN\" with the subjectAltName it shows "
            "(-showcerts, then openssl x509 -noout -ext subjectAltName).",
        .action = "Issue a certificate whose subjectAltName holds the exact name in the MX record, "
                  "and let the server present it for that name.",
    },
    {
        .name = "certificate-expired",
        .group = GROUP_NEGOTIATION,
        .meaning = "The certificate of the MX host, or one in its chain, has expired.",
        .causes = "Automatic renewal failed; it was renewed but the mail server was not reloaded; "
                  "one host behind a load balancer was forgotten; an old intermediate certificate "
                  "is still being sent.",
        .check = "openssl s_client -starttls smtp -connect MX:25 -servername MX </dev/null "
                 "2>/dev/null | openssl x509 -noout -enddate; repeat it for every address of MX.",
        .action =
            "Renew the certificate, reload the mail server, and let the renewal do the reload "
            "in future. If TLSA records hold its digest, publish the new one beforehand.",
    },
    {
        .name = "certificate-not-trusted",
        .group = GROUP_NEGOTIATION,
        .meaning = "The sender could not build a chain from the certificate of the MX host to a "
                   "certification authority it trusts.",
        .causes =
            "The intermediate certificate is not sent; the certificate is self-signed or from "
            "a private CA; the CA was removed from the trust stores; a proxy presents its own "
            "certificate.",
        .check = "openssl s_client -starttls smtp -connect MX:25 -servername MX -showcerts "
                 "</dev/null: \"Verify return code: 0 (ok)\" is wanted; 20 or 21 means that the "
                 "intermediate is missing, 18 or 19 that it is self-signed.",
        .action = "Configure the full chain (fullchain.pem, not cert.pem) of a public CA. MTA-STS "
                  "needs such a chain; DANE with usage 3 does not.",
    },
    {
        .name = "validation-failure",
        .group = GROUP_NEGOTIATION,
        .meaning = "TLS could not be established for a reason that fits no other type; the reason "
                   "code or additional information may name it.",
        .causes =
            "No TLS version or cipher in common; the connection broke or timed out during the "
            "handshake; the server is overloaded or limits its connections; some senders use "
            "it for every certificate error.",
        .check =
            "The failure's reason code; openssl s_client -starttls smtp -connect MX:25 "
            "-servername MX -tls1_2 </dev/null, then with -tls1_3; the mail log of that day at "
            "the sender's address.",
        .action = "Offer TLS 1.2 and 1.3 with standard ciphers and fix what the mail log shows. A "
                  "few on one day from one sender are usually broken connections; act when they "
                  "stay or spread.",
    },
    {
        .name = "tlsa-invalid",
        .group = GROUP_DANE,
        .meaning = "None of the TLSA records of the MX host matched the certificate it presented, "
                   "or none could be used.",
        .causes = "The certificate or key was replaced without publishing its digest first; a "
                  "renewal made a new key; a usage other than 2 or 3; a digest that was mistyped; "
                  "a usage 2 record whose CA certificate the server does not send.",
        .check = CHECK_TLSA,
        .action = "Check the TLSA records against the present key, and publish a \"3 1 1\" record "
                  "of it now. In future keep the key when renewing, or publish the new digest "
                  "beside the old one at least two TTLs before the switch.",
    },
    {
        .name = "dnssec-invalid",
        .group = GROUP_DANE,
        .meaning = "The sender's resolver could not validate the signed DNS answers for the MX or "
                   "TLSA records.",
        .causes = "Signatures expired; the DS record at the parent does not match the zone's key "
                  "after a key rollover or a move to another provider; name servers differ; the "
                  "zone of the MX host, often a provider's, is broken.",
        .check = "delv MX DOMAIN and delv TLSA _25._tcp.MX (\"fully validated\" is wanted); "
                 "dig +dnssec DS DOMAIN against dig +dnssec DNSKEY DOMAIN; dnsviz.net shows the "
                 "whole chain.",
        .action = "Sign the zone again or correct the DS record at the registrar; if that takes "
                  "long, remove the DS record for the time being. Senders that check DANE hold the "
                  "mail back until then.",
    },
    {
        .name = "dane-required",
        .group = GROUP_DANE,
        .meaning = "The sender demands DANE for this domain, but found no DNSSEC-validated TLSA "
                   "records for the MX host.",
        .causes =
            "The sender's administrator set DANE as mandatory for you, by agreement (RFC 7672 "
            "section 6), and the TLSA records were removed, the MX moved to a provider "
            "without DANE, or the zone is no longer signed.",
        .check = "delv MX DOMAIN and delv TLSA _25._tcp.MX: both have to be \"fully validated\", "
                 "for every MX.",
        .action = "Publish TLSA records for every MX in a signed zone, or agree with the sender "
                  "that DANE is no longer mandatory. Until then its mail is not delivered.",
    },
    {
        .name = "sts-policy-fetch-error",
        .group = GROUP_STS,
        .meaning = "The _mta-sts record exists, but the policy file could not be fetched.",
        .causes =
            "mta-sts.DOMAIN does not resolve or is down; it answers with a redirect, an error "
            "or a bot check; only one of IPv4 and IPv6 works; the _mta-sts record outlived "
            "the policy host.",
        .check = "curl -v https://mta-sts.DOMAIN/.well-known/mta-sts.txt (with -4 and with -6): "
                 "\"200\" without a redirect and text/plain are wanted; dig +short TXT "
                 "_mta-sts.DOMAIN.",
        .action =
            "Make the policy file answer directly with 200. Senders that have a policy cached "
            "go on using it until max_age; others deliver as if there were none. To give "
            "MTA-STS up, publish mode: none first.",
    },
    {
        .name = "sts-policy-invalid",
        .group = GROUP_STS,
        .meaning =
            "The policy file was fetched, but is not a valid MTA-STS policy; some senders also "
            "mean an MX host that it does not cover.",
        .causes = "\"version: STSv1\" is missing or not first; mode or max_age is missing or "
                  "misspelt; no mx lines; an MX host was added that no mx line covers; an HTML "
                  "page instead of the file; a wildcard meant for more than one label.",
        .check =
            "curl https://mta-sts.DOMAIN/.well-known/mta-sts.txt, and compare its mx lines "
            "with dig +short MX DOMAIN: every MX has to match one; tlsrptop-check DOMAIN names "
            "what is wrong.",
        .action = "Correct the file by RFC 8461 section 3.2, list every MX, then publish a new id "
                  "in the TXT record at _mta-sts.DOMAIN, so that senders fetch it again.",
    },
    {
        .name = "sts-webpki-invalid",
        .group = GROUP_STS,
        .meaning = "The HTTPS certificate of the policy host mta-sts.DOMAIN is not valid, so its "
                   "policy was not accepted.",
        .causes = "The certificate of the web server expired, does not name mta-sts.DOMAIN, or "
                  "lacks its intermediate; the host is a CNAME to a service that has no "
                  "certificate for your name.",
        .check = "curl -v https://mta-sts.DOMAIN/.well-known/mta-sts.txt without -k; openssl "
                 "s_client -connect mta-sts.DOMAIN:443 -servername mta-sts.DOMAIN -verify_hostname "
                 "mta-sts.DOMAIN </dev/null.",
        .action =
            "Give the policy host a public certificate for mta-sts.DOMAIN with its full chain "
            "and renew it automatically. This is the web server's certificate, not that of "
            "the MX.",
    },
};

const size_t result_type_count = sizeof result_types / sizeof *result_types;

/* What differs where TLSA records decide, RFC 7672 section 3.1: usage 3 compares the
 * key alone, usage 2 the chain and the name too. */
static const struct result_type under_tlsa[] = {
    {
        .name = "certificate-host-mismatch",
        .group = GROUP_NEGOTIATION,
        .meaning = "The certificate of the MX host does not name that host, which a TLSA record of "
                   "usage 2 demands.",
        .causes = "A usage 2 record and a certificate for another name; the MX record points to a "
                  "new name or an alias; the server presents a default certificate. With usage 3 "
                  "the name does not matter (RFC 7672 section 3.1.1).",
        .check = CHECK_TLSA,
        .action = "Issue a certificate that holds the exact name in the MX record, or publish a "
                  "\"3 1 1\" record of the present key, which does without the name.",
    },
    {
        .name = "certificate-expired",
        .group = GROUP_NEGOTIATION,
        .meaning = "The certificate of the MX host, or one in its chain, has expired, and a TLSA "
                   "record of usage 2 demands a valid chain.",
        .causes = "Automatic renewal failed; it was renewed but the mail server was not reloaded; "
                  "the CA certificate of the usage 2 record has expired. With usage 3 expiry does "
                  "not matter (RFC 7672 section 3.1.1).",
        .check = "openssl s_client -starttls smtp -connect MX:25 -servername MX -showcerts "
                 "</dev/null, and dig +short TLSA _25._tcp.MX for its usage; repeat it for every "
                 "address of MX.",
        .action = "Renew the certificate and reload the mail server. Publish the TLSA record of a "
                  "new key or CA at least two TTLs before the switch.",
    },
    {
        .name = "certificate-not-trusted",
        .group = GROUP_NEGOTIATION,
        .meaning =
            "No chain led from the certificate of the MX host to what its TLSA records name.",
        .causes = "The key or the CA was replaced without publishing its digest first; the server "
                  "does not send the CA certificate that a usage 2 record names. Public CAs do not "
                  "matter under DANE.",
        .check = CHECK_TLSA,
        .action =
            "Check the TLSA records against the present key: publish a \"3 1 1\" record of it "
            "now, or let the server send the CA certificate of the usage 2 record.",
    },
    {
        .name = "validation-failure",
        .group = GROUP_NEGOTIATION,
        .meaning = "TLS could not be established as the TLSA records demand; the reason code or "
                   "additional information may say why.",
        .causes =
            "Most often the key or certificate was replaced and the TLSA records were not: "
            "some senders report tlsa-invalid so. Else no TLS version or cipher in common, or "
            "broken connections.",
        .check = CHECK_TLSA,
        .action = "Check the TLSA records against the present key first; only when all of them "
                  "match look at TLS versions, ciphers and the mail log of that day.",
    },
};

const struct result_type *result_type_find(const char *name)
{
    for (size_t i = 0; i < result_type_count; i++) {
        if (strcmp(result_types[i].name, name) == 0)
            return &result_types[i];
    }
    return NULL;
}

const struct result_type *result_type_under(const char *name, int policy_type)
{
    for (size_t i = 0; policy_type == POLICY_TLSA && i < sizeof under_tlsa / sizeof *under_tlsa;
         i++) {
        if (strcmp(under_tlsa[i].name, name) == 0)
            return &under_tlsa[i];
    }
    return result_type_find(name);
}

const char *result_group_name(enum result_group group)
{
    static const char *const names[] = {
        [GROUP_NEGOTIATION] = "STARTTLS negotiation",
        [GROUP_DANE] = "DANE",
        [GROUP_STS] = "MTA-STS",
        [GROUP_UNKNOWN] = "other",
    };
    return names[group];
}

static const char *const policy_types[] = {
    [POLICY_NOT_FOUND] = "no-policy-found",
    [POLICY_STS] = "sts",
    [POLICY_TLSA] = "tlsa",
};

const char *policy_type_name(int type)
{
    return type >= POLICY_NOT_FOUND && type <= POLICY_TLSA ? policy_types[type] : NULL;
}

int policy_type_find(const char *name)
{
    for (int type = POLICY_NOT_FOUND; type <= POLICY_TLSA; type++) {
        if (strcmp(policy_types[type], name) == 0)
            return type;
    }
    return 0;
}

static const struct {
    const char *name;
    const char *label;
} tls_modes[MODE_COUNT] = {
    [MODE_UNKNOWN] = {"unknown", "Unknown"},
    [MODE_OPPORTUNISTIC] = {"opportunistic", "Opportunistic"},
    [MODE_STS_NONE] = {"sts-none", "MTA-STS none"},
    [MODE_STS_TESTING] = {"sts-testing", "MTA-STS testing"},
    [MODE_STS_ENFORCE] = {"sts-enforce", "MTA-STS enforce"},
    [MODE_DANE] = {"dane", "DANE"},
    [MODE_DANE_STS_TESTING] = {"dane+sts-testing", "DANE + MTA-STS testing"},
    [MODE_DANE_STS_ENFORCE] = {"dane+sts-enforce", "DANE + MTA-STS enforce"},
};

const char *tls_mode_name(enum tls_mode mode)
{
    return tls_modes[mode].name;
}

const char *tls_mode_label(enum tls_mode mode)
{
    return tls_modes[mode].label;
}

const char *sts_mode_name(enum sts_mode mode)
{
    static const char *const names[] = {
        [STS_UNREADABLE] = "unreadable",
        [STS_NONE] = "none",
        [STS_TESTING] = "testing",
        [STS_ENFORCE] = "enforce",
    };
    return names[mode];
}

enum sts_mode tls_mode_sts(enum tls_mode mode)
{
    static const enum sts_mode modes[MODE_COUNT] = {
        [MODE_STS_NONE] = STS_NONE,
        [MODE_STS_TESTING] = STS_TESTING,
        [MODE_STS_ENFORCE] = STS_ENFORCE,
        [MODE_DANE_STS_TESTING] = STS_TESTING,
        [MODE_DANE_STS_ENFORCE] = STS_ENFORCE,
    };
    return modes[mode];
}

int tls_mode_has_sts(enum tls_mode mode)
{
    return tls_mode_sts(mode) >= STS_TESTING;
}

int tls_mode_has_dane(enum tls_mode mode)
{
    return mode >= MODE_DANE;
}

int tls_mode_enforces(enum tls_mode mode)
{
    return mode >= MODE_STS_ENFORCE;
}

const char *signature_name(enum signature signature)
{
    static const char *const names[SIGNATURE_END] = {
        [SIGNATURE_UNKNOWN] = "not verified",      [SIGNATURE_VALID] = "valid",
        [SIGNATURE_FOREIGN] = "of another domain", [SIGNATURE_UNDECIDED] = "undecided",
        [SIGNATURE_INVALID] = "not valid",         [SIGNATURE_NONE] = "none",
    };
    return signature >= SIGNATURE_UNKNOWN && signature < SIGNATURE_END ? names[signature] : "";
}

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[OUTCOME_END] = {
        [OUTCOME_IMPORTED] = "imported", [OUTCOME_DUPLICATE] = "duplicate",
        [OUTCOME_CONFLICT] = "conflict", [OUTCOME_NOT_A_REPORT] = "not a report",
        [OUTCOME_DAMAGED] = "damaged",
    };
    return outcome >= OUTCOME_IMPORTED && outcome < OUTCOME_END ? names[outcome] : "unknown";
}
