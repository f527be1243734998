/*
 * cgi.h - a report by HTTPS POST (RFC 8460 section 5.4), handed over by a web
 * server as to a CGI program (RFC 3875).
 *
 * The request comes from anyone: what it says of itself is checked before any of
 * it is used, its body is bounded, and the answer tells no more than the outcome.
 */
#ifndef TLSRPTOP_IMPORTERS_CGI_H
#define TLSRPTOP_IMPORTERS_CGI_H

#include <stdbool.h>
#include <stddef.h>

#include "../db/store.h"

/* Has a web server started this program? */
bool cgi_active(void);

/* The status to refuse the request with by what is known of it in advance; 0: go
 * on.  To be asked before the command line is read: a web server may take that
 * from the query of the request. */
int cgi_refuse(void);

/* Reads the body, at most MAX bytes, into *BODY, which is to be freed.  Returns 0,
 * or the status to answer with. */
int cgi_read(size_t max, char **body, size_t *size);

/* Where the request came from, for people: "POST from 192.0.2.1". */
const char *cgi_source(char *name, size_t size);

/* The status that tells what became of the report in a run that ended with
 * EXIT_STATUS. */
int cgi_status(int exit_status, const struct store_counts *counts);

/* Writes the answer to standard output. */
void cgi_answer(int status);

#endif
