#include "imap_session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "../db/query.h"
#include "progress.h"
#include "secret.h"
#include "stop.h"

enum {
    COMMAND_MAX = 16 * 1024,
    SENTENCE = 1024,
    DRY_MAILBOX = -1, /* the id of one in a dry run */
};

/* --- saying what failed --- */

int imap_complain(const struct imap_session *session, int status, const char *format, ...)
{
    char sentence[SENTENCE];
    va_list args;
    if (stop_requested())
        return EX_TEMPFAIL;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    say("%s: %s", session->account->name, sentence);
    return status;
}

int imap_lost(struct imap_session *session)
{
    bool logged_in = session->imap->imap_state != MAILIMAP_STATE_NON_AUTHENTICATED &&
                     session->imap->imap_state != MAILIMAP_STATE_DISCONNECTED;
    if (wire_error(session->wire) == NULL) {
        char reason[SENTENCE];
        snprintf(reason, sizeof reason, "the server says what makes no sense here: %s",
                 wire_last_line(session->wire));
        wire_fail(session->wire, reason);
    }
    const char *reason = wire_error(session->wire);
    if (reason[0] == '\0')
        return EX_TEMPFAIL;
    return imap_complain(session, logged_in ? EX_TEMPFAIL : EX_UNAVAILABLE, "%s: %s",
                         session->account->host, reason);
}

/* --- messages that come in --- */

static void take_item(struct imap_message *message, const struct mailimap_msg_att_static *item)
{
    const struct mailimap_msg_att_body_section *section = item->att_data.att_body_section;
    switch (item->att_type) {
    case MAILIMAP_MSG_ATT_UID:
        message->uid = item->att_data.att_uid;
        break;
    case MAILIMAP_MSG_ATT_RFC822_SIZE:
        message->size = item->att_data.att_rfc822_size;
        break;
    case MAILIMAP_MSG_ATT_BODY_SECTION:
        message->has_body = true;
        message->body = section->sec_body_part;
        message->length = section->sec_body_part != NULL ? section->sec_length : 0;
        break;
    default:
        break;
    }
}

/* libetpan calls this for every FETCH answer, and frees it afterwards: there is
 * never more than one message in memory. */
static void take_message(struct mailimap_msg_att *attributes, void *context)
{
    struct imap_session *session = context;
    struct imap_message message = {.number = attributes->att_number};
    for (clistiter *at = clist_begin(attributes->att_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_msg_att_item *item = clist_content(at);
        if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC)
            take_item(&message, item->att_data.att_static);
    }
    if (session->receive != NULL)
        session->receive(session->receive_context, &message);
    wire_progress(session->wire); /* storing may have taken its time */
}

/* It must be there, or libetpan gathers all messages in a list. */
static void ignore_progress(size_t current, size_t maximum, void *context)
{
    (void)current;
    (void)maximum;
    (void)context;
}

/* --- commands --- */

int imap_answer(struct imap_session *session)
{
    struct mailimap_response *response;
    char bad[32];
    int code = mailimap_parse_response(session->imap, &response);
    if (code == MAILIMAP_NO_ERROR) {
        int type = response->rsp_resp_done->rsp_data.rsp_tagged->rsp_cond_state->rsp_type;
        mailimap_response_free(response);
        return type == MAILIMAP_RESP_COND_STATE_OK ? EX_OK : EX_NOPERM;
    }
    snprintf(bad, sizeof bad, "%d BAD", session->imap->imap_tag);
    if (code == MAILIMAP_ERROR_PROTOCOL &&
        strncasecmp(wire_last_line(session->wire), bad, strlen(bad)) == 0)
        return EX_NOPERM;
    return imap_lost(session);
}

const char *imap_answer_text(const struct imap_session *session)
{
    const char *line = wire_last_line(session->wire);
    const char *space = strchr(line, ' ');
    return space != NULL ? space + 1 : line;
}

bool imap_refused_for_now(const struct imap_session *session)
{
    const char *text = imap_answer_text(session);
    return strstr(text, "[UNAVAILABLE]") != NULL || strstr(text, "[INUSE]") != NULL;
}

const char *imap_read_line(struct imap_session *session)
{
    return mailimap_read_line(session->imap);
}

