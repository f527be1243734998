#include "decode.h"

#include <stdint.h>

/* The six bits of a character of the base64 alphabet; VALID tells 'A' from no
 * such character. */
#define VALID   0x40
#define BITS(n) (VALID | (n))
static const uint8_t base64[256] = {
    ['A'] = BITS(0),  ['B'] = BITS(1),  ['C'] = BITS(2),  ['D'] = BITS(3),  ['E'] = BITS(4),
    ['F'] = BITS(5),  ['G'] = BITS(6),  ['H'] = BITS(7),  ['I'] = BITS(8),  ['J'] = BITS(9),
    ['K'] = BITS(10), ['L'] = BITS(11), ['M'] = BITS(12), ['N'] = BITS(13), ['O'] = BITS(14),
    ['P'] = BITS(15), ['Q'] = BITS(16), ['R'] = BITS(17), ['S'] = BITS(18), ['T'] = BITS(19),
    ['U'] = BITS(20), ['V'] = BITS(21), ['W'] = BITS(22), ['X'] = BITS(23), ['Y'] = BITS(24),
    ['Z'] = BITS(25), ['a'] = BITS(26), ['b'] = BITS(27), ['c'] = BITS(28), ['d'] = BITS(29),
    ['e'] = BITS(30), ['f'] = BITS(31), ['g'] = BITS(32), ['h'] = BITS(33), ['i'] = BITS(34),
    ['j'] = BITS(35), ['k'] = BITS(36), ['l'] = BITS(37), ['m'] = BITS(38), ['n'] = BITS(39),
    ['o'] = BITS(40), ['p'] = BITS(41), ['q'] = BITS(42), ['r'] = BITS(43), ['s'] = BITS(44),
    ['t'] = BITS(45), ['u'] = BITS(46), ['v'] = BITS(47), ['w'] = BITS(48), ['x'] = BITS(49),
    ['y'] = BITS(50), ['z'] = BITS(51), ['0'] = BITS(52), ['1'] = BITS(53), ['2'] = BITS(54),
    ['3'] = BITS(55), ['4'] = BITS(56), ['5'] = BITS(57), ['6'] = BITS(58), ['7'] = BITS(59),
    ['8'] = BITS(60), ['9'] = BITS(61), ['+'] = BITS(62), ['/'] = BITS(63),
};

enum encoding encoding_find(struct slice field)
{
    field = slice_token(field);
    if (slice_is(field, "base64"))
        return ENCODING_BASE64;
    if (slice_is(field, "quoted-printable"))
        return ENCODING_QUOTED_PRINTABLE;
    return ENCODING_NONE;
}

static char *put_group(char *out, uint32_t group)
{
    out[0] = (char)(group >> 16);
    out[1] = (char)(group >> 8);
    out[2] = (char)group;
    return out + 3;
}

size_t decode_base64(struct slice in, char *out, const char **flaw)
{
    const unsigned char *at = (const unsigned char *)in.start, *end = at + in.length;
    const char *start = out, *wrong = "";
    uint32_t group = 0;
    int have = 0; /* characters of an unfinished group */
    while (at < end) {
        if (have == 0 && end - at >= 4) { /* nearly always: four good characters in a row */
            uint8_t a = base64[at[0]], b = base64[at[1]], c = base64[at[2]], d = base64[at[3]];
            if (a & b & c & d & VALID) {
                out =
                    put_group(out, (a & 63U) << 18 | (b & 63U) << 12 | (c & 63U) << 6 | (d & 63U));
                at += 4;
                continue;
            }
        }
        unsigned char c = *at++;
        if (base64[c] & VALID) {
            group = group << 6 | (base64[c] & 63U);
            if (++have == 4) {
                out = put_group(out, group);
                have = 0;
            }
        } else if (c == '=') {
            break;
        } else if (!slice_space((char)c)) {
            wrong = "its base64 holds other bytes";
        }
    }
    if (have == 1)
        wrong = "its base64 is cut short";
    if (have >= 2)
        *out++ = (char)(group >> (have == 2 ? 4 : 10));
    if (have == 3)
        *out++ = (char)(group >> 2);
    if (flaw != NULL)
        *flaw = wrong;
    return (size_t)(out - start);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

int decode_hex(const char *text)
{
    int high = hex_digit(text[0]);
    int low = high < 0 ? -1 : hex_digit(text[1]);
    return low < 0 ? -1 : high * 16 + low;
}

/* The end of the white space at AT if a line ends there, else AT. */
static const char *skip_line_end(const char *at, const char *end)
{
    const char *next = at;
    while (next < end && (*next == ' ' || *next == '\t' || *next == '\r'))
        next++;
    return next < end && *next == '\n' ? next + 1 : at;
}

size_t decode_quoted_printable(struct slice in, char *out)
{
    const char *at = in.start, *end = at + in.length, *start = out;
    while (at < end) {
        if (*at != '=') {
            *out++ = *at++;
            continue;
        }
        int byte = end - at >= 3 ? decode_hex(at + 1) : -1;
        const char *next = skip_line_end(at + 1, end);
        if (byte >= 0) {
            *out++ = (char)byte;
            at += 3;
        } else if (next > at + 1) { /* a soft line break */
            at = next;
        } else {
            *out++ = *at++;
        }
    }
    return (size_t)(out - start);
}
