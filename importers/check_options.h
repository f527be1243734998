/*
 * check_options.h - the command line of tlsrptop-check.
 */
#ifndef TLSRPTOP_IMPORTERS_CHECK_OPTIONS_H
#define TLSRPTOP_IMPORTERS_CHECK_OPTIONS_H

#include <stdbool.h>

struct check_options {
    const char *db;     /* NULL: the default */
    const char *config; /* NULL: the default */
    bool json;
    bool mx;    /* look at the certificates of MX hosts */
    bool names; /* ask for host names of senders */
    bool quiet;
    bool verbose;
    char **operands; /* ended by NULL */
    bool answered;   /* --help or --version: nothing is left to do */
};

/* Reads the command line.  Returns EX_OK, or EX_USAGE when it is wrong, which has
 * been said then. */
int check_options_read(struct check_options *options, int argc, char **argv);

#endif
