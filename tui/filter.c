#include "filter.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../db/day.h"
#include "../db/domain.h"
#include "text.h"

static bool is_text(const struct column *column)
{
    return !column_is_picture(column) &&
           (column->kind == VALUE_TEXT || column->kind == VALUE_DOMAIN ||
            column->kind == VALUE_MODE || column->kind == VALUE_STATE);
}

/* Does a part of the column's name begin with WORD: "type" of "result_type"? */
static bool name_fits(const char *name, const char *word, size_t length)
{
    for (const char *part = name; part != NULL; part = strchr(part, '_')) {
        part += *part == '_';
        if (strncasecmp(part, word, length) == 0)
            return true;
    }
    return false;
}

/* The column that WORD names, whole, by its beginning, or by a part of it. */
static const struct column *find_column(const struct column *columns, size_t count,
                                        const char *word, size_t length)
{
    const struct column *begins = NULL, *fits = NULL;
    for (size_t i = 0; i < count && length > 0; i++) {
        const char *name = columns[i].name;
        bool same_start = strncasecmp(name, word, length) == 0;
        if (same_start && name[length] == '\0')
            return &columns[i];
        if (same_start && begins == NULL)
            begins = &columns[i];
        if (fits == NULL && name_fits(name, word, length))
            fits = &columns[i];
    }
    return begins != NULL ? begins : fits;
}

static const struct {
    const char *text;
    enum filter_op op;
} operators[] = {
    {"!=", OP_UNEQUAL}, {">=", OP_AT_LEAST}, {"<=", OP_AT_MOST}, {">", OP_MORE},
    {"<", OP_LESS},     {"=", OP_EQUAL},     {":", OP_CONTAINS},
};

/* The operator at TEXT; its length, 0 when there is none. */
static size_t read_operator(const char *text, enum filter_op *op)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t length = strlen(operators[i].text);
        if (strncmp(text, operators[i].text, length) == 0) {
            *op = operators[i].op;
            return length;
        }
    }
    return 0;
}

/* Copies the value at *TEXT, quoted or up to a space or '|', and moves behind it; NULL when
 * there is no room. */
static const char *read_value(struct filter *filter, const char **text)
{
    bool quoted = **text == '"';
    *text += quoted;
    size_t length = strcspn(*text, quoted ? "\"" : " |");
    char *value = filter->texts + filter->texts_size;
    if (length >= sizeof filter->texts - filter->texts_size)
        return NULL;
    memcpy(value, *text, length);
    value[length] = '\0';
    filter->texts_size += length + 1;
    *text += length;
    *text += quoted && **text == '"';
    return value;
}

/* Copies TEXT without the commas between its thousands; returns -1 where one is elsewhere. */
static int copy_ungrouped(const char *text, char number[static FILTER_MAX])
{
    size_t length = 0;
    for (; *text != '\0' && length + 1 < FILTER_MAX; text++) {
        if (*text != ',')
            number[length++] = *text;
        else if (length == 0 || strspn(text + 1, "0123456789") != 3)
            return -1;
    }
    number[length] = '\0';
    return 0;
}

/* "12", "1,234", "1.5k", "3M"; of rates "2%", or "2", which are the same. */
static int read_number(const char *written, bool rate, double *number)
{
    static const char units[] = "kMG";
    char text[FILTER_MAX], *end;
    if (copy_ungrouped(written, text) != 0 ||
        strspn(text, "+-.0123456789") < strcspn(text, "kmMG%"))
        return -1; /* strtod() knows more than people write */
    *number = strtod(text, &end);
    if (end == text)
        return -1;
    const char *unit = *end != '\0' ? strchr(units, *end == 'm' ? 'M' : *end) : NULL;
    if (unit != NULL) {
        for (long i = unit - units; i >= 0; i--)
            *number *= 1000;
        end++;
    }
    end += *end == '%' && rate;
    if (rate)
        *number /= 100;
    return *end == '\0' ? 0 : -1;
}

static int read_typed(const char *text, struct filter_term *term, char error[static FILTER_ERROR])
{
    const struct column *column = term->column;
    double number;
    int day;
    switch (column->kind) {
    case VALUE_COUNT:
    case VALUE_RATE:
    case VALUE_CHANGE:
        if (read_number(text, column->kind != VALUE_COUNT, &number) != 0 || number > 9e18 ||
            number < -9e18) {
            snprintf(error, FILTER_ERROR, "%s is a number: %s>%s", column->name, column->name,
                     column->kind != VALUE_COUNT ? "1%" : "100");
            return -1;
        }
        term->value = (struct value){.number = (int64_t)number, .rate = number};
        break;
    case VALUE_DAY:
    case VALUE_TIME:
        if (day_parse(text, &day) != 0) {
            snprintf(error, FILTER_ERROR, "%s is a date: %s>=2026-03-01", column->name,
                     column->name);
            return -1;
        }
        term->value =
            value_number(column->kind == VALUE_DAY ? day : (int64_t)day * SECONDS_PER_DAY);
        break;
    default:
        if (term->op != OP_EQUAL && term->op != OP_UNEQUAL && term->op != OP_CONTAINS) {
            snprintf(error, FILTER_ERROR, "%s is a text: %s:word or %s=word", column->name,
                     column->name, column->name);
            return -1;
        }
        return 0;
    }
    if (term->op == OP_CONTAINS)
        term->op = OP_EQUAL;
    return 0;
}

