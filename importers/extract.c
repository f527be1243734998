#include "extract.h"

#include <stdio.h>
#include <stdlib.h>

#include "../db/domain.h"
#include "buffer.h"
#include "field.h"
#include "message.h"
#include "report_json.h"
#include "signatures.h"
#include "unpack.h"

enum {
    NAME_TEXT = 512, /* of an attachment: submitter!domain!begin!end!id.json.gz */
    SUBJECT_TEXT = 1024,
    REASON_TEXT = 256,
    FOUND_MAX = 10000 /* reports and damaged ones in one message: all are held until it is stored */
};

const struct limits default_limits = {
    .message_max = 32 * 1024 * 1024,
    .document_max = 64 * 1024 * 1024,
    .parts_max = 1000,
    .nesting_max = 32,
    .json_depth_max = 32,
};

struct extractor {
    struct limits limits;
    struct message message, enclosed; /* the mail, and one that was encoded in it */
    struct unpacker *unpacker;
    struct report_reader *reader;
    struct buffer decoded;   /* the part that is being looked at */
    struct buffer enclosing; /* the one that `enclosed` was decoded from */
    struct buffer kept;      /* what is damaged, with what its mail tells of it */
    struct report report;
    struct signatures *signatures; /* NULL: nobody judges them */
    /* of the present call */
    extracted_fn *found;
    void *context;
    unsigned found_count;      /* more than FOUND_MAX: the rest is left out */
    unsigned other_count;      /* documents in one attachment that are no reports */
    char why_not[REASON_TEXT]; /* the last thing that was no report */
    struct {
        struct slice mail; /* start NULL: there is none */
        bool judged;       /* for this reporter: */
        char reporter[DOMAIN_TEXT];
        enum signature signature;
        char by[SIGNED_BY];
    } judging; /* of the mail's signature */
};

/* Where bytes that may be a report come from. */
struct source {
    const char *name; /* of the file; "" when it has none */
    const struct envelope *envelope;
    bool claims;      /* something says that this is a report: then it is damaged */
    const char *flaw; /* of its transfer encoding; "" when there was none */
};

struct extractor *extractor_new(const struct limits *limits)
{
    struct extractor *extractor = calloc(1, sizeof *extractor);
    if (extractor == NULL)
        return NULL;
    extractor->limits = *limits;
    report_init(&extractor->report, REPORT_MEMORY_MAX);
    extractor->unpacker = unpacker_new(&extractor->limits);
    extractor->reader = report_reader_new(limits->json_depth_max);
    if (extractor->unpacker == NULL || extractor->reader == NULL) {
        extractor_free(extractor);
        return NULL;
    }
    return extractor;
}

void extractor_free(struct extractor *extractor)
{
    if (extractor == NULL)
        return;
    unpacker_free(extractor->unpacker);
    report_reader_free(extractor->reader);
    buffer_free(&extractor->decoded);
    buffer_free(&extractor->enclosing);
    buffer_free(&extractor->kept);
    report_free(&extractor->report);
    free(extractor);
}

void extractor_verify(struct extractor *extractor, struct signatures *signatures)
{
    extractor->signatures = signatures;
}

/* Handing over what was found. */

/* Returns what FOUND does, or something else than 0 when no more is wanted. */
static int give(struct extractor *extractor, enum outcome outcome, const char *reason,
                struct slice bytes)
{
    if (extractor->found_count == FOUND_MAX) {
        outcome = OUTCOME_DAMAGED;
        snprintf(extractor->why_not, REASON_TEXT,
                 "it holds more than %d reports: the others were left out", FOUND_MAX);
        reason = extractor->why_not;
        bytes = (struct slice){NULL, 0};
    } else if (extractor->found_count > FOUND_MAX) {
        return 1;
    }
    struct extracted found = {
        .outcome = outcome,
        .reason = reason,
        .report = outcome == OUTCOME_IMPORTED ? &extractor->report : NULL,
        .bytes = bytes.start,
        .size = bytes.length,
        .part = extractor->found_count++,
    };
    return extractor->found(extractor->context, &found);
}

