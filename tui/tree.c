#include "tree.h"

#include <stdlib.h>

static int64_t parent_of(const struct table_type *type, const struct rows *rows, int64_t index)
{
    return type->parent(row_at(rows, (size_t)index));
}

/* --- order --- */

void tree_keep_above(const struct table_type *type, const struct rows *rows, bool *kept)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (!kept[i])
            continue;
        for (int64_t above = parent_of(type, rows, (int64_t)i); above >= 0 && !kept[above];
             above = parent_of(type, rows, above))
            kept[above] = true;
    }
}

static int depth(const struct table_type *type, const struct rows *rows, int64_t index)
{
    int depth = 0;
    while ((index = parent_of(type, rows, index)) >= 0)
        depth++;
    return depth;
}

int tree_meet(const struct table_type *type, const struct rows *rows, uint32_t *a, uint32_t *b)
{
    int64_t left = *a, right = *b;
    int deeper = depth(type, rows, left) - depth(type, rows, right);
    for (int i = 0; i < deeper; i++)
        left = parent_of(type, rows, left);
    for (int i = 0; i > deeper; i--)
        right = parent_of(type, rows, right);
    if (left == right)
        return deeper;
    for (int64_t above; (above = parent_of(type, rows, left)) != parent_of(type, rows, right);
         left = above)
        right = parent_of(type, rows, right);
    *a = (uint32_t)left;
    *b = (uint32_t)right;
    return 0;
}

/* --- branches --- */

static const struct table_type *type_of(const struct table *table)
{
    return table->arrangement.type;
}

static struct branch *find_branch(const struct table *table, uint64_t id)
{
    for (size_t i = 0; i < table->branch_count; i++)
        if (table->branches[i].id == id)
            return &table->branches[i];
    return NULL;
}

bool table_is_open(const struct table *table, const void *row)
{
    const struct branch *branch = find_branch(table, type_of(table)->id(row));
    if (branch != NULL)
        return branch->open;
    return !table->shut || table->arrangement.filter.count > 0;
}

/* Remembers it; where memory is short the branch stays as it is. */
static void set_branch(struct table *table, uint64_t id, bool open)
{
    struct branch *branch = find_branch(table, id);
    if (branch == NULL) {
        branch = realloc(table->branches, (table->branch_count + 1) * sizeof *branch);
        if (branch == NULL)
            return;
        table->branches = branch;
        branch += table->branch_count++;
    }
    *branch = (struct branch){id, open};
}

static bool stands_below(const struct table *table, int64_t index, int64_t branch)
{
    while (index >= 0 && index != branch)
        index = parent_of(type_of(table), &table->rows, index);
    return index == branch;
}

void tree_fold(struct table *table)
{
    struct order *order = &table->order;
    int64_t shut = -1;
    order->count = 0;
    for (size_t n = 0; n < order->whole_count; n++) {
        uint32_t index = order->whole[n];
        if (shut >= 0 && stands_below(table, index, shut))
            continue;
        order->rows[order->count++] = index;
        shut = table_is_open(table, row_at(&table->rows, index)) ? -1 : (int64_t)index;
    }
}

size_t tree_position(const struct table *table)
{
    const struct order *order = &table->order;
    size_t n = 0;
    while (table->cursor < order->count && order->whole[n] != order->rows[table->cursor])
        n++;
    return n;
}

static bool put_cursor(struct table *table, int64_t index)
{
    for (size_t n = 0; n < table->order.count; n++) {
        if (table->order.rows[n] == index) {
            table->cursor = n;
            table->moved = true;
            return true;
        }
    }
    return false;
}

void tree_go_to(struct table *table, uint32_t index, bool open)
{
    const struct table_type *type = type_of(table);
    int64_t target = index;
    for (int64_t above = index; (above = parent_of(type, &table->rows, above)) >= 0;) {
        const void *branch = row_at(&table->rows, (size_t)above);
        if (table_is_open(table, branch))
            continue;
        if (open)
            set_branch(table, type->id(branch), true);
        else
            target = above;
    }
    tree_fold(table);
    put_cursor(table, target);
}

bool tree_find(struct table *table, uint64_t id)
{
    for (size_t n = 0; n < table->order.whole_count; n++) {
        uint32_t index = table->order.whole[n];
        if (type_of(table)->id(row_at(&table->rows, index)) == id) {
            tree_go_to(table, index, false);
            return true;
        }
    }
    return false;
}

/* Does nothing stand below the row at N of all? */
static bool is_leaf(const struct table *table, size_t n)
{
    const struct order *order = &table->order;
    return n + 1 >= order->whole_count ||
           parent_of(type_of(table), &table->rows, order->whole[n + 1]) != order->whole[n];
}

bool table_set_open(struct table *table, bool open)
{
    const void *row = table_current(table);
    if (row == NULL || table_is_open(table, row) == open || is_leaf(table, tree_position(table)))
        return false;
    set_branch(table, type_of(table)->id(row), open);
    tree_fold(table);
    table->moved = true;
    return true;
}

void table_set_shut(struct table *table, bool shut)
{
    table->shut = shut;
    table->cursor = table->top = 0;
    tree_fold(table);
}

bool table_go_up(struct table *table)
{
    const void *row = table_current(table);
    return row != NULL && put_cursor(table, type_of(table)->parent(row));
}

const void *table_next_leaf(const struct table *table, size_t *n)
{
    const struct order *order = &table->order;
    if (order->whole == NULL)
        return *n < order->count ? row_at(&table->rows, order->rows[(*n)++]) : NULL;
    while (*n < order->whole_count && !is_leaf(table, *n))
        ++*n;
    return *n < order->whole_count ? row_at(&table->rows, order->whole[(*n)++]) : NULL;
}
