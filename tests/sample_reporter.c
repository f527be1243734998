#include "sample_reporter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../db/day.h"

enum { IPV6_IN_100 = 30, ENDLESS_ID_IN_100 = 50 };

const struct reporter sample_reporters[REPORTERS] = {
    [COLLEGE] = {.organization = "Hochschule Beispielstadt",
                 .submitter = "mail.hochschule.example",
                 .from = "noreply@mail.hochschule.example",
                 .contact = "postmaster@hochschule.example",
                 .text = "This is an aggregate TLS report from mail.hochschule.example.",
                 .id = ID_POSTFIX,
                 .details = DETAILS_EMPTY,
                 .tlsa = true,
                 .fields = true,
                 .subject = true,
                 .split_name = true,
                 .spaced = true,
                 .share = 15,
                 .presence = 15,
                 .refetch = 1,
                 .hour = 0,
                 .zone = 1,
                 .v4 = "203.0.113",
                 .v6 = "2001:db8:a:9::",
                 .hosts = 2},
    [CLUB] = {.organization = "mx.verein.example",
              .submitter = "mx.verein.example",
              .from = "tlsrpt@mx.verein.example",
              .contact = "tlsrpt@verein.example",
              .text = "TLS report of mx.verein.example",
              .id = ID_POSTFIX,
              .time = TIME_OFFSET,
              .mx = MX_PREFIXED,
              .tlsa_style = TLSA_BY_MX,
              .details = DETAILS_EMPTY,
              .fetch = FETCH_WEBPKI,
              .sts = true,
              .tlsa = true,
              .fields = true,
              .split_name = true,
              .share = 6,
              .presence = 10,
              .refetch = 5,
              .hour = 1,
              .v4 = "203.0.113",
              .v6 = "2001:db8:a:b::",
              .hosts = 1},
    [MAILRU] = {.organization = "Mail.ru",
                .submitter = "mail-ru.example",
                .from = "tlsrpt@mail-ru.example",
                .contact = "tls_support@mail-ru.example",
                .text = "TLS report",
                .id = ID_UUID_AT,
                .time = TIME_NEXT_DAY,
                .fetch = FETCH_BY_STATUS,
                .sts = true,
                .subject = true,
                .domain_of_not_found = true,
                .share = 20,
                .presence = 20,
                .refetch = 10,
                .hour = 3,
                .zone = 3,
                .v4 = "203.0.113",
                .v6 = "2001:db8:a:7::",
                .hosts = 6},
    [GMX] = {.organization = "GMX",
             .submitter = "gmx.example",
             .from = "noreply@sicher.gmx.example",
             .contact = "tlsrpt@gmx.example",
             .text = "TLS report of GMX for your domain",
             .id = ID_UUID_AT,
             .tlsa_style = TLSA_BY_MX,
             .fetch = FETCH_WEBPKI,
             .sts = true,
             .tlsa = true,
             .fields = true,
             .subject = true,
             .domain_of_not_found = true,
             .share = 60,
             .presence = 40,
             .refetch = 7,
             .hour = 4,
             .zone = 1,
             .v4 = "203.0.113",
             .v6 = "2001:db8:a:4::",
             .hosts = 8},
    [WEBDE] = {.organization = "WEB.DE",
               .submitter = "web-de.example",
               .from = "noreply@sicher.web-de.example",
               .contact = "tlsrpt@web-de.example",
               .text = "TLS report of WEB.DE for your domain",
               .id = ID_UUID_AT,
               .attachment = ATTACHED_OCTETS,
               .tlsa_style = TLSA_BY_MX,
               .fetch = FETCH_WEBPKI,
               .sts = true,
               .tlsa = true,
               .fields = true,
               .subject = true,
               .domain_of_not_found = true,
               .share = 50,
               .presence = 30,
               .refetch = 7,
               .hour = 5,
               .zone = 1,
               .v4 = "203.0.113",
               .v6 = "2001:db8:a:5::",
               .hosts = 8},
    [YAHOO] = {.organization = "Yahoo",
               .submitter = "yahoo.example",
               .from = "noreply@tls.yahoo.example",
               .contact = "tls-reports@yahoo.example",
               .text = "This is a TLS report from Yahoo.",
               .id = ID_STAMP_DOMAIN,
               .attachment = ATTACHED_GZIP,
               .mx = MX_STRING,
               .details = DETAILS_NULL,
               .sts = true,
               .fields = true,
               .subject = true,
               .domain_of_not_found = true,
               .share = 90,
               .presence = 45,
               .refetch = 9,
               .hour = 7,
               .v4 = "192.0.2",
               .v6 = "2001:db8:a:3::",
               .hosts = 12},
    [COMCAST] = {.organization = "Comcast",
                 .submitter = "comcast.example",
                 .from = "tls-reporting@comcast.example",
                 .contact = "tls-reporting@comcast.example",
                 .text = "TLS report from Comcast",
                 .id = ID_UUID,
                 .time = TIME_FRACTION,
                 .attachment = ATTACHED_QUOTED,
                 .fetch = FETCH_BARE,
                 .sts = true,
                 .tlsa = true,
                 .domain_of_not_found = true,
                 .spaced = true,
                 .share = 40,
                 .presence = 25,
                 .refetch = 3,
                 .hour = 9,
                 .zone = -5,
                 .v4 = "198.51.100",
                 .v6 = "2001:db8:a:6::",
                 .hosts = 10},
    [GOOGLE] = {.organization = "Google Inc.",
                .submitter = "google.example",
                .from = "noreply-smtp-tls-reporting@google.example",
                .contact = "smtp-tls-reporting@google.example",
                .text = "This is an aggregate TLS report from google.example",
                .id = ID_TIME_DOMAIN,
                .sts = true,
                .fields = true,
                .subject = true,
                .domain_of_not_found = true,
                .share = 380,
                .presence = 100,
                .refetch = 1,
                .hour = 11,
                .zone = -7,
                .v4 = "192.0.2",
                .v6 = "2001:db8:a:1::",
                .hosts = 40},
    [UNIVERSITY] = {.organization = "Example University",
                    .submitter = "uni.example",
                    .from = "postmaster@uni.example",
                    .contact = "postmaster@uni.example",
                    .text = "Weekly TLS report",
                    .id = ID_UUID,
                    .time = TIME_WEEK,
                    .attachment = ATTACHED_ZIP,
                    .mx = MX_MISSING,
                    .details = DETAILS_EMPTY,
                    .sts = true,
                    .domain_of_not_found = true,
                    .count_strings = true,
                    .spaced = true,
                    .share = 60,
                    .presence = 25,
                    .refetch = 2,
                    .hour = 13,
                    .v4 = "198.51.100",
                    .v6 = "2001:db8:a:c::",
                    .hosts = 3},
    [FASTMAIL] = {.organization = "Fastmail",
                  .submitter = "fastmail.example",
                  .from = "tls-reports@fastmail.example",
                  .text = "",
                  .id = ID_UUID,
                  .time = TIME_NO_ZONE,
                  .attachment = ATTACHED_JSON,
                  .mx = MX_PATTERN,
                  .details = DETAILS_EMPTY,
                  .sts = true,
                  .fields = true,
                  .international = true,
                  .domain_of_not_found = true,
                  .share = 30,
                  .presence = 25,
                  .refetch = 1,
                  .hour = 15,
                  .v4 = "198.51.100",
                  .v6 = "2001:db8:a:8::",
                  .hosts = 5},
    [MICROSOFT] = {.organization = "Microsoft Corporation",
                   .submitter = "microsoft.example",
                   .from = "tlsrpt-noreply@microsoft.example",
                   .contact = "tlsrpt-noreply@microsoft.example",
                   .text = "This is an aggregate TLS report from microsoft.example",
                   .id = ID_DIGITS_DOMAIN,
                   .tlsa_style = TLSA_IN_A_STRING,
                   .fetch = FETCH_BARE,
                   .sts = true,
                   .tlsa = true,
                   .fields = true,
                   .subject = true,
                   .domain_of_not_found = true,
                   .share = 260,
                   .presence = 90,
                   .refetch = 1,
                   .hour = 20,
                   .v4 = "198.51.100",
                   .v6 = "2001:db8:a:2::",
                   .hosts = 32},
};

