#include "host_names.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../db/arena.h"
#include "../db/day.h"
#include "../db/observation.h"
#include "rdata.h"
#include "stop.h"

enum {
    REVERSE_NAME = 80, /* 32 half-octets with dots, and "ip6.arpa" */
    CLAIMS_MAX = 4     /* names of one address that are asked back */
};

/* What one run works through. */
struct names {
    struct db *db;
    struct resolver *resolver;
    struct arena arena;
    const char **ips;
    size_t count, capacity;
    size_t begun, under_way;
    int64_t now;
    struct host_name_counts *counts;
    enum db_status status;
    LIST_HEAD(, sender) senders;
};

/* One address, and the names that its PTR records claim. */
struct sender {
    struct names *names;
    LIST_ENTRY(sender) entry;
    const char *ip;
    unsigned char bytes[sizeof(struct in6_addr)];
    size_t length;
    char reverse[REVERSE_NAME];
    char claims[CLAIMS_MAX][RDATA_NAME];
    size_t claim_count, tried;
    bool unanswered; /* some question was */
    struct question question;
};

static bool is_told(const struct dns_answer *answer)
{
    return answer->result == DNS_FOUND || answer->result == DNS_NO_DATA ||
           answer->result == DNS_NO_NAME;
}

/* --- one address --- */

static void drop(struct sender *sender)
{
    LIST_REMOVE(sender, entry);
    sender->names->under_way--;
    free(sender);
}

/* Keeps NAME ("": there is none); where answers are missing, only that it was asked. */
static void finish(struct sender *sender, const char *name)
{
    struct names *names = sender->names;
    names->counts->asked++;
    names->counts->named += name[0] != '\0';
    if (name[0] == '\0' && sender->unanswered) {
        names->counts->unknown++;
        name = NULL;
    }
    if (names->status == DB_OK)
        names->status = observation_name(names->db, sender->ip, name, names->now);
    drop(sender);
}

static void take_forward(struct question *question, const struct dns_answer *answer);

/* Asks whether the next claim leads back, or gives up. */
static void try_claim(struct sender *sender)
{
    if (sender->tried == sender->claim_count) {
        finish(sender, "");
        return;
    }
    resolver_ask(sender->names->resolver, &sender->question, sender->claims[sender->tried],
                 sender->length == sizeof(struct in_addr) ? ns_t_a : ns_t_aaaa, take_forward,
                 sender);
}

static void take_forward(struct question *question, const struct dns_answer *answer)
{
    struct sender *sender = question->context;
    const char *claim = sender->claims[sender->tried++];
    sender->unanswered |= !is_told(answer);
    for (size_t i = 0; i < answer->count; i++) {
        if ((size_t)answer->lengths[i] == sender->length &&
            memcmp(answer->records[i], sender->bytes, sender->length) == 0) {
            finish(sender, claim);
            return;
        }
    }
    try_claim(sender);
}

static void take_claims(struct question *question, const struct dns_answer *answer)
{
    struct sender *sender = question->context;
    sender->unanswered |= !is_told(answer);
    for (size_t i = 0; i < answer->count && sender->claim_count < CLAIMS_MAX; i++) {
        const unsigned char *bytes = (const unsigned char *)answer->records[i];
        if (rdata_name(bytes, (size_t)answer->lengths[i], sender->claims[sender->claim_count]) == 0)
            sender->claim_count++;
    }
    try_claim(sender);
}

/* RFC 1035 section 3.5 and RFC 3596 section 2.5. */
static void write_reverse(struct sender *sender)
{
    char *end = sender->reverse;
    bool is_v4 = sender->length == sizeof(struct in_addr);
    for (size_t i = sender->length; i > 0; i--) {
        unsigned octet = sender->bytes[i - 1];
        end += is_v4 ? sprintf(end, "%u.", octet) : sprintf(end, "%x.%x.", octet & 15, octet >> 4);
    }
    strcpy(end, is_v4 ? "in-addr.arpa" : "ip6.arpa");
}

/* The bytes of the address IP, 4 or 16; 0 when it is none. */
static size_t read_address(const char *ip, unsigned char bytes[static sizeof(struct in6_addr)])
{
    if (inet_pton(AF_INET, ip, bytes) == 1)
        return sizeof(struct in_addr);
    return inet_pton(AF_INET6, ip, bytes) == 1 ? sizeof(struct in6_addr) : 0;
}

/* Begins with the address IP.  Returns 0, or -1 when memory is short. */
static int begin(struct names *names, const char *ip)
{
    struct sender *sender = calloc(1, sizeof *sender);
    if (sender == NULL)
        return -1;
    sender->names = names;
    sender->ip = ip;
    sender->length = read_address(ip, sender->bytes);
    write_reverse(sender);
    LIST_INSERT_HEAD(&names->senders, sender, entry);
    names->under_way++;
    resolver_ask(names->resolver, &sender->question, sender->reverse, ns_t_ptr, take_claims,
                 sender);
    return 0;
}

/* --- all of them --- */

static int take_ip(void *context, const char *ip)
{
    struct names *names = context;
    unsigned char bytes[sizeof(struct in6_addr)];
    if (read_address(ip, bytes) == 0)
        return 0;
    const char **ips =
        arena_grow(&names->arena, names->ips, sizeof *names->ips, names->count, &names->capacity);
    const char *copy = arena_strdup(&names->arena, ip);
    if (ips == NULL || copy == NULL) {
        names->status = DB_MEMORY;
        return 1;
    }
    names->ips = ips;
    names->ips[names->count++] = copy;
    return names->count == HOST_NAMES_RUN_MAX;
}

static void work(struct names *names)
{
    while (names->status == DB_OK && (names->begun < names->count || names->under_way > 0)) {
        while (names->begun < names->count && names->under_way < QUESTIONS_QUICK_MAX) {
            if (begin(names, names->ips[names->begun++]) != 0)
                names->status = DB_MEMORY;
        }
        struct pollfd watched = {.fd = resolver_fd(names->resolver), .events = POLLIN};
        resolver_process(names->resolver);
        if (names->under_way > 0)
            stop_wait(&watched, 1, resolver_wait_ms(names->resolver));
        if (stop_requested())
            names->status = DB_STOPPED;
    }
}

enum db_status host_names_ask(struct db *db, struct resolver *resolver,
                              struct host_name_counts *counts)
{
    struct names names = {.db = db, .resolver = resolver, .counts = counts, .now = instant_now()};
    *counts = (struct host_name_counts){.asked = 0};
    arena_init(&names.arena, 0);
    LIST_INIT(&names.senders);
    int64_t before = names.now - (int64_t)HOST_NAMES_DAYS * SECONDS_PER_DAY;
    enum db_status status = observation_unnamed(db, before, take_ip, &names);
    if (status != DB_OK && status != DB_STOPPED)
        names.status = status;
    work(&names);
    arena_free(&names.arena);
    return names.status;
}
