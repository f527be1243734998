#include "report_json.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../db/day.h"
#include "../db/domain.h"
#include "../db/sts_policy.h"

enum {
    SHORT_DOCUMENT = 256 * 1024, /* its parsed form cannot be large */
    VALUE_COST = 100,            /* bytes, about what json-c takes for each */
    ARRAY_COST = 400,
    OBJECT_COST = 800,
    COUNT_DIGITS_MAX = 18,
    FIRST_DAY = 16801 /* 2016-01-01: the first draft of TLS reports is of that year */
};

struct report_reader {
    json_tokener *tokener;
    json_tokener *list_tokener; /* for a list inside a string */
    unsigned depth_max;
    struct arena *arena; /* of the report that is being read */
    bool out_of_memory;  /* some string did not fit into it */
    size_t failures;     /* in the whole report so far */
    char reason[REPORT_REASON];
};

struct report_reader *report_reader_new(unsigned depth_max)
{
    struct report_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return NULL;
    reader->depth_max = depth_max;
    reader->tokener = json_tokener_new_ex((int)(depth_max < INT_MAX ? depth_max : INT_MAX));
    reader->list_tokener = json_tokener_new_ex(2);
    if (reader->tokener == NULL || reader->list_tokener == NULL) {
        report_reader_free(reader);
        return NULL;
    }
    return reader;
}

void report_reader_free(struct report_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->tokener != NULL)
        json_tokener_free(reader->tokener);
    if (reader->list_tokener != NULL)
        json_tokener_free(reader->list_tokener);
    free(reader);
}

const char *report_reader_reason(const struct report_reader *reader)
{
    return reader->reason;
}

static int complain(struct report_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets the reason, made printable, for it may quote what a stranger sent. */
static int complain(struct report_reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reader->reason, sizeof reader->reason, format, args);
    va_end(args);
    for (char *c = reader->reason; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    return -1;
}

/* Text. */

static bool is_continuation(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (((unsigned char)bytes[i] & 0xc0) != 0x80)
            return false;
    }
    return true;
}

/* Bytes of the UTF-8 character at TEXT, which has LEFT of them; 0 when it is
 * none: cut off, overlong, a surrogate, above U+10FFFF, or NUL. */
static size_t character_length(const char *text, size_t left)
{
    unsigned char first = (unsigned char)text[0];
    unsigned char second = left > 1 ? (unsigned char)text[1] : 0;
    if (first < 0x80)
        return first != 0;
    size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0xc2 || first > 0xf4 || left < length || !is_continuation(text + 1, length - 1))
        return 0;
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
        return 0;
    return length;
}

/* Room for text of at most `max` bytes; `start` has one more for its NUL. */
struct text {
    char *start;
    size_t length;
    size_t max;
};

/* Appends bytes as UTF-8 without NUL: U+FFFD stands for what is none.  Text
 * that does not fit ends before the character that would be cut. */
static void append(struct text *text, const char *bytes, size_t length)
{
    while (length > 0) {
        size_t taken = character_length(bytes, length);
        const char *character = taken > 0 ? bytes : "\xef\xbf\xbd";
        size_t size = taken > 0 ? taken : 3;
        if (text->length + size > text->max)
            return;
        memcpy(text->start + text->length, character, size);
        text->length += size;
        bytes += taken > 0 ? taken : 1;
        length -= taken > 0 ? taken : 1;
    }
}

/* Room for text out of LENGTH bytes, of which each may become U+FFFD. */
static bool begin_text(struct report_reader *reader, struct text *text, size_t length, size_t max)
{
    text->length = 0;
    text->max = length < max / 3 ? length * 3 : max;
    text->start = arena_alloc(reader->arena, text->max + 1);
    if (text->start == NULL)
        reader->out_of_memory = true;
    return text->start != NULL;
}

static bool is_plain(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((signed char)bytes[i] <= 0)
            return false;
    }
    return true;
}

/* The bytes as text of the report; "" when memory is short. */
static const char *copy_text(struct report_reader *reader, const char *bytes, size_t length)
{
    if (length == 0)
        return "";
    if (length <= REPORT_TEXT_MAX && is_plain(bytes, length)) {
        const char *copy = arena_strndup(reader->arena, bytes, length);
        reader->out_of_memory |= copy == NULL;
        return copy == NULL ? "" : copy;
    }
    struct text text;
    if (!begin_text(reader, &text, length, REPORT_TEXT_MAX))
        return "";
    append(&text, bytes, length);
    return text.start;
}

