#include "wire.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "guard.h"
#include "stop.h"

enum {
    STREAM_BUFFER = 16 * 1024,
    ANSWER_FACTOR = 10,
    RESOLVE_STEP = 100, /* milliseconds between two looks whether the run is to end */
    KEEPALIVE_IDLE = 60,
    KEEPALIVE_INTERVAL = 15,
    KEEPALIVE_COUNT = 4,
};

struct wire {
    int fd;
    struct tls *tls;
    struct guard guard;
    char *host;
    int timeout;      /* milliseconds */
    int64_t deadline; /* of the present answer */
    mailstream *stream;
    bool dead;
    char error[TLS_ERROR];
};

/* --- failing --- */

void wire_fail(struct wire *wire, const char *reason)
{
    if (wire->dead)
        return;
    wire->dead = true;
    snprintf(wire->error, sizeof wire->error, "%s", stop_requested() ? "" : reason);
}

static void fail_with_errno(struct wire *wire)
{
    char reason[TLS_ERROR];
    snprintf(reason, sizeof reason, "the connection broke: %s", strerror(errno));
    wire_fail(wire, reason);
}

/* The server has closed the connection. */
static void fail_at_end(struct wire *wire)
{
    char reason[TLS_ERROR];
    const char *goodbye = wire->guard.goodbye;
    snprintf(reason, sizeof reason, "the server hung up%s%s", goodbye[0] != '\0' ? ":" : "",
             goodbye);
    wire_fail(wire, reason);
}

const char *wire_error(const struct wire *wire)
{
    return wire->dead ? wire->error : NULL;
}

/* --- waiting --- */

/* Waits for EVENTS, MILLISECONDS at most and not once the run is to end. */
static bool wait_for(int fd, short events, int64_t milliseconds)
{
    int64_t end = monotonic_ms() + milliseconds;
    struct pollfd watched = {.fd = fd, .events = events};
    do {
        int64_t left = end - monotonic_ms();
        if (stop_wait(&watched, 1, (int)(left > 0 ? left : 0)))
            return true;
    } while (!stop_requested() && monotonic_ms() < end);
    return false;
}

static bool wire_wait(void *context, short events)
{
    struct wire *wire = context;
    char reason[TLS_ERROR];
    int64_t left = wire->deadline - monotonic_ms();
    bool drips = left < wire->timeout;
    /* a record of TLS that was no data, as a ticket, may have another behind it */
    bool here = wire->tls != NULL && events == POLLIN && tls_pending(wire->tls);
    if (left > 0 && !stop_requested() &&
        (here || wait_for(wire->fd, events, drips ? left : wire->timeout)))
        return true;
    if (drips)
        snprintf(reason, sizeof reason, "the server took more than %d s for an answer",
                 ANSWER_FACTOR * wire->timeout / MILLISECONDS);
    else
        snprintf(reason, sizeof reason, "the server was silent for %d s",
                 wire->timeout / MILLISECONDS);
    wire_fail(wire, reason);
    return false;
}

void wire_progress(struct wire *wire)
{
    wire->deadline = monotonic_ms() + (int64_t)ANSWER_FACTOR * wire->timeout;
}

void wire_expect(struct wire *wire, size_t literals, size_t literal_max)
{
    guard_expect(&wire->guard, literals, literal_max);
    wire_progress(wire);
}

/* --- bytes --- */

/* The guard's source. */
static ssize_t read_some(void *context, void *bytes, size_t size)
{
    struct wire *wire = context;
    for (;;) {
        ssize_t count =
            wire->tls != NULL ? tls_read(wire->tls, bytes, size) : recv(wire->fd, bytes, size, 0);
        if (count > 0)
            return count;
        if (count == 0)
            fail_at_end(wire);
        else if (errno != EAGAIN)
            fail_with_errno(wire);
        else if (wire_wait(wire, POLLIN))
            continue;
        return -1;
    }
}

