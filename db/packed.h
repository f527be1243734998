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
static inline unsigned char *packed_put(unsigned char *to, int64_t integer)
{
    uint64_t value = (uint64_t)integer;
    for (; value >= 0x80; value >>= 7)
        *to++ = (unsigned char)(value | 0x80);
    *to++ = (unsigned char)value;
    return to;
}

/* Reads one from *AT, which it moves behind it.  False when there is none before END. */
static inline bool packed_get(const unsigned char **at, const unsigned char *end, int64_t *integer)
{
    uint64_t value = 0;
    const unsigned char *byte = *at;
    for (int i = 0; i < PACKED_BYTES && byte < end; i++) {
        value |= (uint64_t)(*byte & 0x7f) << 7 * i;
        if (*byte++ < 0x80) {
            *at = byte;
            *integer = (int64_t)value;
            return value <= INT64_MAX;
        }
    }
    return false;
}

#endif
