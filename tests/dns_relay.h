/*
 * dns_relay.h - stands between a resolver and a name server of a test, and is slow,
 * deaf or old-fashioned as wished.
 *
 * A process of its own on 127.0.0.1, for UDP and TCP.
 */
#ifndef TLSRPTOP_TESTS_DNS_RELAY_H
#define TLSRPTOP_TESTS_DNS_RELAY_H

#include <stdbool.h>
#include <sys/types.h>

struct dns_relay_wishes {
    int delay_ms;            /* before each answer */
    bool strips_dnssec;      /* asks as if EDNS had never been invented */
    const char *deaf_for[8]; /* names, with all below them, that get no answer; NULL behind
                                the last.  "TLSA name": for this type alone */
};

struct dns_relay {
    pid_t pid;
    int port;
};

struct dns_relay dns_relay_start(int upstream_port, const struct dns_relay_wishes *wishes);
void dns_relay_stop(const struct dns_relay *relay);

#endif
