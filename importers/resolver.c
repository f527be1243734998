#include "resolver.h"

#include <arpa/nameser.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/resource.h>
#include <unbound.h>
#include <unistd.h>

#include "stop.h"

enum {
    ANCHOR_LINE = 4096,
    SERVERS_MAX = 16,
    SERVER_TEXT = 128,
    SOCKETS_MIN = 64,
    SOCKETS_MAX = 4096,
    DESCRIPTORS_KEPT = 512, /* for the web, mail servers and all else */
    NAME_TEXT = 1025        /* 255 octets, each written \ddd, and the NUL */
};

struct resolver {
    struct ub_ctx *unbound;
    struct turns questions; /* the time is the same for all: the oldest is due first */
    int timeout_ms;
    bool validates;
    char why[RESOLVER_SENTENCE];
};

void resolver_read_settings(const struct config *config, char room[static RESOLVER_PATH],
                            struct resolver_settings *settings)
{
    if (config_expand(config_text(config, "check", NULL, "trust-anchor"), room, RESOLVER_PATH) != 0)
        room[0] = '\0';
    *settings = (struct resolver_settings){
        .servers = config_text(config, "check", NULL, "resolver"),
        .trust_anchor = room,
        .timeout_ms = 1000 * (int)config_number(config, "check", NULL, "timeout"),
    };
}

/* --- questions --- */

void resolver_ask(struct resolver *resolver, struct question *question, const char *name, int type,
                  dns_answer_fn *answer, void *context)
{
    *question = (struct question){
        .name = name, .type = type, .answer = answer, .context = context, .resolver = resolver};
    turns_wait(&resolver->questions, &question->turn);
}

static void give_up(struct question *question, enum dns_result result)
{
    struct dns_answer answer = {.result = result, .canonical = "", .why = ""};
    turns_leave(&question->resolver->questions, &question->turn);
    question->answer(question, &answer);
}

/* A bogus answer still carries data: the validation is looked at first.  A name that is too long to
 * be asked for does not exist. */
static enum dns_result judge(int error, const struct ub_result *result)
{
    if (error == UB_SYNTAX)
        return DNS_NO_NAME;
    if (error != 0 || result == NULL)
        return DNS_FAILED;
    if (result->bogus)
        return DNS_BOGUS;
    if (result->nxdomain)
        return DNS_NO_NAME;
    if (result->rcode != ns_r_noerror)
        return DNS_FAILED;
    return result->havedata ? DNS_FOUND : DNS_NO_DATA;
}

static enum dnssec judge_dnssec(const struct resolver *resolver, enum dns_result result,
                                bool secure)
{
    if (result == DNS_FAILED)
        return DNSSEC_UNKNOWN;
    if (!resolver->validates)
        return DNSSEC_UNVERIFIABLE;
    if (result == DNS_BOGUS)
        return DNSSEC_BOGUS;
    return secure ? DNSSEC_SECURE : DNSSEC_INSECURE;
}

static size_t count_records(char *const *records)
{
    size_t count = 0;
    while (records[count] != NULL)
        count++;
    return count;
}

static void take_answer(void *context, int error, struct ub_result *result)
{
    struct question *question = context;
    struct dns_answer answer = {.canonical = "", .why = ""};
    answer.result = judge(error, result);
    if (result != NULL) {
        answer.dnssec = judge_dnssec(question->resolver, answer.result,
                                     answer.result != DNS_FAILED && result->secure);
        if (answer.result != DNS_BOGUS && result->canonname != NULL)
            answer.canonical = result->canonname;
        if (answer.result == DNS_BOGUS && result->why_bogus != NULL)
            answer.why = result->why_bogus;
        if (answer.result == DNS_FOUND) {
            answer.count = count_records(result->data);
            answer.records = result->data;
            answer.lengths = result->len;
        }
    }
    turns_leave(&question->resolver->questions, &question->turn);
    question->answer(question, &answer);
    ub_resolve_free(result);
}

/* libunbound starts its thread at the first question, and that thread blocks
 * no signal: it must not be the one that gets ours. */
static int resolve(struct question *question)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = ub_resolve_async(question->resolver->unbound, question->name, question->type,
                                 ns_c_in, question, take_answer, &question->id);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void begin_questions(struct resolver *resolver)
{
    struct turn *turn;
    while ((turn = turns_begin(&resolver->questions)) != NULL) {
        struct question *question = (struct question *)turn;
        int error = resolve(question);
        if (error != 0)
            give_up(question, judge(error, NULL));
    }
}

/* Milliseconds until QUESTION has had its time. */
static int time_left(const struct resolver *resolver, const struct turn *question)
{
    int64_t left = question->began + resolver->timeout_ms - monotonic_ms();
    return left > 0 ? (int)left : 0;
}

static void expire_questions(struct resolver *resolver)
{
    struct turn *turn;
    while ((turn = turns_oldest(&resolver->questions)) != NULL && time_left(resolver, turn) == 0) {
        struct question *question = (struct question *)turn;
        ub_cancel(resolver->unbound, question->id);
        give_up(question, DNS_TIMEOUT);
    }
}

