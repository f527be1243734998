#include "column.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../db/day.h"
#include "../db/domain.h"
#include "../db/incident.h"
#include "../db/vocab.h"
#include "terminal.h"
#include "text.h"

struct value value_failure_rate(int64_t successful, int64_t failed)
{
    int64_t sessions = successful + failed;
    return value_rate(sessions > 0 ? (double)failed / (double)sessions : -1);
}

struct value value_change(struct value before, struct value after)
{
    enum { NONE = -2 };
    return value_rate(before.rate < 0 || after.rate < 0 ? NONE : after.rate - before.rate);
}

bool value_is_number(enum value_kind kind)
{
    return kind == VALUE_COUNT || kind == VALUE_RATE || kind == VALUE_CHANGE;
}

int value_compare(enum value_kind kind, struct value a, struct value b)
{
    switch (kind) {
    case VALUE_TEXT:
    case VALUE_DOMAIN:
        return text_compare(a.text, b.text);
    case VALUE_RATE:
    case VALUE_CHANGE:
        return (a.rate > b.rate) - (a.rate < b.rate);
    default:
        return (a.number > b.number) - (a.number < b.number);
    }
}

uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash * 31 + 1;
}

/* "14:05" of today, "2026-11-24 14:05" before. */
static void show_time(int64_t instant, char text[static VALUE_TEXT_MAX])
{
    char whole[INSTANT_TEXT];
    if (instant == 0) {
        text[0] = '\0';
        return;
    }
    instant_format(instant, whole);
    if (strlen(whole) + 1 == INSTANT_TEXT)
        snprintf(text, VALUE_TEXT_MAX, "%.10s %.5s", whole, whole + sizeof "2026-11-24");
    else
        snprintf(text, VALUE_TEXT_MAX, "%s", whole);
}

static const char *state_label(enum incident_state state)
{
    static const char *const labels[] = {
        [INCIDENT_ONGOING] = "goes on",
        [INCIDENT_EASING] = "easing",
        [INCIDENT_SILENT] = "no news",
        [INCIDENT_OVER] = "over",
    };
    return labels[state];
}

void value_show(enum value_kind kind, struct value value, int columns,
                char text[static VALUE_TEXT_MAX])
{
    switch (kind) {
    case VALUE_DOMAIN:
        if (terminal_unicode())
            domain_display(value.text, text, VALUE_TEXT_MAX);
        else
            snprintf(text, VALUE_TEXT_MAX, "%s", value.text);
        return;
    case VALUE_MODE:
        snprintf(text, VALUE_TEXT_MAX, "%s", tls_mode_label((enum tls_mode)value.number));
        return;
    case VALUE_STATE:
        snprintf(text, VALUE_TEXT_MAX, "%s", state_label((enum incident_state)value.number));
        return;
    case VALUE_COUNT:
        format_count(value.number, columns, text);
        return;
    case VALUE_RATE:
        format_rate(value.rate, text);
        return;
    case VALUE_CHANGE:
        format_change(value.rate, text);
        return;
    case VALUE_TIME:
        show_time(value.number, text);
        return;
    case VALUE_TEXT:
    case VALUE_DAY:
        value_write(kind, value, text);
        return;
    }
}

bool value_has_letters(enum value_kind kind, struct value value, char text[static VALUE_TEXT_MAX])
{
    if (kind != VALUE_DOMAIN || strstr(value.text, "xn--") == NULL)
        return false;
    domain_display(value.text, text, VALUE_TEXT_MAX);
    return true;
}

void value_write(enum value_kind kind, struct value value, char text[static VALUE_TEXT_MAX])
{
    switch (kind) {
    case VALUE_TEXT:
    case VALUE_DOMAIN:
        snprintf(text, VALUE_TEXT_MAX, "%s", value.text);
        return;
    case VALUE_MODE:
        snprintf(text, VALUE_TEXT_MAX, "%s", tls_mode_name((enum tls_mode)value.number));
        return;
    case VALUE_STATE:
        snprintf(text, VALUE_TEXT_MAX, "%s",
                 incident_state_name((enum incident_state)value.number));
        return;
    case VALUE_COUNT:
        snprintf(text, VALUE_TEXT_MAX, "%" PRId64, value.number);
        return;
    case VALUE_RATE:
    case VALUE_CHANGE:
        if (value.rate < (kind == VALUE_RATE ? 0 : -1))
            text[0] = '\0';
        else
            snprintf(text, VALUE_TEXT_MAX, "%.6f", value.rate);
        return;
    case VALUE_DAY:
        if (value.number < 0)
            text[0] = '\0';
        else
            day_format((int)value.number, text);
        return;
    case VALUE_TIME:
        if (value.number == 0)
            text[0] = '\0';
        else
            instant_format(value.number, text);
        return;
    }
}
