#include "beside.h"

#include <string.h>

static void empty(struct view *view, int pane)
{
    struct table *table = &view->tables[pane];
    struct rows none = {.size = table->rows.size};
    table_show(table, &none, (struct order){.rows = NULL}, false);
    table->moved = false;
}

bool beside_begin(struct view *view, int pane, struct beside *beside, uint64_t about, int columns)
{
    if (beside->is_made && beside->about == about && beside->columns == columns)
        return false;
    empty(view, pane); /* while the rows it shows are there */
    arena_reset(&beside->made.arena);
    memset(beside->made.rows, 0, sizeof beside->made.rows);
    memset(beside->made.capacity, 0, sizeof beside->made.capacity);
    beside->is_made = true;
    beside->about = about;
    beside->columns = columns;
    return true;
}

void beside_show(struct view *view, int pane, struct beside *beside)
{
    static const atomic_bool never;
    struct table *table = &view->tables[pane];
    struct order order;
    if (table_arrange(&table->arrangement, &beside->made.rows[pane], &order, &never) == 0)
        table_show(table, &beside->made.rows[pane], order, false);
}

void beside_forget(struct beside *beside)
{
    beside->is_made = false;
}

void beside_free(struct beside *beside)
{
    arena_free(&beside->made.arena);
}
