#include "guard.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char guard_nonsense[] = "what makes no sense here";

static const char too_large[] = "a literal larger than what was asked for";
static const char too_many[] = "more literals than were asked for";

void guard_init(struct guard *guard, guard_source_fn *source, void *context)
{
    memset(guard, 0, sizeof *guard);
    guard->source = source;
    guard->context = context;
    guard_expect(guard, 0, 0);
}

void guard_expect(struct guard *guard, size_t literals, size_t literal_max)
{
    guard->literals_left = literals;
    guard->literal_max = literal_max;
    guard->lines_left = GUARD_LINES_MAX;
}

/* --- words of a line; each moves *AT behind what it has found, if it has --- */

static bool skip(const char **at, const char *word)
{
    size_t length = strlen(word);
    if (strncasecmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " ");
}

/* A number of 32 bits, as IMAP has no others. */
static bool skip_number(const char **at, uint32_t *number)
{
    uint64_t value = 0;
    const char *end = *at;
    while (*end >= '0' && *end <= '9' && value <= UINT32_MAX)
        value = value * 10 + (uint64_t)(*end++ - '0');
    if (end == *at || value > UINT32_MAX)
        return false;
    *at = end;
    *number = (uint32_t)value;
    return true;
}

static bool is_atom(char c)
{
    return c > ' ' && c < 0x7f && strchr("(){%*\"\\]", c) == NULL;
}

static bool skip_atom(const char **at)
{
    const char *begin = *at;
    while (is_atom(**at))
        (*at)++;
    return *at > begin;
}

static bool skip_quoted(const char **at)
{
    const char *end = *at;
    if (*end++ != '"')
        return false;
    while (*end != '"' && *end != '\0')
        end += end[0] == '\\' && (end[1] == '"' || end[1] == '\\') ? 2 : 1;
    if (*end != '"')
        return false;
    *at = end + 1;
    return true;
}

/* "(\Seen $Junk)" */
static bool skip_flags(const char **at)
{
    const char *end = *at;
    bool first = true;
    if (*end++ != '(')
        return false;
    while (*end != ')') {
        if (!first && *end++ != ' ')
            return false;
        end += *end == '\\';
        if (!skip_atom(&end))
            return false;
        first = false;
    }
    *at = end + 1;
    return true;
}

/* --- answers --- */

/* What a line turns out to be. */
enum form {
    SOUND,
    LITERAL, /* sound up to its end, where it announces a literal */
    UNSOUND
};

/* "{5}" at the end of the line. */
static enum form read_literal(const char *at, size_t *size)
{
    uint32_t number;
    if (*at++ != '{')
        return UNSOUND;
    size_t digits = strspn(at, "0123456789");
    if (digits == 0 || strcmp(at + digits, "}") != 0)
        return UNSOUND;
    *size = skip_number(&at, &number) ? number : SIZE_MAX;
    return LITERAL;
}

/* The value of an item of FETCH. */
static enum form skip_value(const char **at, size_t *literal)
{
    uint32_t number;
    if (skip(at, "UID ") || skip(at, "RFC822.SIZE "))
        return skip_number(at, &number) ? SOUND : UNSOUND;
    if (skip(at, "FLAGS "))
        return skip_flags(at) ? SOUND : UNSOUND;
    if (skip(at, "MODSEQ ("))
        return skip_atom(at) && skip(at, ")") ? SOUND : UNSOUND;
    if (!skip(at, "BODY[]"))
        return UNSOUND;
    if (skip(at, "<") && !(skip_number(at, &number) && skip(at, ">")))
        return UNSOUND;
    if (!skip(at, " "))
        return UNSOUND;
    if (skip(at, "NIL") || skip_quoted(at))
        return SOUND;
    return read_literal(*at, literal);
}

/* The items of FETCH up to ")". */
static enum form read_items(const char *at, size_t *literal)
{
    enum form form = SOUND;
    skip_blanks(&at);
    while (form == SOUND && strcmp(at, ")") != 0) {
        form = skip_value(&at, literal);
        if (form == SOUND && *at != ' ' && *at != ')')
            form = UNSOUND;
        skip_blanks(&at);
    }
    return form;
}

/* "(\Noselect) "/" name" */
static enum form read_list(const char *at, size_t *literal)
{
    if (!skip_flags(&at) || !skip(&at, " ") || !(skip(&at, "NIL") || skip_quoted(&at)) ||
        !skip(&at, " "))
        return UNSOUND;
    if (*at == '{')
        return read_literal(at, literal);
    return (skip_quoted(&at) || skip_atom(&at)) && *at == '\0' ? SOUND : UNSOUND;
}

