#include "mx_hosts.h"

#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct shared_host {
    struct mx_host host; /* first: the one is cast to the other */
    struct mx_hosts *hosts;
    unsigned users;
    unsigned pending; /* questions and connections */
    unsigned families_pending;
    LIST_HEAD(, mx_waiter) waiters;
    LIST_ENTRY(shared_host) entry;
    struct question v4, v6, cname, tlsa, tlsa_alias;
};

struct mx_hosts {
    struct mx_hosts_settings settings;
    enum smtp_way smtp;
    LIST_HEAD(, shared_host) buckets[BUCKETS]; /* by name */
};

static struct resolver *resolver_of(const struct shared_host *shared)
{
    return shared->hosts->settings.resolver;
}

/* --- one host --- */

static bool is_host_name(const char *name)
{
    bool has_letter = false;
    for (const char *c = name; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || *c == '_';
        if (!letter && !(*c >= '0' && *c <= '9') && *c != '-' && *c != '.')
            return false;
        has_letter |= letter;
    }
    return has_letter; /* or it is an address */
}

static void settle(struct shared_host *shared)
{
    struct mx_waiter *waiter;
    if (--shared->pending > 0)
        return;
    while ((waiter = LIST_FIRST(&shared->waiters)) != NULL) {
        LIST_REMOVE(waiter, entry);
        waiter->looked(waiter->context);
    }
}

static void take_tlsa(struct question *question, const struct dns_answer *answer)
{
    struct shared_host *shared = question->context;
    struct arena *arena = &shared->host.arena;
    struct tlsa_look *look =
        question == &shared->tlsa ? &shared->host.tlsa : &shared->host.tlsa_alias;
    look_note(&look->look, arena, question, answer);
    for (size_t i = 0; i < answer->count; i++) {
        size_t length = (size_t)answer->lengths[i];
        const char *bytes = arena_strndup(arena, answer->records[i], length);
        struct tlsa record;
        if (bytes == NULL || look->count == TLSA_MAX)
            look->left_out++;
        else if (rdata_tlsa((const unsigned char *)bytes, length, &record) != 0)
            look->malformed++;
        else
            look->records[look->count++] = record;
    }
    settle(shared);
}

static void ask_tlsa(struct shared_host *shared, struct question *question, struct tlsa_look *look,
                     const char *host)
{
    const char *name = arena_printf(&shared->host.arena, "_25._tcp.%s", host);
    if (name == NULL)
        return;
    look->name = name;
    shared->pending++;
    resolver_ask(resolver_of(shared), question, name, ns_t_tlsa, take_tlsa, shared);
}

static void take_cname(struct question *question, const struct dns_answer *answer)
{
    struct shared_host *shared = question->context;
    look_note(&shared->host.cname, &shared->host.arena, question, answer);
    settle(shared);
}

static void take_certificates(void *context)
{
    struct shared_host *shared = context;
    if (shared->host.tls.result != MX_TLS_UNREACHED)
        shared->hosts->smtp = SMTP_OPEN;
    settle(shared);
}

static void look_at_certificates(struct shared_host *shared)
{
    struct mx_hosts *hosts = shared->hosts;
    char addresses[TRANSFER_ADDRESSES];
    if (!hosts->settings.certificates || hosts->smtp == SMTP_CLOSED ||
        shared->host.addresses.count == 0)
        return;
    addresses_join(&shared->host.addresses, addresses);
    if (mx_tls_begin(&shared->host.tls, hosts->settings.transfers, shared->host.name,
                     hosts->settings.smtp_port, addresses, take_certificates, shared) == 0)
        shared->pending++;
}

/* RFC 7672 section 2.2.2: an alias moves the TLSA records to where it leads, if
 * all of the way is secure, and leaves them here, if only its beginning is. */
