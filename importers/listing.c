#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAMES_START = 16 * 1024, COUNT_START = 256 };

void listing_open(struct listing *listing, DIR *folder, bool folders, size_t names_max)
{
    *listing = (struct listing){.folder = folder, .folders = folders, .names_max = names_max};
}

void listing_close(struct listing *listing)
{
    free(listing->names);
    free(listing->starts);
    listing->names = NULL;
    listing->starts = NULL;
}

static bool is_folder(const struct listing *listing, const struct dirent *entry)
{
    struct stat about;
    if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN)
        return fstatat(dirfd(listing->folder), entry->d_name, &about, 0) == 0 &&
               S_ISDIR(about.st_mode);
    return entry->d_type == DT_DIR;
}

/* --- the names in memory --- */

static int compare_names(const void *a, const void *b, void *names)
{
    return strcmp((const char *)names + *(const uint32_t *)a,
                  (const char *)names + *(const uint32_t *)b);
}

static int compare_starts(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static void sort(struct listing *listing)
{
    if (listing->count > 0)
        qsort_r(listing->starts, listing->count, sizeof *listing->starts, compare_names,
                listing->names);
}

/* Keeps the first half of the names in their order; the others are for another
 * reading. */
static void keep_half(struct listing *listing)
{
    sort(listing);
    listing->count /= 2;
    strcpy(listing->bound, listing->names + listing->starts[listing->count]);
    qsort(listing->starts, listing->count, sizeof *listing->starts, compare_starts);
    listing->used = 0;
    for (size_t i = 0; i < listing->count; i++) {
        const char *name = listing->names + listing->starts[i];
        size_t size = strlen(name) + 1;
        memmove(listing->names + listing->used, name, size);
        listing->starts[i] = (uint32_t)listing->used;
        listing->used += size;
    }
}

static int grow(struct listing *listing, size_t size)
{
    if (listing->count == listing->count_capacity) {
        size_t wanted = listing->count == 0 ? COUNT_START : 2 * listing->count;
        uint32_t *starts = reallocarray(listing->starts, wanted, sizeof *starts);
        if (starts == NULL)
            return -1;
        listing->starts = starts;
        listing->count_capacity = wanted;
    }
    if (listing->used + size > listing->capacity) {
        size_t wanted = listing->capacity == 0 ? NAMES_START : 2 * listing->capacity;
        char *names = realloc(listing->names, wanted);
        if (names == NULL)
            return -1;
        listing->names = names;
        listing->capacity = wanted;
    }
    return 0;
}

static int add(struct listing *listing, const char *name)
{
    size_t size = strlen(name) + 1;
    if (listing->used + size > listing->names_max && listing->count > 1)
        keep_half(listing);
    if (listing->bound[0] != '\0' && strcmp(name, listing->bound) >= 0)
        return 0;
    if (grow(listing, size) != 0)
        return -1;
    memcpy(listing->names + listing->used, name, size);
    listing->starts[listing->count++] = (uint32_t)listing->used;
    listing->used += size;
    return 0;
}

/* --- reading the folder --- */

/* Reads the names behind the last one that was handed out. */
static int read_names(struct listing *listing)
{
    const struct dirent *entry;
    listing->used = listing->count = listing->next = 0;
    listing->bound[0] = '\0';
    rewinddir(listing->folder);
    for (errno = 0; (entry = readdir(listing->folder)) != NULL; errno = 0) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, listing->last) <= 0 ||
            is_folder(listing, entry) != listing->folders)
            continue;
        listing->total += listing->last[0] == '\0';
        if (add(listing, name) != 0)
            return -1;
    }
    if (errno != 0)
        return -1;
    sort(listing);
    return 0;
}

const char *listing_next(struct listing *listing)
{
    bool unread = listing->last[0] == '\0' || listing->bound[0] != '\0';
    if (listing->next == listing->count && unread && read_names(listing) != 0)
        return NULL;
    errno = 0;
    if (listing->next == listing->count)
        return NULL;
    const char *name = listing->names + listing->starts[listing->next++];
    strcpy(listing->last, name);
    return name;
}
