/*
 * What is new in a mailbox.
 *
 * First the UIDs are listed, by message number and without touching a message;
 * numbers stay the same while nothing but FETCH is sent (RFC 3501 section 7.4.1).
 * Then the messages come by UID, many a command, each up to PIECE bytes:
 * so one command brings the sizes and nearly all messages whole, and the few
 * larger ones follow one by one in pieces.  Only UIDs that were listed are taken,
 * and the position moves past no UID that was listed and has not come.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "imap_session.h"
#include "progress.h"
#include "stop.h"

enum {
    PIECE = 1024 * 1024,
    BATCH = 2000,        /* messages a command: between two of them server and importer wait */
    POSITION_STEP = 500, /* messages, and a run that is cut off need not read them again */
    LIST_STEP = 5000,    /* UIDs a command */
    LIST_MAX = 100000,   /* UIDs in memory */
    SLACK = 64 * 1024,   /* a message may be so much longer than the server said */
    REASON = 512,
};

/* --- listing --- */

struct list {
    uint32_t *uids; /* room for LIST_MAX */
    size_t count;
    uint32_t first, last; /* numbers that were asked for */
    uint32_t above;       /* only UIDs above this one are wanted */
    bool old;             /* the last answer was for another */
};

static void take_uid(void *context, const struct imap_message *message)
{
    struct list *list = context;
    if (message->number < list->first || message->number > list->last || message->uid == 0)
        return;
    list->old = message->uid <= list->above;
    if (!list->old && list->count < LIST_MAX)
        list->uids[list->count++] = message->uid;
}

static uint32_t exists(const struct imap_session *session)
{
    return session->imap->imap_selection_info->sel_exists;
}

/* Nothing listed is an answer, too; a refusal is not. */
static int judge_listing(struct imap_session *session, const struct imap_mailbox *mailbox,
                         int status)
{
    if (status != EX_NOPERM)
        return status;
    return imap_complain(session, EX_TEMPFAIL, "mailbox %s cannot be listed: %s", mailbox->name,
                         imap_answer_text(session));
}

static int ask_uids(struct imap_session *session, const struct imap_mailbox *mailbox,
                    struct list *list, uint32_t first, uint32_t last)
{
    list->first = first;
    list->last = last;
    int status = imap_fetch(session, 0, 0, take_uid, list, "FETCH %" PRIu32 ":%" PRIu32 " (UID)",
                            first, last);
    return judge_listing(session, mailbox, status);
}

/* Finds the number of the first message above list->above, or one before it: by
 * halves, as UIDs ascend.  One that is not told is taken for a new one. */
static int find_first(struct imap_session *session, const struct imap_mailbox *mailbox,
                      struct list *list, uint32_t *first)
{
    uint32_t low = 1, high = list->above > 0 ? exists(session) + 1 : 1;
    uint32_t step = 1; /* from the end at first, where most often a few are new */
    while (low < high) {
        uint32_t middle = step < high - low ? high - step : low + (high - low) / 2;
        list->old = false;
        int status = ask_uids(session, mailbox, list, middle, middle);
        if (status != EX_OK)
            return status;
        if (list->old)
            low = middle + 1;
        else
            high = middle;
        step = list->old || step > UINT32_MAX / 2 ? UINT32_MAX : 2 * step;
    }
    *first = low;
    return EX_OK;
}

