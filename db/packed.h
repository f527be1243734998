/*
 * packed.h - integers in as few bytes as they need: seven bits to a byte, the lowest
 * first, and the eighth bit set in all but the last byte.  For db/ only.
 */
#ifndef TLSRPTOP_DB_PACKED_H
#define TLSRPTOP_DB_PACKED_H

#include <stdbool.h>
#include <stdint.h>

enum { PACKED_BYTES = 10 /* that one integer has at most */ };

/* INTEGER, which is not negative, at TO; returns its end. */
unsigned char *packed_put(unsigned char *to, int64_t integer);

/* Reads one from *AT, which it moves behind it.  False when there is none before END. */
bool packed_get(const unsigned char **at, const unsigned char *end, int64_t *integer);

#endif
