#include "text.h"

#include <inttypes.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "../db/visible.h"

enum { COMBINING_MAX = 2 /* of one character: more would pile up on the screen */ };

/* One character of a text as a terminal shows it: itself, or what makes it
 * visible. */
struct shown {
    char bytes[16];
    size_t length;
    int columns;
};

/* Reads the character at TEXT, which follows *COMBINED combining ones; returns
 * its length in bytes. */
static size_t show(const char *text, bool unicode, int *combined, struct shown *shown)
{
    char one[8] = "";
    uint32_t code = 0;
    size_t length = utf8_read(text, &code);
    if (length == 0)
        length = 1;
    memcpy(one, text, length);
    text_visible(one, shown->bytes, sizeof shown->bytes);
    shown->length = strlen(shown->bytes);
    shown->columns = (int)shown->length;
    if ((unsigned char)shown->bytes[0] >= 0x80) {
        shown->columns = unicode ? wcwidth((wchar_t)code) : -1;
        if (shown->columns < 0)
            *shown = (struct shown){.bytes = "?", .length = 1, .columns = 1};
        if (shown->columns == 0 && (*combined)++ >= COMBINING_MAX)
            shown->length = 0;
    }
    if (shown->columns > 0)
        *combined = 0;
    return length;
}

int text_fit(const char *text, int columns, bool unicode, const char *ellipsis, char *fitted)
{
    int used = 0, combined = COMBINING_MAX;
    size_t length = 0, cut = 0; /* where the ellipsis would go */
    int cut_columns = 0;
    while (*text != '\0') {
        struct shown shown;
        text += show(text, unicode, &combined, &shown);
        if (used + shown.columns > columns) {
            memcpy(fitted + cut, ellipsis, strlen(ellipsis) + 1);
            return columns > 0 ? cut_columns + 1 : (fitted[0] = '\0');
        }
        memcpy(fitted + length, shown.bytes, shown.length);
        length += shown.length;
        used += shown.columns;
        if (used < columns) {
            cut = length;
            cut_columns = used;
        }
    }
    fitted[length] = '\0';
    return used;
}

int text_columns(const char *text, bool unicode)
{
    int used = 0, combined = COMBINING_MAX;
    while (*text != '\0') {
        struct shown shown;
        text += show(text, unicode, &combined, &shown);
        used += shown.columns;
    }
    return used;
}

const char *text_end(const char *text, int columns, bool unicode)
{
    int left = text_columns(text, unicode), combined = COMBINING_MAX;
    while (left > columns && *text != '\0') {
        struct shown shown;
        text += show(text, unicode, &combined, &shown);
        left -= shown.columns;
    }
    return text;
}

const char *text_take_line(const char *text, char *line, size_t size)
{
    size_t length = strcspn(text, "\n");
    snprintf(line, size, "%.*s", (int)length, text);
    return text + length + (text[length] == '\n');
}

size_t text_piece(const char *text, const char *end, int columns, const char **next)
{
    const char *at = text, *space = NULL;
    int used = 0, combined = COMBINING_MAX;
    while (at != end && *at != '\0') {
        struct shown shown;
        size_t length = show(at, true, &combined, &shown);
        if (*at == ' ' && used > 0)
            space = at;
        if (used + shown.columns > columns && at > text) {
            const char *piece_end = space != NULL ? space : at;
            *next = space != NULL ? space + 1 : at;
            return (size_t)(piece_end - text);
        }
        used += shown.columns;
        at += length;
    }
    *next = at;
    return (size_t)(at - text);
}

size_t text_line(const char *text, int columns, const char **next)
{
    return text_piece(text, NULL, columns, next);
}

void format_count(int64_t count, int columns, char text[static 32])
{
    static const char units[] = "kMGTPE";
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, count), used = 0;
    for (int i = 0; i < length; i++) {
        text[used++] = digits[i];
        if ((length - 1 - i) % 3 == 0 && i < length - 1 && digits[i] != '-')
            text[used++] = ',';
    }
    text[used] = '\0';
    double scaled = (double)count;
    for (size_t unit = 0; used > columns && unit < sizeof units - 1; unit++) {
        scaled /= 1000;
        if (scaled < 999.5 && scaled > -999.5) {
            snprintf(text, 32, scaled < 9.95 && scaled > -9.95 ? "%.1f%c" : "%.0f%c", scaled,
                     units[unit]);
            return;
        }
    }
}

