/*
 * mx_hosts.h - looks at MX hosts, each once for all domains under way that name it.
 *
 * What is looked at are its addresses, its TLSA records and, where wanted, what it shows
 * after STARTTLS.  A host is forgotten when nobody uses it any more.
 */
#ifndef TLSRPTOP_IMPORTERS_MX_HOSTS_H
#define TLSRPTOP_IMPORTERS_MX_HOSTS_H

#include <sys/queue.h>

#include "findings.h"

/* Whether mail servers can be reached from here: not known before one was. */
enum smtp_way { SMTP_UNDECIDED, SMTP_OPEN, SMTP_CLOSED };

struct mx_hosts_settings {
    struct resolver *resolver;
    struct transfers *transfers;
    int smtp_port;
    bool certificates; /* connect to the hosts */
};

struct mx_hosts;

/* NULL when memory is short. */
struct mx_hosts *mx_hosts_new(const struct mx_hosts_settings *settings);
/* Every host must have been left, and the resolver and the transfers be closed. */
void mx_hosts_free(struct mx_hosts *hosts);

enum smtp_way mx_hosts_smtp(const struct mx_hosts *hosts);
/* Takes the way for closed: no further host is connected to. */
void mx_hosts_close_smtp(struct mx_hosts *hosts);

/* Who waits for a host; the user's memory until `looked` is called, or the host left. */
struct mx_waiter {
    void (*looked)(void *context);
    void *context;
    LIST_ENTRY(mx_waiter) entry;
};

/* The host NAME, looked at from now on unless it is already; NULL when memory is short.
 * *WAITS tells whether WAITER is going to be called. */
struct mx_host *mx_hosts_use(struct mx_hosts *hosts, const char *name, struct mx_waiter *waiter,
                             bool *waits);
void mx_hosts_leave(struct mx_host *host);

#endif