static ssize_t read_low(mailstream_low *low, void *bytes, size_t size)
{
    struct wire *wire = low->data;
    const char *trouble;
    char reason[TLS_ERROR];
    ssize_t count = wire->dead ? -1 : guard_read(&wire->guard, bytes, size, &trouble);
    if (count > 0 || wire->dead)
        return count;
    if (trouble == NULL) {
        fail_at_end(wire);
        return -1;
    }
    bool nonsense = trouble == guard_nonsense;
    snprintf(reason, sizeof reason, "the server sends %s%s%s", trouble, nonsense ? ": " : "",
             nonsense ? wire->guard.last : "");
    wire_fail(wire, reason);
    return -1;
}

static ssize_t write_some(struct wire *wire, const void *bytes, size_t size)
{
    while (!wire->dead) {
        ssize_t count = wire->tls != NULL ? tls_write(wire->tls, bytes, size)
                                          : send(wire->fd, bytes, size, MSG_NOSIGNAL);
        if (count >= 0)
            return count;
        if (errno != EAGAIN)
            fail_with_errno(wire);
        else
            wire_wait(wire, POLLOUT);
    }
    return -1;
}

int wire_send(struct wire *wire, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write_some(wire, bytes, size);
        if (count < 0)
            return -1;
        bytes += count;
        size -= (size_t)count;
    }
    return 0;
}

int wire_fd(const struct wire *wire)
{
    return wire->fd;
}

bool wire_pending(const struct wire *wire)
{
    return wire->stream->read_buffer_len > 0 || guard_pending(&wire->guard) ||
           (wire->tls != NULL && tls_pending(wire->tls));
}

const char *wire_last_line(const struct wire *wire)
{
    return wire->guard.last;
}

/* --- as a stream of libetpan --- */

static ssize_t write_low(mailstream_low *low, const void *bytes, size_t size)
{
    return write_some(low->data, bytes, size);
}

static int close_low(mailstream_low *low)
{
    (void)low; /* all is done by free_low(), which follows */
    return 0;
}

static int get_fd_low(mailstream_low *low)
{
    return wire_fd(low->data);
}

static void free_low(mailstream_low *low)
{
    wire_close(low->data);
    free(low);
}

static mailstream_low_driver driver = {
    .mailstream_read = read_low,
    .mailstream_write = write_low,
    .mailstream_close = close_low,
    .mailstream_get_fd = get_fd_low,
    .mailstream_free = free_low,
};

mailstream *wire_stream(struct wire *wire)
{
    mailstream_low *low = mailstream_low_new(wire, &driver);
    if (low == NULL)
        return NULL;
    wire->stream = mailstream_new(low, STREAM_BUFFER);
    if (wire->stream == NULL)
        free(low);
    return wire->stream;
}

void wire_close(struct wire *wire)
{
    if (wire == NULL)
        return;
    tls_close(wire->tls);
    if (wire->fd >= 0)
        close(wire->fd);
    free(wire->host);
    free(wire);
}

int wire_start_tls(struct wire *wire, const char *ca_file, char error[static TLS_ERROR])
{
    if (wire->stream != NULL && wire_pending(wire)) {
        snprintf(error, TLS_ERROR,
                 "the server sent more before TLS than its answer: someone may "
                 "have put it there");
        return EX_NOPERM;
    }
    wire_progress(wire);
    int status = tls_open(&wire->tls, wire->fd, wire->host, ca_file, wire_wait, wire, error);
    if (wire->dead)
        snprintf(error, TLS_ERROR, "%s", wire->error);
    return status;
}

/* --- connecting --- */

/* Looks HOST up; the answer may take longer than the run is to go on.  Then the
 * request is left to glibc's thread, which still writes into it. */
