#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "usage.h"

static const char help[] =
    "Usage: tlsrptop-import [OPTION]... [ACCOUNT | PATH | -]...\n"
    "Imports SMTP TLS reports (RFC 8460) into the database of tlsrptop.\n"
    "\n"
    "ACCOUNT is an [imap ACCOUNT] section of the configuration; all of them are\n"
    "imported when nothing is named.  PATH is a mail, mbox, Maildir, JSON, gzip or zip\n"
    "file, or a folder of these.  - is one message or report on standard input.\n"
    "\n"
    "  --db FILE           the database, in place of the configured one\n"
    "  --config FILE       the configuration, in place of the default one\n"
    "  --watch             stay, and import mails as they arrive in the accounts\n"
    "  --dry-run           only say what would be imported; nothing is written\n"
    "  --retry-damaged     try kept damaged attachments again; nothing else unless named\n"
    "  --compact           drop details older than keep-details-days, and give unused\n"
    "                      space back; nothing else unless named\n"
    "  --progress=KIND     auto (the default), bar, json or none\n"
    "  -q, --quiet         say only what is wrong\n"
    "  -v, --verbose       name what is no report, too\n"
    "  -h, --help          this help\n"
    "  --version           the version\n"
    "\n"
    "Exit status: 0 all is well, 1 something is damaged or in conflict, 64 wrong usage,\n"
    "69 a server cannot be reached, 75 try again later, 77 login or certificate refused,\n"
    "78 wrong configuration.  See tlsrptop-import(1).\n";

static const struct option names[] = {
    {"db", required_argument, NULL, 'd'},       {"config", required_argument, NULL, 'c'},
    {"watch", no_argument, NULL, 'w'},          {"dry-run", no_argument, NULL, 'n'},
    {"retry-damaged", no_argument, NULL, 'r'},  {"compact", no_argument, NULL, 'C'},
    {"progress", required_argument, NULL, 'p'}, {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},        {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},        {NULL, 0, NULL, 0}};

/* SENTENCE has one %s for WHAT. */
__attribute__((format(printf, 1, 0))) static int complain(const char *sentence, const char *what)
{
    char text[512];
    snprintf(text, sizeof text, sentence, what);
    say("%s; see tlsrptop-import --help", text);
    return EX_USAGE;
}

/* Takes one option; returns EX_OK, or what is wrong with it. */
static int take(struct options *options, int option, char **argv)
{
    int style;
    switch (option) {
    case 'd':
        options->db = optarg;
        return EX_OK;
    case 'c':
        options->config = optarg;
        return EX_OK;
    case 'w':
        options->watch = true;
        return EX_OK;
    case 'n':
        options->dry_run = true;
        return EX_OK;
    case 'r':
        options->retry_damaged = true;
        return EX_OK;
    case 'C':
        options->compact = true;
        return EX_OK;
    case 'p':
        style = progress_style_find(optarg);
        if (style < 0)
            return complain("--progress is auto, bar, json or none, not %s", optarg);
        options->progress = (enum progress_style)style;
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
        puts("tlsrptop-import " VERSION);
        options->answered = true;
        return EX_OK;
    default:
        return usage_complain(option, argv);
    }
}

int options_read(struct options *options, int argc, char **argv)
{
    *options = (struct options){.progress = PROGRESS_AUTO};
    opterr = 0;
    int option, status = EX_OK;
    while (status == EX_OK && !options->answered &&
           (option = getopt_long(argc, argv, ":qvh", names, NULL)) != -1)
        status = take(options, option, argv);
    options->operands = argv + optind;
    if (status == EX_OK && options->dry_run &&
        (options->watch || options->retry_damaged || options->compact))
        return complain("--dry-run cannot go with %s", "--watch, --retry-damaged or --compact");
    return status;
}
