/*
 * txt_record.h - the TXT records of TLS reporting and MTA-STS.
 *
 * RFC 8460 section 3 and RFC 8461 section 3.1, by which both are a version and
 * then fields with ";" between them.  Pure functions that allocate nothing and
 * never fail: what a record lacks or gets wrong is in `problems`.  Slices point
 * into the text that was read.
 */
#ifndef TLSRPTOP_IMPORTERS_TXT_RECORD_H
#define TLSRPTOP_IMPORTERS_TXT_RECORD_H

#include "slice.h"

enum {
    STS_ID_MAX = 32, /* RFC 8461 section 3.1 */
    RUA_MAX = 16     /* addresses read; more is a problem */
};

/* What a TXT record is to someone who looks for one of a version. */
enum txt_kind {
    TXT_UNRELATED, /* passed over, as senders do */
    TXT_ALMOST,    /* so do senders, but its owner means it */
    TXT_RECORD
};
enum txt_kind txt_kind_tlsrpt(struct slice text);
enum txt_kind txt_kind_sts(struct slice text);

enum record_problem {
    RECORD_BAD_FIELD = 1 << 0, /* a field that is no name=value, though it may be read as one */
    RECORD_REPEATED = 1 << 1,  /* id or rua twice: the first stands */
    RECORD_NO_ID = 1 << 2,
    RECORD_BAD_ID = 1 << 3, /* not 1 to 32 letters and digits */
    RECORD_NO_RUA = 1 << 4,
    RECORD_BAD_RUA = 1 << 5, /* neither a mailto: nor an https: URI */
    RECORD_TOO_MANY_RUA = 1 << 6
};

struct sts_record {
    struct slice id; /* empty when missing or bad */
    unsigned problems;
};
/* TEXT is of the kind TXT_RECORD, here and below. */
void sts_record_read(struct slice text, struct sts_record *record);

struct tlsrpt_record {
    struct slice rua[RUA_MAX]; /* the good ones */
    size_t rua_count;
    struct slice bad_rua; /* the first bad one */
    unsigned problems;
};
void tlsrpt_record_read(struct slice text, struct tlsrpt_record *record);

#endif