void format_rate(double rate, char text[static 32])
{
    double percent = rate * 100;
    if (rate < 0)
        text[0] = '\0';
    else if (rate == 0)
        snprintf(text, 32, "0%%");
    else if (percent < 0.01)
        snprintf(text, 32, "<0.01%%");
    else if (percent < 0.995)
        snprintf(text, 32, "%.2f%%", percent);
    else if (percent < 9.95 || (percent > 99 && rate < 1))
        snprintf(text, 32, percent >= 99.9 ? ">99.9%%" : "%.1f%%", percent);
    else
        snprintf(text, 32, "%.0f%%", percent);
}

void format_change(double change, char text[static 32])
{
    char size[32];
    format_rate(change < 0 ? -change : change, size);
    if (change < -1)
        text[0] = '\0';
    else if (change == 0)
        snprintf(text, 32, "0");
    else
        snprintf(text, 32, "%c%.30s", change < 0 ? '-' : '+', size);
}

void format_age(int64_t seconds, char text[static 32])
{
    if (seconds < 60)
        snprintf(text, 32, "now");
    else if (seconds < 3600)
        snprintf(text, 32, "%" PRId64 " min ago", seconds / 60);
    else if (seconds < 2 * 86400)
        snprintf(text, 32, "%" PRId64 " h ago", seconds / 3600);
    else
        snprintf(text, 32, "%" PRId64 " days ago", seconds / 86400);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int fold_case(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

/* Compares the numbers that *A and *B begin with, and moves behind them. */
static int compare_numbers(const char **a, const char **b)
{
    *a += strspn(*a, "0");
    *b += strspn(*b, "0");
    size_t left = strspn(*a, "0123456789"), right = strspn(*b, "0123456789");
    int order = left != right ? (left > right) - (left < right) : memcmp(*a, *b, left);
    *a += left;
    *b += right;
    return order;
}

int text_compare(const char *a, const char *b)
{
    const char *left = a, *right = b;
    while (*left != '\0' && *right != '\0') {
        bool numbers = is_digit(*left) && is_digit(*right);
        int order =
            numbers ? compare_numbers(&left, &right) : fold_case(*left++) - fold_case(*right++);
        if (order != 0)
            return order;
    }
    return *left != *right ? fold_case(*left) - fold_case(*right) : strcmp(a, b);
}

/* --- search --- */

static bool is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

static locale_t letters;

/* The terminal's own locale may know no letters but those of ASCII. */
static void find_letters(void)
{
    letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (letters == (locale_t)0)
        letters = duplocale(LC_GLOBAL_LOCALE);
}

/* The character at *TEXT in lower case, and moves behind it; a byte that is no UTF-8 is
 * one that nothing else is equal to. */
static uint32_t next_folded(const char **text)
{
    enum { NO_CHARACTER = 0x110000 };
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint32_t code;
    if ((unsigned char)**text < 0x80)
        return (uint32_t)fold_case(*(*text)++);
    size_t length = utf8_read(*text, &code);
    if (length == 0)
        return NO_CHARACTER + (unsigned char)*(*text)++;
    *text += length;
    pthread_once(&once, find_letters);
    return (uint32_t)towlower_l(code, letters);
}

const char *text_behind(const char *text, const char *start)
{
    while (*start != '\0')
        if (next_folded(&text) != next_folded(&start))
            return NULL;
    return text;
}

bool text_is(const char *text, const char *wanted)
{
    const char *rest = text_behind(text, wanted);
    return rest != NULL && *rest == '\0';
}

/* As text_find(), of a NEEDLE that begins with an ASCII character: looks for that one first,
 * because a search goes through many texts while a person types. */
static const char *find_ascii(const char *text, const char *needle)
{
    int first = fold_case(needle[0]);
    int either_case = first >= 'a' && first <= 'z' ? 'a' - 'A' : 0;
    for (; *text != '\0'; text++)
        if ((*text | either_case) == first && text_behind(text, needle) != NULL)
            return text;
    return NULL;
}

const char *text_find(const char *text, const char *needle)
{
    if (needle[0] == '\0')
        return text;
    if (!is_ascii(needle) && is_ascii(text))
        return NULL;
    if ((unsigned char)needle[0] < 0x80)
        return find_ascii(text, needle);
    while (*text != '\0' && text_behind(text, needle) == NULL)
        next_folded(&text);
    return *text != '\0' ? text : NULL;
}

bool text_matches(const char *text, const char *pattern)
{
    const char *star = NULL, *after = NULL;
    while (*text != '\0') {
        const char *next = text, *wanted = pattern;
        if (*pattern == '*') {
            star = pattern++;
            after = text;
        } else if (next_folded(&next) == next_folded(&wanted)) {
            pattern = wanted;
            text = next;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++after;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
