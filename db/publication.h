/*
 * publication.h - the exact texts that advice tells to publish.  For db/ only.
 */
#ifndef TLSRPTOP_DB_PUBLICATION_H
#define TLSRPTOP_DB_PUBLICATION_H

#include "advice.h"

/* Advice being written. */
struct advising {
    const struct evidence *evidence;
    const struct advice_settings *settings;
    int64_t now;
    struct arena *arena;
    struct advice *advice;
    bool out_of_memory;
};

/* Adds a sentence to SENTENCES; what there is no room for is left out. */
void say(struct advising *advising, struct sentences *sentences, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* printf into the arena; "" when memory is short. */
const char *text_of(struct advising *advising, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The TXT record that asks for reports. */
void publish_tlsrpt(struct advising *advising);

/* The policy file in MODE and, if it says anything else than the published one,
 * the record with a new id; nothing when just the same is published already.
 * What stands in the mx lines, and why, goes to what is to do. */
void publish_policy(struct advising *advising, enum sts_mode mode);

#endif