static void follow_alias(struct shared_host *shared, const char *alias)
{
    struct mx_host *host = &shared->host;
    ask_tlsa(shared, &shared->tlsa_alias, &host->tlsa_alias, alias);
    if (host->addresses.v4.dnssec == DNSSEC_SECURE && host->addresses.v6.dnssec == DNSSEC_SECURE)
        return;
    shared->pending++;
    resolver_ask(resolver_of(shared), &shared->cname, host->name, ns_t_cname, take_cname, shared);
}

static void take_address(struct question *question, const struct dns_answer *answer)
{
    struct shared_host *shared = question->context;
    struct addresses *addresses = &shared->host.addresses;
    addresses_note(addresses, &shared->host.arena, question, answer);
    if (--shared->families_pending == 0) {
        if (addresses_alias(addresses)[0] != '\0')
            follow_alias(shared, addresses_alias(addresses));
        look_at_certificates(shared);
    }
    settle(shared);
}

static void look_at(struct shared_host *shared)
{
    struct mx_host *host = &shared->host;
    struct resolver *resolver = resolver_of(shared);
    host->is_host_name = is_host_name(host->name);
    host->tlsa.name = host->tlsa_alias.name = "";
    host->addresses.v4.alias = host->addresses.v6.alias = "";
    if (!host->is_host_name)
        return;
    shared->pending = shared->families_pending = 2;
    resolver_ask(resolver, &shared->v4, host->name, ns_t_a, take_address, shared);
    resolver_ask(resolver, &shared->v6, host->name, ns_t_aaaa, take_address, shared);
    ask_tlsa(shared, &shared->tlsa, &host->tlsa, host->name);
}

/* --- who uses it --- */

static unsigned bucket_of(const char *name)
{
    unsigned hash = 5381;
    while (*name != '\0')
        hash = hash * 33 + (unsigned char)*name++;
    return hash % BUCKETS;
}

/* NAME as it is known already; NULL when it is not. */
static struct shared_host *find(struct mx_hosts *hosts, const char *name)
{
    struct shared_host *shared;
    LIST_FOREACH(shared, &hosts->buckets[bucket_of(name)], entry)
    {
        if (strcmp(shared->host.name, name) == 0)
            break;
    }
    return shared;
}

static struct shared_host *add(struct mx_hosts *hosts, const char *name)
{
    struct shared_host *shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        return NULL;
    strcpy(shared->host.name, name);
    arena_init(&shared->host.arena, FINDINGS_BYTES);
    shared->hosts = hosts;
    LIST_INIT(&shared->waiters);
    LIST_INSERT_HEAD(&hosts->buckets[bucket_of(name)], shared, entry);
    look_at(shared);
    return shared;
}

struct mx_host *mx_hosts_use(struct mx_hosts *hosts, const char *name, struct mx_waiter *waiter,
                             bool *waits)
{
    struct shared_host *shared = find(hosts, name);
    if (shared == NULL)
        shared = add(hosts, name);
    if (shared == NULL)
        return NULL;
    shared->users++;
    *waits = shared->pending > 0;
    if (*waits)
        LIST_INSERT_HEAD(&shared->waiters, waiter, entry);
    return &shared->host;
}

void mx_hosts_leave(struct mx_host *host)
{
    struct shared_host *shared = (struct shared_host *)host;
    if (--shared->users > 0)
        return;
    LIST_REMOVE(shared, entry);
    chain_free(&host->tls.chain);
    arena_free(&host->arena);
    free(shared);
}

/* --- all of them --- */

struct mx_hosts *mx_hosts_new(const struct mx_hosts_settings *settings)
{
    struct mx_hosts *hosts = calloc(1, sizeof *hosts);
    if (hosts != NULL)
        hosts->settings = *settings;
    return hosts;
}

void mx_hosts_free(struct mx_hosts *hosts)
{
    free(hosts);
}

enum smtp_way mx_hosts_smtp(const struct mx_hosts *hosts)
{
    return hosts->smtp;
}

void mx_hosts_close_smtp(struct mx_hosts *hosts)
{
    hosts->smtp = SMTP_CLOSED;
}