static int resolve(const struct wire_settings *settings, struct addrinfo **found)
{
    static const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct request {
        struct gaicb gaicb;
        char port[8];
        char host[];
    } *request = calloc(1, sizeof *request + strlen(settings->host) + 1);
    if (request == NULL)
        return EAI_MEMORY;
    struct gaicb *one = &request->gaicb;
    memcpy(request->host, settings->host, strlen(settings->host));
    snprintf(request->port, sizeof request->port, "%u", settings->port);
    one->ar_name = request->host;
    one->ar_service = request->port;
    one->ar_request = &wanted;
    int code = getaddrinfo_a(GAI_NOWAIT, &one, 1, NULL);
    int64_t end = monotonic_ms() + (int64_t)settings->timeout * MILLISECONDS;
    if (code == 0) {
        const struct timespec step = {.tv_nsec = RESOLVE_STEP * (long)MILLISECOND_NS};
        const struct gaicb *const list[] = {one};
        while ((code = gai_error(one)) == EAI_INPROGRESS && !stop_requested() &&
               monotonic_ms() < end)
            gai_suspend(list, 1, &step);
    }
    if (code == EAI_INPROGRESS && gai_cancel(one) != EAI_CANCELED)
        return EAI_AGAIN;
    *found = code == 0 ? request->gaicb.ar_result : NULL;
    free(request);
    return code == EAI_INPROGRESS ? EAI_AGAIN : code;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static bool all_loopback(const struct addrinfo *addresses)
{
    while (addresses != NULL && is_loopback(addresses->ai_addr))
        addresses = addresses->ai_next;
    return addresses == NULL;
}

/* A server that is gone is noticed while nothing is said, too. */
static void set_options(int fd, unsigned timeout)
{
    const struct {
        int level, name, value;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, (int)timeout * MILLISECONDS},
        {IPPROTO_TCP, TCP_NODELAY, 1},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value,
                   sizeof options[i].value);
}

/* Connects to ADDRESS.  Returns the socket, or -1 and errno. */
static int connect_to(const struct addrinfo *address, unsigned timeout, int64_t patience)
{
    int error = 0;
    socklen_t size = sizeof error;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    set_options(fd, timeout);
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    if (errno != EINPROGRESS)
        error = errno;
    else if (!wait_for(fd, POLLOUT, patience))
        error = ETIMEDOUT;
    else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

/* Tries one address after the other.  An address that does not answer takes its
 * share of the time only, or a broken IPv6 would hide a working IPv4. */
static int connect_to_any(const struct addrinfo *addresses, unsigned timeout)
{
    int count = 0, fd = -1;
    int64_t end = monotonic_ms() + (int64_t)timeout * MILLISECONDS;
    for (const struct addrinfo *address = addresses; address != NULL; address = address->ai_next)
        count++;
    for (const struct addrinfo *address = addresses; address != NULL && fd < 0 && !stop_requested();
         address = address->ai_next)
        fd = connect_to(address, timeout, (end - monotonic_ms()) / count--);
    return fd;
}

static int open_socket(const struct wire_settings *settings, int *fd, char error[static TLS_ERROR])
{
    struct addrinfo *addresses = NULL;
    int status = EX_UNAVAILABLE;
    int code = resolve(settings, &addresses);
    *fd = -1;
    if (code != 0) {
        snprintf(error, TLS_ERROR, "cannot be found: %s", gai_strerror(code));
        return status;
    }
    if (settings->loopback_only && !all_loopback(addresses)) {
        snprintf(error, TLS_ERROR, "is not this machine: security = none is for the loopback only");
        status = EX_CONFIG;
    } else if ((*fd = connect_to_any(addresses, settings->timeout)) < 0) {
        snprintf(error, TLS_ERROR, "port %u: %s", settings->port, strerror(errno));
    } else {
        status = EX_OK;
    }
    freeaddrinfo(addresses);
    return status;
}

int wire_open(struct wire **out, const struct wire_settings *settings, char error[static TLS_ERROR])
{
    int fd;
    *out = NULL;
    int status = open_socket(settings, &fd, error);
    if (stop_requested())
        error[0] = '\0';
    if (status != EX_OK)
        return status;
    struct wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL || (wire->host = strdup(settings->host)) == NULL) {
        snprintf(error, TLS_ERROR, "out of memory");
        free(wire);
        close(fd);
        return EX_UNAVAILABLE;
    }
    wire->fd = fd;
    wire->timeout = (int)settings->timeout * MILLISECONDS;
    guard_init(&wire->guard, read_some, wire);
    wire_progress(wire);
    error[0] = '\0';
    *out = wire;
    return EX_OK;
}
