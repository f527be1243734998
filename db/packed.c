#include "packed.h"

unsigned char *packed_put(unsigned char *to, int64_t integer)
{
    uint64_t value = (uint64_t)integer;
    for (; value >= 0x80; value >>= 7)
        *to++ = (unsigned char)(value | 0x80);
    *to++ = (unsigned char)value;
    return to;
}

bool packed_get(const unsigned char **at, const unsigned char *end, int64_t *integer)
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
