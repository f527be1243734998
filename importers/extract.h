/*
 * extract.h - from the bytes of a message or file to the reports inside.
 *
 * bytes -> message parts (message.c) -> content (decode.c) -> document
 * (unpack.c) -> struct report (report_json.c).  What a thing is, its bytes
 * decide, never its name or content type.  All input is hostile: every stage
 * is linear in its input and bounded by struct limits; what exceeds a bound is
 * damaged, with that bound in the reason.
 */
#ifndef TLSRPTOP_IMPORTERS_EXTRACT_H
#define TLSRPTOP_IMPORTERS_EXTRACT_H

#include <stddef.h>

#include "../db/report.h"

/* The settings of [import]; 0 is never "no limit". */
struct limits {
    size_t message_max;      /* bytes of a message, file or mbox member: 32 MiB */
    size_t document_max;     /* bytes of one report, decompressed: 64 MiB */
    unsigned parts_max;      /* MIME parts or archive members of one message: 1000 */
    unsigned nesting_max;    /* multipart and message/rfc822 levels: 32 */
    unsigned json_depth_max; /* 32 */
};

extern const struct limits default_limits;

struct extractor;

/* NULL when memory is short.  An extractor keeps its buffers from one call to
 * the next and belongs to one thread. */
struct extractor *extractor_new(const struct limits *limits);
void extractor_free(struct extractor *extractor);

/* From now on SIGNATURES, which outlive it, judge the mails that bring reports. */
struct signatures;
void extractor_verify(struct extractor *extractor, struct signatures *signatures);

/* One thing that was found. */
struct extracted {
    enum outcome outcome;  /* OUTCOME_IMPORTED: `report` is filled and resolved;
                              or OUTCOME_NOT_A_REPORT, OUTCOME_DAMAGED */
    const char *reason;    /* a sentence for the latter two; "" else */
    struct report *report; /* NULL unless imported.  To keep it, copy the struct and put
                              another one here, whose memory serves the next report. */
    const void *bytes;     /* the document as it came (gzip or JSON), or the damaged content: that
                              of a mail with a header that extract() takes up again */
    size_t size;
    unsigned part; /* counts up from 0 within the message */
};

/* Returns 0 to go on; anything else ends the extraction with that value. */
typedef int extracted_fn(void *context, struct extracted *found);

/* Finds every report in BYTES: a message (RFC 5322, headers first), or a bare
 * document (JSON, gzip, zip).  NAME is a file name where there is one (for the
 * recipient domain), else NULL.  Calls FOUND once or more: a message without
 * any report yields one OUTCOME_NOT_A_REPORT that says why.  Returns 0, or what
 * FOUND returned; -1 when memory is short. */
int extract(struct extractor *extractor, const char *name, const char *bytes, size_t size,
            extracted_fn *found, void *context);

#endif