/* One name at least, or libetpan has a list that is none. */
static enum form read_capabilities(const char *at)
{
    bool named = false;
    while (*at == ' ') {
        skip_blanks(&at);
        if (skip_atom(&at))
            named = true;
        else if (*at != '\0')
            return UNSOUND;
    }
    return named && *at == '\0' ? SOUND : UNSOUND;
}

/* A word in brackets at the beginning of a text: those that matter stay, of all
 * others the bracket becomes another, which makes them a part of the text. */
static void tame_text(char *text)
{
    static const char *const words[] = {"[READ-ONLY]", "[READ-WRITE]"};
    static const char *const counted[] = {"[UIDVALIDITY ", "[UIDNEXT "};
    uint32_t number;
    text += strspn(text, " ");
    for (size_t i = 0; i < 2; i++) {
        const char *at = text;
        if (skip(&at, words[i]) && *at == ' ')
            return;
        at = text;
        if (skip(&at, counted[i]) && skip_number(&at, &number) && number > 0 && skip(&at, "] "))
            return;
    }
    if (text[0] == '[')
        text[0] = '(';
}

/* "OK text" */
static bool tame_status(char *status)
{
    static const char *const words[] = {"OK ", "NO ", "BAD ", "BYE ", "PREAUTH "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *at = status;
        if (!skip(&at, words[i]))
            continue;
        tame_text(status + (at - status));
        return true;
    }
    return false;
}

/* Makes a remark of an untagged answer of another form: "STATUS x" becomes
 * "OK --- x", and so does "5 STATUS x". */
static const char *make_remark(char *answer)
{
    size_t length = strcspn(answer, " ");
    if (answer[0] >= '0' && answer[0] <= '9' && answer[length] == ' ')
        length += 1 + strcspn(answer + length + 1, " ");
    if (length < 2 || (length < 4 && answer[length] == '\0'))
        return guard_nonsense;
    memset(answer, '-', length);
    memcpy(answer, "OK", 2);
    if (length > 2)
        answer[2] = ' ';
    tame_text(answer + 2);
    return NULL;
}

static enum form read_untagged(struct guard *guard, char *answer, size_t *literal)
{
    const char *at = answer;
    uint32_t number;
    if (tame_status(answer))
        return SOUND;
    if (skip(&at, "CAPABILITY"))
        return read_capabilities(at);
    if (skip(&at, "LIST ")) {
        guard->place = GUARD_IN_LIST;
        return read_list(at, literal);
    }
    if (!skip_number(&at, &number) || !skip(&at, " "))
        return UNSOUND;
    if (strcasecmp(at, "EXISTS") == 0 || (strcasecmp(at, "EXPUNGE") == 0 && number > 0))
        return SOUND;
    if (number == 0 || !skip(&at, "FETCH ("))
        return UNSOUND;
    guard->place = GUARD_IN_FETCH;
    return read_items(at, literal);
}

static const char *begin_literal(struct guard *guard, size_t size)
{
    if (size > guard->literal_max)
        return guard->literals_left == 0 ? too_many : too_large;
    if (guard->literals_left-- == 0)
        return too_many;
    guard->literal_left = size;
    return NULL;
}

/* Does LINE end in what may be a literal?  Then no remark can be made of it. */
static bool may_announce(const char *line, size_t length)
{
    return length > 0 && line[length - 1] == '}';
}

/* The first line of an answer, without its end. */
static const char *check_answer(struct guard *guard, char *line, size_t length)
{
    const char *at = line;
    uint32_t tag;
    size_t literal = 0;
    if (line[0] == '\0') /* Exchange has been seen to send such lines */
        return NULL;
    if (line[0] == '+') {
        tame_text(line + 1);
        return NULL;
    }
    if (skip_number(&at, &tag)) /* our tags are numbers */
        return skip(&at, " ") && tame_status(line + (at - line)) ? NULL : guard_nonsense;
    if (!skip(&at, "* "))
        return guard_nonsense;
    enum form form = read_untagged(guard, line + 2, &literal);
    if (form == LITERAL)
        return begin_literal(guard, literal);
    guard->place = GUARD_BEGINS;
    if (form == SOUND)
        return NULL;
    return may_announce(line, length) ? guard_nonsense : make_remark(line + 2);
}

