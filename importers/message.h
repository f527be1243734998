/*
 * message.h - finds the parts of a mail (RFC 5322, RFC 2045 and 2046).
 *
 * Anyone may write to the address in a domain's _smtp._tls record, so this is
 * the most exposed code of the project.  It looks at each byte a bounded number
 * of times, keeps the open multiparts on a stack of fixed size, never recurses
 * and never allocates.  It is forgiving: end boundaries may be missing, line
 * ends may be CRLF or LF.
 */
#ifndef TLSRPTOP_IMPORTERS_MESSAGE_H
#define TLSRPTOP_IMPORTERS_MESSAGE_H

#include "decode.h"
#include "extract.h"
#include "slice.h"

enum {
    MESSAGE_NESTING_MAX = 100,       /* whatever limits.nesting_max says */
    MESSAGE_HEADER_MAX = 256 * 1024, /* bytes of header of one part */
    MESSAGE_BOUNDARY_MAX = 200,      /* RFC 2046 allows 70 */
    MESSAGE_REASON = 128
};

/* Header fields of a message or of one enclosed in it, as they were written:
 * field_text() makes text of them. */
struct envelope {
    struct slice report_domain; /* TLS-Report-Domain, RFC 8460 section 5.3 */
    struct slice submitter;     /* TLS-Report-Submitter */
    struct slice subject;
};

/* A part that holds no other parts. */
struct part {
    struct slice body; /* encoded */
    enum encoding encoding;
    struct slice type;         /* "application/tlsrpt+gzip"; length 0: none given */
    struct slice content_type; /* the whole field, and the next one: for part_name() */
    struct slice disposition;
    struct envelope envelope; /* of the innermost message around it; what that
                                 one lacks, of the next */
    bool tlsrpt;              /* in a multipart/report of report-type tlsrpt */
};

struct message_level {
    struct slice boundary;                    /* length 0: an enclosed message, which has none */
    char boundary_text[MESSAGE_BOUNDARY_MAX]; /* where it stands */
    struct envelope envelope;
    bool tlsrpt;
    bool digest; /* parts without a type are messages, RFC 2046 section 5.1.5 */
};

struct message {
    const char *at;
    const char *end;
    bool at_header; /* a part's header begins at `at`; else it is to be found */
    bool claims;    /* a header read so far says that there is a TLS report */
    unsigned parts;
    unsigned parts_max;
    unsigned nesting_max;
    unsigned depth;
    struct message_level levels[MESSAGE_NESTING_MAX + 1]; /* 0: the message itself */
    char reason[MESSAGE_REASON];
};

/* Begins to read BYTES, which must stay valid as long as the parts are used.  AROUND is the
 * part that they were decoded from, NULL for a mail. */
void message_open(struct message *message, struct slice bytes, const struct limits *limits,
                  const struct part *around);

/* Finds the next part.  Returns 1; 0 when there is none left; -1 when a limit
 * is exceeded, with a sentence in message->reason: the rest stays unread. */
int message_next(struct message *message, struct part *part);

/* Writes the file name of PART, decoded; "" when it has none. */
void part_name(const struct part *part, char *name, size_t size);

#endif
