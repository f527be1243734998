/*
 * drain.c - how fast a mailbox comes out of its server, and nothing else.
 *
 *   drain PORT USER PASSWORD MAILBOX [MESSAGES_A_COMMAND]
 *
 * Connects to localhost by TLS with libetpan's own means, fetches every message
 * with BODY.PEEK[] and forgets it: by one command, or by UIDs so many at a time.
 * Prints messages, bytes and seconds: what an importer is measured against.
 */
#include <libetpan/libetpan.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMEOUT = 60 };

struct drained {
    size_t messages;
    size_t bytes;
};

static void count_message(struct mailimap_msg_att *attributes, void *context)
{
    struct drained *drained = context;
    for (clistiter *at = clist_begin(attributes->att_list); at != NULL; at = clist_next(at)) {
        const struct mailimap_msg_att_item *item = clist_content(at);
        if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC ||
            item->att_data.att_static->att_type != MAILIMAP_MSG_ATT_BODY_SECTION)
            continue;
        drained->messages++;
        drained->bytes += item->att_data.att_static->att_data.att_body_section->sec_length;
    }
}

static void ignore_progress(size_t current, size_t maximum, void *context)
{
    (void)current;
    (void)maximum;
    (void)context;
}

static struct mailimap_fetch_type *wanted(void)
{
    struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();
    mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_uid());
    mailimap_fetch_type_new_fetch_att_list_add(
        type, mailimap_fetch_att_new_body_peek_section(mailimap_section_new(NULL)));
    return type;
}

/* Fetches the UIDs from FIRST to LAST, 0 for the end. */
static bool drain(mailimap *imap, uint32_t first, uint32_t last)
{
    clist *none = NULL;
    struct mailimap_set *set = mailimap_set_new_interval(first, last);
    struct mailimap_fetch_type *type = wanted();
    int code = mailimap_uid_fetch(imap, set, type, &none);
    if (code == MAILIMAP_NO_ERROR)
        mailimap_fetch_list_free(none);
    mailimap_fetch_type_free(type);
    mailimap_set_free(set);
    return code == MAILIMAP_NO_ERROR;
}

static bool drain_all(mailimap *imap, uint32_t step)
{
    uint32_t next = imap->imap_selection_info->sel_uidnext;
    if (step == 0)
        return drain(imap, 1, 0);
    for (uint32_t first = 1; first < next; first += step)
        if (!drain(imap, first, first + step - 1))
            return false;
    return true;
}

static bool open_mailbox(mailimap *imap, char **arguments)
{
    return mailimap_ssl_connect(imap, "localhost", (uint16_t)atoi(arguments[1])) ==
               MAILIMAP_NO_ERROR_NON_AUTHENTICATED &&
           mailimap_login(imap, arguments[2], arguments[3]) == MAILIMAP_NO_ERROR &&
           mailimap_examine(imap, arguments[4]) == MAILIMAP_NO_ERROR;
}

int main(int count, char **arguments)
{
    struct drained drained = {0};
    struct timespec begin, end;
    if (count < 5) {
        fputs("usage: drain PORT USER PASSWORD MAILBOX [MESSAGES_A_COMMAND]\n", stderr);
        return EXIT_FAILURE;
    }
    clock_gettime(CLOCK_MONOTONIC, &begin);
    mailimap *imap = mailimap_new(0, NULL);
    mailimap_set_timeout(imap, TIMEOUT);
    mailimap_set_progress_callback(imap, ignore_progress, ignore_progress, NULL);
    mailimap_set_msg_att_handler(imap, count_message, &drained);
    bool ok = open_mailbox(imap, arguments) &&
              drain_all(imap, count > 5 ? (uint32_t)atoi(arguments[5]) : 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (!ok)
        fprintf(stderr, "drain: failed, after %zu messages\n", drained.messages);
    else
        printf("%zu messages, %zu bytes, %.3f s\n", drained.messages, drained.bytes,
               (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    mailimap_free(imap);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