/* A JSON value as bytes: a string as it is, a number as it is written. */
static struct slice value_bytes(json_object *value)
{
    if (value == NULL)
        return (struct slice){"", 0};
    const char *bytes = json_object_get_string(value);
    if (bytes == NULL)
        return (struct slice){"", 0};
    bool is_string = json_object_is_type(value, json_type_string);
    return (struct slice){bytes,
                          is_string ? (size_t)json_object_get_string_len(value) : strlen(bytes)};
}

static json_object *member(json_object *object, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

static const char *member_text(struct report_reader *reader, json_object *object, const char *key)
{
    struct slice bytes = value_bytes(member(object, key));
    return copy_text(reader, bytes.start, bytes.length);
}

/* An IP address, in canonical form where it is one: the same sender, the same text. */
static const char *member_ip(struct report_reader *reader, json_object *object, const char *key)
{
    struct slice bytes = slice_trim(value_bytes(member(object, key)));
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (bytes.length > 0 && bytes.length < sizeof text) {
        memcpy(text, bytes.start, bytes.length);
        text[bytes.length] = '\0';
        int family = memchr(bytes.start, ':', bytes.length) != NULL ? AF_INET6 : AF_INET;
        if (inet_pton(family, text, &address) == 1 &&
            inet_ntop(family, &address, text, sizeof text) != NULL)
            bytes = (struct slice){text, strlen(text)};
    }
    return copy_text(reader, bytes.start, bytes.length);
}

/* A host name in the form names are compared in; as sent where it is none. */
static const char *member_host(struct report_reader *reader, json_object *object, const char *key)
{
    struct slice bytes = value_bytes(member(object, key));
    char host[DOMAIN_TEXT];
    if (domain_normalise(bytes.start, bytes.length, host) == 0)
        bytes = (struct slice){host, strlen(host)};
    return copy_text(reader, bytes.start, bytes.length);
}

/* Counts and instants. */

static bool read_digits(struct slice digits, int64_t *number)
{
    *number = 0;
    digits = slice_trim(digits);
    if (digits.length > COUNT_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.start[i] < '0' || digits.start[i] > '9')
            return false;
        *number = *number * 10 + (digits.start[i] - '0');
    }
    return true;
}

static bool read_number(json_object *value, int64_t *number)
{
    double real;
    *number = 0;
    switch (json_object_get_type(value)) {
    case json_type_null:
        return true;
    case json_type_int:
        *number = json_object_get_int64(value);
        return true;
    case json_type_double:
        real = json_object_get_double(value);
        if (!(real >= 0 && real <= (double)SESSIONS_MAX))
            return false;
        *number = (int64_t)real;
        return (double)*number == real;
    case json_type_string:
        return read_digits(value_bytes(value), number);
    default:
        return false;
    }
}

/* Of an integer that is too long json-c keeps the nearest one that it can. */
static const char *wrong_count_text(json_object *value)
{
    int64_t number = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;
    if (number == INT64_MAX)
        return "too large";
    return number == INT64_MIN ? "below zero" : value_bytes(value).start;
}

static int read_count(struct report_reader *reader, json_object *object, const char *key,
                      int64_t *count)
{
    json_object *value = member(object, key);
    if (read_number(value, count) && *count >= 0 && *count <= SESSIONS_MAX)
        return 0;
    return complain(reader, "its %s is %.40s, not a count from 0 to %" PRId64, key,
                    wrong_count_text(value), SESSIONS_MAX);
}

static int read_instant(struct report_reader *reader, json_object *range, const char *key,
                        int64_t *instant)
{
    struct slice text = value_bytes(member(range, key));
    if (text.length == 0)
        return complain(reader, "its date-range has no %s", key);
    if (instant_parse(text.start, instant) != 0)
        return complain(reader, "its %s is %.40s, not a date and time", key, text.start);
    return 0;
}

/* Lists of lines: policy-string and mx-host. */

/* The list that STRING holds, as Microsoft sends TLSA records; NULL when it
 * holds none.  To be given to json_object_put(). */
static json_object *list_in_string(struct report_reader *reader, struct slice string)
{
    if (string.length == 0 || string.length > STS_POLICY_MAX || string.start[0] != '[')
        return NULL;
    json_tokener_reset(reader->list_tokener);
    json_object *list =
        json_tokener_parse_ex(reader->list_tokener, string.start, (int)string.length);
    if (json_object_is_type(list, json_type_array))
        return list;
    json_object_put(list);
    return NULL;
}

struct list {
    json_object *value; /* an array or a single value */
    const char *prefix; /* taken off each line; "" for none */
    char separator;
};

static size_t list_length(const struct list *list)
{
    return json_object_is_type(list->value, json_type_array) ? json_object_array_length(list->value)
                                                             : list->value != NULL;
}

