#include "by_name.h"

#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "evidence.h"
#include "growing.h"

struct listed {
    struct domain_row domain;
    struct standing standing;
};

/* Room for one more; not in an arena, which would keep each array it outgrew. */
static struct listed *next_row(struct by_name *list)
{
    struct listed *rows = with_room(list->rows, list->count, &list->capacity, sizeof *rows);
    if (rows == NULL)
        return NULL;
    list->rows = rows;
    return &rows[list->count];
}

int by_name_add(void *context, const struct domain_row *row)
{
    struct by_name *list = context;
    struct listed *listed = next_row(list);
    const char *name = arena_strdup(&list->names, row->name);
    list->short_of_memory = listed == NULL || name == NULL;
    if (list->short_of_memory)
        return -1;
    listed->domain = *row;
    listed->domain.name = name;
    if (row->standing != NULL)
        listed->standing = *row->standing;
    list->count++;
    return 0;
}

/* Most names differ in their first bytes, which are compared as one number. */
struct place {
    uint64_t begin;
    const struct listed *listed;
};

static uint64_t begin_of(const char *name)
{
    uint64_t begin = 0;
    for (size_t i = 0; i < sizeof begin; i++)
        begin = begin << 8 | (name[0] != '\0' ? (unsigned char)*name++ : 0);
    return begin;
}

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->begin != right->begin)
        return left->begin < right->begin ? -1 : 1;
    return strcmp(left->listed->domain.name, right->listed->domain.name);
}

enum db_status by_name_give(struct db *db, const struct by_name *list, enum db_status status,
                            domain_row_fn *row, void *context)
{
    if (status != DB_OK && !list->short_of_memory)
        return status;
    struct place *places = list->short_of_memory ? NULL : calloc(list->count + 1, sizeof *places);
    if (places == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    for (size_t i = 0; i < list->count; i++)
        places[i] = (struct place){begin_of(list->rows[i].domain.name), &list->rows[i]};
    qsort(places, list->count, sizeof *places, compare_places);
    for (size_t i = 0; i < list->count && status == DB_OK; i++) {
        struct domain_row line = places[i].listed->domain;
        if (line.standing != NULL)
            line.standing = &places[i].listed->standing;
        if (row(context, &line) != 0)
            status = DB_STOPPED;
    }
    free(places);
    return status;
}

void by_name_free(struct by_name *list)
{
    free(list->rows);
    arena_free(&list->names);
    *list = (struct by_name){0};
}
