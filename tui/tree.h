/*
 * tree.h - rows that stand below each other: their order, and which of them
 * are on the screen.  For table.c; what screens need is in table.h.
 */
#ifndef TLSRPTOP_TUI_TREE_H
#define TLSRPTOP_TUI_TREE_H

#include "table.h"

/* Keeps the rows above those that are kept. */
void tree_keep_above(const struct table_type *type, const struct rows *rows, bool *kept);

/* Moves *A and *B, which differ, up to rows that stand below the same one, and
 * returns 0; when one of them stands below the other, returns their order. */
int tree_meet(const struct table_type *type, const struct rows *rows, uint32_t *a, uint32_t *b);

/* Makes what is shown from order.whole. */
void tree_fold(struct table *table);

/* Where the row under the cursor is in order.whole. */
size_t tree_position(const struct table *table);
/* Puts the cursor on the row INDEX, whose branches are opened for that with OPEN;
 * else on the first shut one. */
void tree_go_to(struct table *table, uint32_t index, bool open);

/* The same without opening, for the row with ID; false when there is none. */
bool tree_find(struct table *table, uint64_t id);

#endif