void resolver_process(struct resolver *resolver)
{
    if (turns_oldest(&resolver->questions) != NULL)
        ub_process(resolver->unbound);
    expire_questions(resolver);
    begin_questions(resolver);
}

int resolver_fd(const struct resolver *resolver)
{
    return ub_fd(resolver->unbound);
}

int resolver_wait_ms(const struct resolver *resolver)
{
    const struct turn *oldest = turns_oldest(&resolver->questions);
    int until_begin = turns_wait_ms(&resolver->questions);
    if (oldest == NULL)
        return until_begin;
    int until_due = time_left(resolver, oldest);
    return until_begin >= 0 && until_begin < until_due ? until_begin : until_due;
}

bool resolver_validates(const struct resolver *resolver, const char **why)
{
    *why = resolver->why;
    return resolver->validates;
}

/* --- opening --- */

/* How it is asked; the anchor may be missing. */
struct way {
    const char *servers; /* "recursive", "" for the system's, or a list */
    const char *anchor;  /* a file, or "" */
    char owner[NAME_TEXT];
};

__attribute__((format(printf, 3, 4))) static int complain(char why[static RESOLVER_SENTENCE],
                                                          int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, RESOLVER_SENTENCE, format, args);
    va_end(args);
    return status;
}

/* The name that the first record of the anchor's file belongs to; -1 when the
 * file has none. */
static int read_owner(const char *path, char owner[static NAME_TEXT])
{
    char line[ANCHOR_LINE];
    FILE *file = fopen(path, "re");
    int found = -1;
    while (file != NULL && found != 0 && fgets(line, sizeof line, file) != NULL) {
        size_t length = strcspn(line, " \t\r\n;");
        if (length > 0 && length < NAME_TEXT && line[0] != '$') {
            memcpy(owner, line, length);
            owner[length] = '\0';
            found = 0;
        }
    }
    if (file != NULL)
        fclose(file);
    return found;
}

/* Where Debian, unbound itself, Fedora and Arch keep the root's anchor. */
static const char *find_anchor(void)
{
    static const char *const paths[] = {"/usr/share/dns/root.key", "/var/lib/unbound/root.key",
                                        "/etc/unbound/root.key", "/etc/trusted-key.key"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (access(paths[i], R_OK) == 0)
            return paths[i];
    }
    return "";
}

static int forward_to(struct ub_ctx *unbound, const char *servers,
                      char why[static RESOLVER_SENTENCE])
{
    size_t length;
    for (const char *server = servers + strspn(servers, " ,\t"); *server != '\0';
         server += length + strspn(server + length, " ,\t")) {
        char text[SERVER_TEXT];
        length = strcspn(server, " ,\t");
        snprintf(text, sizeof text, "%.*s", (int)length, server);
        if (length >= sizeof text || ub_ctx_set_fwd(unbound, text) != 0)
            return complain(why, EX_CONFIG,
                            "[check] resolver: \"%s\" is neither ADDRESS nor ADDRESS@PORT", text);
    }
    return 0;
}

/* How many sockets libunbound may have: one for each question that is under way or was
 * cancelled not long ago, if the process may open so many. */
static int socket_count(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 2 * DESCRIPTORS_KEPT)
        return SOCKETS_MIN;
    rlim_t count = limit.rlim_cur - DESCRIPTORS_KEPT;
    return count < SOCKETS_MAX ? (int)count : SOCKETS_MAX;
}

/* What differs from the defaults of the library: those are 16 sockets, and two
 * connections by TCP.  A resolver that is silent about some names is soon believed
 * dead, and then all questions fail: that is forgotten after a second.  And only a
 * resolver may be on this machine, not what some delegation says, or know the private
 * networks around it. */
static int set_options(struct ub_ctx *unbound, bool recursive)
{
    char sockets[16];
    snprintf(sockets, sizeof sockets, "%d", socket_count());
    const char *const options[][2] = {
        {"outgoing-range:", sockets},
        {"outgoing-num-tcp:", "32"},
        {"infra-host-ttl:", recursive ? "900" : "1"},
        {"do-not-query-localhost:", recursive ? "yes" : "no"},
        {"unblock-lan-zones:", recursive ? "no" : "yes"},
        {"insecure-lan-zones:", recursive ? "no" : "yes"},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (ub_ctx_set_option(unbound, options[i][0], options[i][1]) != 0)
            return -1;
    }
    return 0;
}

static int configure(struct ub_ctx *unbound, const struct way *way,
                     char why[static RESOLVER_SENTENCE])
{
    bool recursive = strcmp(way->servers, "recursive") == 0;
    int status = 0;
    ub_ctx_debugout(unbound, NULL);
    if (ub_ctx_async(unbound, 1) != 0 || set_options(unbound, recursive) != 0)
        return complain(why, EX_CONFIG, "libunbound does not take its options");
    if (way->servers[0] == '\0' && ub_ctx_resolvconf(unbound, NULL) != 0)
        return complain(why, EX_UNAVAILABLE, "/etc/resolv.conf names no resolver");
    if (way->servers[0] != '\0' && !recursive)
        status = forward_to(unbound, way->servers, why);
    if (status == 0 && way->anchor[0] != '\0' && ub_ctx_add_ta_file(unbound, way->anchor) != 0)
        return complain(why, EX_CONFIG, "%s: no trust anchor can be read from it", way->anchor);
    /* This is the last, as it fixes all settings.  The name is otherwise kept
     * from leaving the machine, RFC 6761; who has such domains means them. */
    if (status == 0 && ub_ctx_zone_remove(unbound, "test.") != 0)
        return complain(why, EX_CONFIG, "libunbound does not start");
    return status;
}

