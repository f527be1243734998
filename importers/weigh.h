/*
 * weigh.h - the parts of a verdict, each in a file of its own.  For verdict.c.
 *
 * They run in the order below, and each reads what those before it wrote.
 */
#ifndef TLSRPTOP_IMPORTERS_WEIGH_H
#define TLSRPTOP_IMPORTERS_WEIGH_H

#include "verdict.h"

void weigh_mx(struct verdict *verdict);
void weigh_tlsrpt(struct verdict *verdict);
void weigh_sts(struct verdict *verdict);
void weigh_dane(struct verdict *verdict);
void weigh_mode(struct verdict *verdict);
void weigh_certificates(struct verdict *verdict);
void weigh_ways(struct verdict *verdict);

/* What is special about the one or the other TXT record. */
struct txt_words {
    const char *name;                                /* "_mta-sts" */
    const char *version;                             /* "STSv1" */
    const char *example;                             /* how it ought to be, as a remedy */
    const char *section;                             /* of the RFC */
    const char *unknown, *bogus, *several, *invalid; /* codes of problems */
};

/* Finds the state of a record, and complains unless it is found or absent. */
enum txt_state weigh_txt(struct verdict *verdict, const struct txt_look *look,
                         const struct txt_words *words);

/* Adds a problem; remedy() adds what to do about the last one. */
void problem(struct verdict *verdict, enum severity severity, const char *code,
             const char *reference, const char *format, ...) __attribute__((format(printf, 5, 6)));
void remedy(struct verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the way needs, one sentence. */
void need(struct verdict *verdict, struct way *way, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* printf into the verdict's arena; "" when memory is short. */
const char *put(struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A stretch of a stranger's bytes, visible, and cut where it gets too long for a
 * sentence. */
enum { QUOTE_MAX = 200 };
const char *quote(struct verdict *verdict, struct slice bytes);
const char *quote_text(struct verdict *verdict, const char *text);

/* The day of an instant. */
const char *on_day(struct verdict *verdict, int64_t instant);

#endif
