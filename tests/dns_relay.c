#include "dns_relay.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    HEADER_OCTETS = 12, /* octets before the question */
    OPT_OCTETS = 11,    /* octets of an EDNS record without options */
    MESSAGE_MAX = 65535,
    ANSWER_MAX = 4096, /* over UDP */
    IDS = 65536,
    LATE_MAX = 8192, /* answers that wait for their time */
    SOCKET_BYTES = 4 * 1024 * 1024
};

/* Who asked what went upstream under a number of ours. */
struct asked {
    struct sockaddr_in client;
    unsigned char id[2];
};

struct late {
    double due;
    size_t size;
    struct sockaddr_in client;
    unsigned char bytes[ANSWER_MAX];
};

static struct dns_relay_wishes wishes;
static int upstream_port;
static struct asked asked[IDS];
static struct late late[LATE_MAX]; /* a ring: the delay is the same for all */
static size_t late_first, late_count;

static void fail(const char *what)
{
    fprintf(stderr, "dns_relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* --- questions --- */

static bool is_below(const char *name, const char *parent)
{
    size_t length = strlen(name), parent_length = strlen(parent);
    return length >= parent_length && strcasecmp(name + length - parent_length, parent) == 0 &&
           (length == parent_length || name[length - parent_length - 1] == '.');
}

static bool is_deaf(const unsigned char *query, size_t size)
{
    static const char only_tlsa[] = "TLSA ";
    char name[NS_MAXDNAME] = "";
    size_t at = HEADER_OCTETS, used = 0;
    while (at < size && query[at] != 0 && at + query[at] < size) {
        used += (size_t)snprintf(name + used, sizeof name - used, "%s%.*s", used > 0 ? "." : "",
                                 query[at], (const char *)query + at + 1);
        at += query[at] + 1U;
    }
    bool tlsa = at + 2 < size && query[at + 2] == ns_t_tlsa;
    for (size_t i = 0; wishes.deaf_for[i] != NULL; i++) {
        const char *wish = wishes.deaf_for[i];
        bool just_tlsa = strncmp(wish, only_tlsa, strlen(only_tlsa)) == 0;
        if (is_below(name, just_tlsa ? wish + strlen(only_tlsa) : wish) && (!just_tlsa || tlsa))
            return true;
    }
    return false;
}

/* The last record of a resolver's query is EDNS. */
static size_t strip(unsigned char *query, size_t size)
{
    if (!wishes.strips_dnssec || size < HEADER_OCTETS + OPT_OCTETS || query[11] != 1)
        return size;
    query[11] = 0;
    return size - OPT_OCTETS;
}

/* --- UDP --- */

static void forward(int client_fd, int upstream_fd)
{
    static uint16_t next;
    unsigned char query[ANSWER_MAX];
    struct sockaddr_in client;
    socklen_t length = sizeof client;
    ssize_t got =
        recvfrom(client_fd, query, sizeof query, MSG_DONTWAIT, (struct sockaddr *)&client, &length);
    if (got < HEADER_OCTETS || is_deaf(query, (size_t)got))
        return;
    next++;
    asked[next].client = client;
    memcpy(asked[next].id, query, 2);
    query[0] = (unsigned char)(next >> 8);
    query[1] = (unsigned char)next;
    send(upstream_fd, query, strip(query, (size_t)got), 0);
}

static void take_answer(int upstream_fd)
{
    struct late *answer = &late[(late_first + late_count) % LATE_MAX];
    ssize_t got = recv(upstream_fd, answer->bytes, sizeof answer->bytes, MSG_DONTWAIT);
    if (got < HEADER_OCTETS || late_count == LATE_MAX)
        return;
    const struct asked *by = &asked[answer->bytes[0] << 8 | answer->bytes[1]];
    memcpy(answer->bytes, by->id, 2);
    answer->client = by->client;
    answer->size = (size_t)got;
    answer->due = now() + wishes.delay_ms / 1e3;
    late_count++;
}

/* Sends what is due; returns how long the next one has to wait, in ms. */
static int send_due(int client_fd)
{
    while (late_count > 0) {
        const struct late *answer = &late[late_first];
        double left = answer->due - now();
        if (left > 0)
            return 1 + (int)(left * 1e3);
        sendto(client_fd, answer->bytes, answer->size, 0, (const struct sockaddr *)&answer->client,
               sizeof answer->client);
        late_first = (late_first + 1) % LATE_MAX;
        late_count--;
    }
    return -1;
}

/* --- TCP --- */

static bool read_all(int fd, unsigned char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = recv(fd, bytes + done, size - done, 0);
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static bool send_message(int fd, const unsigned char *message, size_t size)
{
    unsigned char length[2] = {(unsigned char)(size >> 8), (unsigned char)size};
    return send(fd, length, 2, MSG_NOSIGNAL | MSG_MORE) == 2 &&
           send(fd, message, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* A message behind its length; 0 when the connection has ended. */
static size_t read_message(int fd, unsigned char message[static MESSAGE_MAX])
{
    unsigned char length[2];
    if (!read_all(fd, length, 2))
        return 0;
    size_t size = (size_t)length[0] << 8 | length[1];
    return read_all(fd, message, size) ? size : 0;
}

static void *relay_connection(void *context)
{
    int client = (int)(intptr_t)context;
    int upstream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(upstream_port);
    unsigned char *message = malloc(MESSAGE_MAX);
    size_t size;
    if (message != NULL && connect(upstream, (struct sockaddr *)&address, sizeof address) == 0) {
        while ((size = read_message(client, message)) > 0 && !is_deaf(message, size) &&
               send_message(upstream, message, strip(message, size)) &&
               (size = read_message(upstream, message)) > 0) {
            usleep((useconds_t)wishes.delay_ms * 1000);
            send_message(client, message, size);
        }
    }
    free(message);
    close(upstream);
    close(client);
    return NULL;
}

static void accept_connection(int listener)
{
    pthread_t thread;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0 && pthread_create(&thread, NULL, relay_connection, (void *)(intptr_t)fd) == 0)
        pthread_detach(thread);
}

/* --- the process --- */

static void run(int client_fd, int listener)
{
    struct sockaddr_in address = loopback(upstream_port);
    int upstream_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), wait = -1;
    int bytes = SOCKET_BYTES;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (upstream_fd < 0 || connect(upstream_fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail("upstream");
    setsockopt(upstream_fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(client_fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    for (;;) {
        struct pollfd watched[] = {{.fd = client_fd, .events = POLLIN},
                                   {.fd = upstream_fd, .events = POLLIN},
                                   {.fd = listener, .events = POLLIN}};
        poll(watched, 3, wait);
        if (watched[0].revents != 0)
            forward(client_fd, upstream_fd);
        if (watched[1].revents != 0)
            take_answer(upstream_fd);
        if (watched[2].revents != 0)
            accept_connection(listener);
        wait = send_due(client_fd);
    }
}

/* A UDP and a TCP socket on the same free port. */
static int open_sockets(int *udp, int *tcp)
{
    for (int tries = 0; tries < 100; tries++) {
        struct sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        *udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        *tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (*udp >= 0 && *tcp >= 0 && bind(*udp, (struct sockaddr *)&address, size) == 0 &&
            getsockname(*udp, (struct sockaddr *)&address, &size) == 0 &&
            bind(*tcp, (struct sockaddr *)&address, size) == 0 && listen(*tcp, 64) == 0)
            return ntohs(address.sin_port);
        close(*udp);
        close(*tcp);
    }
    fail("no port is free");
    return 0;
}

struct dns_relay dns_relay_start(int upstream, const struct dns_relay_wishes *wanted)
{
    int udp, tcp;
    struct dns_relay relay = {.port = open_sockets(&udp, &tcp)};
    relay.pid = fork();
    if (relay.pid < 0)
        fail("fork");
    if (relay.pid == 0) {
        wishes = *wanted;
        upstream_port = upstream;
        run(udp, tcp);
    }
    close(udp);
    close(tcp);
    return relay;
}

void dns_relay_stop(const struct dns_relay *relay)
{
    kill(relay->pid, SIGKILL);
    waitpid(relay->pid, NULL, 0);
}