static struct slice list_line(const struct list *list, size_t index)
{
    bool is_array = json_object_is_type(list->value, json_type_array);
    struct slice line = slice_trim(
        value_bytes(is_array ? json_object_array_get_idx(list->value, index) : list->value));
    if (slice_begins(line, list->prefix)) {
        line.start += strlen(list->prefix);
        line.length -= strlen(list->prefix);
    }
    return slice_trim(line);
}

/* A whole policy file in one string may have CRLF at its line ends. */
static void drop_carriage_returns(char *text)
{
    char *out = text;
    for (const char *c = text; *c != '\0'; c++) {
        if (c[0] != '\r' || c[1] != '\n')
            *out++ = *c;
    }
    *out = '\0';
}

/* The lines of LIST that are not empty, joined. */
static const char *join_list(struct report_reader *reader, const struct list *list)
{
    size_t count = list_length(list), size = 0;
    for (size_t i = 0; i < count && size < STS_POLICY_MAX; i++)
        size += list_line(list, i).length + 1;
    struct text text;
    if (size == 0 || !begin_text(reader, &text, size, STS_POLICY_MAX))
        return "";
    for (size_t i = 0; i < count && text.length < text.max; i++) {
        struct slice line = list_line(list, i);
        if (line.length == 0)
            continue;
        if (text.length > 0)
            append(&text, &list->separator, 1);
        append(&text, line.start, line.length < REPORT_TEXT_MAX ? line.length : REPORT_TEXT_MAX);
    }
    drop_carriage_returns(text.start);
    return text.start;
}

/* As join_list(), of a list that may be the only string of the list. */
static const char *join_lines(struct report_reader *reader, struct list list)
{
    json_object *inner = NULL;
    if (list_length(&list) == 1)
        inner = list_in_string(reader, list_line(&list, 0));
    if (inner != NULL)
        list.value = inner;
    const char *text = join_list(reader, &list);
    json_object_put(inner);
    return text;
}

/* The parts of a report. */

/* The array KEY of OBJECT; 0 entries when it is missing or null. */
static int read_array(struct report_reader *reader, json_object *object, const char *key,
                      json_object **array, size_t *count)
{
    *array = member(object, key);
    *count = 0;
    if (*array == NULL)
        return 0;
    if (!json_object_is_type(*array, json_type_array))
        return complain(reader, "its %s is not a list", key);
    *count = json_object_array_length(*array);
    for (size_t i = 0; i < *count; i++) {
        if (!json_object_is_type(json_object_array_get_idx(*array, i), json_type_object))
            return complain(reader, "entry %zu of its %s is not an object", i + 1, key);
    }
    return 0;
}

static void *allocate(struct report_reader *reader, size_t count, size_t size)
{
    void *array = arena_alloc(reader->arena, count * size);
    if (array == NULL)
        complain(reader, "it needs more memory than there is");
    return array;
}

static const char *or_unspecified(const char *name)
{
    return name[0] == '\0' ? "unspecified" : name;
}

/* An entry of failure-details, RFC 8460 section 4.4. */
static int read_failure(struct report_reader *reader, json_object *entry, struct failure *failure)
{
    failure->result_type = or_unspecified(member_text(reader, entry, "result-type"));
    failure->sending_mta_ip = member_ip(reader, entry, "sending-mta-ip");
    failure->receiving_mx_hostname = member_host(reader, entry, "receiving-mx-hostname");
    failure->receiving_mx_helo = member_text(reader, entry, "receiving-mx-helo");
    failure->receiving_ip = member_ip(reader, entry, "receiving-ip");
    failure->reason_code = member_text(reader, entry, "failure-reason-code");
    failure->additional_info = member_text(reader, entry, "additional-information");
    return read_count(reader, entry, "failed-session-count", &failure->failed);
}

static int read_failures(struct report_reader *reader, json_object *entry, struct policy *policy)
{
    json_object *array;
    size_t count;
    if (read_array(reader, entry, "failure-details", &array, &count) != 0)
        return -1;
    reader->failures += count;
    if (reader->failures > REPORT_FAILURES_MAX)
        return complain(reader, "it has more than %d failure-details", REPORT_FAILURES_MAX);
    policy->failures = allocate(reader, count, sizeof *policy->failures);
    if (policy->failures == NULL)
        return -1;
    policy->failure_count = count;
    for (size_t i = 0; i < count; i++) {
        if (read_failure(reader, json_object_array_get_idx(array, i), &policy->failures[i]) != 0)
            return -1;
    }
    return 0;
}

