/*
 * mailbox_name.h - names of mailboxes as IMAP writes them.
 *
 * On the wire they are modified UTF-7 (RFC 3501 section 5.1.3), with the server's
 * own character between the levels of a hierarchy.  People write UTF-8 and "/".
 */
#ifndef TLSRPTOP_IMPORTERS_MAILBOX_NAME_H
#define TLSRPTOP_IMPORTERS_MAILBOX_NAME_H

#include <stddef.h>

enum { MAILBOX_NAME = 4096 }; /* with the NUL; a line of the configuration is no longer */

/* Writes NAME in modified UTF-7.  Returns 0; -1 when NAME is not UTF-8, holds
 * control characters, or is too long. */
int mailbox_name_encode(const char *name, char encoded[static MAILBOX_NAME]);

/* Copies the next name of a LIST separated by commas, blanks around it left out.
 * Returns what follows, or NULL when there was none left. */
const char *mailbox_name_next(const char *list, char name[static MAILBOX_NAME]);

#endif
