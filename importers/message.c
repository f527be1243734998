#include "message.h"

#include <stdio.h>

#include "field.h"

/* The header fields of one part that matter here. */
struct header {
    struct slice content_type;
    struct slice encoding;
    struct slice disposition;
    struct envelope envelope;
};

static const struct {
    const char *name;
    size_t length;
    size_t offset;
} fields[] = {
#define FIELD(name, member)                                                                        \
    {                                                                                              \
        name, sizeof name - 1, offsetof(struct header, member)                                     \
    }
    FIELD("Content-Type", content_type),
    FIELD("Content-Transfer-Encoding", encoding),
    FIELD("Content-Disposition", disposition),
    FIELD("TLS-Report-Domain", envelope.report_domain),
    FIELD("TLS-Report-Submitter", envelope.submitter),
    FIELD("Subject", envelope.subject),
#undef FIELD
};

/* Gives up on the rest: "the mail has more than 1000 parts". */
static int fail(struct message *message, const char *what, unsigned limit, const char *unit)
{
    snprintf(message->reason, sizeof message->reason, "the mail %s more than %u %s", what, limit,
             unit);
    message->at = message->end;
    return -1;
}

/* The level whose boundary stands on the line at AT, from the innermost
 * outwards; -1 when it is none.  *CLOSES is whether it is the last one. */
static int match_boundary(const struct message *message, const char *at, bool *closes)
{
    if (message->end - at < 2 || at[0] != '-' || at[1] != '-')
        return -1;
    const char *end = slice_next_line(at, message->end);
    while (end > at + 2 && slice_space(end[-1]))
        end--;
    struct slice line = slice_between(at + 2, end);
    for (int level = (int)message->depth; level >= 0; level--) {
        struct slice boundary = message->levels[level].boundary;
        size_t more = line.length - boundary.length;
        if (boundary.length == 0 || line.length < boundary.length || (more != 0 && more != 2) ||
            memcmp(line.start, boundary.start, boundary.length) != 0)
            continue;
        *closes = more == 2;
        if (!*closes || memcmp(end - 2, "--", 2) == 0)
            return level;
    }
    return -1;
}

/* Goes behind the next boundary line of any open multipart, leaving those it
 * ends.  Returns where the line begins, or the end of the message. */
static const char *find_boundary(struct message *message)
{
    const char *line = message->at;
    message->at_header = false;
    while (line < message->end) {
        bool closes;
        int level = match_boundary(message, line, &closes);
        if (level >= 0) {
            message->depth = (unsigned)level - closes;
            message->at_header = !closes;
            message->at = slice_next_line(line, message->end);
            return line;
        }
        line = slice_next_line(line, message->end);
    }
    message->at = message->end;
    return message->end;
}

static void take_field(struct header *header, struct slice line)
{
    const char *colon = memchr(line.start, ':', line.length);
    if (colon == NULL)
        return;
    struct slice name = slice_trim(slice_between(line.start, colon));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (name.length != fields[i].length || !slice_is(name, fields[i].name))
            continue;
        struct slice *value = (struct slice *)(void *)((char *)header + fields[i].offset);
        if (value->start == NULL) /* the first of a kind stands */
            *value = slice_between(colon + 1, line.start + line.length);
        return;
    }
}

/* Reads the header at message->at and goes to the body behind it. */
static int read_header(struct message *message, struct header *header)
{
    const char *start = message->at, *end = message->end;
    const char *at = start;
    bool closes;
    *header = (struct header){0};
    while (at < end && match_boundary(message, at, &closes) < 0) {
        const char *next = slice_next_line(at, end);
        if (*at == '\n' || (*at == '\r' && next - at == 2)) {
            at = next;
            break;
        }
        while (next < end && (*next == ' ' || *next == '\t')) /* folded */
            next = slice_next_line(next, end);
        if (next - start > MESSAGE_HEADER_MAX)
            return fail(message, "has a header of", MESSAGE_HEADER_MAX, "bytes");
        take_field(header, slice_between(at, next));
        at = next;
    }
    message->at = at;
    return 0;
}

static void inherit(struct slice *own, struct slice outer)
{
    if (own->start == NULL)
        *own = outer;
}

/* The header of a message, not of a part, has fields for all that it holds. */
static void set_envelope(struct message_level *level, const struct envelope *own)
{
    struct envelope outer = level->envelope;
    level->envelope = *own;
    inherit(&level->envelope.report_domain, outer.report_domain);
    inherit(&level->envelope.submitter, outer.submitter);
    inherit(&level->envelope.subject, outer.subject);
}

static bool is_tlsrpt(struct slice type, const struct header *header)
{
    return slice_is(type, "multipart/report") &&
           slice_is(field_parameter(header->content_type, "report-type"), "tlsrpt");
}

