/*
 * imap_account.h - the settings of one [imap NAME].
 */
#ifndef TLSRPTOP_IMPORTERS_IMAP_ACCOUNT_H
#define TLSRPTOP_IMPORTERS_IMAP_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "../db/config.h"

enum imap_security { SECURITY_TLS, SECURITY_STARTTLS, SECURITY_NONE };
enum imap_auth { AUTH_AUTO, AUTH_PLAIN, AUTH_LOGIN, AUTH_CRAM_MD5, AUTH_XOAUTH2 };
enum imap_action { ACTION_KEEP, ACTION_SEEN, ACTION_MOVE, ACTION_DELETE };

enum { IMAP_PATH = 4096 };

/* Strings belong to the config. */
struct imap_account {
    const struct config *config;
    const char *name;
    const char *host;
    unsigned port;
    enum imap_security security;
    const char *user;
    enum imap_auth auth;
    char ca_file[IMAP_PATH]; /* "": the system's */
    unsigned timeout;        /* seconds */
    const char *mailboxes;   /* for mailbox_name_next() */
    enum imap_action after_import;
    const char *after_folder;   /* of ACTION_MOVE */
    const char *damaged_folder; /* NULL: they are kept where they are */
    bool idle;
    unsigned poll;      /* seconds */
    size_t message_max; /* bytes */
};

/* Reads [imap NAME].  Returns 0, or -1 with a sentence in ERROR. */
int imap_account_read(struct imap_account *account, const struct config *config, const char *name,
                      char error[static CONFIG_ERROR]);

/* Does anything on the server change after an import? */
bool imap_account_acts(const struct imap_account *account);

#endif
