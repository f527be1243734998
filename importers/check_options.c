#include "check_options.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "usage.h"

static const char help[] =
    "Usage: tlsrptop-check [OPTION]... [DOMAIN | -]...\n"
    "Checks what DNS, the MTA-STS policy and the MX hosts of domains say right now, and\n"
    "keeps it in the database of tlsrptop.\n"
    "\n"
    "Without a DOMAIN those under [domains] mine are checked.  - reads names on standard\n"
    "input, one a line.\n"
    "\n"
    "  --db FILE      the database, in place of the configured one\n"
    "  --config FILE  the configuration, in place of the default one\n"
    "  --json         one JSON object a line and domain\n"
    "  --mx           connect to the MX hosts, and judge their certificates\n"
    "  --names        ask for the host names of senders that had failures\n"
    "  -q, --quiet    only domains with problems\n"
    "  -v, --verbose  what was found, and the RFC section of each problem\n"
    "  -h, --help     this help\n"
    "  --version      the version\n"
    "\n"
    "Exit status: 0 all is well, 1 there is a problem, 64 wrong usage, 69 no resolver\n"
    "answers, 75 try again later, 78 wrong configuration.  See tlsrptop-check(1).\n";

static const struct option names[] = {
    {"db", required_argument, NULL, 'd'}, {"config", required_argument, NULL, 'c'},
    {"json", no_argument, NULL, 'j'},     {"mx", no_argument, NULL, 'm'},
    {"names", no_argument, NULL, 'n'},    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},  {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},  {NULL, 0, NULL, 0}};

/* Takes one option; returns EX_OK, or EX_USAGE. */
static int take(struct check_options *options, int option, char **argv)
{
    switch (option) {
    case 'd':
        options->db = optarg;
        return EX_OK;
    case 'c':
        options->config = optarg;
        return EX_OK;
    case 'j':
        options->json = true;
        return EX_OK;
    case 'm':
        options->mx = true;
        return EX_OK;
    case 'n':
        options->names = true;
        return EX_OK;
    case 'q':
        options->quiet = true;
        return EX_OK;
    case 'v':
        options->verbose = true;
        return EX_OK;
    case 'h':
        fputs(help, stdout);
        options->answered = true;
        return EX_OK;
    case 'V':
        puts("tlsrptop-check " VERSION);
        options->answered = true;
        return EX_OK;
    default:
        return usage_complain(option, argv);
    }
}

int check_options_read(struct check_options *options, int argc, char **argv)
{
    *options = (struct check_options){.db = NULL};
    opterr = 0;
    int option, status = EX_OK;
    while (status == EX_OK && !options->answered &&
           (option = getopt_long(argc, argv, ":qvh", names, NULL)) != -1)
        status = take(options, option, argv);
    options->operands = argv + optind;
    return status;
}
