/*
 * evidence.h - verdicts as JSON, and what an earlier one says.
 *
 * The form is written down in db/observation.h.
 */
#ifndef TLSRPTOP_IMPORTERS_EVIDENCE_H
#define TLSRPTOP_IMPORTERS_EVIDENCE_H

#include "../db/observation.h"
#include "verdict.h"

struct json_object;

/* New objects, NULL when memory is short: to be given to json_object_put(). */
struct json_object *evidence_new(const struct verdict *verdict);
struct json_object *problems_new(const struct verdict *verdict);

/* The text of OBJECT on one line, which belongs to it. */
const char *json_line(struct json_object *object);

/* What OBSERVATION, the last one of the domain, says.  Texts go to ARENA.  What cannot
 * be read is not known. */
void known_read(struct known *known, struct arena *arena, const struct observation *observation);

#endif