int imap_begin(struct imap_session *session, const char *text, size_t size)
{
    if (mailimap_send_current_tag(session->imap) != MAILIMAP_NO_ERROR ||
        mailstream_flush(session->imap->imap_stream) != 0 ||
        wire_send(session->wire, text, size) != 0)
        return imap_lost(session);
    return EX_OK;
}

__attribute__((format(printf, 2, 0))) static int run(struct imap_session *session,
                                                     const char *format, va_list args)
{
    char command[COMMAND_MAX];
    int length = vsnprintf(command, sizeof command - 2, format, args);
    if (length < 0 || (size_t)length >= sizeof command - 2)
        return imap_complain(session, EX_CONFIG, "the name of a mailbox is too long");
    memcpy(command + length, "\r\n", 2);
    mailstream *stream = session->imap->imap_stream;
    if (mailimap_send_current_tag(session->imap) != MAILIMAP_NO_ERROR ||
        mailstream_write(stream, command, (size_t)length + 2) < 0 ||
        mailstream_flush(stream) != 0 || imap_read_line(session) == NULL)
        return imap_lost(session);
    return imap_answer(session);
}

int imap_command(struct imap_session *session, size_t literals, size_t literal_max,
                 const char *format, ...)
{
    va_list args;
    wire_expect(session->wire, literals, literal_max);
    va_start(args, format);
    int status = run(session, format, args);
    va_end(args);
    return status;
}

int imap_fetch(struct imap_session *session, size_t messages, size_t literal_max,
               imap_message_fn *receive, void *context, const char *format, ...)
{
    va_list args;
    wire_expect(session->wire, messages, literal_max);
    session->receive = receive;
    session->receive_context = context;
    va_start(args, format);
    int status = run(session, format, args);
    va_end(args);
    session->receive = NULL;
    return status;
}

bool imap_can(const struct imap_session *session, const char *name)
{
    return mailimap_has_extension(session->imap, name) != 0;
}

/* --- opening --- */

static int connect_wire(struct imap_session *session)
{
    const struct imap_account *account = session->account;
    char error[TLS_ERROR];
    struct wire_settings settings = {.host = account->host,
                                     .port = account->port,
                                     .timeout = account->timeout,
                                     .loopback_only = account->security == SECURITY_NONE};
    int status = wire_open(&session->wire, &settings, error);
    if (status != EX_OK)
        return imap_complain(session, status, "%s %s", account->host, error);
    if (account->security == SECURITY_TLS)
        status = wire_start_tls(session->wire, account->ca_file, error);
    return status == EX_OK ? EX_OK : imap_complain(session, status, "%s: %s", account->host, error);
}

/* Hands the wire to libetpan, and reads the greeting. */
static int greet(struct imap_session *session)
{
    mailstream *stream = NULL;
    session->imap = mailimap_new(0, NULL);
    if (session->imap == NULL || (stream = wire_stream(session->wire)) == NULL)
        return imap_complain(session, EX_UNAVAILABLE, "out of memory");
    mailimap_set_progress_callback(session->imap, ignore_progress, ignore_progress, NULL);
    mailimap_set_msg_att_handler(session->imap, take_message, session);
    int code = mailimap_connect(session->imap, stream);
    if (code != MAILIMAP_NO_ERROR_NON_AUTHENTICATED && code != MAILIMAP_NO_ERROR_AUTHENTICATED)
        return imap_lost(session);
    return EX_OK;
}

static int ask_capabilities(struct imap_session *session)
{
    int status = imap_command(session, 0, 0, "CAPABILITY");
    return status == EX_NOPERM ? imap_lost(session) : status;
}

