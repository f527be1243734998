/*
 * report_json.h - reads the JSON of RFC 8460 section 4, and what is really sent.
 *
 * Names that are missing or null are empty; a policy-string or mx-host may be a
 * list, a string, or a list inside a string; counts may be strings.  What could
 * only be guessed at (a count below zero, a date that is none) makes the report
 * damaged, with the field and its value in the reason.  Of a key that is there
 * twice the last one stands.  The key "tlsrptop" is ours: `tlsrptop export reports`
 * puts there what a mail told beyond the document, recipient-domain and
 * organization-name, and here they stand in where the document has none.
 */
#ifndef TLSRPTOP_IMPORTERS_REPORT_JSON_H
#define TLSRPTOP_IMPORTERS_REPORT_JSON_H

#include "../db/report.h"
#include "slice.h"

enum { REPORT_REASON = 200 };

/* What the parsed form of one document may take, in bytes, by our estimate:
 * a few characters of JSON can become a hundred times as much. */
#define REPORT_MEMORY_MAX ((size_t)256 * 1024 * 1024)

struct report_reader;

/* NULL when memory is short.  One thread uses it. */
struct report_reader *report_reader_new(unsigned depth_max);
void report_reader_free(struct report_reader *reader);

/* Reads the JSON object that BYTES begin with, after a byte order mark and
 * white space, into REPORT, which is fresh.  *USED is where it ends: bytes may
 * follow.  Returns OUTCOME_IMPORTED; or OUTCOME_NOT_A_REPORT when it is some
 * other JSON, or OUTCOME_DAMAGED, both with a sentence in report_reader_reason(), "" when
 * memory is short. */
enum outcome report_read(struct report_reader *reader, struct slice bytes, struct report *report,
                         size_t *used);
const char *report_reader_reason(const struct report_reader *reader);

#endif
