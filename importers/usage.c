#include "usage.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "../db/db.h"
#include "progress.h"

int usage_complain(int option, char *const *argv)
{
    const char *word = argv[optind - 1], *program = program_invocation_short_name;
    char letter[] = {'-', (char)optopt, '\0'};
    bool is_long = optopt == 0 || (strncmp(word, "--", 2) == 0 && strchr(word, '=') != NULL);
    if (option == ':')
        say("%s needs a value; see %s --help", word, program);
    else
        say("there is no option %s; see %s --help", is_long ? word : letter, program);
    return EX_USAGE;
}

/* Is the folder there in which PATH, given to --db, is to be?  It is not made: the path
 * may be mistyped, or the volume not be mounted yet. */
static int find_folder(const char *path)
{
    char folder[PATH_MAX];
    struct stat status;
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path || strlen(path) >= sizeof folder)
        return EX_OK;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (stat(folder, &status) == 0 || errno != ENOENT)
        return EX_OK;
    say("--db %s: there is no folder %s", path, folder);
    return EX_TEMPFAIL;
}

int usage_find_database(const char *named, const char *configured, char *room, size_t size,
                        const char **path)
{
    *path = named != NULL ? named : room;
    if (named != NULL)
        return find_folder(named);
    if (db_default_path(configured, room, size) == 0)
        return EX_OK;
    say("there is no path for the database: $HOME is not set; name one with --db");
    return EX_CONFIG;
}