void reporter_ip(const struct reporter *reporter, struct luck *luck, char ip[static IP_TEXT])
{
    unsigned host = luck_pick(luck, luck_pick(luck, reporter->hosts) + 1);
    if (luck_pick(luck, 100) < IPV6_IN_100)
        snprintf(ip, IP_TEXT, "%s%x", reporter->v6, 0x25 + host);
    else
        snprintf(ip, IP_TEXT, "%s.%u", reporter->v4, 11 + 3 * host);
}

static void uuid(struct luck *luck, char *text, size_t size)
{
    uint64_t a = luck_next(luck), b = luck_next(luck);
    snprintf(text, size, "%08x-%04x-4%03x-%04x-%012" PRIx64, (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
             0x8000 | (unsigned)(b >> 48 & 0x3fff), b & UINT64_C(0xffffffffffff));
}

void reporter_id(const struct reporter *reporter, struct luck *luck, const char *domain,
                 int64_t begin, bool fetch_error, char id[static REPORT_ID_TEXT])
{
    char text[INSTANT_TEXT], random[40];
    instant_format(begin, text);
    uuid(luck, random, sizeof random);
    uint64_t digits = luck_next(luck) % UINT64_C(100000000000000000);
    switch (reporter->id) {
    case ID_TIME_DOMAIN:
        snprintf(id, REPORT_ID_TEXT, "%s_%s", text, domain);
        break;
    case ID_DIGITS_DOMAIN:
        if (fetch_error && luck_pick(luck, 100) < ENDLESS_ID_IN_100)
            domain = "";
        snprintf(id, REPORT_ID_TEXT, "1%017" PRIu64 "+%s", digits, domain);
        break;
    case ID_STAMP_DOMAIN:
        snprintf(id, REPORT_ID_TEXT, "%" PRId64 "_%s", begin, domain);
        break;
    case ID_UUID:
        snprintf(id, REPORT_ID_TEXT, "%s", random);
        break;
    case ID_UUID_AT:
        snprintf(id, REPORT_ID_TEXT, "%s@%s", random, reporter->submitter);
        break;
    case ID_POSTFIX:
        snprintf(id, REPORT_ID_TEXT, "%s_idx1_%s", text, domain);
        break;
    }
}

struct reporter_range reporter_range(const struct reporter *reporter, int day)
{
    struct reporter_range range;
    int first = reporter->time == TIME_WEEK ? day - 6 : day;
    range.begin = (int64_t)first * SECONDS_PER_DAY;
    range.end = (int64_t)(day + 1) * SECONDS_PER_DAY - (reporter->time != TIME_NEXT_DAY);
    char begin[INSTANT_TEXT], end[INSTANT_TEXT];
    instant_format(range.begin, begin);
    instant_format(range.end, end);
    const char *zone = "Z", *begin_zone = "Z";
    if (reporter->time == TIME_OFFSET)
        zone = begin_zone = "+00:00";
    else if (reporter->time == TIME_NO_ZONE)
        zone = begin_zone = "";
    else if (reporter->time == TIME_FRACTION)
        begin_zone = ".000Z", zone = ".999Z";
    int length = INSTANT_TEXT - (int)sizeof "Z";
    snprintf(range.begin_text, SAMPLE_TIME_TEXT, "%.*s%s", length, begin, begin_zone);
    snprintf(range.end_text, SAMPLE_TIME_TEXT, "%.*s%s", length, end, zone);
    return range;
}
