#include "usage.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>
#include <sysexits.h>

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
