/*
 * retry.h - damaged attachments that were kept, tried again.
 */
#ifndef TLSRPTOP_IMPORTERS_RETRY_H
#define TLSRPTOP_IMPORTERS_RETRY_H

#include <stddef.h>

#include "../db/store.h"
#include "extract.h"

/* Takes every damaged attachment that is kept apart once more, and stores the
 * reports that can be read now.  Those that still cannot are named, and *DAMAGED
 * counts them.  DB_STOPPED: the run was asked to end; what was stored stays. */
enum db_status retry_damaged(struct store *store, const struct limits *limits, size_t *damaged);

#endif
