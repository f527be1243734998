#include "cgi.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "stop.h"

enum { READ_MILLISECONDS = 60 * 1000 }; /* so long a body may stand still */

static const struct {
    int status;
    const char *reason; /* RFC 9110 section 15 */
    const char *field;  /* a further one; "" for none */
    const char *sentence;
} answers[] = {
    {200, "OK", "", "The report was here already."},
    {201, "Created", "", "The report has been imported."},
    {400, "Bad Request", "", "The report is damaged, or the request is."},
    {405, "Method Not Allowed", "Allow: POST\r\n", "Reports come by POST."},
    {409, "Conflict", "", "A report of this identity with other content was here already."},
    {411, "Length Required", "", "The request does not say how long it is."},
    {413, "Content Too Large", "", "The report is longer than what is read."},
    {415, "Unsupported Media Type", "", "This is no TLS report."},
    {500, "Internal Server Error", "", "The report could not be stored."},
    {503, "Service Unavailable", "Retry-After: 600\r\n", "Please try again later."},
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

bool cgi_active(void)
{
    return variable("GATEWAY_INTERFACE")[0] != '\0';
}

int cgi_refuse(void)
{
    if (strcmp(variable("REQUEST_METHOD"), "POST") != 0)
        return 405;
    return variable("QUERY_STRING")[0] != '\0' ? 400 : 0;
}

const char *cgi_source(char *name, size_t size)
{
    unsigned char address[sizeof(struct in6_addr)];
    const char *remote = variable("REMOTE_ADDR");
    bool known =
        inet_pton(AF_INET, remote, address) == 1 || inet_pton(AF_INET6, remote, address) == 1;
    snprintf(name, size, "POST from %.45s", known ? remote : "an unknown address");
    return name;
}

/* Reads SIZE bytes of standard input; -1 when there are fewer. */
static int read_body(char *body, size_t size)
{
    size_t have = 0;
    while (have < size) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (!stop_wait(&input, 1, READ_MILLISECONDS))
            return -1;
        ssize_t count = read(STDIN_FILENO, body + have, size - have);
        if (count <= 0)
            return -1;
        have += (size_t)count;
    }
    return 0;
}

int cgi_read(size_t max, char **body, size_t *size)
{
    const char *length = variable("CONTENT_LENGTH");
    *body = NULL;
    if (length[0] == '\0')
        return 411;
    if (strspn(length, "0123456789") != strlen(length))
        return 400;
    errno = 0;
    unsigned long long bytes = strtoull(length, NULL, 10);
    if (errno != 0 || bytes > max)
        return 413;
    *size = (size_t)bytes;
    *body = malloc(*size + 1);
    if (*body == NULL)
        return 503;
    if (read_body(*body, *size) == 0)
        return 0;
    free(*body);
    *body = NULL;
    return stop_requested() ? 503 : 400;
}

int cgi_status(int exit_status, const struct store_counts *counts)
{
    if (exit_status == EX_TEMPFAIL)
        return 503;
    if (exit_status != EX_OK && exit_status != EXIT_FAILURE)
        return 500;
    if (counts->outcomes[OUTCOME_DAMAGED] > 0)
        return 400;
    if (counts->outcomes[OUTCOME_CONFLICT] > 0)
        return 409;
    if (counts->outcomes[OUTCOME_IMPORTED] > 0)
        return 201;
    return counts->outcomes[OUTCOME_DUPLICATE] > 0 ? 200 : 415;
}

void cgi_answer(int status)
{
    size_t last = sizeof answers / sizeof *answers - 1, i = 0;
    while (i < last && answers[i].status != status)
        i++;
    printf("Status: %d %s\r\n%sContent-Type: text/plain\r\n\r\n%s\r\n", answers[i].status,
           answers[i].reason, answers[i].field, answers[i].sentence);
    fflush(stdout);
}