static char *put_field(char *to, const char *name, struct slice value)
{
    value = slice_trim(value);
    return value.length == 0
               ? to
               : to + sprintf(to, "%s: %.*s\r\n", name, (int)value.length, value.start);
}

/* The name without what would need an escape. */
static char *put_name(char *to, const char *name)
{
    if (name[0] == '\0')
        return to;
    to = stpcpy(to, "Content-Disposition: attachment; filename=\"");
    for (; *name != '\0'; name++)
        if (*name != '"' && *name != '\\' && (unsigned char)*name >= ' ')
            *to++ = *name;
    return stpcpy(to, "\"\r\n");
}

/* BYTES as the part of a mail that tells what that of SOURCE did: who the report is for and
 * by, without which a later try would take it for another one. */
static struct slice with_envelope(struct extractor *extractor, const struct source *source,
                                  struct slice bytes)
{
    enum { LINES = 256 /* names of fields, and what is between */ };
    const struct envelope *envelope = source->envelope;
    size_t length =
        envelope->report_domain.length + envelope->submitter.length + envelope->subject.length;
    if (length == 0 || bytes.length == 0 ||
        buffer_reserve(&extractor->kept, LINES + length + strlen(source->name) + bytes.length) != 0)
        return bytes;
    char *end = extractor->kept.bytes;
    end = put_field(end, "TLS-Report-Domain", envelope->report_domain);
    end = put_field(end, "TLS-Report-Submitter", envelope->submitter);
    end = put_field(end, "Subject", envelope->subject);
    end = put_name(end, source->name);
    end = stpcpy(end, "Content-Type: application/tlsrpt\r\n"
                      "Content-Transfer-Encoding: binary\r\n\r\n");
    memcpy(end, bytes.start, bytes.length);
    return slice_between(extractor->kept.bytes, end + bytes.length);
}

/* What cannot be read is damaged if it claims to be a report; else it only
 * explains why the message holds none. */
static int refuse(struct extractor *extractor, const struct source *source, const char *reason,
                  struct slice bytes)
{
    char *why_not = extractor->why_not;
    if (reason[0] == '\0')
        return -1; /* memory is short */
    snprintf(why_not, REASON_TEXT, "%s%s%s", reason, source->flaw[0] != '\0' ? "; " : "",
             source->flaw);
    if (!source->claims)
        return 0;
    return give(extractor, OUTCOME_DAMAGED, why_not, with_envelope(extractor, source, bytes));
}

/* An empty report in the memory of the last one, unless that was taken over. */
static void reset_report(struct report *report)
{
    struct arena arena = report->arena;
    arena_reset(&arena);
    report_init(report, REPORT_MEMORY_MAX);
    report->arena = arena;
    report->arena.limit = REPORT_MEMORY_MAX;
}

/* The recipient domain. */

static bool set_recipient(struct report *report, const char *name, size_t length)
{
    char domain[DOMAIN_TEXT];
    if (domain_normalise(name, length, domain) != 0)
        return false;
    const char *recipient = arena_strdup(&report->arena, domain);
    if (recipient != NULL)
        report->recipient = recipient;
    return true;
}

/* Passes over digits with CLOSING behind them; NULL if there is something else. */
static const char *skip_number(const char *text, const char *closing)
{
    size_t digits = strspn(text, "0123456789");
    bool closes = text[digits] != '\0' && strchr(closing, text[digits]) != NULL;
    return digits > 0 && closes ? text + digits : NULL;
}

/* The second field of "submitter!domain!begin!end.json.gz" or "...!end!id.json.gz", RFC
 * 8460 section 5.1: names of another form may hold exclamation marks, too. */
static bool recipient_from_name(struct report *report, const char *name)
{
    const char *start = strchr(name, '!');
    const char *end = start != NULL ? strchr(start + 1, '!') : NULL;
    const char *range = end != NULL ? skip_number(end + 1, "!") : NULL;
    return range != NULL && skip_number(range + 1, "!.") != NULL &&
           set_recipient(report, start + 1, (size_t)(end - start - 1));
}

