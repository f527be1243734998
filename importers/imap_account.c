#include "imap_account.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "mailbox_name.h"

enum { PORT_IMAPS = 993, PORT_IMAP = 143 };

static const char *text(const struct imap_account *account, const char *key)
{
    return config_text(account->config, "imap", account->name, key);
}

static int64_t number(const struct imap_account *account, const char *key)
{
    return config_number(account->config, "imap", account->name, key);
}

/* The place of the first word of VALUE among WORDS; the config has checked that
 * there is one. */
static int find_word(const char *value, const char *const *words)
{
    size_t length = strcspn(value, " ");
    int i = 0;
    while (words[i + 1] != NULL &&
           (strlen(words[i]) != length || strncmp(words[i], value, length) != 0))
        i++;
    return i;
}

/* FOLDER of "move FOLDER", or NULL. */
static const char *find_folder(const char *value)
{
    static const char move[] = "move ";
    if (strncmp(value, move, strlen(move)) != 0)
        return NULL;
    value += strlen(move);
    return value + strspn(value, " \t");
}

/* INBOX alone is the same in any letter case. */
static bool same_mailbox(const char *left, const char *right)
{
    return strcmp(left, right) == 0 ||
           (strcasecmp(left, right) == 0 && strcasecmp(left, "INBOX") == 0);
}

/* Is FOLDER, into which messages are moved, read itself?  They would come back
 * as new ones, for ever. */
static bool reads(const struct imap_account *account, const char *folder)
{
    char name[MAILBOX_NAME];
    for (const char *list = account->mailboxes; (list = mailbox_name_next(list, name)) != NULL;)
        if (folder != NULL && same_mailbox(folder, name))
            return true;
    return false;
}

static int check(const struct imap_account *account, char error[static CONFIG_ERROR])
{
    char name[MAILBOX_NAME];
    const char *read = reads(account, account->after_folder)     ? account->after_folder
                       : reads(account, account->damaged_folder) ? account->damaged_folder
                                                                 : NULL;
    if (read != NULL)
        snprintf(error, CONFIG_ERROR, "messages would be moved to %s, which is read itself", read);
    else if (mailbox_name_next(account->mailboxes, name) == NULL)
        snprintf(error, CONFIG_ERROR, "mailbox names none");
    return error[0] != '\0' ? -1 : 0;
}

int imap_account_read(struct imap_account *account, const struct config *config, const char *name,
                      char error[static CONFIG_ERROR])
{
    static const char *const securities[] = {"tls", "starttls", "none", NULL};
    static const char *const auths[] = {"auto", "plain", "login", "cram-md5", "xoauth2", NULL};
    static const char *const actions[] = {"keep", "seen", "move", "delete", NULL};
    *account = (struct imap_account){.config = config, .name = name};
    account->host = text(account, "host");
    account->port = (unsigned)number(account, "port");
    account->security = (enum imap_security)find_word(text(account, "security"), securities);
    account->user = text(account, "user");
    account->auth = (enum imap_auth)find_word(text(account, "auth"), auths);
    account->timeout = (unsigned)number(account, "timeout");
    account->mailboxes = text(account, "mailbox");
    account->after_import = (enum imap_action)find_word(text(account, "after-import"), actions);
    account->after_folder = find_folder(text(account, "after-import"));
    account->damaged_folder = find_folder(text(account, "damaged"));
    account->idle = config_bool(config, "imap", name, "idle");
    account->poll = (unsigned)number(account, "poll");
    account->message_max = (size_t)config_number(config, "import", NULL, "message-max");
    if (account->port == 0)
        account->port = account->security == SECURITY_TLS ? PORT_IMAPS : PORT_IMAP;
    error[0] = '\0';
    if (config_expand(text(account, "ca-file"), account->ca_file, sizeof account->ca_file) != 0)
        snprintf(error, CONFIG_ERROR, "the path of ca-file is too long");
    return check(account, error);
}

bool imap_account_acts(const struct imap_account *account)
{
    return account->after_import != ACTION_KEEP || account->damaged_folder != NULL;
}
