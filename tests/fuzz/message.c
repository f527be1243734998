/* Parts lie within the message, and their decoders stay within their room. */
#include "../../importers/decode.h"
#include "../../importers/field.h"
#include "../../importers/message.h"
#include "fuzz.h"

static void decode_part(const struct part *part)
{
    char name[64], text[64];
    char *out = malloc(part->body.length + 1);
    EXPECT(out != NULL);
    EXPECT(decode_base64(part->body, out, NULL) <= part->body.length);
    EXPECT(decode_quoted_printable(part->body, out) <= part->body.length);
    free(out);
    part_name(part, name, sizeof name);
    field_text(part->envelope.subject, text, sizeof text);
    field_text(part->envelope.report_domain, text, sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct message message;
    const char *start = (const char *)bytes, *end = start + size;
    struct part part;
    unsigned parts = 0;
    int more;
    message_open(&message, (struct slice){start, size}, &default_limits, NULL);
    while ((more = message_next(&message, &part)) > 0) {
        EXPECT(++parts <= default_limits.parts_max);
        EXPECT(part.body.start >= start && part.body.length <= (size_t)(end - part.body.start));
        decode_part(&part);
    }
    EXPECT((more < 0) == (message.reason[0] != '\0'));
    return 0;
}
