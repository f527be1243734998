/*
 * secret.h - the password or token of an IMAP account.
 *
 * It comes from password-command, password-file or password, of which one can be
 * set, or else from $TLSRPTOP_PASSWORD.  Of what a command prints or a file holds
 * the first line counts.
 */
#ifndef TLSRPTOP_IMPORTERS_SECRET_H
#define TLSRPTOP_IMPORTERS_SECRET_H

#include "../db/config.h"

enum {
    SECRET_MAX = 16 * 1024, /* tokens of OAuth 2 are long */
    SECRET_ERROR = 512,
};

struct secret {
    char text[SECRET_MAX];
};

/* Finds the secret of [imap ACCOUNT].  A command is run by sh, without anything
 * on its standard input, and has the account's timeout.  Returns a status of
 * <sysexits.h> with a sentence in ERROR, which is "" when the run is to end:
 * EX_OK, EX_CONFIG, or EX_NOPERM for a command that failed.  In any case SECRET
 * is to be wiped. */
int secret_find(const struct config *config, const char *account, struct secret *secret,
                char error[static SECRET_ERROR]);

void secret_wipe(struct secret *secret);

#endif
