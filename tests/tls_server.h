/*
 * tls_server.h - web and mail servers for tests, good ones and bad ones.
 *
 * A server is a process of its own on a port of 127.0.0.0/8 that was free.  The web
 * server tells its sites apart by the name that is asked for (SNI), the mail server
 * by the address that is connected to.
 */
#ifndef TLSRPTOP_TESTS_TLS_SERVER_H
#define TLSRPTOP_TESTS_TLS_SERVER_H

#include <stddef.h>
#include <sys/types.h>

#include "certificate.h"

struct tls_site {
    const char *name;   /* of the web site, or the address of the mail server */
    const char *manner; /* how it behaves: see the tables in tls_server.c */
    const char *path;   /* of the file it serves, read at each request */
    const struct certificate *certificate;
};

struct tls_server {
    pid_t pid;
    int port;
};

/* Starts a server for COUNT SITES, which are used only until it runs. */
struct tls_server web_server_start(const struct tls_site *sites, size_t count);
struct tls_server mail_server_start(const struct tls_site *sites, size_t count);
void tls_server_stop(const struct tls_server *server);

#endif
