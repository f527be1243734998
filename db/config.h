/*
 * config.h - the one configuration file that all three programs read.
 *
 * Every section and key is in one table here, so a program refuses a
 * misspelt key of another one's section too, with the line.  Strings belong to
 * the config and live until config_free().
 */
#ifndef TLSRPTOP_DB_CONFIG_H
#define TLSRPTOP_DB_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;

enum { CONFIG_ERROR = 512 };

/* Reads PATH; NULL reads $XDG_CONFIG_HOME/tlsrptop/config (or ~/.config/...,
 * then /etc/tlsrptop/config), where it is no error if there is none.  Returns
 * 0, or -1 with "FILE:LINE: sentence" in ERROR.  *CONFIG is to be freed if 0. */
int config_read(struct config **config, const char *path, char error[static CONFIG_ERROR]);
void config_free(struct config *config);

/* The file that was read; "" when there was none. */
const char *config_path(const struct config *config);

/* The value of KEY in [SECTION NAME] (NAME NULL for a section without one), or
 * its default.  Values were checked when the file was read: of an unknown
 * section or key to ask is a bug, and gives "". */
const char *config_text(const struct config *config, const char *section, const char *name,
                        const char *key);
int64_t config_number(const struct config *config, const char *section, const char *name,
                      const char *key);
bool config_bool(const struct config *config, const char *section, const char *name,
                 const char *key);

/* The names of the [imap NAME] sections in the order of the file; NULL behind
 * the last. */
const char *config_account(const struct config *config, size_t index);

/* The names under [groups] in the order of the file, NULL behind the last; and the patterns
 * that stand there, for domain_is_mine(): never an empty list. */
const char *config_group(const struct config *config, size_t index, const char **domains);

/* Can others than its owner read the file?  Then no password belongs in it. */
bool config_is_public(const struct config *config);

/* Expands a leading "~/" into PATH; returns 0, or -1 when it does not fit. */
int config_expand(const char *value, char *path, size_t size);

#endif
