/*
 * domain_list.h - the domains that are to be checked, each once and in order.
 *
 * Named on the command line or on standard input, or listed in the configuration:
 * never because a report names them, as that is up to whoever sends one.
 */
#ifndef TLSRPTOP_IMPORTERS_DOMAIN_LIST_H
#define TLSRPTOP_IMPORTERS_DOMAIN_LIST_H

#include <stdio.h>

#include "../db/arena.h"

enum { DOMAINS_MAX = 1000000 };

struct domain_list {
    struct arena arena;
    const char **names; /* normalised */
    size_t count;
    size_t capacity;
    size_t *slots; /* numbers of names + 1 by hash, 0 where free */
    size_t slot_count;
};

enum domain_added {
    DOMAIN_ADDED, /* or there already */
    DOMAIN_NOT_A_NAME,
    DOMAIN_TOO_MANY,
    DOMAIN_NO_MEMORY
};

void domain_list_init(struct domain_list *list);
void domain_list_free(struct domain_list *list);

enum domain_added domain_list_add(struct domain_list *list, const char *name, size_t length);

/* Adds the patterns of MINE that are names, and returns how many are not ("*.example.com"),
 * or -1 when memory is short. */
int domain_list_add_mine(struct domain_list *list, const char *mine);

/* Adds the names on FILE, one a line; empty lines and what follows a "#" are passed over.
 * Calls COMPLAIN with the number of each line that holds no name.  Returns 0, or -1
 * when there are too many or memory is short. */
typedef void bad_line_fn(void *context, size_t number, const char *line);
int domain_list_read(struct domain_list *list, FILE *file, bad_line_fn *complain, void *context);

#endif