/* Without TLS nothing goes on, whatever the server says. */
static int start_tls(struct imap_session *session)
{
    const struct imap_account *account = session->account;
    char error[TLS_ERROR];
    if (session->imap->imap_state == MAILIMAP_STATE_AUTHENTICATED)
        return imap_complain(session, EX_NOPERM,
                             "%s: the server logs us in unasked, so that TLS cannot begin; someone "
                             "may be in between",
                             account->host);
    int status = ask_capabilities(session);
    if (status == EX_OK && !imap_can(session, "STARTTLS"))
        return imap_complain(session, EX_NOPERM,
                             "%s: the server offers no STARTTLS, or someone in between hides it",
                             account->host);
    if (status == EX_OK)
        status = imap_command(session, 0, 0, "STARTTLS");
    if (status == EX_NOPERM)
        return imap_complain(session, EX_NOPERM, "%s: the server refuses STARTTLS: %s",
                             account->host, imap_answer_text(session));
    if (status != EX_OK)
        return status;
    status = wire_start_tls(session->wire, account->ca_file, error);
    return status == EX_OK ? EX_OK : imap_complain(session, status, "%s: %s", account->host, error);
}

static int log_in(struct imap_session *session)
{
    struct secret *secret = malloc(sizeof *secret);
    char error[SECRET_ERROR];
    if (secret == NULL)
        return imap_complain(session, EX_TEMPFAIL, "out of memory");
    int status = secret_find(session->account->config, session->account->name, secret, error);
    if (status != EX_OK)
        status = imap_complain(session, status, "%s", error);
    else
        status = imap_login(session, secret);
    secret_wipe(secret);
    free(secret);
    return status;
}

int imap_session_open(struct imap_session *session, const struct imap_account *account,
                      struct pipeline *pipeline, struct imap_suspect *suspect)
{
    struct db *db;
    *session = (struct imap_session){.account = account, .pipeline = pipeline, .suspect = suspect};
    suspect->lost = false;
    session->dry_run = pipeline_dry_run(pipeline, &db);
    int status = connect_wire(session);
    if (status == EX_OK)
        status = greet(session);
    if (status == EX_OK && account->security == SECURITY_STARTTLS)
        status = start_tls(session);
    if (status == EX_OK)
        status = ask_capabilities(session);
    if (status != EX_OK || session->imap->imap_state == MAILIMAP_STATE_AUTHENTICATED)
        return status;
    status = log_in(session);
    return status == EX_OK ? ask_capabilities(session) : status;
}

void imap_session_close(struct imap_session *session)
{
    mailimap *imap = session->imap;
    bool owned = imap != NULL && imap->imap_stream != NULL;
    if (owned) {
        if (wire_error(session->wire) == NULL)
            imap_begin(session, "LOGOUT\r\n", strlen("LOGOUT\r\n"));
        /* mailimap_free() would wait for an answer */
        mailstream_close(imap->imap_stream);
        imap->imap_stream = NULL;
    } else {
        wire_close(session->wire);
    }
    if (imap != NULL)
        mailimap_free(imap);
    session->imap = NULL;
    session->wire = NULL;
}

/* --- mailboxes --- */

static const struct mailimap_mailbox_list *first_listed(const struct imap_session *session)
{
    clistiter *first = clist_begin(session->imap->imap_response_info->rsp_mailbox_list);
    return first != NULL ? clist_content(first) : NULL;
}

/* What separates the levels of a name on this server; '/' if it does not tell. */
static int find_delimiter(struct imap_session *session)
{
    if (session->delimiter != '\0')
        return EX_OK;
    int status = imap_command(session, 0, 0, "LIST \"\" \"\"");
    if (status != EX_OK && status != EX_NOPERM)
        return status;
    const struct mailimap_mailbox_list *list = first_listed(session);
    session->delimiter = list != NULL && list->mb_delimiter != '\0' ? list->mb_delimiter : '/';
    return EX_OK;
}

static int quote(const struct imap_session *session, const char *name,
                 char quoted[static IMAP_QUOTED])
{
    char encoded[MAILBOX_NAME], *to = quoted;
    if (mailbox_name_encode(name, encoded) != 0)
        return imap_complain(session, EX_CONFIG, "the name of mailbox %s is not UTF-8, or too long",
                             name);
    *to++ = '"';
    for (const char *from = encoded; *from != '\0'; from++) {
        if (*from == '"' || *from == '\\')
            *to++ = '\\';
        *to++ = *from;
    }
    memcpy(to, "\"", 2);
    return EX_OK;
}

