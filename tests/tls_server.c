#include "tls_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WAITING_MAX = 512, /* connections not yet accepted */
    STACK_BYTES = 256 * 1024,
    REQUEST_MAX = 4096,
    FILE_MAX = 1024 * 1024,
    LINE_MAX_BYTES = 512
};

struct served_site {
    struct tls_site site;
    gnutls_certificate_credentials_t credentials;
};

/* What the process serves: set before the first connection, then only read. */
static struct served_site *served;
static size_t served_count;

/* One connection, in a thread of its own. */
struct connection {
    int fd;
    gnutls_session_t session; /* NULL before TLS */
    const struct served_site *site;
};

static void fail(const char *what)
{
    fprintf(stderr, "tls_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* --- bytes --- */

static bool send_bytes(const struct connection *connection, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = connection->session != NULL
                           ? gnutls_record_send(connection->session, bytes, size)
                           : send(connection->fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

__attribute__((format(printf, 2, 3))) static bool say_line(const struct connection *connection,
                                                           const char *format, ...)
{
    char text[2 * REQUEST_MAX];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return length > 0 && (size_t)length < sizeof text &&
           send_bytes(connection, text, (size_t)length);
}

/* Reads up to END, which is cut off.  False when the other side went away. */
static bool read_until(const struct connection *connection, const char *end, char *text,
                       size_t size)
{
    size_t length = 0;
    while (length + 1 < size) {
        char c;
        ssize_t got = connection->session != NULL ? gnutls_record_recv(connection->session, &c, 1)
                                                  : recv(connection->fd, &c, 1, 0);
        if (got != 1)
            return false;
        text[length++] = c;
        text[length] = '\0';
        if (length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0) {
            text[length - strlen(end)] = '\0';
            return true;
        }
    }
    return false;
}

/* Until the other side has had enough. */
static void wait_for_end(const struct connection *connection)
{
    char c;
    while (recv(connection->fd, &c, 1, 0) > 0)
        ;
}

/* --- TLS --- */

/* Ends the connection, or resets it, instead of a word. */
static bool is_cut(const struct connection *connection)
{
    const char *manner = connection->site != NULL ? connection->site->site.manner : "";
    if (strcmp(manner, "resets-tls") == 0)
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                   sizeof(struct linger));
    return strcmp(manner, "ends-tls") == 0 || strcmp(manner, "resets-tls") == 0;
}

static int choose_site(gnutls_session_t session)
{
    struct connection *connection = gnutls_session_get_ptr(session);
    char name[300];
    size_t size = sizeof name;
    unsigned type;
    if (connection->site == NULL && gnutls_server_name_get(session, name, &size, &type, 0) == 0) {
        for (size_t i = 0; i < served_count; i++) {
            if (strcmp(served[i].site.name, name) == 0)
                connection->site = &served[i];
        }
    }
    if (connection->site == NULL)
        return GNUTLS_E_UNRECOGNIZED_NAME;
    if (strcmp(connection->site->site.manner, "old-tls") == 0)
        return GNUTLS_E_UNSUPPORTED_VERSION_PACKET; /* as a server of old would */
    if (is_cut(connection))
        return GNUTLS_E_USER_ERROR;
    return gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, connection->site->credentials);
}

static bool begin_tls(struct connection *connection)
{
    if (gnutls_init(&connection->session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL) != 0)
        return false;
    gnutls_set_default_priority(connection->session);
    gnutls_session_set_ptr(connection->session, connection);
    gnutls_handshake_set_post_client_hello_function(connection->session, choose_site);
    gnutls_transport_set_int(connection->session, connection->fd);
    int code;
    do
        code = gnutls_handshake(connection->session);
    while (code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED);
    if (code == 0)
        return true;
    if (!is_cut(connection))
        gnutls_alert_send_appropriate(connection->session, code);
    return false;
}

/* --- the web --- */

static char *read_file(const char *path, size_t *size)
{
    char *bytes = malloc(FILE_MAX);
    FILE *file = bytes != NULL && path != NULL ? fopen(path, "rb") : NULL;
    *size = file != NULL ? fread(bytes, 1, FILE_MAX, file) : 0;
    if (file != NULL)
        fclose(file);
    return bytes;
}

/* HEAD is "STATUS REASON", and further header fields on lines of their own. */
static void answer_file(const struct connection *connection, const char *head)
{
    size_t size;
    char *bytes = read_file(connection->site->site.path, &size);
    if (bytes != NULL &&
        say_line(connection, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, size))
        send_bytes(connection, bytes, size);
    free(bytes);
}

static void answer_drip(const struct connection *connection)
{
    if (!say_line(connection, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"))
        return;
    while (send_bytes(connection, "v", 1))
        usleep(100 * 1000);
}

/* LINE again and again, many of them at a time, behind HEAD. */
static void answer_endless(const struct connection *connection, const char *head, const char *line)
{
    char text[REQUEST_MAX] = "";
    size_t length = strlen(line), used = 0;
    for (; used + length < sizeof text; used += length)
        memcpy(text + used, line, length);
    bool more = say_line(connection, "%s", head);
    while (more)
        more = send_bytes(connection, text, used);
}

static void answer(const struct connection *connection)
{
    /* the manner, and the head of the answer */
    static const char *const heads[][2] = {
        {"good", "200 OK\r\nContent-Type: text/plain"},
        {"charset", "200 OK\r\nContent-Type: text/plain; charset=utf-8"},
        {"html", "200 OK\r\nContent-Type: text/html"},
        {"gzip", "200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip"},
        {"not-found", "404 Not Found\r\nContent-Type: text/html"},
        {"no-content", "204 No Content"},
        {"unavailable", "503 Service Unavailable"},
        {"redirect", "301 Moved Permanently\r\n"
                     "Location: https://www.example.com/.well-known/mta-sts.txt"},
    };
    const char *manner = connection->site->site.manner;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        if (strcmp(manner, heads[i][0]) == 0)
            answer_file(connection, heads[i][1]);
    }
    if (strcmp(manner, "drip") == 0)
        answer_drip(connection);
    else if (strcmp(manner, "silent") == 0)
        wait_for_end(connection);
    else if (strcmp(manner, "endless") == 0)
        answer_endless(connection,
                       "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n",
                       "e\r\nmx: a.example\n\r\n");
    else if (strcmp(manner, "endless-head") == 0)
        answer_endless(connection, "HTTP/1.1 200 OK\r\n", "X-Padding: and so on\r\n");
    else if (strcmp(manner, "not-http") == 0)
        say_line(connection, "SSH-2.0-server\r\n");
    /* and "reset" says nothing at all */
}

static void serve_web(struct connection *connection)
{
    char request[REQUEST_MAX];
    if (begin_tls(connection) && read_until(connection, "\r\n\r\n", request, sizeof request))
        answer(connection);
}

/* --- mail --- */

static void find_site_by_address(struct connection *connection)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    char text[INET_ADDRSTRLEN];
    if (getsockname(connection->fd, (struct sockaddr *)&address, &size) != 0)
        return;
    inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
    for (size_t i = 0; i < served_count; i++) {
        if (strcmp(served[i].site.name, text) == 0)
            connection->site = &served[i];
    }
}

static void serve_mail(struct connection *connection)
{
    char line[LINE_MAX_BYTES];
    find_site_by_address(connection);
    if (connection->site == NULL)
        return;
    const char *manner = connection->site->site.manner;
    if (strcmp(manner, "silent") == 0) {
        wait_for_end(connection);
        return;
    }
    if (strcmp(manner, "slow") == 0)
        usleep(2 * 1000 * 1000);
    if (!say_line(connection,
                  strcmp(manner, "refuses") == 0 ? "554 not here\r\n" : "220 mx ESMTP\r\n"))
        return;
    while (read_until(connection, "\r\n", line, sizeof line)) {
        bool start = strncasecmp(line, "STARTTLS", 8) == 0;
        if (strcmp(manner, "leaves") == 0 && connection->session != NULL)
            return;
        if (strncasecmp(line, "EHLO", 4) == 0)
            say_line(connection, "250-mx\r\n%s250 SIZE 1000000\r\n",
                     strcmp(manner, "no-starttls") == 0 || connection->session != NULL
                         ? ""
                         : "250-STARTTLS\r\n");
        else if (!start)
            say_line(connection, "250 ok\r\n");
        if (!start)
            continue;
        if (strcmp(manner, "refuses-tls") == 0 || strcmp(manner, "lacks-tls") == 0) {
            say_line(connection, manner[0] == 'r' ? "454 not now\r\n" : "502 what?\r\n");
            continue;
        }
        say_line(connection, "220 go ahead\r\n");
        if (strcmp(manner, "broken-tls") == 0) {
            recv(connection->fd, line, sizeof line, 0);
            say_line(connection, "500 what was that?\r\n");
            return;
        }
        if (!begin_tls(connection))
            return;
    }
}

/* --- the process --- */

static void (*serve)(struct connection *connection);

static void *serve_connection(void *context)
{
    struct connection connection = {.fd = (int)(intptr_t)context};
    serve(&connection);
    if (connection.session != NULL) {
        if (!is_cut(&connection))
            gnutls_bye(connection.session, GNUTLS_SHUT_WR);
        gnutls_deinit(connection.session);
    }
    close(connection.fd);
    return NULL;
}

static void run(int listener)
{
    pthread_attr_t attributes;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (;;) {
        pthread_t thread;
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0 &&
            pthread_create(&thread, &attributes, serve_connection, (void *)(intptr_t)fd) != 0)
            close(fd);
    }
}

static void load(const struct tls_site *sites, size_t count)
{
    served = calloc(count, sizeof *served);
    served_count = count;
    if (served == NULL)
        fail("sites");
    for (size_t i = 0; i < count; i++) {
        const struct certificate *certificate = sites[i].certificate;
        served[i].site = sites[i];
        if (gnutls_certificate_allocate_credentials(&served[i].credentials) != 0 ||
            gnutls_certificate_set_x509_key(served[i].credentials,
                                            (gnutls_x509_crt_t *)certificate->chain, 2,
                                            certificate->key) != 0)
            fail(sites[i].name);
    }
}

static struct tls_server start(const struct tls_site *sites, size_t count,
                               void (*server)(struct connection *connection))
{
    struct tls_server started;
    struct sockaddr_in address = {.sin_family = AF_INET}; /* any of 127.0.0.0/8 is ours */
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(server == serve_mail ? INADDR_ANY : INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, WAITING_MAX) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        fail("listening");
    started.port = ntohs(address.sin_port);
    started.pid = fork();
    if (started.pid < 0)
        fail("fork");
    if (started.pid == 0) {
        serve = server;
        load(sites, count);
        run(listener);
    }
    close(listener);
    return started;
}

struct tls_server web_server_start(const struct tls_site *sites, size_t count)
{
    return start(sites, count, serve_web);
}

struct tls_server mail_server_start(const struct tls_site *sites, size_t count)
{
    return start(sites, count, serve_mail);
}

void tls_server_stop(const struct tls_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}
