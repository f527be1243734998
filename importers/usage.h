/*
 * usage.h - what programs have in common about their options.
 */
#ifndef TLSRPTOP_IMPORTERS_USAGE_H
#define TLSRPTOP_IMPORTERS_USAGE_H

#include <stddef.h>

/* Says what getopt_long() meant by OPTION, ':' or '?', of the words ARGV, where the
 * string of its options begins with a ':'.  Returns EX_USAGE. */
int usage_complain(int option, char *const *argv);

/* *PATH of the database: NAMED by --db, in a folder that is there, or, if that is NULL,
 * as db_default_path() finds it, in ROOM of SIZE bytes.  Returns EX_OK, or after it has
 * said what is wrong EX_TEMPFAIL when the folder is missing, EX_CONFIG when there is no
 * path. */
int usage_find_database(const char *named, const char *configured, char *room, size_t size,
                        const char **path);

#endif
