/* tlsrptop - the dashboard, `export`, and the way to the other two programs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "dashboard.h"
#include "export.h"
#include "program.h"

static const char usage[] =
    "usage: tlsrptop [--db FILE] [--config FILE] [--since DATE|30d]\n"
    "                [--theme auto|dark|light|mono] [--ascii] [DOMAIN | @GROUP]\n"
    "       tlsrptop export WHAT ...    figures, journal and reports as text\n"
    "       tlsrptop import ...         runs tlsrptop-import\n"
    "       tlsrptop check ...          runs tlsrptop-check\n"
    "       tlsrptop --help | --version\n";

static int print(const char *text)
{
    fputs(text, stdout);
    return fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
}

/* Becomes NAME with ARGV, as `git` runs its commands; returns if it cannot. */
static int become(const char *name, char **argv)
{
    char path[PATH_MAX], own[32];
    snprintf(own, sizeof own, "%s", name);
    argv[0] = own;
    program_find(name, path);
    execvp(path, argv);
    fprintf(stderr, "tlsrptop: cannot run %s: %s\n", name, strerror(errno));
    return EX_UNAVAILABLE;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "export") == 0)
        return export_main(argc - 1, argv + 1);
    if (strcmp(word, "import") == 0)
        return become("tlsrptop-import", argv + 1);
    if (strcmp(word, "check") == 0)
        return become("tlsrptop-check", argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return print(usage);
    if (strcmp(word, "--version") == 0)
        return print("tlsrptop " VERSION "\n");
    return dashboard_main(argc, argv);
}
