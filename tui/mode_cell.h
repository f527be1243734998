/*
 * mode_cell.h - a TLS mode in a cell of a table, and the style of failures
 * under it.
 */
#ifndef TLSRPTOP_TUI_MODE_CELL_H
#define TLSRPTOP_TUI_MODE_CELL_H

#include "../db/mode.h"
#include "../db/vocab.h"
#include "column.h"
#include "terminal.h"

/* Draws MODE with its colour, by its label or a shorter one where that does not
 * fit. */
void mode_put(const struct cell *cell, enum tls_mode mode);

/* Which modes a strip shows, to tell what its letters mean. */
struct legend {
    bool modes[MODE_COUNT];
    bool inherited;
};
void legend_add(struct legend *legend, struct day_mode mode);
/* Writes what fits of it into AREA. */
void legend_put(struct area area, const struct legend *legend);

/* What a policy of a report says by itself: "MTA-STS testing", "DANE",
 * "no policy"; POLICY_TYPE where that is unknown. */
const char *policy_label(const char *policy_type, enum sts_mode mode);
/* The mode whose colour it has. */
enum tls_mode policy_mode(const char *policy_type, enum sts_mode mode);

/* Failed sessions are lost mail where the mode enforces, a warning elsewhere. */
int failed_style(enum tls_mode mode, int64_t failed);

#endif
