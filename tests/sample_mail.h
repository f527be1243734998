/*
 * sample_mail.h - mails of the sample: a report in its reporter's manner, and
 * what else arrives in such a mailbox.
 *
 * A mailer keeps the mail it made last.  Lines end in '\n'.
 */
#ifndef TLSRPTOP_TESTS_SAMPLE_MAIL_H
#define TLSRPTOP_TESTS_SAMPLE_MAIL_H

#include <stdbool.h>
#include <stdio.h>

#include "sample_report.h"

struct mailer;

enum flaw {
    FLAW_NONE,
    FLAW_CUT,    /* the packed document ends early */
    FLAW_FLIPPED /* a byte in its middle is another */
};

/* What happens to a report on its way. */
struct delivery {
    enum flaw flaw;
    bool forwarded;  /* comes enclosed in another mail */
    unsigned number; /* of the delivery: the same mail may come twice */
};

/* NULL when memory is short. */
struct mailer *mailer_new(void);
void mailer_free(struct mailer *mailer);

/* When a report is mailed. */
int64_t mailer_time(const struct sample_report *report);

/* Makes the mail of REPORT. */
void mailer_report(struct mailer *mailer, const struct sample_report *report,
                   const struct delivery *delivery);

/* Makes a mail of the usual fields, then FIELDS and the body, as they are. */
void mailer_other(struct mailer *mailer, const char *from, const char *subject, int64_t sent,
                  const char *fields_and_body);

/* Like that, with BYTES attached as FILE_NAME, packed as gzip. */
void mailer_attach(struct mailer *mailer, const char *from, const char *subject, int64_t sent,
                   const char *file_name, const char *bytes);

/* The mail that was made last, until the next one; NULL when memory or zlib
 * failed. */
const char *mailer_bytes(struct mailer *mailer, size_t *size);

#endif
