#include "domain_list.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../db/domain.h"

enum {
    LINE_MAX_BYTES = 1024,
    SLOTS_FIRST = 1024 /* a power of two */
};

void domain_list_init(struct domain_list *list)
{
    *list = (struct domain_list){.count = 0};
    arena_init(&list->arena, 0);
}

void domain_list_free(struct domain_list *list)
{
    arena_free(&list->arena);
    free(list->slots);
}

static size_t *find_slot(const struct domain_list *list, const char *name)
{
    size_t hash = 5381;
    for (const char *c = name; *c != '\0'; c++)
        hash = hash * 33 + (unsigned char)*c;
    for (;; hash++) {
        size_t *slot = &list->slots[hash & (list->slot_count - 1)];
        if (*slot == 0 || strcmp(list->names[*slot - 1], name) == 0)
            return slot;
    }
}

/* Keeps half of the slots free. */
static int grow_slots(struct domain_list *list)
{
    if (list->slot_count > 2 * list->count)
        return 0;
    free(list->slots);
    list->slot_count = list->slot_count == 0 ? SLOTS_FIRST : 4 * list->slot_count;
    list->slots = calloc(list->slot_count, sizeof *list->slots);
    if (list->slots == NULL)
        return -1;
    for (size_t i = 0; i < list->count; i++)
        *find_slot(list, list->names[i]) = i + 1;
    return 0;
}

enum domain_added domain_list_add(struct domain_list *list, const char *name, size_t length)
{
    char normalised[DOMAIN_TEXT];
    if (domain_normalise(name, length, normalised) != 0)
        return DOMAIN_NOT_A_NAME;
    if (grow_slots(list) != 0)
        return DOMAIN_NO_MEMORY;
    size_t *slot = find_slot(list, normalised);
    if (*slot != 0)
        return DOMAIN_ADDED;
    if (list->count == DOMAINS_MAX)
        return DOMAIN_TOO_MANY;
    const char *copy = arena_strdup(&list->arena, normalised);
    const char **names =
        arena_grow(&list->arena, list->names, sizeof *list->names, list->count, &list->capacity);
    if (copy == NULL || names == NULL)
        return DOMAIN_NO_MEMORY;
    list->names = names;
    list->names[list->count++] = copy;
    *slot = list->count;
    return DOMAIN_ADDED;
}

int domain_list_add_mine(struct domain_list *list, const char *mine)
{
    static const char separators[] = " \t,";
    int patterns = 0;
    size_t length;
    for (mine += strspn(mine, separators); *mine != '\0';
         mine += length + strspn(mine + length, separators)) {
        length = strcspn(mine, separators);
        enum domain_added added = domain_list_add(list, mine, length);
        if (added == DOMAIN_NO_MEMORY)
            return -1;
        patterns += added != DOMAIN_ADDED;
    }
    return patterns;
}

/* Reads a line of FILE without its end; what does not fit is cut off, and a NUL becomes
 * what no name holds.  False at the end of the file. */
static bool read_line(FILE *file, char line[static LINE_MAX_BYTES])
{
    size_t length = 0;
    int c;
    while ((c = getc(file)) != EOF && c != '\n') {
        if (length + 1 < LINE_MAX_BYTES)
            line[length++] = c != '\0' ? (char)c : '?';
    }
    line[length] = '\0';
    return c != EOF || length > 0;
}

int domain_list_read(struct domain_list *list, FILE *file, bad_line_fn *complain, void *context)
{
    char line[LINE_MAX_BYTES];
    for (size_t number = 1; read_line(file, line); number++) {
        line[strcspn(line, "#")] = '\0';
        if (line[strspn(line, " \t\r")] == '\0')
            continue;
        enum domain_added added = domain_list_add(list, line, strlen(line));
        if (added == DOMAIN_NOT_A_NAME)
            complain(context, number, line);
        else if (added != DOMAIN_ADDED)
            return -1;
    }
    return ferror(file) ? -1 : 0;
}