static int compare_uids(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Lists the UIDs above mailbox->position.last_uid, LIST_MAX of them at most.
 * *LEFT is how many messages there are from the first of them on. */
static int list_new(struct imap_session *session, const struct imap_mailbox *mailbox,
                    struct list *list, uint32_t *left)
{
    uint32_t first;
    list->above = mailbox->position.last_uid;
    int status = find_first(session, mailbox, list, &first);
    if (status != EX_OK)
        return status;
    list->count = 0;
    *left = first <= exists(session) ? exists(session) - first + 1 : 0;
    for (size_t before = SIZE_MAX; first <= exists(session) && list->count != before &&
                                   list->count + LIST_STEP <= LIST_MAX;) {
        uint32_t rest = exists(session) - first;
        uint32_t last = first + (rest < LIST_STEP ? rest : LIST_STEP - 1);
        before = list->count;
        status = ask_uids(session, mailbox, list, first, last);
        if (status != EX_OK)
            return status;
        if (last == exists(session))
            break;
        first = last + 1;
    }
    qsort(list->uids, list->count, sizeof *list->uids, compare_uids);
    return EX_OK;
}

/* --- fetching --- */

struct batch {
    struct imap_session *session;
    const struct imap_mailbox *mailbox;
    const uint32_t *uids;
    size_t count;
    size_t next;           /* where the next one is looked for first */
    bool done[BATCH];      /* handed over */
    uint32_t large[BATCH]; /* sizes of those that have more than a piece */
    size_t came;           /* messages */
    size_t settled;        /* so many from the first on are done with */
};

static struct place place_of(const struct imap_mailbox *mailbox, uint32_t uid)
{
    return (struct place){.mailbox = mailbox->position.id, .uid = uid, .name = mailbox->label};
}

/* The place of UID in the batch; batch->count if it was not asked for. */
static size_t find_uid(struct batch *batch, uint32_t uid)
{
    if (batch->next < batch->count && batch->uids[batch->next] == uid)
        return batch->next;
    const uint32_t *found =
        bsearch(&uid, batch->uids, batch->count, sizeof *batch->uids, compare_uids);
    return found != NULL ? (size_t)(found - batch->uids) : batch->count;
}

/* Storing has failed: nothing more shall come. */
static void check_storing(struct imap_session *session, int result)
{
    if (result != 0)
        wire_fail(session->wire, "");
}

static void hand_over_too_large(struct imap_session *session, const struct place *place,
                                size_t size)
{
    char reason[REASON];
    snprintf(reason, sizeof reason, "it has %zu bytes or more, message-max is %zu: it was not read",
             size, session->account->message_max);
    check_storing(session, pipeline_damaged(session->pipeline, place, reason));
}

static int hand_over_damaged(struct imap_session *session, const struct place *place,
                             const char *reason)
{
    return pipeline_damaged(session->pipeline, place, reason) == 0 ? EX_OK : EX_TEMPFAIL;
}

/* The message at PLACE is there, but does not come: ever, or now. */
static int hand_over_refused(struct imap_session *session, const struct place *place)
{
    char reason[REASON];
    if (imap_refused_for_now(session))
        return imap_complain(session, EX_TEMPFAIL, "%s UID %" PRIu32 " cannot be had now: %s",
                             place->name, place->uid, imap_answer_text(session));
    snprintf(reason, sizeof reason, "the server does not give it: %s", imap_answer_text(session));
    return hand_over_damaged(session, place, reason);
}

static void take_presence(void *context, const struct imap_message *message)
{
    struct list *list = context;
    list->count += message->uid == list->first;
}

/* UID has not come, though nothing was refused: it is gone, or the server passes over it. */
static int hand_over_omitted(struct imap_session *session, const struct place *place)
{
    struct list there = {.first = place->uid};
    int status =
        imap_fetch(session, 0, 0, take_presence, &there, "UID FETCH %" PRIu32 " (UID)", place->uid);
    if (status != EX_OK && status != EX_NOPERM)
        return status;
    if (there.count == 0)
        return EX_OK;
    return hand_over_damaged(session, place,
                             "the server tells that it is there, and does not give it");
}

/* The server may take its time after this one: what there is goes on its way. */
static int move_position(const struct batch *batch, size_t settled)
{
    struct pipeline *pipeline = batch->session->pipeline;
    int result = pipeline_position(pipeline, batch->mailbox->position.id, batch->uids[settled - 1]);
    pipeline_flush(pipeline);
    return result;
}

/* Message I is done: the position may move. */
static void settle(struct batch *batch, size_t i)
{
    batch->done[i] = true;
    while (batch->settled < batch->count && batch->done[batch->settled] &&
           batch->large[batch->settled] == 0) {
        if (++batch->settled % POSITION_STEP == 0)
            check_storing(batch->session, move_position(batch, batch->settled));
    }
}

static void take_message(void *context, const struct imap_message *message)
{
    struct batch *batch = context;
    struct imap_session *session = batch->session;
    size_t i = find_uid(batch, message->uid);
    if (i == batch->count || batch->done[i] || !message->has_body)
        return; /* news of flags, say */
    struct place place = place_of(batch->mailbox, message->uid);
    batch->next = i + 1;
    batch->came++;
    if (message->size > session->account->message_max)
        hand_over_too_large(session, &place, message->size);
    else if (message->body == NULL)
        check_storing(session, pipeline_damaged(session->pipeline, &place,
                                                "the server has nothing to give of it"));
    else if (message->length >= PIECE)
        batch->large[i] = message->size > PIECE ? message->size : PIECE;
    else
        check_storing(session,
                      pipeline_message(session->pipeline, &place, message->body, message->length));
    settle(batch, i);
}

/* A message that comes in pieces. */
struct assembly {
    uint32_t uid;
    char *room;
    size_t size, capacity;
    size_t came; /* bytes of the last piece */
    bool there;  /* there was one */
};

static void take_piece(void *context, const struct imap_message *message)
{
    struct assembly *assembly = context;
    if (message->uid != assembly->uid || !message->has_body || assembly->there)
        return;
    assembly->there = true;
    assembly->came = message->length;
    if (message->length > assembly->capacity - assembly->size)
        assembly->came = assembly->capacity - assembly->size;
    if (message->body != NULL) /* or it ended with the piece before */
        memcpy(assembly->room + assembly->size, message->body, assembly->came);
    assembly->size += assembly->came;
}

/* Reads the pieces of a message until one is short.  EX_NOINPUT: it is gone. */
static int assemble(struct imap_session *session, struct assembly *assembly)
{
    do {
        assembly->there = false;
        int status = imap_fetch(session, 1, PIECE, take_piece, assembly,
                                "UID FETCH %" PRIu32 " (UID BODY.PEEK[]<%zu.%d>)", assembly->uid,
                                assembly->size, PIECE);
        if (status != EX_OK)
            return status;
        if (!assembly->there)
            return EX_NOINPUT;
    } while (assembly->came == PIECE && assembly->size < assembly->capacity);
    return EX_OK;
}

/* Fetches a message into CAPACITY bytes.  EX_DATAERR: it is longer. */
static int fetch_pieces(struct batch *batch, size_t i, size_t capacity)
{
    struct imap_session *session = batch->session;
    struct place place = place_of(batch->mailbox, batch->uids[i]);
    struct assembly assembly = {.uid = batch->uids[i], .capacity = capacity};
    assembly.room = pipeline_begin_message(session->pipeline, &place, capacity);
    if (assembly.room == NULL)
        return EX_TEMPFAIL;
    int status = assemble(session, &assembly);
    if (status == EX_OK && assembly.size == capacity)
        return EX_DATAERR;
    if (status == EX_OK && pipeline_end_message(session->pipeline, assembly.size) != 0)
        return EX_TEMPFAIL;
    return status;
}

static int fetch_large(struct batch *batch, size_t i)
{
    struct imap_session *session = batch->session;
    struct place place = place_of(batch->mailbox, batch->uids[i]);
    size_t most = session->account->message_max, capacity = (size_t)batch->large[i] + SLACK;
    int status = fetch_pieces(batch, i, capacity < most ? capacity : most + 1);
    if (status == EX_DATAERR && capacity < most) /* some servers only estimate sizes */
        status = fetch_pieces(batch, i, most + 1);
    if (status == EX_DATAERR)
        hand_over_too_large(session, &place, most + 1);
    else if (status == EX_NOPERM)
        return hand_over_refused(session, &place);
    else if (status == EX_NOINPUT)
        return hand_over_omitted(session, &place);
    return status == EX_DATAERR ? EX_OK : status;
}

/* Asks for the messages of the batch from FIRST to LAST that are not done; no
 * other UIDs lie between them.  EX_NOPERM: the server has not given all. */
static int fetch_range(struct batch *batch, size_t first, size_t last)
{
    batch->next = first;
    return imap_fetch(batch->session, last - first + 1, PIECE, take_message, batch,
                      "UID FETCH %" PRIu32 ":%" PRIu32 " (UID RFC822.SIZE BODY.PEEK[]<0.%d>)",
                      batch->uids[first], batch->uids[last], PIECE);
}

/* Asks once more for each message from FIRST to LAST that did not come.  It may be gone
 * meanwhile; one that is refused again, while others can be read, would be so for ever. */
static int fetch_missing(struct batch *batch, size_t first, size_t last)
{
    struct imap_session *session = batch->session;
    int status = EX_OK;
    for (size_t i = first; i <= last && status == EX_OK; i++) {
        struct place place = place_of(batch->mailbox, batch->uids[i]);
        if (batch->done[i])
            continue;
        status = fetch_range(batch, i, i);
        if (status == EX_NOPERM && batch->came == 0)
            return imap_complain(session, EX_TEMPFAIL, "mailbox %s cannot be read: %s",
                                 batch->mailbox->name, imap_answer_text(session));
        if (status == EX_NOPERM)
            status = hand_over_refused(session, &place);
        else if (status == EX_OK && !batch->done[i])
            status = hand_over_omitted(session, &place);
    }
    return status;
}

/* Fetches the messages from FIRST to LAST. */
static int fetch_part(struct batch *batch, size_t first, size_t last)
{
    size_t before = batch->came;
    int status = fetch_range(batch, first, last);
    if (status == EX_NOPERM || (status == EX_OK && batch->came - before < last - first + 1))
        status = fetch_missing(batch, first, last);
    for (size_t i = first; i <= last && status == EX_OK; i++)
        if (batch->large[i] > 0)
            status = fetch_large(batch, i);
    return status;
}

/* --- a message that ends sessions --- */

/* Did the server end it, not we? */
static bool is_lost(const struct imap_session *session)
{
    const char *error = wire_error(session->wire);
    return error != NULL && error[0] != '\0';
}

/* The place in the batch of a message before which sessions were lost again and again;
 * batch->count if there is none. */
static size_t find_suspect(struct batch *batch)
{
    const struct imap_suspect *suspect = batch->session->suspect;
    if (suspect->losses < IMAP_SUSPICIOUS || suspect->mailbox != batch->mailbox->position.id)
        return batch->count;
    return find_uid(batch, suspect->uid);
}

static void take_body(void *context, const struct imap_message *message)
{
    bool *came = context;
    *came = *came || message->has_body;
}

/* Can the message before be had, at least its first byte? */
static int ask_for_another(struct imap_session *session, bool *came)
{
    uint32_t messages = exists(session);
    int status = EX_OK;
    if (messages > 1)
        status = imap_fetch(session, 1, PIECE, take_body, came,
                            "FETCH %" PRIu32 " (UID BODY.PEEK[]<0.1>)", messages - 1);
    return status == EX_NOPERM ? EX_OK : status;
}

/* Others could be had, but it was lost with this session, too: it holds up no other any
 * longer. */
static int give_up(struct batch *batch, size_t suspect)
{
    struct imap_session *session = batch->session;
    struct place place = place_of(batch->mailbox, batch->uids[suspect]);
    char reason[REASON];
    snprintf(reason, sizeof reason,
             "the connection is lost each time that it is asked for, while others come: %s",
             wire_error(session->wire));
    int status = hand_over_damaged(session, &place, reason);
    batch->large[suspect] = 0;
    settle(batch, suspect);
    *session->suspect = (struct imap_suspect){.lost = status == EX_OK};
    return EX_TEMPFAIL;
}

/* Fetches all others first, and then the suspect. */
static int fetch_around(struct batch *batch, size_t suspect)
{
    struct imap_session *session = batch->session;
    int status = EX_OK;
    if (suspect > 0)
        status = fetch_part(batch, 0, suspect - 1);
    if (status == EX_OK && suspect + 1 < batch->count)
        status = fetch_part(batch, suspect + 1, batch->count - 1);
    bool others_come = batch->came > 0;
    if (status == EX_OK && !others_come)
        status = ask_for_another(session, &others_come);
    if (status != EX_OK)
        return status;
    status = fetch_part(batch, suspect, suspect);
    return status != EX_OK && is_lost(session) && others_come ? give_up(batch, suspect) : status;
}

static int fetch_batch(struct batch *batch)
{
    size_t suspect = find_suspect(batch);
    return suspect < batch->count ? fetch_around(batch, suspect)
                                  : fetch_part(batch, 0, batch->count - 1);
}

static void suspect_message(const struct batch *batch, uint32_t uid)
{
    struct imap_suspect *suspect = batch->session->suspect;
    if (suspect->uid != uid || suspect->mailbox != batch->mailbox->position.id)
        *suspect = (struct imap_suspect){.mailbox = batch->mailbox->position.id, .uid = uid};
    suspect->losses++;
    suspect->lost = true;
}

/* The rest of the batch has not come: what has need not come again. */
static int keep_settled(const struct batch *batch, int status)
{
    struct imap_session *session = batch->session;
    if (batch->settled > 0 && move_position(batch, batch->settled) != 0)
        return EX_TEMPFAIL;
    if (is_lost(session) && batch->settled < batch->count) {
        suspect_message(batch, batch->uids[batch->settled]);
        imap_complain(session, status, "%s UID %" PRIu32 " is the first that has not come",
                      batch->mailbox->label, batch->uids[batch->settled]);
    }
    return status;
}

/* Fetches what is listed, and moves the position along. */
static int fetch_listed(struct imap_session *session, struct imap_mailbox *mailbox,
                        const struct list *list)
{
    int status = EX_OK;
    for (size_t i = 0; i < list->count && status == EX_OK; i += BATCH) {
        struct batch batch = {.session = session, .mailbox = mailbox, .uids = list->uids + i};
        batch.count = list->count - i < BATCH ? list->count - i : BATCH;
        if (stop_requested())
            return EX_TEMPFAIL;
        status = fetch_batch(&batch);
        if (status != EX_OK)
            return keep_settled(&batch, status);
        mailbox->position.last_uid = batch.uids[batch.count - 1];
        if (move_position(&batch, batch.count) != 0)
            return EX_TEMPFAIL;
    }
    return status;
}

int imap_fetch_new(struct imap_session *session, struct imap_mailbox *mailbox)
{
    uint32_t next = session->imap->imap_selection_info->sel_uidnext, left;
    size_t seen = 0, expected = 0;
    struct list list = {.uids = NULL};
    int status = EX_OK;
    if (next != 0 && next - 1 < mailbox->position.last_uid)
        return imap_complain(session, EX_NOPERM,
                             "mailbox %s: its next UID is %u, though %u has been read: the server "
                             "lost its place; under another name of the account all is read again",
                             mailbox->name, (unsigned)next, (unsigned)mailbox->position.last_uid);
    if (next != 0 && next - 1 == mailbox->position.last_uid)
        return EX_OK;
    list.uids = malloc(LIST_MAX * sizeof *list.uids);
    if (list.uids == NULL)
        return imap_complain(session, EX_TEMPFAIL, "out of memory");
    progress_source(session->account->name, mailbox->name);
    do {
        status = list_new(session, mailbox, &list, &left);
        if (status != EX_OK)
            break;
        if (seen + left > expected) {
            progress_expect(seen + left - expected);
            expected = seen + left;
        }
        seen += list.count;
        status = fetch_listed(session, mailbox, &list);
    } while (status == EX_OK && list.count > 0);
    free(list.uids);
    return status;
}