int imap_quote_mailbox(struct imap_session *session, const char *name,
                       char quoted[static IMAP_QUOTED])
{
    char local[MAILBOX_NAME];
    int status = quote(session, name, quoted);
    if (status != EX_OK || strchr(name, '/') == NULL)
        return status;
    status = find_delimiter(session);
    if (status != EX_OK || session->delimiter == '/')
        return status;
    status = imap_command(session, 1, MAILBOX_NAME, "LIST \"\" %s", quoted);
    if ((status != EX_OK && status != EX_NOPERM) ||
        (status == EX_OK && first_listed(session) != NULL))
        return status;
    snprintf(local, sizeof local, "%s", name);
    for (char *at = local; (at = strchr(at, '/')) != NULL;)
        *at++ = session->delimiter;
    return quote(session, local, quoted);
}

static int open_mailbox(struct imap_session *session, const char *name, bool writable)
{
    char quoted[IMAP_QUOTED];
    mailimap *imap = session->imap;
    int status = imap_quote_mailbox(session, name, quoted);
    if (status != EX_OK)
        return status;
    if (imap->imap_selection_info != NULL)
        mailimap_selection_info_free(imap->imap_selection_info);
    imap->imap_selection_info = mailimap_selection_info_new();
    if (imap->imap_selection_info == NULL)
        return imap_complain(session, EX_TEMPFAIL, "out of memory");
    return imap_command(session, 0, 0, "%s %s", writable ? "SELECT" : "EXAMINE", quoted);
}

enum { SERVER_TEXT = 1024 }; /* user@host */

/* Finding a position, in the store's thread or in a dry run's database. */
struct search {
    const char *account;
    char server[SERVER_TEXT];
    const char *mailbox;
    uint32_t uidvalidity;
    struct mailbox_position position;
};

static enum db_status find_in_store(struct store *store, void *context)
{
    struct search *search = context;
    return store_mailbox(store, search->account, search->server, search->mailbox,
                         search->uidvalidity, &search->position);
}

static int find_in_rows(void *context, const struct mailbox_row *row)
{
    struct search *search = context;
    if (row->uidvalidity == search->uidvalidity && strcmp(row->account, search->account) == 0 &&
        strcmp(row->mailbox, search->mailbox) == 0 &&
        (row->server[0] == '\0' || strcmp(row->server, search->server) == 0))
        search->position.last_uid = (uint32_t)row->last_uid;
    return 0;
}

static int find_position(struct imap_session *session, struct imap_mailbox *mailbox)
{
    struct db *db;
    struct search search = {.account = session->account->name,
                            .mailbox = mailbox->name,
                            .uidvalidity = session->imap->imap_selection_info->sel_uidvalidity,
                            .position = {.id = DRY_MAILBOX}};
    snprintf(search.server, sizeof search.server, "%s@%s", session->account->user,
             session->account->host);
    if (search.uidvalidity == 0)
        return imap_complain(session, EX_NOPERM,
                             "mailbox %s: the server gives no UIDVALIDITY, so that what is new "
                             "cannot be told",
                             mailbox->name);
    if (!pipeline_dry_run(session->pipeline, &db)) {
        if (pipeline_call(session->pipeline, find_in_store, &search) != 0)
            return EX_TEMPFAIL;
    } else if (db != NULL && query_mailboxes(db, find_in_rows, &search) != DB_OK) {
        return imap_complain(session, EX_TEMPFAIL, "%s", db_error(db));
    }
    mailbox->position = search.position;
    return EX_OK;
}

int imap_select(struct imap_session *session, const char *name, struct imap_mailbox *mailbox)
{
    bool acts = imap_account_acts(session->account) && !session->dry_run;
    *mailbox = (struct imap_mailbox){.writable = false};
    snprintf(mailbox->name, sizeof mailbox->name, "%s", name);
    snprintf(mailbox->label, sizeof mailbox->label, "%s %s", session->account->name, name);
    int status = open_mailbox(session, name, acts);
    if (status == EX_NOPERM)
        return imap_complain(session, imap_refused_for_now(session) ? EX_TEMPFAIL : EX_CONFIG,
                             "mailbox %s cannot be opened: %s", name, imap_answer_text(session));
    if (status != EX_OK)
        return status;
    mailbox->writable =
        acts && session->imap->imap_selection_info->sel_perm != MAILIMAP_MAILBOX_READONLY;
    return find_position(session, mailbox);
}
