/*
 * usage.h - what is wrong with an option, said the same way by each program.
 */
#ifndef TLSRPTOP_IMPORTERS_USAGE_H
#define TLSRPTOP_IMPORTERS_USAGE_H

/* Says what getopt_long() meant by OPTION, ':' or '?', of the words ARGV, where the
 * string of its options begins with a ':'.  Returns EX_USAGE. */
int usage_complain(int option, char *const *argv);

/* Is the folder there in which PATH, given to --db, is to be?  It is not made: the path
 * may be mistyped, or the volume not be mounted yet.  Returns EX_OK, or EX_TEMPFAIL when
 * it is missing, which has been said then. */
int usage_find_folder(const char *path);

#endif
