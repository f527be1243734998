#include "beside.h"

#include <string.h>

#include "app.h"

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

static void show(struct table *table, const struct rows *rows)
{
    static const atomic_bool never;
    struct order order;
    if (table_arrange(&table->arrangement, rows, &order, &never) == 0)
        table_show(table, rows, order, false);
}

void beside_show(struct view *view, int pane, struct beside *beside)
{
    show(&view->tables[pane], &beside->made.rows[pane]);
}

void beside_arrange(struct view *view, int pane)
{
    struct rows rows = view->tables[pane].rows;
    show(&view->tables[pane], &rows);
    view->app->dirty = true;
}

void beside_forget(struct beside *beside)
{
    beside->is_made = false;
}

void beside_free(struct beside *beside)
{
    arena_free(&beside->made.arena);
}
