#include "sts_policy.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "domain.h"

enum { MAX_AGE_DIGITS = 10 };

struct slice {
    const char *start;
    size_t length;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct slice trim(const char *start, const char *end)
{
    while (start < end && is_space(*start))
        start++;
    while (end > start && is_space(end[-1]))
        end--;
    return (struct slice){start, (size_t)(end - start)};
}

static bool equals(struct slice slice, const char *text)
{
    return slice.length == strlen(text) && memcmp(slice.start, text, slice.length) == 0;
}

static bool has_control_bytes(struct slice line)
{
    for (size_t i = 0; i < line.length; i++) {
        unsigned char c = (unsigned char)line.start[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* sts-policy-mx-value: a domain name of A-labels, with "*." before it or not. */
static bool is_mx_pattern(struct slice value)
{
    if (value.length > 2 && value.start[0] == '*' && value.start[1] == '.') {
        value.start += 2;
        value.length -= 2;
    }
    if (value.length > 253)
        return false;
    char before = '.';
    for (size_t i = 0; i < value.length; i++) {
        char c = value.start[i];
        bool at_edge = before == '.' || i + 1 == value.length || value.start[i + 1] == '.';
        if (!is_alphanumeric(c) && (at_edge || c != '-') && (c != '.' || before == '.'))
            return false;
        before = c;
    }
    return value.length > 0 && before != '.';
}

static void read_mode(struct sts_policy *policy, struct slice value)
{
    if (equals(value, "enforce"))
        policy->mode = STS_ENFORCE;
    else if (equals(value, "testing"))
        policy->mode = STS_TESTING;
    else if (equals(value, "none"))
        policy->mode = STS_NONE;
    else
        policy->problems |= STS_BAD_MODE;
}

static void read_max_age(struct sts_policy *policy, struct slice value)
{
    int64_t seconds = 0;
    bool good = value.length > 0 && value.length <= MAX_AGE_DIGITS;
    for (size_t i = 0; good && i < value.length; i++) {
        good = value.start[i] >= '0' && value.start[i] <= '9';
        seconds = seconds * 10 + (value.start[i] - '0');
    }
    if (good && seconds <= STS_MAX_AGE_MAX)
        policy->max_age = seconds;
    else
        policy->problems |= STS_BAD_MAX_AGE;
}

static void read_mx(struct sts_policy *policy, struct slice value)
{
    if (!is_mx_pattern(value)) {
        policy->problems |= STS_BAD_MX;
    } else if (policy->mx_count == STS_MX_MAX) {
        policy->problems |= STS_TOO_MANY_MX;
    } else {
        policy->mx[policy->mx_count].start = value.start;
        policy->mx[policy->mx_count].length = value.length;
        policy->mx_count++;
    }
}

enum key { KEY_VERSION = 1 << 0, KEY_MODE = 1 << 1, KEY_MAX_AGE = 1 << 2 };

/* Is this the first line with KEY? */
static bool first_of(struct sts_policy *policy, unsigned *seen, enum key key)
{
    bool first = !(*seen & key);
    if (!first)
        policy->problems |= STS_REPEATED_KEY;
    *seen |= key;
    return first;
}

static void read_line(struct sts_policy *policy, struct slice line, unsigned *seen)
{
    if (has_control_bytes(line))
        policy->problems |= STS_CONTROL_BYTES;
    const char *end = line.start + line.length;
    const char *colon = line.length > 0 ? memchr(line.start, ':', line.length) : NULL;
    if (colon == NULL) {
        policy->problems |= STS_BAD_LINE;
        return;
    }
    struct slice key = trim(line.start, colon);
    struct slice value = trim(colon + 1, end);
    if (key.length == 0)
        policy->problems |= STS_BAD_LINE;
    else if (key.start + key.length != colon)
        policy->problems |= STS_SPACED_KEY;
    if (equals(key, "version")) {
        if (first_of(policy, seen, KEY_VERSION) && equals(value, "STSv1"))
            policy->problems &= ~(unsigned)STS_NO_VERSION;
    } else if (equals(key, "mode")) {
        if (first_of(policy, seen, KEY_MODE))
            read_mode(policy, value);
    } else if (equals(key, "max_age")) {
        if (first_of(policy, seen, KEY_MAX_AGE))
            read_max_age(policy, value);
    } else if (equals(key, "mx")) {
        read_mx(policy, value);
    }
}

void sts_policy_read(const char *text, size_t length, struct sts_policy *policy)
{
    policy->mode = STS_UNREADABLE;
    policy->max_age = -1;
    policy->mx_count = 0;
    policy->problems = STS_NO_VERSION;
    while (length > 0 &&
           (is_space(text[length - 1]) || text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    const char *end = text + length;
    unsigned seen = 0;
    for (const char *line = text; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *line_end = newline == NULL ? end : newline;
        if (newline != NULL && newline > line && newline[-1] == '\r')
            line_end--;
        read_line(policy, trim(line, line_end), &seen);
        line = newline == NULL ? end : newline + 1;
    }
    if (!(seen & KEY_MODE))
        policy->problems |= STS_NO_MODE;
    if (!(seen & KEY_MAX_AGE))
        policy->problems |= STS_NO_MAX_AGE;
    if (policy->mx_count == 0 && policy->mode >= STS_TESTING)
        policy->problems |= STS_NO_MX;
}

/* --- what it says --- */

static int compare_patterns(const void *left, const void *right)
{
    const struct slice *a = left, *b = right;
    size_t length = a->length < b->length ? a->length : b->length;
    int order = strncasecmp(a->start, b->start, length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

bool sts_policy_line_covers(const struct sts_policy *policy, size_t line, const char *host)
{
    char pattern[DOMAIN_TEXT + 2];
    size_t length = policy->mx[line].length;
    if (length >= sizeof pattern)
        return false;
    memcpy(pattern, policy->mx[line].start, length);
    pattern[length] = '\0';
    return domain_matches_mx(pattern, host) != 0;
}

bool sts_policy_covers(const struct sts_policy *policy, const char *host)
{
    for (size_t i = 0; i < policy->mx_count; i++)
        if (sts_policy_line_covers(policy, i, host))
            return true;
    return false;
}

char *sts_policy_canonical(const struct sts_policy *policy, struct arena *arena)
{
    struct slice patterns[STS_MX_MAX];
    size_t size = 0;
    for (size_t i = 0; i < policy->mx_count; i++) {
        patterns[i] = (struct slice){policy->mx[i].start, policy->mx[i].length};
        size += patterns[i].length + 1;
    }
    qsort(patterns, policy->mx_count, sizeof *patterns, compare_patterns);
    char *text = arena_printf(arena, "%s %" PRId64 "%*s", sts_mode_name(policy->mode),
                              policy->max_age, (int)size, "");
    if (text == NULL)
        return NULL;
    char *end = text + strlen(text) - size;
    for (size_t i = 0; i < policy->mx_count; i++) {
        if (i > 0 && compare_patterns(&patterns[i], &patterns[i - 1]) == 0)
            continue;
        *end++ = ' ';
        for (size_t c = 0; c < patterns[i].length; c++)
            *end++ = (char)tolower((unsigned char)patterns[i].start[c]);
    }
    *end = '\0';
    return text;
}

/* --- what is wrong with it --- */

const struct sts_fault sts_faults[] = {
    {STS_NO_VERSION, "sts-policy-version", "does not begin with \"version: STSv1\"",
     "make that its first line"},
    {STS_NO_MODE, "sts-policy-mode", "has no mode", "add \"mode: testing\" to it"},
    {STS_BAD_MODE, "sts-policy-mode", "has a mode that is not enforce, testing or none",
     "write one of these words, in lower case"},
    {STS_NO_MAX_AGE, "sts-policy-max-age", "has no max_age", "add \"max_age: 604800\" to it"},
    {STS_BAD_MAX_AGE, "sts-policy-max-age",
     "has a max_age that is not a number of seconds up to 31557600",
     "write a number, such as 604800 for a week"},
    {STS_NO_MX, "sts-policy-no-mx", "names no MX host", "add an mx line for each"},
    {STS_BAD_MX, "sts-policy-bad-mx", "has an mx line that is no host name or pattern",
     "write one name a line, with \"*.\" at its beginning at most"},
    {STS_TOO_MANY_MX, "sts-policy-many-mx", "has more mx lines than senders may read",
     "use patterns such as \"mx: *.example.com\""},
    {STS_BAD_LINE, "sts-policy-line", "has a line that is no \"key: value\"",
     "remove it; an empty line is one, too"},
    {STS_SPACED_KEY, "sts-policy-space", "has white space before a colon",
     "write \"mode: testing\", with none but behind it"},
    {STS_REPEATED_KEY, "sts-policy-repeated", "has a key twice, of which the first counts",
     "remove the second"},
    {STS_CONTROL_BYTES, "sts-policy-bytes", "has control characters",
     "write it anew with a plain editor"},
};
const size_t sts_fault_count = sizeof sts_faults / sizeof *sts_faults;
