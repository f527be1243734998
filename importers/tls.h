/*
 * tls.h - TLS to a server that has proved who it is.
 *
 * TLS 1.2 or newer, with the name sent (SNI) and the certificate verified: its
 * chain up to a trusted issuer, its dates, the host's name, and that it is meant
 * for servers.  No byte can be sent before.  Nothing is printed.
 */
#ifndef TLSRPTOP_IMPORTERS_TLS_H
#define TLSRPTOP_IMPORTERS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls;

enum { TLS_ERROR = 512 };

/* Waits for EVENTS (as of poll()) on the connection; false: it came to nothing,
 * and the handshake is over. */
typedef bool tls_wait_fn(void *context, short events);

/* Begins TLS with HOST on FD, which must not block and stays the caller's.
 * CA_FILE holds the trusted issuers in PEM; "": those of the system.  Returns a
 * status of <sysexits.h> with a sentence in ERROR, which is "" after WAIT failed:
 * EX_OK and *TLS, EX_NOPERM (the certificate is not good), EX_UNAVAILABLE (no
 * handshake), EX_CONFIG (the issuers cannot be read). */
int tls_open(struct tls **tls, int fd, const char *host, const char *ca_file, tls_wait_fn *wait,
             void *context, char error[static TLS_ERROR]);

/* As read() and write(), with errno EAGAIN when there is something to wait for, if
 * not tls_pending(); or EPROTO. */
ssize_t tls_read(struct tls *tls, void *bytes, size_t size);
ssize_t tls_write(struct tls *tls, const void *bytes, size_t size);

/* Is there something to read that came in already?  Then poll() would not tell. */
bool tls_pending(const struct tls *tls);

/* Says goodbye, without waiting for an answer.  TLS may be NULL. */
void tls_close(struct tls *tls);

#endif