static void list_columns(const struct column *columns, size_t count, const char *word,
                         size_t length, char error[static FILTER_ERROR])
{
    int used = snprintf(error, FILTER_ERROR, "no column %.*s:", (int)length, word);
    for (size_t i = 0; i < count && used < FILTER_ERROR; i++)
        if (!column_is_picture(&columns[i]))
            used += snprintf(error + used, FILTER_ERROR - (size_t)used, " %s", columns[i].name);
}

const char *filter_group(const struct config *config, const char *name,
                         char error[static FILTER_ERROR])
{
    const char *group, *domains;
    for (size_t i = 0; (group = config_group(config, i, &domains)) != NULL; i++)
        if (strcasecmp(group, name) == 0)
            return domains;
    size_t used = 0;
    for (size_t i = 0; (group = config_group(config, i, &domains)) != NULL && used < FILTER_ERROR;
         i++)
        used += (size_t)snprintf(error + used, FILTER_ERROR - used, "%s%s",
                                 i > 0 ? " " : "there is no such group; there are: ", group);
    if (used == 0)
        snprintf(error, FILTER_ERROR, "the configuration has no [groups]");
    return NULL;
}

/* A word behind '@'. */
static int read_group(const char *name, const struct filter *filter, const struct config *config,
                      struct filter_term *term, char error[static FILTER_ERROR])
{
    term->op = OP_IN_GROUP;
    term->column = find_column(filter->columns, filter->column_count, "domain", strlen("domain"));
    if (term->column == NULL || term->column->kind != VALUE_DOMAIN) {
        snprintf(error, FILTER_ERROR, "a group is of domains, which these rows do not name");
        return -1;
    }
    term->group = filter_group(config, name, error);
    return term->group != NULL ? 0 : -1;
}

/* BEFORE is the term that *TEXT is another possibility to; NULL when it is none. */
static int read_term(const char **text, struct filter *filter, const struct config *config,
                     const struct filter_term *before, struct filter_term *term,
                     char error[static FILTER_ERROR])
{
    const char *at = *text;
    *term = (struct filter_term){.op = OP_CONTAINS,
                                 .negated = before == NULL && at[0] == '!' && at[1] != '='};
    at += term->negated;
    size_t name = strcspn(at, "0123456789:=<>! |\""); /* no name has a digit, addresses do */
    size_t op_length = name > 0 ? read_operator(at + name, &term->op) : 0;
    const char *word = at;
    if (*at == '\0' || *at == ' ' || *at == '|') {
        snprintf(error, FILTER_ERROR, "there is nothing %s",
                 term->negated    ? "behind !"
                 : before != NULL ? "behind |"
                                  : "before |");
        return -1;
    }
    if (op_length > 0) {
        at += name + op_length;
        term->column = find_column(filter->columns, filter->column_count, word, name);
        if (term->column == NULL) {
            list_columns(filter->columns, filter->column_count, word, name, error);
            return -1;
        }
    } else if (before != NULL) {
        term->column = before->column;
        term->op = before->op;
    }
    bool group = *at == '@';
    const char *value = read_value(filter, &at);
    if (value == NULL) {
        snprintf(error, FILTER_ERROR, "the filter is too long");
        return -1;
    }
    *text = at;
    term->text = (size_t)(value - filter->texts);
    if (op_length == 0 && (group || term->op == OP_IN_GROUP))
        return read_group(value + group, filter, config, term, error);
    if (term->column == NULL)
        return 0;
    if (value[0] == '\0' && term->op != OP_EQUAL && term->op != OP_UNEQUAL) {
        snprintf(error, FILTER_ERROR, "there is no value behind %s", term->column->name);
        return -1;
    }
    return read_typed(value, term, error);
}

int filter_parse(const char *text, const struct column *columns, size_t column_count,
                 const struct config *config, struct filter *filter,
                 char error[static FILTER_ERROR])
{
    struct filter read = {.columns = columns, .column_count = column_count};
    struct filter_term *before = NULL;
    error[0] = '\0';
    while (before != NULL || *(text += strspn(text, " ")) != '\0') {
        struct filter_term *term = &read.terms[read.count];
        if (read.count == FILTER_TERMS_MAX) {
            snprintf(error, FILTER_ERROR, "more than %d terms", FILTER_TERMS_MAX);
            return -1;
        }
        if (read_term(&text, &read, config, before, term, error) != 0)
            return -1;
        read.count++;
        term->or_next = *text == '|';
        text += term->or_next;
        if (term->op == OP_UNEQUAL && (term->or_next || before != NULL)) {
            snprintf(error, FILTER_ERROR, "where it is neither: !%s=one|other", term->column->name);
            return -1;
        }
        before = term->or_next ? term : NULL;
    }
    *filter = read;
    return 0;
}

