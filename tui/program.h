/*
 * program.h - where the other two programs are.
 */
#ifndef TLSRPTOP_TUI_PROGRAM_H
#define TLSRPTOP_TUI_PROGRAM_H

#include <limits.h>

/* The program NAME beside this one; where there is none, NAME alone, for
 * execvp() and its like to look for in $PATH. */
void program_find(const char *name, char path[static PATH_MAX]);

#endif
