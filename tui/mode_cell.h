/*
 * mode_cell.h - a TLS mode in a cell of a table, and the style of failures
 * under it.
 */
#ifndef TLSRPTOP_TUI_MODE_CELL_H
#define TLSRPTOP_TUI_MODE_CELL_H

#include "column.h"
#include "../db/vocab.h"

/* Draws MODE with its colour, by its label or a shorter one where that does not
 * fit. */
void mode_put(const struct cell *cell, enum tls_mode mode);

/* What a policy of a report says by itself: "MTA-STS testing", "DANE",
 * "no policy"; POLICY_TYPE where that is unknown. */
const char *policy_label(const char *policy_type, enum sts_mode mode);
/* The mode whose colour it has. */
enum tls_mode policy_mode(const char *policy_type, enum sts_mode mode);

/* Failed sessions are lost mail where the mode enforces, a warning elsewhere. */
int failed_style(enum tls_mode mode, int64_t failed);

#endif
