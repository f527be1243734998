/*
 * listing.h - the names in a folder, sorted, in bounded memory.
 *
 * A mailbox may hold a million files.  When their names do not fit, the folder
 * is read again for the next ones: what is handed out is sorted all the same.
 */
#ifndef TLSRPTOP_IMPORTERS_LISTING_H
#define TLSRPTOP_IMPORTERS_LISTING_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listing {
    DIR *folder;
    bool folders; /* which names are wanted */
    size_t names_max;
    char *names; /* one behind the other, each with its NUL */
    size_t used, capacity;
    uint32_t *starts; /* of names, sorted */
    size_t count, count_capacity;
    size_t next;              /* of `starts`, to be handed out */
    size_t total;             /* names there are, as far as one reading can tell */
    char last[NAME_MAX + 1];  /* handed out */
    char bound[NAME_MAX + 1]; /* this and what is behind it did not fit; "": all did */
};

enum { LISTING_NAMES_MAX = 4 * 1024 * 1024 };

/* Begins to list FOLDER: the folders in it, or everything else.  Symbolic links
 * count as what they point to.  NAMES_MAX bounds the bytes of the names in
 * memory. */
void listing_open(struct listing *listing, DIR *folder, bool folders, size_t names_max);

/* The next name in the order of its bytes; NULL with errno 0 behind the last, and
 * with another errno when the folder cannot be read.  "." and ".." are left out. */
const char *listing_next(struct listing *listing);

/* Frees what the listing holds; the folder stays open. */
void listing_close(struct listing *listing);

#endif
