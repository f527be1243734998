#include "rdata.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    LABEL_MAX = 63,
    NAME_OCTETS_MAX = 255,
    MX_NAME = 2,  /* where the name begins, behind the preference */
    TLSA_DATA = 3 /* where the data begins, RFC 6698 section 2.1 */
};

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*';
}

/* Writes LABEL behind NAME; returns what is behind it. */
static char *write_label(char *name, const unsigned char *label, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c =
            label[i] >= 'A' && label[i] <= 'Z' ? (unsigned char)(label[i] + 32) : label[i];
        if (is_plain(c))
            *name++ = (char)c;
        else
            name += snprintf(name, sizeof "\\255", "\\%03u", c);
    }
    *name = '\0';
    return name;
}

int rdata_name(const unsigned char *bytes, size_t length, char name[static RDATA_NAME])
{
    char *end = name;
    size_t at = 0;
    if (length > NAME_OCTETS_MAX)
        return -1;
    while (at < length && bytes[at] != 0) {
        size_t label = bytes[at++];
        if (label > LABEL_MAX || label >= length - at)
            return -1;
        if (end > name)
            *end++ = '.';
        end = write_label(end, bytes + at, label);
        at += label;
    }
    if (end == name)
        strcpy(name, ".");
    return at + 1 == length ? 0 : -1;
}

int rdata_mx(const unsigned char *bytes, size_t length, unsigned *preference,
             char host[static RDATA_NAME])
{
    if (length <= MX_NAME)
        return -1;
    *preference = (unsigned)bytes[0] << 8 | bytes[1];
    return rdata_name(bytes + MX_NAME, length - MX_NAME, host);
}

int rdata_address(const unsigned char *bytes, size_t length, char text[static RDATA_ADDRESS])
{
    if (length != sizeof(struct in_addr) && length != sizeof(struct in6_addr))
        return -1;
    int family = length == sizeof(struct in_addr) ? AF_INET : AF_INET6;
    return inet_ntop(family, bytes, text, RDATA_ADDRESS) != NULL ? 0 : -1;
}

int rdata_txt(const unsigned char *bytes, size_t length, char *text, size_t *size)
{
    *size = 0;
    for (size_t at = 0; at < length;) {
        size_t piece = bytes[at++];
        if (piece > length - at)
            return -1;
        memcpy(text + *size, bytes + at, piece);
        *size += piece;
        at += piece;
    }
    return 0;
}

int rdata_tlsa(const unsigned char *bytes, size_t length, struct tlsa *tlsa)
{
    if (length < TLSA_DATA)
        return -1;
    *tlsa = (struct tlsa){bytes[0], bytes[1], bytes[2], length - TLSA_DATA, bytes + TLSA_DATA};
    return 0;
}
