#include "advising.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static const char *vtext_of(struct advising *advising, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : arena_alloc(advising->arena, (size_t)length + 1);
    if (text == NULL) {
        advising->out_of_memory = true;
        return "";
    }
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

const char *text_of(struct advising *advising, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = vtext_of(advising, format, args);
    va_end(args);
    return text;
}

void say(struct advising *advising, struct sentences *sentences, const char *format, ...)
{
    if (sentences->count == ADVICE_SENTENCES)
        return;
    va_list args;
    va_start(args, format);
    sentences->text[sentences->count++] = vtext_of(advising, format, args);
    va_end(args);
}

const char *group_digits(int64_t count, char text[static COUNT_TEXT])
{
    static const char units[] = "MGTPE";
    size_t unit = 0;
    if (count < 1000)
        snprintf(text, COUNT_TEXT, "%d", (int)count);
    else if (count < 1000000)
        snprintf(text, COUNT_TEXT, "%d,%03d", (int)(count / 1000), (int)(count % 1000));
    if (count < 1000000)
        return text;
    for (; count >= INT64_C(1000000000); count /= 1000)
        unit++;
    snprintf(text, COUNT_TEXT, "%d.%d%c", (int)(count / 1000000), (int)(count / 100000 % 10),
             units[unit]);
    return text;
}

const char *counted(int64_t count, const char *what, char text[static COUNT_TEXT])
{
    char digits[COUNT_TEXT];
    snprintf(text, COUNT_TEXT, "%.40s %s%s", group_digits(count, digits), what,
             count == 1 ? "" : "s");
    return text;
}

const char *span(int first, int last, char text[static SPAN_TEXT])
{
    char from[DAY_TEXT], to[DAY_TEXT];
    day_format(first, from);
    if (first == last)
        snprintf(text, SPAN_TEXT, "on %s", from);
    else
        snprintf(text, SPAN_TEXT, "from %s to %s", from, day_format(last, to));
    return text;
}
