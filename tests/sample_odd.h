/*
 * sample_odd.h - what arrives in a report mailbox beside good reports.
 */
#ifndef TLSRPTOP_TESTS_SAMPLE_ODD_H
#define TLSRPTOP_TESTS_SAMPLE_ODD_H

#include <stdint.h>

#include "../db/vocab.h"
#include "sample_mail.h"

/* Something odd that happens AGO days before the end. */
struct odd {
    int ago;
    enum {
        ODD_MAIL,      /* a mail that holds no good report */
        ODD_REPORTER,  /* a report by an organization of that name */
        ODD_DUPLICATE, /* to the next report: it comes twice */
        ODD_CONFLICT,  /* it comes again with other figures */
        ODD_FORWARDED, /* it comes enclosed in another mail */
        ODD_CUT,       /* it is damaged */
        ODD_FLIPPED,
    } kind;
    enum outcome outcome; /* of ODD_MAIL */
    const char *from, *subject, *text;
    const char *attached; /* file name of the text; NULL: it is the rest of the mail */
    const char *organization;
};

extern const struct odd odds[];
extern const unsigned odd_count;
/* How many mails they add in the last DAYS days. */
unsigned odd_mails(unsigned days);

/* Makes the mail of an ODD_MAIL. */
void odd_mail(const struct odd *odd, struct mailer *mailer, int64_t sent);

/* Makes the figures of an ODD_REPORTER's report. */
void odd_report(const struct odd *odd, const struct occasion *occasion,
                struct sample_report *report);

#endif