/* "Report Domain: example.com Submitter: ...", RFC 8460 section 5.3. */
static bool recipient_from_subject(struct report *report, struct slice field)
{
    static const char label[] = "Report Domain:";
    char subject[SUBJECT_TEXT];
    field_text(field, subject, sizeof subject);
    const char *domain = strcasestr(subject, label);
    if (domain == NULL)
        return false;
    domain += strlen(label);
    domain += strspn(domain, " \t");
    return set_recipient(report, domain, strcspn(domain, " \t"));
}

/* Judges the signature of the mail, for a report of the domain REPORTER. */
static void judge_signature(struct extractor *extractor, const char *reporter)
{
    struct report *report = &extractor->report;
    if (extractor->signatures == NULL || extractor->judging.mail.start == NULL)
        return;
    if (!extractor->judging.judged || strcmp(extractor->judging.reporter, reporter) != 0) {
        extractor->judging.judged = true;
        snprintf(extractor->judging.reporter, DOMAIN_TEXT, "%s", reporter);
        extractor->judging.signature = signatures_judge(
            extractor->signatures, extractor->judging.mail, reporter, extractor->judging.by);
    }
    const char *by = arena_strdup(&report->arena, extractor->judging.by);
    report->signature = extractor->judging.signature;
    report->signed_by = by != NULL ? by : "";
}

/* What the mail tells of the report.  A missing organization is taken from the
 * header, too: it is part of what tells one report from another. */
static void use_envelope(struct extractor *extractor, const struct source *source)
{
    struct report *report = &extractor->report;
    char text[NAME_TEXT], submitter[DOMAIN_TEXT];
    field_text(source->envelope->report_domain, text, sizeof text);
    if (!set_recipient(report, text, strlen(text)) && !recipient_from_name(report, source->name))
        recipient_from_subject(report, source->envelope->subject);
    field_text(source->envelope->submitter, text, sizeof text);
    if (domain_normalise(text, strlen(text), submitter) != 0)
        submitter[0] = '\0';
    if (report->organization[0] == '\0' && submitter[0] != '\0') {
        const char *organization = arena_strdup(&report->arena, submitter);
        if (organization != NULL)
            report->organization = organization;
    }
    judge_signature(extractor, submitter);
}

/* Documents, and what they are packed in. */

/* Reads one JSON document.  RAW is what to keep of it. */
static int read_document(struct extractor *extractor, const struct source *source,
                         struct slice json, struct slice raw, size_t *used)
{
    struct report *report = &extractor->report;
    const char *why;
    reset_report(report);
    enum outcome outcome = report_read(extractor->reader, json, report, used);
    struct slice rest = slice_between(json.start + *used, json.start + json.length);
    if (raw.start == json.start || format_of(rest) == FORMAT_JSON) /* not all is of this one */
        raw = (struct slice){json.start, *used};
    if (outcome == OUTCOME_NOT_A_REPORT) {
        extractor->other_count++;
        snprintf(extractor->why_not, REASON_TEXT, "%s", report_reader_reason(extractor->reader));
        return 0;
    }
    if (outcome != OUTCOME_IMPORTED)
        return refuse(extractor, source, report_reader_reason(extractor->reader), raw);
    use_envelope(extractor, source);
    if (report_resolve(report, &why) != 0)
        return refuse(extractor, source, why, raw);
    return give(extractor, OUTCOME_IMPORTED, "", raw);
}

/* Passes over CHARACTER and white space around it; false where JSON begins with another. */
static bool pass_over(struct slice *json, char character)
{
    struct slice rest = slice_skip_space(*json);
    if (rest.length == 0 || *rest.start != character)
        return false;
    *json = slice_skip_space(slice_between(rest.start + 1, rest.start + rest.length));
    return true;
}

/* Is JSON a list?  Then it begins behind its bracket. */
static bool open_list(struct slice *json)
{
    struct slice rest = slice_skip_mark(*json);
    if (!pass_over(&rest, '['))
        return false;
    *json = rest;
    return true;
}