static int read_domain(struct report_reader *reader, json_object *object, struct policy *policy)
{
    struct slice name = slice_trim(value_bytes(member(object, "policy-domain")));
    char domain[DOMAIN_TEXT] = "";
    if (name.length > 0 && domain_normalise(name.start, name.length, domain) != 0)
        return complain(reader, "its policy-domain is %.80s, not a domain name", name.start);
    policy->domain = copy_text(reader, domain, strlen(domain));
    return 0;
}

/* Where no summary counts the failures, the failure-details are all there is to count. */
static int sum_failures(struct report_reader *reader, struct policy *policy)
{
    for (size_t i = 0; i < policy->failure_count; i++)
        policy->failed += policy->failures[i].failed;
    if (policy->failed > SESSIONS_MAX)
        return complain(reader, "its failure-details sum up to more than %" PRId64 " sessions",
                        SESSIONS_MAX);
    return 0;
}

static int read_policy(struct report_reader *reader, json_object *entry, struct policy *policy)
{
    json_object *object = member(entry, "policy"), *summary = member(entry, "summary");
    json_object *hosts = member(object, "mx-host");
    if (hosts == NULL)
        hosts = member(object, "mx-host-pattern");
    policy->type = or_unspecified(member_text(reader, object, "policy-type"));
    policy->text = join_lines(reader, (struct list){member(object, "policy-string"), "", '\n'});
    policy->mx = join_lines(reader, (struct list){hosts, "mx:", ' '});
    if (read_domain(reader, object, policy) != 0 || read_failures(reader, entry, policy) != 0)
        return -1;
    if (summary != NULL && !json_object_is_type(summary, json_type_object))
        return complain(reader, "its summary is no object");
    if (read_count(reader, summary, "total-successful-session-count", &policy->successful) != 0)
        return -1;
    if (member(summary, "total-failure-session-count") == NULL)
        return sum_failures(reader, policy);
    return read_count(reader, summary, "total-failure-session-count", &policy->failed);
}

/* What the sums of many reports are made of is as absurd as a count. */
static int check_sums(struct report_reader *reader, const struct report *report)
{
    int64_t sessions = 0, named = 0; /* of so many policies and failures they do not overflow */
    for (size_t i = 0; i < report->policy_count; i++) {
        const struct policy *policy = &report->policies[i];
        sessions += policy->successful + policy->failed;
        for (size_t j = 0; j < policy->failure_count; j++)
            named += policy->failures[j].failed;
    }
    if (sessions <= SESSIONS_MAX && named <= SESSIONS_MAX)
        return 0;
    return complain(reader, "its counts sum up to more than %" PRId64 " sessions", SESSIONS_MAX);
}

static int read_policies(struct report_reader *reader, json_object *root, struct report *report)
{
    json_object *array;
    size_t count;
    if (read_array(reader, root, "policies", &array, &count) != 0)
        return -1;
    if (array == NULL)
        return complain(reader, "it has no policies");
    if (count > REPORT_POLICIES_MAX)
        return complain(reader, "it has more than %d policies", REPORT_POLICIES_MAX);
    report->policies = allocate(reader, count, sizeof *report->policies);
    if (report->policies == NULL)
        return -1;
    report->policy_count = count;
    for (size_t i = 0; i < count; i++) {
        if (read_policy(reader, json_object_array_get_idx(array, i), &report->policies[i]) != 0)
            return -1;
    }
    return check_sums(reader, report);
}

/* What the mail told of a report that `tlsrptop export reports` wrote; a mail or
 * file name around this document still comes first. */
static void read_envelope(struct report_reader *reader, json_object *envelope,
                          struct report *report)
{
    struct slice name = value_bytes(member(envelope, "recipient-domain"));
    char domain[DOMAIN_TEXT];
    if (domain_normalise(name.start, name.length, domain) == 0)
        report->recipient = copy_text(reader, domain, strlen(domain));
    if (report->organization[0] == '\0')
        report->organization = member_text(reader, envelope, "organization-name");
}

/* One report of 1970, or of 2099, would stretch every chart for good. */
static int check_range(struct report_reader *reader, const struct report *report)
{
    char begin[INSTANT_TEXT], end[INSTANT_TEXT], day[DAY_TEXT];
    day_format(day_of(report->begin), day);
    if (report->begin > instant_now() + SECONDS_PER_DAY)
        return complain(reader, "it tells of days to come: it begins on %s", day);
    if (report->end > instant_now() + SECONDS_PER_DAY)
        return complain(reader, "it tells of days to come: it ends on %s",
                        day_format(day_of(report->end), day));
    if (day_of(report->begin) < FIRST_DAY)
        return complain(reader, "it is older than TLS reports are: it begins on %s", day);
    if (report->end < report->begin)
        return complain(reader, "it ends before it begins: from %s to %s",
                        instant_format(report->begin, begin), instant_format(report->end, end));
    return 0;
}

