/* A server's words, through guard.h into libetpan: no answer may make it fall. */
#include <libetpan/libetpan.h>
#include <string.h>

#include "../../importers/guard.h"
#include "fuzz.h"

enum { BUFFER = 4096, ANSWERS = 16, LITERALS = 4, LITERAL_MAX = 1000, PIECE_MAX = 97 };

struct words {
    struct guard guard;
    const uint8_t *bytes;
    size_t size;
};

static ssize_t give(void *context, void *bytes, size_t size)
{
    struct words *words = context;
    size_t part = 1 + words->size % PIECE_MAX;
    if (part > size)
        part = size;
    if (part > words->size)
        part = words->size;
    memcpy(bytes, words->bytes, part);
    words->bytes += part;
    words->size -= part;
    return (ssize_t)part;
}

static ssize_t read_low(mailstream_low *low, void *bytes, size_t size)
{
    struct words *words = low->data;
    const char *trouble;
    return guard_read(&words->guard, bytes, size, &trouble);
}

static ssize_t write_low(mailstream_low *low, const void *bytes, size_t size)
{
    (void)low, (void)bytes;
    return (ssize_t)size;
}

static int close_low(mailstream_low *low)
{
    (void)low;
    return 0;
}

static void free_low(mailstream_low *low)
{
    free(low);
}

static void take_message(struct mailimap_msg_att *attributes, void *context)
{
    (void)attributes, (void)context;
}

static void ignore_progress(size_t current, size_t maximum, void *context)
{
    (void)current, (void)maximum, (void)context;
}

static int read_answer(mailimap *imap, struct guard *guard)
{
    struct mailimap_response *response;
    guard_expect(guard, LITERALS, LITERAL_MAX);
    if (mailimap_send_current_tag(imap) != MAILIMAP_NO_ERROR || mailimap_read_line(imap) == NULL ||
        mailimap_parse_response(imap, &response) != MAILIMAP_NO_ERROR)
        return -1;
    mailimap_response_free(response);
    mailimap_has_extension(imap, "IDLE");
    mailimap_has_authentication(imap, "PLAIN");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static mailstream_low_driver driver = {.mailstream_read = read_low,
                                           .mailstream_write = write_low,
                                           .mailstream_close = close_low,
                                           .mailstream_free = free_low};
    static struct words words;
    words.bytes = bytes;
    words.size = size;
    guard_init(&words.guard, give, &words);
    mailimap *imap = mailimap_new(0, NULL);
    mailimap_set_progress_callback(imap, ignore_progress, ignore_progress, NULL);
    mailimap_set_msg_att_handler(imap, take_message, NULL);
    imap->imap_selection_info = mailimap_selection_info_new();
    int code = mailimap_connect(imap, mailstream_new(mailstream_low_new(&words, &driver), BUFFER));
    if (code == MAILIMAP_NO_ERROR_AUTHENTICATED || code == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
        for (int i = 0; i < ANSWERS && read_answer(imap, &words.guard) == 0; i++)
            continue;
    mailstream_close(imap->imap_stream);
    imap->imap_stream = NULL;
    mailimap_free(imap);
    return 0;
}
