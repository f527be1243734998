/*
 * IDLE (RFC 2177).  libetpan has it, but drops what a server says before it
 * agrees, and that may be the news.
 */
#include <string.h>
#include <sysexits.h>

#include "imap_session.h"

static const char idle[] = "IDLE\r\n";
static const char done[] = "DONE\r\n";

int imap_idle_begin(struct imap_session *session)
{
    const char *line;
    wire_expect(session->wire, 0, 0);
    int status = imap_begin(session, idle, strlen(idle));
    if (status != EX_OK)
        return status;
    session->news = false;
    while ((line = imap_read_line(session)) != NULL && strncmp(line, "* ", 2) == 0)
        session->news = true;
    if (line == NULL)
        return imap_lost(session);
    if (line[0] == '+')
        return EX_OK;
    status = imap_answer(session);
    return status == EX_OK ? EX_NOPERM : status;
}

int imap_idle_end(struct imap_session *session)
{
    wire_expect(session->wire, 0, 0);
    if (wire_send(session->wire, done, strlen(done)) != 0 || imap_read_line(session) == NULL)
        return imap_lost(session);
    int status = imap_answer(session);
    return status == EX_NOPERM ? EX_OK : status; /* it has ended all the same */
}
