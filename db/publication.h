/*
 * publication.h - the exact texts that advice tells to publish.  For db/ only.
 */
#ifndef TLSRPTOP_DB_PUBLICATION_H
#define TLSRPTOP_DB_PUBLICATION_H

#include "advising.h"

/* The TXT record that asks for reports. */
void publish_tlsrpt(struct advising *advising);

/* The policy file in MODE and, if it says anything else than the published one,
 * the record with a new id; nothing when just the same is published already.
 * What stands in the mx lines, and why, goes to what is to do. */
void publish_policy(struct advising *advising, enum sts_mode mode);

#endif
