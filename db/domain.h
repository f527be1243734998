/*
 * domain.h - domain names: how they are compared, stored, shown and matched.
 */
#ifndef TLSRPTOP_DB_DOMAIN_H
#define TLSRPTOP_DB_DOMAIN_H

#include <stddef.h>

enum { DOMAIN_TEXT = 256 }; /* 253 octets, with room */

/* Writes NAME (LENGTH bytes) in the form we compare and store: lower case,
 * A-labels, no final dot, no surrounding white space.  Returns 0, or -1 when
 * it cannot be a domain name: empty, too long, or of other characters than letters,
 * digits, hyphens, underscores and dots.  Labels IDNA refuses are let through as ASCII. */
int domain_normalise(const char *name, size_t length, char normalised[static DOMAIN_TEXT]);

/* Is NAME, as it was sent, a host that may stand in an mx line, or in a command to be
 * typed: two labels or more, of letters, digits and hyphens? */
int domain_is_host(const char *name);

/* Is NAME the domain DOMAIN, or below it?  Both are normalised. */
int domain_is_within(const char *name, const char *domain);

/* Writes the U-label form for people, if it maps back to the same A-labels;
 * else copies.  The result is UTF-8 of at most SIZE bytes with its NUL. */
void domain_display(const char *name, char *shown, size_t size);

/* Does NAME match one of PATTERNS ("example.com, *.example.net", commas or
 * white space between)?  "*." stands for one or more labels.  The empty list
 * matches everything. */
int domain_is_mine(const char *name, const char *patterns);

/* The first of such PATTERNS that is neither a domain nor "*." and one; NULL
 * when there is none.  It lies in PATTERNS and has *LENGTH bytes. */
const char *domain_wrong_pattern(const char *patterns, size_t *length);

/* Does an `mx` pattern of an MTA-STS policy cover HOST?  RFC 8461 section 4.1:
 * "*." stands for exactly one label, the leftmost. */
int domain_matches_mx(const char *pattern, const char *host);

#endif
