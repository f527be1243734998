#include "fake_imap.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void *serve(void *context)
{
    struct fake_imap *fake = context;
    int connection;
    while ((connection = accept(fake->listener, NULL, NULL)) >= 0) {
        fake->connections++;
        fake->connection = connection;
        fake->gone = false;
        fake->play(fake);
        fake->connection = -1;
        close(connection);
    }
    return NULL;
}

void fake_start(struct fake_imap *fake, void (*play)(struct fake_imap *fake))
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *fake = (struct fake_imap){.connection = -1, .play = play};
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fake->listener >= 0);
    assert_int_equal(bind(fake->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fake->listener, 16), 0);
    assert_int_equal(getsockname(fake->listener, (struct sockaddr *)&address, &size), 0);
    fake->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&fake->thread, NULL, serve, fake), 0);
}

void fake_stop(struct fake_imap *fake)
{
    shutdown(fake->listener, SHUT_RDWR); /* ends the accept() */
    pthread_join(fake->thread, NULL);
    close(fake->listener);
}

void fake_send(struct fake_imap *fake, const char *bytes, size_t size)
{
    while (size > 0 && !fake->gone) {
        ssize_t count = send(fake->connection, bytes, size, MSG_NOSIGNAL);
        if (count <= 0) {
            fake->gone = true;
            return;
        }
        bytes += count;
        size -= (size_t)count;
    }
}

void fake_say(struct fake_imap *fake, const char *format, ...)
{
    char text[FAKE_LINE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fake_send(fake, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void keep_line(struct fake_imap *fake, size_t length)
{
    if (length + fake->transcript_length < sizeof fake->transcript) {
        memcpy(fake->transcript + fake->transcript_length, fake->line, length);
        fake->transcript_length += length;
    }
}

bool fake_read(struct fake_imap *fake, const char *wanted)
{
    size_t length = 0;
    while (length + 1 < sizeof fake->line && (length == 0 || fake->line[length - 1] != '\n')) {
        if (fake->gone || recv(fake->connection, fake->line + length, 1, 0) != 1) {
            fake->gone = true;
            return false;
        }
        length++;
    }
    fake->line[length] = '\0';
    keep_line(fake, length);
    snprintf(fake->tag, sizeof fake->tag, "%.*s", (int)strcspn(fake->line, " \r\n"), fake->line);
    return strstr(fake->line, wanted) != NULL;
}

bool fake_accept(struct fake_imap *fake, const char *wanted)
{
    if (!fake_read(fake, wanted))
        return false;
    fake_say(fake, "%s OK done\r\n", fake->tag);
    return true;
}

static bool tell_capabilities(struct fake_imap *fake, const char *capabilities)
{
    if (!fake_read(fake, "CAPABILITY"))
        return false;
    fake_say(fake, "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN %s\r\n%s OK done\r\n", capabilities,
             fake->tag);
    return true;
}

bool fake_log_in(struct fake_imap *fake, const char *capabilities)
{
    fake_say(fake, "* OK at your service\r\n");
    return tell_capabilities(fake, capabilities) && fake_accept(fake, "AUTHENTICATE PLAIN") &&
           tell_capabilities(fake, capabilities);
}

bool fake_select(struct fake_imap *fake, unsigned messages)
{
    if (!fake_read(fake, "EXAMINE") && strstr(fake->line, "SELECT") == NULL)
        return false;
    fake_say(fake,
             "* %u EXISTS\r\n* OK [UIDVALIDITY 1] told\r\n* OK [UIDNEXT %u] told\r\n"
             "%s OK [READ-WRITE] open\r\n",
             messages, messages + 1, fake->tag);
    return true;
}

bool fake_list(struct fake_imap *fake, unsigned messages)
{
    if (!fake_read(fake, "(UID)"))
        return false;
    for (unsigned i = 1; i <= messages; i++)
        fake_say(fake, "* %u FETCH (UID %u)\r\n", i, i);
    fake_say(fake, "%s OK listed\r\n", fake->tag);
    return true;
}

void fake_wait(struct fake_imap *fake)
{
    while (fake_read(fake, ""))
        continue;
}
