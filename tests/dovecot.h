/*
 * dovecot.h - a real IMAP server for one test, by tests/dovecot, and the mail in it.
 *
 * Whatever cannot be done fails the test.
 */
#ifndef TLSRPTOP_TESTS_DOVECOT_H
#define TLSRPTOP_TESTS_DOVECOT_H

#include <stdbool.h>
#include <stddef.h>

struct dovecot {
    char folder[128]; /* see tests/dovecot */
    unsigned imap;    /* ports */
    unsigned imaps;
};

/* Starts it in FOLDER, which keeps the mail of an earlier start, with options of
 * tests/dovecot up to a NULL. */
void dovecot_start(struct dovecot *dovecot, const char *folder, ...) __attribute__((sentinel));
void dovecot_stop(struct dovecot *dovecot);

/* Has it logged TEXT? */
bool dovecot_logged(const struct dovecot *dovecot, const char *text);

/* Puts a mail into MAILBOX (as Maildir++ names it: "" for INBOX, ".Reports.TLS"),
 * which is made if need be. */
void dovecot_deliver(const struct dovecot *dovecot, const char *mailbox, const char *mail,
                     size_t size);

/* The same with COUNT mails of one report each, numbered from FIRST: the same
 * number is the same report. */
void dovecot_deliver_reports(const struct dovecot *dovecot, const char *mailbox, unsigned first,
                             unsigned count);

/* A mail with the report NUMBER, to be freed; BALLAST bytes make it longer. */
char *make_report_mail(unsigned number, size_t ballast);

/* The mails in MAILBOX that have FLAG ('S' seen, 'T' deleted); '\0': all. */
size_t dovecot_count(const struct dovecot *dovecot, const char *mailbox, char flag);

#endif