static int read_root(struct report_reader *reader, json_object *root, struct report *report)
{
    json_object *range = member(root, "date-range");
    report->organization = member_text(reader, root, "organization-name");
    report->report_id = member_text(reader, root, "report-id");
    report->contact = member_text(reader, root, "contact-info");
    read_envelope(reader, member(root, "tlsrptop"), report);
    if (read_instant(reader, range, "start-datetime", &report->begin) != 0 ||
        read_instant(reader, range, "end-datetime", &report->end) != 0 ||
        read_policies(reader, root, report) != 0)
        return -1;
    if (reader->out_of_memory)
        return complain(reader, "it needs more memory than there is");
    return check_range(reader, report);
}

/* Parsing. */

/* The last byte of the string that begins at AT, with one quote or two as the parser lets
 * pass, or of all. */
static const char *skip_string(const char *at, const char *end)
{
    char quote = *at;
    for (at++; at < end && *at != quote; at++)
        at += *at == '\\' && at + 1 < end;
    return at < end ? at : end - 1;
}

/* The same of a comment, which it lets pass, too; AT where none begins. */
static const char *skip_comment(const char *at, const char *end)
{
    const char *close = at;
    if (end - at >= 2 && at[1] == '*')
        close = memmem(at + 2, (size_t)(end - at - 2), "*/", 2);
    else if (end - at >= 2 && at[1] == '/')
        close = memchr(at, '\n', (size_t)(end - at));
    return close == NULL ? end - 1 : *close == '*' ? close + 1 : close;
}

/* Bytes of the first value in JSON, of which *COST is what its parsed form takes, or
 * all of them; of a short rest nobody needs to know.  Every value ends with a comma or
 * its container's end. */
static size_t first_length(struct slice json, size_t *cost)
{
    const char *end = json.start + json.length;
    size_t depth = 0;
    *cost = 0;
    if (json.length <= SHORT_DOCUMENT)
        return json.length;
    for (const char *at = json.start; at < end; at++) {
        *cost += *at == ',' ? VALUE_COST : *at == '[' ? ARRAY_COST : *at == '{' ? OBJECT_COST : 0;
        depth += *at == '{' || *at == '[';
        if (*at == '"' || *at == '\'')
            at = skip_string(at, end);
        else if (*at == '/')
            at = skip_comment(at, end);
        else if ((*at == '}' || *at == ']') && (depth == 0 || --depth == 0))
            return (size_t)(at + 1 - json.start);
    }
    return json.length;
}

static json_object *parse(struct report_reader *reader, struct slice json, size_t *used)
{
    size_t cost, length = first_length(json, &cost);
    *used = json.length;
    if (length > INT_MAX || cost > REPORT_MEMORY_MAX) {
        complain(reader, "its JSON has more values than fit into memory");
        return NULL;
    }
    json_tokener_reset(reader->tokener);
    json_object *root = json_tokener_parse_ex(reader->tokener, json.start, (int)length);
    enum json_tokener_error error = json_tokener_get_error(reader->tokener);
    size_t end = json_tokener_get_parse_end(reader->tokener);
    if (root != NULL)
        *used = end;
    else if (error == json_tokener_success) /* and no object: memory is short */
        reader->reason[0] = '\0';
    else if (error == json_tokener_continue)
        complain(reader, "its JSON ends too early, after %zu bytes", length);
    else if (error == json_tokener_error_depth)
        complain(reader, "its JSON is nested more than %u deep", reader->depth_max);
    else
        complain(reader, "its JSON is damaged at byte %zu: %s", end,
                 json_tokener_error_desc(error));
    return root;
}

enum outcome report_read(struct report_reader *reader, struct slice bytes, struct report *report,
                         size_t *used)
{
    struct slice json = slice_skip_mark(bytes);
    reader->arena = &report->arena;
    reader->out_of_memory = false;
    reader->failures = 0;
    reader->reason[0] = '\0';
    json_object *root = parse(reader, json, used);
    *used += bytes.length - json.length;
    if (root == NULL)
        return OUTCOME_DAMAGED;
    enum outcome outcome = OUTCOME_IMPORTED;
    if (member(root, "policies") == NULL && member(root, "date-range") == NULL) {
        complain(reader, "its JSON has neither policies nor a date-range");
        outcome = OUTCOME_NOT_A_REPORT;
    } else if (read_root(reader, root, report) != 0) {
        outcome = OUTCOME_DAMAGED;
    }
    json_object_put(root);
    return outcome;
}
