/*
 * What is done with messages that have been imported: marked, moved or deleted,
 * as after-import and damaged say.
 *
 * Only what store_unacted() tells is touched: it is on the disk.  After each
 * command the store is told how far this has come, so a run that is killed goes
 * on where it was; the same command given twice changes nothing, but for a COPY
 * where the server has no MOVE.  Messages of others are never touched: without
 * UIDPLUS an EXPUNGE would delete whatever else is marked, so it is not sent.
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
    GATHER_MAX = 10000, /* messages in memory */
    COMMAND_UIDS = 500,
    SET_BYTES = COMMAND_UIDS * 11 + 1, /* "4294967295," each */
};

enum deed { LEAVE, AFTER_IMPORT, AS_DAMAGED };

struct todo {
    const struct imap_account *account;
    int64_t mailbox;
    size_t count;
    uint32_t uids[GATHER_MAX];
    unsigned char deeds[GATHER_MAX];
    uint32_t acted; /* for store_acted() */
};

static enum deed choose(const struct imap_account *account, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_IMPORTED:
    case OUTCOME_DUPLICATE:
        return account->after_import != ACTION_KEEP ? AFTER_IMPORT : LEAVE;
    case OUTCOME_DAMAGED:
        return account->damaged_folder != NULL ? AS_DAMAGED : LEAVE;
    default:
        return LEAVE;
    }
}

/* --- in the store's thread --- */

static int take_row(void *context, uint32_t uid, enum outcome outcome)
{
    struct todo *todo = context;
    if (todo->count == GATHER_MAX)
        return 1;
    todo->uids[todo->count] = uid;
    todo->deeds[todo->count++] = (unsigned char)choose(todo->account, outcome);
    return 0;
}

static enum db_status gather(struct store *store, void *context)
{
    struct todo *todo = context;
    enum db_status status = store_unacted(store, todo->mailbox, take_row, todo);
    return status == DB_STOPPED ? DB_OK : status;
}

static enum db_status remember(struct store *store, void *context)
{
    const struct todo *todo = context;
    return store_acted(store, todo->mailbox, todo->acted);
}

/* --- commands --- */

/* Writes the UIDs from FIRST up to END that DEED is for as a set: "1:4,7". */
static void write_set(const struct todo *todo, size_t first, size_t end, enum deed deed,
                      char set[static SET_BYTES])
{
    size_t length = 0;
    set[0] = '\0';
    for (size_t i = first, j; i < end; i = j) {
        for (j = i; j < end && todo->deeds[j] == deed && todo->uids[j] - todo->uids[i] == j - i;)
            j++;
        if (j == i) {
            j++;
            continue;
        }
        length += (size_t)snprintf(set + length, SET_BYTES - length, "%s%" PRIu32,
                                   length > 0 ? "," : "", todo->uids[i]);
        if (j - i > 1)
            length +=
                (size_t)snprintf(set + length, SET_BYTES - length, ":%" PRIu32, todo->uids[j - 1]);
    }
}

/* Marks as deleted, and expunges if that can be done for these alone. */
static int discard(struct imap_session *session, const char *set)
{
    int status = imap_command(session, 0, 0, "UID STORE %s +FLAGS.SILENT (\\Deleted)", set);
    if (status == EX_OK && imap_can(session, "UIDPLUS"))
        return imap_command(session, 0, 0, "UID EXPUNGE %s", set);
    if (status == EX_OK && !session->deletes_said) {
        session->deletes_said = true;
        imap_complain(session, EX_OK,
                      "%s has no UIDPLUS: messages are marked as deleted, but not removed",
                      session->account->host);
    }
    return status;
}

/* Moves to a folder that is there. */
static int move(struct imap_session *session, const char *set, const char *quoted)
{
    if (imap_can(session, "MOVE"))
        return imap_command(session, 0, 0, "UID MOVE %s %s", set, quoted);
    int status = imap_command(session, 0, 0, "UID COPY %s %s", set, quoted);
    return status == EX_OK ? discard(session, set) : status;
}

/* Does the answer say that the folder is missing?  RFC 3501 7.1, RFC 5530. */
static bool folder_is_missing(const struct imap_session *session)
{
    const char *text = imap_answer_text(session);
    return strstr(text, "[TRYCREATE]") != NULL || strstr(text, "[NONEXISTENT]") != NULL;
}

static int move_to(struct imap_session *session, const char *set, const char *folder)
{
    char quoted[IMAP_QUOTED];
    int status = imap_quote_mailbox(session, folder, quoted);
    if (status != EX_OK)
        return status;
    status = move(session, set, quoted);
    if (status != EX_NOPERM || !folder_is_missing(session))
        return status;
    status = imap_command(session, 0, 0, "CREATE %s", quoted);
    return status == EX_OK ? move(session, set, quoted) : status;
}

static int do_deed(struct imap_session *session, enum deed deed, const char *set)
{
    const struct imap_account *account = session->account;
    if (set[0] == '\0')
        return EX_OK;
    if (deed == AS_DAMAGED)
        return move_to(session, set, account->damaged_folder);
    if (account->after_import == ACTION_MOVE)
        return move_to(session, set, account->after_folder);
    if (account->after_import == ACTION_DELETE)
        return discard(session, set);
    return imap_command(session, 0, 0, "UID STORE %s +FLAGS.SILENT (\\Seen)", set);
}

/* Does what is to be done with the messages from FIRST up to END. */
static int act_on(struct imap_session *session, const struct imap_mailbox *mailbox,
                  struct todo *todo, size_t first, size_t end)
{
    char set[SET_BYTES];
    int status = EX_OK;
    for (enum deed deed = AFTER_IMPORT; deed <= AS_DAMAGED && status == EX_OK; deed++) {
        write_set(todo, first, end, deed, set);
        status = do_deed(session, deed, set);
        if (status == EX_NOPERM)
            imap_complain(session, status, "mailbox %s: the server refuses %s: %s", mailbox->name,
                          deed == AS_DAMAGED ? "what damaged says" : "what after-import says",
                          imap_answer_text(session));
    }
    if (status != EX_OK)
        return status;
    todo->acted = todo->uids[end - 1];
    return pipeline_call(session->pipeline, remember, todo) == 0 ? EX_OK : EX_TEMPFAIL;
}

int imap_act(struct imap_session *session, const struct imap_mailbox *mailbox)
{
    int status = EX_OK;
    if (!imap_account_acts(session->account) || session->dry_run)
        return EX_OK;
    if (!mailbox->writable)
        return imap_complain(session, EX_NOPERM,
                             "mailbox %s is read-only: nothing in it is marked, moved or deleted",
                             mailbox->name);
    struct todo *todo = malloc(sizeof *todo);
    if (todo == NULL)
        return imap_complain(session, EX_TEMPFAIL, "out of memory");
    todo->account = session->account;
    todo->mailbox = mailbox->position.id;
    do {
        todo->count = 0;
        if (pipeline_call(session->pipeline, gather, todo) != 0)
            status = EX_TEMPFAIL;
        for (size_t i = 0; i < todo->count && status == EX_OK; i += COMMAND_UIDS)
            status = stop_requested()
                         ? EX_TEMPFAIL
                         : act_on(session, mailbox, todo, i,
                                  i + COMMAND_UIDS < todo->count ? i + COMMAND_UIDS : todo->count);
    } while (status == EX_OK && todo->count == GATHER_MAX);
    free(todo);
    return status;
}
