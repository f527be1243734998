/*
 * check_output.h - a verdict for people, or for scripts.
 */
#ifndef TLSRPTOP_IMPORTERS_CHECK_OUTPUT_H
#define TLSRPTOP_IMPORTERS_CHECK_OUTPUT_H

#include "verdict.h"

/* What has to be seen of a verdict. */
enum detail {
    DETAIL_PROBLEMS, /* nothing of a domain without a problem */
    DETAIL_USUAL,
    DETAIL_ALL
};

/* VERDICT as lines of text, fit for a terminal; "" when there is nothing to be
 * said.  To be freed; NULL when memory is short. */
char *verdict_text(const struct verdict *verdict, enum detail detail);

#endif