static void note_answer(struct question *question, const struct dns_answer *answer)
{
    struct dns_answer *noted = question->context;
    noted->result = answer->result;
    noted->dnssec = answer->dnssec;
    noted->count = 1;
}

/* Asks and waits; COUNT of the answer stays 0 if the run is asked to stop. */
static struct dns_answer ask_now(struct resolver *resolver, const char *name, int type)
{
    struct dns_answer noted = {.result = DNS_TIMEOUT};
    struct question question;
    resolver_ask(resolver, &question, name, type, note_answer, &noted);
    resolver_process(resolver);
    while (noted.count == 0 && !stop_requested()) {
        struct pollfd watched = {.fd = resolver_fd(resolver), .events = POLLIN};
        stop_wait(&watched, 1, resolver_wait_ms(resolver));
        resolver_process(resolver);
    }
    if (noted.count == 0)
        ub_cancel(resolver->unbound, question.id);
    return noted;
}

static struct resolver *new_resolver(int timeout_ms)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);
    if (resolver == NULL)
        return NULL;
    turns_init(&resolver->questions, QUESTIONS_QUICK_MAX, QUESTIONS_OPEN_MAX);
    resolver->timeout_ms = timeout_ms;
    resolver->unbound = ub_ctx_create();
    if (resolver->unbound != NULL)
        return resolver;
    free(resolver);
    return NULL;
}

void resolver_close(struct resolver *resolver)
{
    if (resolver == NULL)
        return;
    ub_ctx_delete(resolver->unbound);
    free(resolver);
}

/* Opens by WAY and asks for what the anchor vouches for, or without an anchor for
 * anything.  Returns 0 when the answer is as good as can be, or a status of
 * resolver_open(). */
static int try_way(struct resolver **resolver, const struct way *way, int timeout_ms,
                   char why[static RESOLVER_SENTENCE])
{
    struct resolver *opened = new_resolver(timeout_ms);
    if (opened == NULL)
        return complain(why, EX_UNAVAILABLE, "out of memory");
    int status = configure(opened->unbound, way, why);
    opened->validates = way->anchor[0] != '\0';
    if (status == 0) {
        struct dns_answer answer =
            ask_now(opened, way->owner, opened->validates ? ns_t_dnskey : ns_t_soa);
        bool good = opened->validates ? answer.dnssec == DNSSEC_SECURE
                                      : answer.result != DNS_TIMEOUT && answer.result != DNS_FAILED;
        if (!good)
            status = complain(why, EX_UNAVAILABLE, "no resolver answers: %s",
                              way->servers[0] != '\0' ? way->servers : "/etc/resolv.conf");
    }
    if (status == 0)
        *resolver = opened;
    else
        resolver_close(opened);
    return status;
}

/* Goes on without validation, for REASON. */
static int try_unvalidated(struct resolver **resolver, const struct resolver_settings *settings,
                           const char *reason, char why[static RESOLVER_SENTENCE])
{
    struct way way = {.servers = settings->servers, .anchor = "", .owner = "."};
    int status = try_way(resolver, &way, settings->timeout_ms, why);
    if (status == 0)
        snprintf((*resolver)->why, RESOLVER_SENTENCE, "DNSSEC cannot be validated here: %s",
                 reason);
    return status;
}

int resolver_open(struct resolver **resolver, const struct resolver_settings *settings,
                  char why[static RESOLVER_SENTENCE])
{
    struct way way = {.servers = settings->servers, .anchor = settings->trust_anchor};
    *resolver = NULL;
    why[0] = '\0';
    if (way.anchor[0] == '\0')
        way.anchor = find_anchor();
    if (way.anchor[0] == '\0')
        return try_unvalidated(resolver, settings,
                               "there is no trust anchor; install dns-root-data, or set "
                               "[check] trust-anchor",
                               why);
    if (read_owner(way.anchor, way.owner) != 0)
        return complain(why, EX_CONFIG, "[check] trust-anchor: %s cannot be read, or is empty",
                        way.anchor);
    int status = try_way(resolver, &way, settings->timeout_ms, why);
    if (status == EX_UNAVAILABLE && way.servers[0] == '\0' && !stop_requested()) {
        way.servers = "recursive";
        status = try_way(resolver, &way, settings->timeout_ms, why);
    }
    if (status == EX_UNAVAILABLE && !stop_requested())
        status = try_unvalidated(resolver, settings,
                                 "the resolver hands no valid signatures through", why);
    return status;
}
