/*
 * rdata.h - the data of DNS records, out of wire format.
 *
 * Pure functions over bytes that a name server chose.  They return 0, or -1 when
 * the record is malformed, and write nothing beyond what they say.
 */
#ifndef TLSRPTOP_IMPORTERS_RDATA_H
#define TLSRPTOP_IMPORTERS_RDATA_H

#include <stddef.h>
#include <stdint.h>

enum {
    RDATA_NAME = 1025,  /* 255 octets, each written \ddd, and the NUL */
    RDATA_ADDRESS = 46, /* INET6_ADDRSTRLEN */
    RDATA_TXT_MAX = 65535
};

/* A name in lower case without the final dot, the root as ".".  What is no letter,
 * digit, hyphen or underscore is written \ddd, so the text means the same name to
 * whoever asks for it.  Takes the whole of BYTES. */
int rdata_name(const unsigned char *bytes, size_t length, char name[static RDATA_NAME]);

int rdata_mx(const unsigned char *bytes, size_t length, unsigned *preference,
             char host[static RDATA_NAME]);

/* The address as text, by its length: 4 or 16 octets. */
int rdata_address(const unsigned char *bytes, size_t length, char text[static RDATA_ADDRESS]);

/* Joins the character-strings of a TXT record (RFC 8461 section 3.1) at TEXT, which
 * has room for LENGTH bytes; *SIZE is what was written.  Any byte may be in it. */
int rdata_txt(const unsigned char *bytes, size_t length, char *text, size_t *size);

/* DATA points into BYTES. */
struct tlsa {
    uint8_t usage;
    uint8_t selector;
    uint8_t matching;
    size_t length;
    const unsigned char *data;
};
int rdata_tlsa(const unsigned char *bytes, size_t length, struct tlsa *tlsa);

#endif
