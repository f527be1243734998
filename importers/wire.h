/*
 * wire.h - a connection to an IMAP server, as a stream for libetpan.
 *
 * libetpan can connect by itself, but then nothing ends a wait when the run is
 * to end, nothing bounds what a server sends, and no certificate is verified.
 * So it is given this stream: every wait has an end (the timeout, the time for a
 * whole answer, or stop_requested()), every line has passed guard.h, and TLS is
 * that of tls.h.
 *
 * Once something has failed the wire is dead, wire_error() says why, and reading
 * and writing fail at once.
 */
#ifndef TLSRPTOP_IMPORTERS_WIRE_H
#define TLSRPTOP_IMPORTERS_WIRE_H

#include <libetpan/libetpan.h>
#include <stdbool.h>
#include <stddef.h>

#include "tls.h"

struct wire;

struct wire_settings {
    const char *host;
    unsigned port;
    unsigned timeout;   /* seconds without a byte; ten times that for an answer */
    bool loopback_only; /* refuse to connect to any other machine */
};

/* Connects.  Returns a status of <sysexits.h> with a sentence in ERROR, which is
 * "" when the run is to end: EX_OK and *WIRE, EX_UNAVAILABLE, or EX_CONFIG for a
 * host that is not this machine. */
int wire_open(struct wire **wire, const struct wire_settings *settings,
              char error[static TLS_ERROR]);

/* Goes on with TLS; as tls_open().  What came in before and was not read makes
 * it fail: a stranger may have put it there (CVE-2011-0411). */
int wire_start_tls(struct wire *wire, const char *ca_file, char error[static TLS_ERROR]);

/* A stream of libetpan over the wire, to be made once; mailstream_close() closes
 * the wire, too.  NULL when memory is short, and then the wire is the caller's. */
mailstream *wire_stream(struct wire *wire);
void wire_close(struct wire *wire);

/* A command follows, whose answer may hold LITERALS literals of at most
 * LITERAL_MAX bytes each, and little else. */
void wire_expect(struct wire *wire, size_t literals, size_t literal_max);

/* The answer makes progress: the time for the whole of it begins anew. */
void wire_progress(struct wire *wire);

/* Writes SIZE bytes past all buffers: what is secret leaves no copy in them. */
int wire_send(struct wire *wire, const char *bytes, size_t size);

/* For poll(): the descriptor, and whether something has come in already. */
int wire_fd(const struct wire *wire);
bool wire_pending(const struct wire *wire);

/* Makes the wire dead for REASON, if it is not. */
void wire_fail(struct wire *wire, const char *reason);

/* Why it is dead; NULL when it is not; "" when the run is to end. */
const char *wire_error(const struct wire *wire);

/* The last line of the server, whole. */
const char *wire_last_line(const struct wire *wire);

#endif