/* Reads the JSON documents that stand one behind the other in JSON, or in a list.  Of a
 * single one RAW, what it was unpacked from, is kept. */
static int read_documents(struct extractor *extractor, const struct source *source,
                          struct slice json, struct slice raw)
{
    bool list = open_list(&json);
    if (list)
        raw = json;
    extractor->other_count = 0;
    for (;;) {
        size_t used;
        if (extractor->other_count > extractor->limits.parts_max)
            return refuse(extractor, source, "it holds too much JSON that is no report", json);
        int stop = read_document(extractor, source, json, raw, &used);
        json = slice_between(json.start + used, json.start + json.length);
        if (stop != 0 || json.length == 0)
            return stop;
        if (list && !pass_over(&json, ','))
            return pass_over(&json, ']')
                       ? 0
                       : refuse(extractor, source, "its list goes on without a comma", json);
        if (format_of(json) != FORMAT_JSON)
            return list ? refuse(extractor, source, "its list holds what is no object", json) : 0;
        raw = json;
    }
}

static int read_gzip(struct extractor *extractor, const struct source *source, struct slice bytes)
{
    char reason[UNPACK_REASON];
    struct slice document;
    if (unpack_gzip(extractor->unpacker, bytes, &document, reason) != 0)
        return refuse(extractor, source, reason, bytes);
    if (format_of(document) != FORMAT_JSON)
        return refuse(extractor, source, "its gzip holds no JSON", bytes);
    return read_documents(extractor, source, document, bytes);
}

struct archive {
    struct extractor *extractor;
    const struct source *source;
};

static int read_zip_member(void *context, const char *name, struct slice content)
{
    const struct archive *archive = context;
    struct source source = *archive->source;
    source.name = name;
    switch (format_of(content)) {
    case FORMAT_JSON:
        return read_documents(archive->extractor, &source, content, content);
    case FORMAT_GZIP:
        return read_gzip(archive->extractor, &source, content);
    default:
        return 0;
    }
}

static int read_zip(struct extractor *extractor, const struct source *source, struct slice bytes)
{
    struct archive archive = {extractor, source};
    char reason[UNPACK_REASON];
    int stopped;
    unsigned before = extractor->found_count;
    if (unpack_zip(extractor->unpacker, bytes, read_zip_member, &archive, &stopped, reason) != 0)
        return refuse(extractor, source, reason, bytes);
    if (stopped == 0 && extractor->found_count == before)
        snprintf(extractor->why_not, REASON_TEXT, "its zip archive holds no TLS report");
    return stopped;
}

static int read_content(struct extractor *extractor, const struct source *source,
                        struct slice bytes)
{
    switch (format_of(bytes)) {
    case FORMAT_JSON:
        return read_documents(extractor, source, bytes, bytes);
    case FORMAT_GZIP:
        return read_gzip(extractor, source, bytes);
    case FORMAT_ZIP:
        return read_zip(extractor, source, bytes);
    default:
        return 0;
    }
}

/* Messages. */

/* Decodes the body of PART into BUFFER; -1 when memory is short. */
static int decode_part(const struct part *part, struct buffer *buffer, struct slice *content,
                       const char **flaw)
{
    *content = part->body;
    *flaw = "";
    if (part->encoding == ENCODING_NONE)
        return 0;
    if (buffer_reserve(buffer, part->body.length) != 0)
        return -1;
    content->start = buffer->bytes;
    content->length = part->encoding == ENCODING_BASE64
                          ? decode_base64(part->body, buffer->bytes, flaw)
                          : decode_quoted_printable(part->body, buffer->bytes);
    return 0;
}

/* Is NAME one that RFC 8460 section 5.1 gives to reports?  DMARC reports have
 * the same, but for their ".xml" (RFC 7489 section 7.2.1.1). */
static bool is_report_name(const char *name)
{
    int marks = 0;
    for (const char *c = name; *c != '\0'; c++)
        marks += *c == '!';
    const char *json = strcasestr(name, ".json");
    return marks >= 3 && strcasestr(name, ".xml") == NULL &&
           (json != NULL || strcasestr(name, ".gz") != NULL || strcasestr(name, ".zip") != NULL);
}

