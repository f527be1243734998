/*
 * options.h - the command line of tlsrptop-import.
 */
#ifndef TLSRPTOP_IMPORTERS_OPTIONS_H
#define TLSRPTOP_IMPORTERS_OPTIONS_H

#include <stdbool.h>

#include "progress.h"

struct options {
    const char *db;     /* NULL: the default */
    const char *config; /* NULL: the default */
    bool watch;
    bool dry_run;
    bool retry_damaged;
    bool compact;
    bool quiet;
    bool verbose;
    enum progress_style progress;
    char **operands; /* ended by NULL */
    bool answered;   /* --help or --version: nothing is left to do */
};

/* Reads the command line.  Returns EX_OK, or EX_USAGE when it is wrong, which has
 * been said then. */
int options_read(struct options *options, int argc, char **argv);

#endif
