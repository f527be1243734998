/*
 * imap_session.h - a connection to an account's server, logged in.
 *
 * For the files imap*.c only.  Functions return a status of <sysexits.h> and have
 * said what failed; when the run is to end they return EX_TEMPFAIL in silence.
 * A session goes on after a failure as long as its wire is not dead.
 */
#ifndef TLSRPTOP_IMPORTERS_IMAP_SESSION_H
#define TLSRPTOP_IMPORTERS_IMAP_SESSION_H

#include <libetpan/libetpan.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap_account.h"
#include "mailbox_name.h"
#include "pipeline.h"
#include "wire.h"

struct secret;

/* What a FETCH has brought of one message; pointers are valid during the call. */
struct imap_message {
    uint32_t number;  /* in the mailbox, at present */
    uint32_t uid;     /* 0: not told */
    uint32_t size;    /* RFC822.SIZE; 0: not told */
    bool has_body;    /* it was brought */
    const char *body; /* NULL: the server has none */
    size_t length;
};
typedef void imap_message_fn(void *context, const struct imap_message *message);

/* The message before which sessions were lost: one after the other, so many of them.  A
 * server that cannot read it may hang up each time, and what is behind it would not come
 * any more.  Zeroed at first; kept between the sessions of an account. */
struct imap_suspect {
    int64_t mailbox; /* its number in the database */
    uint32_t uid;    /* 0: there is none */
    unsigned losses;
    bool lost; /* the last session was lost before a message, or because of it: the next one may
                  come further */
};

enum { IMAP_SUSPICIOUS = 2 /* losses: then all others are asked for first */ };

struct imap_session {
    const struct imap_account *account;
    struct pipeline *pipeline;
    struct imap_suspect *suspect;
    bool dry_run;
    mailimap *imap;
    struct wire *wire; /* belongs to imap's stream */
    char delimiter;    /* between the levels of a mailbox's name; '\0': not asked yet */
    imap_message_fn *receive;
    void *receive_context;
    bool news;         /* something came before the server agreed to IDLE */
    bool deletes_said; /* that without UIDPLUS nothing is expunged */
};

/* Connects, verifies the server, and logs in.  SUSPECT outlives the session. */
int imap_session_open(struct imap_session *session, const struct imap_account *account,
                      struct pipeline *pipeline, struct imap_suspect *suspect);

/* Leaves, without waiting for an answer.  A session that could not be opened may
 * be closed, too. */
void imap_session_close(struct imap_session *session);

/* Tells who we are (imap_login.c). */
int imap_login(struct imap_session *session, const struct secret *secret);

/* Does the server say that it can do NAME? */
bool imap_can(const struct imap_session *session, const char *name);

/* Sends a command, and reads its answer of at most LITERALS literals of
 * LITERAL_MAX bytes.  EX_OK for the answer OK, EX_NOPERM for NO or BAD, of which
 * nothing has been said. */
int imap_command(struct imap_session *session, size_t literals, size_t literal_max,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for FETCH: each message goes to RECEIVE. */
int imap_fetch(struct imap_session *session, size_t messages, size_t literal_max,
               imap_message_fn *receive, void *context, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* The steps of a command that is more than question and answer.  The lines of a
 * server come one by one; one that does not begin with "* " or "+ " is the
 * answer, which imap_answer() takes as imap_command() does. */
int imap_begin(struct imap_session *session, const char *text, size_t size);
const char *imap_read_line(struct imap_session *session);
int imap_answer(struct imap_session *session);

/* The answer to the last command, without its tag: "NO [NONEXISTENT] No mailbox". */
const char *imap_answer_text(const struct imap_session *session);
/* Does that refusal pass by itself?  RFC 5530 section 3: what would check the password or give
 * the message is away. */
bool imap_refused_for_now(const struct imap_session *session);

/* Writes NAME (UTF-8) as an argument of a command.  A slash stands for what
 * separates the levels of names on this server, unless it has a mailbox whose
 * name is NAME to the letter. */
enum { IMAP_QUOTED = 2 * MAILBOX_NAME };
int imap_quote_mailbox(struct imap_session *session, const char *name,
                       char quoted[static IMAP_QUOTED]);

/* The connection is lost, or what came over it makes no sense. */
int imap_lost(struct imap_session *session);

/* Says "ACCOUNT: ...", unless the run is to end, and returns STATUS. */
int imap_complain(const struct imap_session *session, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The steps of a mailbox. */
struct imap_mailbox {
    char name[MAILBOX_NAME];       /* as in the configuration */
    char label[MAILBOX_NAME + 64]; /* for people: the account, and the name */
    struct mailbox_position position;
    bool writable;
};

/* Opens NAME, to be changed if the account acts, and finds its position. */
int imap_select(struct imap_session *session, const char *name, struct imap_mailbox *mailbox);

/* Hands what is new in the selected mailbox to the pipeline (imap_fetch.c). */
int imap_fetch_new(struct imap_session *session, struct imap_mailbox *mailbox);

/* Does what is to be done with what has been imported (imap_act.c). */
int imap_act(struct imap_session *session, const struct imap_mailbox *mailbox);

/* Begins and ends IDLE (imap_idle.c).  While it lasts, session->news or anything
 * that comes over the wire means that something has happened.  EX_NOPERM from
 * imap_idle_begin(): the server refuses; it has not begun. */
int imap_idle_begin(struct imap_session *session);
int imap_idle_end(struct imap_session *session);

#endif