/* Is PART a whole message, which is read when it has been decoded?  Message.c reads those
 * that are not encoded. */
static bool is_encoded_message(const struct part *part, const char *name)
{
    const char *end = strrchr(name, '.');
    return slice_is(part->type, "message/rfc822") || slice_is(part->type, "message/global") ||
           (end != NULL && strcasecmp(end, ".eml") == 0);
}

static int read_message(struct extractor *extractor, struct message *message, struct slice bytes,
                        const struct part *around);

static int read_part(struct extractor *extractor, const struct part *part, bool enclosed)
{
    char name[NAME_TEXT];
    struct slice content;
    struct source source = {.name = name, .envelope = &part->envelope, .flaw = ""};
    part_name(part, name, sizeof name);
    bool is_report = slice_begins(part->type, "application/tlsrpt") || is_report_name(name);
    bool is_message = !enclosed && is_encoded_message(part, name);
    struct buffer *buffer = is_message ? &extractor->enclosing : &extractor->decoded;
    source.claims = is_report || part->tlsrpt || part->envelope.report_domain.length > 0;
    if (decode_part(part, buffer, &content, &source.flaw) != 0)
        return -1;
    if (is_message && format_of(content) == FORMAT_OTHER)
        return read_message(extractor, &extractor->enclosed, content, part);
    if (is_report && format_of(content) == FORMAT_OTHER)
        return refuse(extractor, &source, "its attachment is neither gzip, zip nor JSON", content);
    return read_content(extractor, &source, content);
}

/* Reads BYTES as a message: a mail, or what was encoded in the part AROUND. */
static int read_message(struct extractor *extractor, struct message *message, struct slice bytes,
                        const struct part *around)
{
    struct part part;
    unsigned before = extractor->found_count;
    int more, stop = 0;
    message_open(message, bytes, &extractor->limits, around);
    while (stop == 0 && (more = message_next(message, &part)) > 0)
        stop = read_part(extractor, &part, around != NULL);
    if (stop == 0 && more < 0)
        return give(extractor, OUTCOME_DAMAGED, message->reason, bytes);
    if (stop == 0 && extractor->found_count == before && message->claims)
        return give(extractor, OUTCOME_DAMAGED,
                    "the mail says that it is a TLS report, but has none attached", bytes);
    return stop;
}

int extract(struct extractor *extractor, const char *name, const char *bytes, size_t size,
            extracted_fn *found, void *context)
{
    static const struct envelope no_envelope;
    struct slice all = {bytes, size};
    extractor->found = found;
    extractor->context = context;
    extractor->found_count = 0;
    extractor->judging.mail.start = NULL;
    extractor->judging.judged = false;
    buffer_trim(&extractor->decoded);
    buffer_trim(&extractor->enclosing);
    buffer_trim(&extractor->kept);
    unpacker_begin(extractor->unpacker);
    snprintf(extractor->why_not, REASON_TEXT, "it holds no JSON, gzip or zip");
    if (size > extractor->limits.message_max) {
        char reason[REASON_TEXT];
        snprintf(reason, sizeof reason, "it is %zu bytes long, more than the %zu that are read",
                 size, extractor->limits.message_max);
        return give(extractor, OUTCOME_DAMAGED, reason, all);
    }
    int stop;
    if (format_of(all) == FORMAT_OTHER) {
        extractor->judging.mail = all;
        stop = read_message(extractor, &extractor->message, all, NULL);
    } else {
        const char *slash = name == NULL ? NULL : strrchr(name, '/');
        struct source source = {.name = slash != NULL  ? slash + 1
                                        : name == NULL ? ""
                                                       : name,
                                .envelope = &no_envelope,
                                .claims = true,
                                .flaw = ""};
        stop = read_content(extractor, &source, all);
    }
    if (stop == 0 && extractor->found_count == 0)
        return give(extractor, OUTCOME_NOT_A_REPORT, extractor->why_not, all);
    return extractor->found_count > FOUND_MAX ? 0 : stop;
}