/* What follows a literal: the rest of the answer. */
static const char *check_rest(struct guard *guard, const char *line)
{
    size_t literal = 0;
    enum form form = guard->place == GUARD_IN_FETCH ? read_items(line, &literal)
                     : line[0] == '\0'              ? SOUND
                                                    : UNSOUND;
    if (form == LITERAL)
        return begin_literal(guard, literal);
    guard->place = GUARD_BEGINS;
    return form == SOUND ? NULL : guard_nonsense;
}

/* --- lines --- */

static void keep_last(struct guard *guard, const char *line)
{
    static const char bye[] = "* BYE";
    if (line[0] == '\0')
        return;
    snprintf(guard->last, sizeof guard->last, "%.*s", GUARD_TEXT - 1, line);
    if (guard->place != GUARD_BEGINS || strncasecmp(line, bye, strlen(bye)) != 0)
        return;
    guard->ended = true;
    snprintf(guard->goodbye, sizeof guard->goodbye, "%s", guard->last + strlen(bye));
}

/* Judges the line that is complete. */
static const char *check_line(struct guard *guard)
{
    char *line = guard->line;
    size_t length = guard->length - 1; /* without the newline */
    if (length > 0 && line[length - 1] == '\r')
        length--;
    for (size_t i = 0; i < length; i++)
        if (line[i] == '\0')
            line[i] = '?';
    char end = line[length];
    line[length] = '\0';
    keep_last(guard, line);
    for (size_t i = 0; i < length; i++) /* what the parser would not take in a text */
        if ((unsigned char)line[i] < ' ' || (unsigned char)line[i] >= 0x7f)
            line[i] = '?';
    const char *trouble =
        guard->place == GUARD_BEGINS ? check_answer(guard, line, length) : check_rest(guard, line);
    line[length] = end;
    return trouble;
}

/* Takes what has come, up to the end of a line. */
static const char *take(struct guard *guard)
{
    const char *bytes = guard->read + guard->begin;
    const char *newline = memchr(bytes, '\n', guard->end - guard->begin);
    size_t size = newline != NULL ? (size_t)(newline - bytes) + 1 : guard->end - guard->begin;
    if (size > sizeof guard->line - guard->length)
        return "a line of more than 65536 bytes";
    if (size > guard->lines_left)
        return "more than 1 MiB beside what was asked for";
    memcpy(guard->line + guard->length, bytes, size);
    guard->length += size;
    guard->lines_left -= size;
    guard->begin += size;
    guard->complete = newline != NULL;
    return guard->complete ? check_line(guard) : NULL;
}

/* --- bytes --- */

static ssize_t pass_line(struct guard *guard, char *bytes, size_t size)
{
    size_t part = guard->length - guard->given;
    if (part > size)
        part = size;
    memcpy(bytes, guard->line + guard->given, part);
    guard->given += part;
    if (guard->given == guard->length) {
        guard->complete = false;
        guard->length = guard->given = 0;
    }
    return (ssize_t)part;
}

static ssize_t pass_literal(struct guard *guard, char *bytes, size_t size)
{
    ssize_t part = (ssize_t)(guard->end - guard->begin);
    if (size > guard->literal_left)
        size = guard->literal_left;
    if (part == 0) {
        part = guard->source(guard->context, bytes, size);
    } else {
        part = (size_t)part < size ? part : (ssize_t)size;
        memcpy(bytes, guard->read + guard->begin, (size_t)part);
        guard->begin += (size_t)part;
    }
    if (part <= 0)
        return -1;
    guard->literal_left -= (size_t)part;
    return part;
}

ssize_t guard_read(struct guard *guard, void *bytes, size_t size, const char **trouble)
{
    *trouble = NULL;
    while (!guard->complete && guard->literal_left == 0) {
        if (guard->begin == guard->end) {
            ssize_t count = guard->source(guard->context, guard->read, sizeof guard->read);
            if (count <= 0)
                return -1;
            guard->begin = 0;
            guard->end = (size_t)count;
        }
        *trouble = take(guard);
        if (*trouble != NULL || (guard->complete && guard->ended))
            return -1;
    }
    return guard->complete ? pass_line(guard, bytes, size) : pass_literal(guard, bytes, size);
}

bool guard_pending(const struct guard *guard)
{
    return guard->complete || guard->begin < guard->end;
}
