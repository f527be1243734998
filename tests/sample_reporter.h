/*
 * sample_reporter.h - who sends the sample's reports, and their habits.
 *
 * The habits are those of real reporters; names of companies stand for the way
 * their reports look.  Domains and addresses are reserved for documentation.
 */
#ifndef TLSRPTOP_TESTS_SAMPLE_REPORTER_H
#define TLSRPTOP_TESTS_SAMPLE_REPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "luck.h"

/* In the order of the hours at which they send. */
enum reporter_number {
    COLLEGE,
    CLUB,
    MAILRU,
    GMX,
    WEBDE,
    YAHOO,
    COMCAST,
    GOOGLE,
    UNIVERSITY,
    FASTMAIL,
    MICROSOFT,
    REPORTERS
};

enum id_style {
    ID_TIME_DOMAIN,   /* 2026-11-01T00:00:00Z_example.com */
    ID_DIGITS_DOMAIN, /* 134232617934286362+example.com; only digits+ for a fetch error */
    ID_STAMP_DOMAIN,  /* 1793491200_example.com */
    ID_UUID,
    ID_UUID_AT, /* b28254de-...@mail.ru */
    ID_POSTFIX, /* 2026-11-01T00:00:00Z_idx1_example.com */
};

enum time_style {
    TIME_LAST_SECOND, /* 00:00:00Z to 23:59:59Z */
    TIME_NEXT_DAY,    /* 24 hours exactly */
    TIME_OFFSET,      /* +00:00 */
    TIME_FRACTION,    /* .000Z to .999Z */
    TIME_NO_ZONE,
    TIME_WEEK, /* seven days, sent on Mondays */
};

enum attachment {
    ATTACHED_TLSRPT_GZIP, /* application/tlsrpt+gzip in base64, as nearly all */
    ATTACHED_GZIP,        /* application/gzip */
    ATTACHED_OCTETS,      /* application/octet-stream, gzip named .json */
    ATTACHED_JSON,        /* application/tlsrpt+json in base64, the whole mail */
    ATTACHED_QUOTED,      /* application/json in quoted-printable, named .json.gz */
    ATTACHED_ZIP,         /* application/zip */
};

enum mx_style { MX_LIST, MX_STRING, MX_PATTERN, MX_PREFIXED, MX_MISSING };
enum tlsa_style { TLSA_LIST, TLSA_IN_A_STRING, TLSA_BY_MX };
enum details_style { DETAILS_MISSING, DETAILS_EMPTY, DETAILS_NULL };
enum fetch_style {
    FETCH_SILENT,    /* a policy that cannot be fetched is none */
    FETCH_BARE,      /* sts-policy-fetch-error, without an address */
    FETCH_BY_STATUS, /* one detail for each HTTP status, which need not add up */
    FETCH_WEBPKI,    /* sts-webpki-invalid */
};

struct reporter {
    const char *organization;
    const char *submitter; /* domain */
    const char *from;
    const char *contact; /* NULL: null */
    const char *text;    /* of the part for people */
    enum id_style id;
    enum time_style time;
    enum attachment attachment;
    enum mx_style mx;
    enum tlsa_style tlsa_style;
    enum details_style details;
    enum fetch_style fetch;
    bool sts, tlsa;           /* evaluates MTA-STS, DANE */
    bool fields;              /* has TLS-Report-Domain and -Submitter */
    bool subject;             /* as RFC 8460 section 5.5 has it */
    bool split_name;          /* RFC 2231 */
    bool international;       /* writes U-labels */
    bool count_strings;       /* "12" in place of 12 */
    bool spaced;              /* ": " and ", " in its JSON */
    bool domain_of_not_found; /* names the domain where there is no policy */
    unsigned share;           /* of a domain's sessions, in 1000 */
    unsigned presence;        /* days with mail to a domain, in 100 */
    int refetch;              /* days until it looks for a new policy */
    int hour;                 /* of sending, UTC */
    int zone;                 /* of the Date field, hours east */
    const char *v4;           /* /24 of its sending MTAs, and their /64 */
    const char *v6;
    unsigned hosts;
};

extern const struct reporter sample_reporters[REPORTERS];

enum { IP_TEXT = 46 };

/* The address of one of its sending MTAs; the first are the busiest. */
void reporter_ip(const struct reporter *reporter, struct luck *luck, char ip[static IP_TEXT]);

enum { REPORT_ID_TEXT = 400 };

/* An id in its style for its report on DOMAIN that begins at BEGIN. */
void reporter_id(const struct reporter *reporter, struct luck *luck, const char *domain,
                 int64_t begin, bool fetch_error, char id[static REPORT_ID_TEXT]);

enum { SAMPLE_TIME_TEXT = 48 };

/* The days up to DAY that its report covers, as instants and as it writes them. */
struct reporter_range {
    int64_t begin, end;
    char begin_text[SAMPLE_TIME_TEXT], end_text[SAMPLE_TIME_TEXT];
};
struct reporter_range reporter_range(const struct reporter *reporter, int day);

#endif