/* --- matching --- */

static bool text_holds(enum filter_op op, const char *wanted, const char *text)
{
    if (op == OP_EQUAL || op == OP_UNEQUAL)
        return text_is(text, wanted);
    if (strchr(wanted, '*') != NULL)
        return text_matches(text, wanted);
    return text_find(text, wanted) != NULL;
}

static bool column_holds(enum filter_op op, const char *wanted, const struct column *column,
                         const void *row)
{
    struct value value = column->value(row);
    char shown[VALUE_TEXT_MAX];
    if (column->kind == VALUE_MODE || column->kind == VALUE_STATE) {
        value_write(column->kind, value, shown);
        if (text_holds(op, wanted, shown))
            return true;
        value_show(column->kind, value, VALUE_TEXT_MAX, shown);
        return text_holds(op, wanted, shown);
    }
    return text_holds(op, wanted, value.text) ||
           (value_has_letters(column->kind, value, shown) && text_holds(op, wanted, shown));
}

static bool any_holds(const struct filter *filter, const char *wanted, const void *row)
{
    for (size_t i = 0; i < filter->column_count; i++)
        if (is_text(&filter->columns[i]) &&
            column_holds(OP_CONTAINS, wanted, &filter->columns[i], row))
            return true;
    return false;
}

static bool term_holds(const struct filter *filter, const struct filter_term *term, const void *row)
{
    const char *wanted = filter->texts + term->text;
    if (term->column == NULL)
        return any_holds(filter, wanted, row);
    if (term->op == OP_IN_GROUP)
        return domain_is_mine(term->column->value(row).text, term->group);
    if (is_text(term->column)) {
        bool holds = column_holds(term->op, wanted, term->column, row);
        return term->op == OP_UNEQUAL ? !holds : holds;
    }
    struct value value = term->column->value(row);
    if (term->column->kind == VALUE_TIME && term->op != OP_LESS && term->op != OP_AT_LEAST)
        value.number -= value.number % SECONDS_PER_DAY; /* compared by its day */
    if (term->column->kind == VALUE_CHANGE && value.rate < -1)
        return false; /* there is none */
    int order = value_compare(term->column->kind, value, term->value);
    switch (term->op) {
    case OP_LESS:
        return order < 0;
    case OP_AT_MOST:
        return order <= 0;
    case OP_MORE:
        return order > 0;
    case OP_AT_LEAST:
        return order >= 0;
    case OP_UNEQUAL:
        return order != 0;
    default:
        return order == 0;
    }
}

bool filter_matches(const struct filter *filter, const void *row)
{
    for (const struct filter_term *term = filter->terms; term < filter->terms + filter->count;
         term++) {
        bool negated = term->negated, holds = term_holds(filter, term, row);
        while (term->or_next) {
            term++;
            holds = holds || term_holds(filter, term, row);
        }
        if (holds == negated)
            return false;
    }
    return true;
}

/* --- completion --- */

/* The name of the only group, or else the only column, that begins with WORD, and what
 * goes behind it at *BEHIND; NULL when there is not just one. */
static const char *only_name(const char *word, const struct column *columns, size_t column_count,
                             const struct config *config, const char **behind)
{
    const char *only = NULL, *name = NULL, *domains;
    bool group = *word == '@';
    size_t length = strlen(word += group), found = 0;
    for (size_t i = 0; group && (name = config_group(config, i, &domains)) != NULL; i++)
        if (strncasecmp(name, word, length) == 0 && found++ == 0)
            only = name;
    for (size_t i = 0; !group && length > 0 && i < column_count; i++)
        if (strncasecmp(columns[i].name, word, length) == 0 && found++ == 0) {
            only = columns[i].name;
            *behind = is_text(&columns[i]) ? ":" : ">";
        }
    return found == 1 ? only + length : NULL;
}

size_t filter_complete(const char *text, const struct column *columns, size_t column_count,
                       const struct config *config, char *rest, size_t size)
{
    const char *word = text + strlen(text), *behind = "";
    while (word > text && strchr(" |", word[-1]) == NULL)
        word--;
    word += *word == '!';
    const char *name = only_name(word, columns, column_count, config, &behind);
    if (name == NULL)
        return 0;
    int written = snprintf(rest, size, "%s%s", name, behind);
    return written > 0 && (size_t)written < size ? (size_t)written : 0;
}
