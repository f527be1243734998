/*
 * imap.h - report mails out of the mailboxes of an IMAP account.
 *
 * What a run does: connect, verify the server, log in; then, mailbox by mailbox,
 * hand every message that the database has not seen to the pipeline, and do with
 * the imported ones what `after-import` and `damaged` say, once they are safe on
 * the disk.  By default a mailbox is opened read-only and left as it was.
 *
 * What is new is told by UIDVALIDITY and UID.  A mailbox whose UIDVALIDITY has
 * changed is read again from its beginning; the reports it holds are duplicates
 * then.  In a dry run (see pipeline_dry_run()) nothing on the server changes.
 *
 * Which messages are touched, when after-import or damaged ask for it:
 *   imported, duplicate     marked as seen, moved or deleted by after-import
 *   damaged                 moved by `damaged`, never marked or deleted
 *   conflict, not a report  left alone: someone should look at them
 * The outcome of a message is the worst of its attachments.
 *
 * Both functions belong to the pipeline's source thread, and run until the work
 * is done, a failure ends it, or stop_requested().  Every failure has been said,
 * but for one of the pipeline itself, which pipeline_close() tells.
 */
#ifndef TLSRPTOP_IMPORTERS_IMAP_H
#define TLSRPTOP_IMPORTERS_IMAP_H

#include <stddef.h>

#include "../db/config.h"
#include "pipeline.h"

/* Imports what is new in every mailbox of [imap ACCOUNT].  A mailbox that cannot
 * be read does not keep the others from it.  Returns a status of <sysexits.h>:
 *   EX_OK           all is read, or the run was asked to end
 *   EX_CONFIG       a setting is wrong: the sentence names it
 *   EX_UNAVAILABLE  the server cannot be reached, or is none
 *   EX_NOPERM       the certificate, the login or a change was refused
 *   EX_TEMPFAIL     the server hung up midway, or storing failed: try again */
int imap_import(const struct config *config, const char *account, struct pipeline *pipeline);

/* Imports what is new in COUNT accounts (at most IMAP_WATCH_MAX), and then what
 * comes, until the run is asked to end.  There is one connection an account.  It
 * waits by IDLE in the first of the account's mailboxes; the others, or all where
 * the server has no IDLE, are looked at every `poll` seconds.  After a failure an
 * account is tried again, after 5 seconds at first and 10 minutes in the end.
 * One that is refused (EX_CONFIG, EX_NOPERM) before it ever worked is given up.
 * Returns EX_OK, or the status of the last account that was given up. */
enum { IMAP_WATCH_MAX = 256 };
int imap_watch(const struct config *config, const char *const *accounts, size_t count,
               struct pipeline *pipeline);

#endif