/* The boundary in FIELD; one of length 0 when there is none, or a longer one than is read.
 * What has to be decoded stands in DECODED. */
static struct slice find_boundary_parameter(struct slice field,
                                            char decoded[static MESSAGE_BOUNDARY_MAX + 2])
{
    struct slice boundary = field_parameter(field, "boundary");
    bool escaped = boundary.start != NULL && memchr(boundary.start, '\\', boundary.length) != NULL;
    if (boundary.start == NULL || escaped) {
        field_decoded_parameter(field, "boundary", decoded, MESSAGE_BOUNDARY_MAX + 2);
        boundary = (struct slice){decoded, strlen(decoded)};
    } else if (boundary.start[-1] != '"') {
        boundary = slice_token(boundary);
    }
    return boundary.length > MESSAGE_BOUNDARY_MAX ? (struct slice){NULL, 0} : boundary;
}

/* Enters a multipart (with its boundary) or an enclosed message (without). */
static int enter(struct message *message, struct slice type, const struct header *header,
                 struct slice boundary)
{
    if (message->depth == message->nesting_max)
        return fail(message, "nests its parts", message->nesting_max, "deep");
    struct message_level *level = &message->levels[++message->depth];
    *level = level[-1];
    level->boundary = boundary;
    if (boundary.length > 0) {
        memcpy(level->boundary_text, boundary.start, boundary.length);
        level->boundary.start = level->boundary_text;
    }
    level->digest = slice_is(type, "multipart/digest");
    level->tlsrpt |= is_tlsrpt(type, header);
    return 0;
}

static void skip_blank_lines(struct message *message)
{
    while (message->at < message->end && (*message->at == '\n' || *message->at == '\r'))
        message->at++;
}

void message_open(struct message *message, struct slice bytes, const struct limits *limits,
                  const struct part *around)
{
    message->at = bytes.start;
    message->end = bytes.start + bytes.length;
    message->parts = 0;
    message->parts_max = limits->parts_max;
    message->nesting_max =
        limits->nesting_max < MESSAGE_NESTING_MAX ? limits->nesting_max : MESSAGE_NESTING_MAX;
    message->depth = 0;
    message->levels[0] = (struct message_level){0};
    if (around != NULL) {
        message->levels[0].envelope = around->envelope;
        message->levels[0].tlsrpt = around->tlsrpt;
    }
    message->reason[0] = '\0';
    message->at_header = true;
    message->claims = false;
    skip_blank_lines(message);
}

static struct slice type_of(const struct message *message, const struct header *header)
{
    struct slice type = field_value(header->content_type);
    if (type.length == 0 && message->levels[message->depth].digest)
        return (struct slice){"message/rfc822", strlen("message/rfc822")};
    return type;
}

static void take_part(struct message *message, const struct header *header, struct slice type,
                      struct part *part)
{
    const struct message_level *level = &message->levels[message->depth];
    part->type = type;
    part->content_type = header->content_type;
    part->disposition = header->disposition;
    part->encoding = encoding_find(header->encoding);
    part->envelope = level->envelope;
    part->tlsrpt = level->tlsrpt;
    const char *start = message->at;
    const char *end = find_boundary(message);
    if (message->at != message->end || end != message->end) { /* the line end is the boundary's */
        end -= end > start && end[-1] == '\n';
        end -= end > start && end[-1] == '\r';
    }
    part->body = slice_between(start, end);
}

int message_next(struct message *message, struct part *part)
{
    bool is_message = message->parts == 0; /* else the header is that of a part */
    while (message->at < message->end) {
        if (!message->at_header) {
            find_boundary(message);
            continue;
        }
        if (message->parts++ == message->parts_max)
            return fail(message, "has", message->parts_max, "parts");
        struct header header;
        if (read_header(message, &header) != 0)
            return -1;
        if (is_message)
            set_envelope(&message->levels[message->depth], &header.envelope);
        struct slice type = type_of(message, &header);
        message->claims |=
            is_tlsrpt(type, &header) || (is_message && header.envelope.report_domain.length > 0);
        char decoded[MESSAGE_BOUNDARY_MAX + 2];
        struct slice boundary = {NULL, 0};
        if (slice_begins(type, "multipart/"))
            boundary = find_boundary_parameter(header.content_type, decoded);
        is_message = (slice_is(type, "message/rfc822") || slice_is(type, "message/global")) &&
                     encoding_find(header.encoding) == ENCODING_NONE;
        if (!is_message && boundary.length == 0) {
            take_part(message, &header, type, part);
            return 1;
        }
        if (enter(message, type, &header, boundary) != 0)
            return -1;
        message->at_header = is_message;
    }
    return 0;
}

void part_name(const struct part *part, char *name, size_t size)
{
    field_decoded_parameter(part->disposition, "filename", name, size);
    if (name[0] == '\0')
        field_decoded_parameter(part->content_type, "name", name, size);
}
