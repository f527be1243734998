#include "prompt.h"

#include <curses.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../db/visible.h"
#include "keys.h"
#include "terminal.h"
#include "text.h"

void prompt_open(struct prompt *prompt, const struct prompt_type *type, const char *text)
{
    *prompt = (struct prompt){.type = type};
    prompt_insert(prompt, text);
    memcpy(prompt->before, prompt->text, sizeof prompt->before);
    curs_set(1);
}

void prompt_close(struct prompt *prompt)
{
    prompt->type = NULL;
    curs_set(0);
}

void prompt_insert(struct prompt *prompt, const char *text)
{
    size_t length = strlen(text);
    if (prompt->length + length >= sizeof prompt->text)
        return;
    memmove(prompt->text + prompt->cursor + length, prompt->text + prompt->cursor,
            prompt->length - prompt->cursor + 1);
    memcpy(prompt->text + prompt->cursor, text, length);
    prompt->length += length;
    prompt->cursor += length;
}

void prompt_note(struct prompt *prompt, bool error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(prompt->note, sizeof prompt->note, format, args);
    va_end(args);
    prompt->error = error;
}

static bool is_continuation(char byte)
{
    return (byte & 0xc0) == 0x80;
}

static size_t before_cursor(const struct prompt *prompt)
{
    size_t at = prompt->cursor;
    while (at > 0 && is_continuation(prompt->text[--at]))
        ;
    return at;
}

static size_t after_cursor(const struct prompt *prompt)
{
    size_t at = prompt->cursor;
    at += at < prompt->length;
    while (at < prompt->length && is_continuation(prompt->text[at]))
        at++;
    return at;
}

static size_t word_before_cursor(const struct prompt *prompt)
{
    size_t at = prompt->cursor;
    while (at > 0 && prompt->text[at - 1] == ' ')
        at--;
    while (at > 0 && prompt->text[at - 1] != ' ' && prompt->text[at - 1] != '/')
        at--;
    return at < prompt->cursor ? at : before_cursor(prompt);
}

/* Takes out the bytes from FROM to TO, and puts the cursor there. */
static void cut(struct prompt *prompt, size_t from, size_t to)
{
    memmove(prompt->text + from, prompt->text + to, prompt->length - to + 1);
    prompt->length -= to - from;
    prompt->cursor = from;
}

static void insert_key(struct prompt *prompt, wint_t key)
{
    char bytes[MB_LEN_MAX + 1];
    mbstate_t state = {0};
    size_t length = wcrtomb(bytes, (wchar_t)key, &state);
    if (key < ' ' || (key & KEY_FLAG) || length == (size_t)-1)
        return;
    bytes[length] = '\0';
    prompt_insert(prompt, bytes);
}

/* Keys as readline has them. */
static void edit(struct prompt *prompt, wint_t key)
{
    switch (key) {
    case KEY_LEFT | KEY_FLAG:
    case 'B' & 0x1f:
        prompt->cursor = before_cursor(prompt);
        return;
    case KEY_RIGHT | KEY_FLAG:
    case 'F' & 0x1f:
        prompt->cursor = after_cursor(prompt);
        return;
    case KEY_HOME | KEY_FLAG:
    case 'A' & 0x1f:
        prompt->cursor = 0;
        return;
    case KEY_END | KEY_FLAG:
    case 'E' & 0x1f:
        prompt->cursor = prompt->length;
        return;
    case KEY_BACKSPACE | KEY_FLAG:
    case '\b':
    case 0x7f:
        cut(prompt, before_cursor(prompt), prompt->cursor);
        return;
    case KEY_DC | KEY_FLAG:
    case 'D' & 0x1f:
        cut(prompt, prompt->cursor, after_cursor(prompt));
        return;
    case 'W' & 0x1f:
        cut(prompt, word_before_cursor(prompt), prompt->cursor);
        return;
    case 'U' & 0x1f:
        cut(prompt, 0, prompt->cursor);
        return;
    case 'K' & 0x1f:
        cut(prompt, prompt->cursor, prompt->length);
        return;
    default:
        insert_key(prompt, key);
    }
}

bool prompt_is_accepted(wint_t key)
{
    return key == '\r' || key == '\n' || key == (KEY_ENTER | KEY_FLAG);
}

bool prompt_is_cancelled(wint_t key)
{
    return key == '\033' || key == ('G' & 0x1f);
}

void prompt_cancel(struct app *app, struct prompt *prompt)
{
    if (prompt->type != NULL && prompt->type->cancelled != NULL)
        prompt->type->cancelled(app);
    prompt_close(prompt);
}

void prompt_key(struct app *app, struct prompt *prompt, wint_t key)
{
    const struct prompt_type *type = prompt->type;
    char before[PROMPT_MAX];
    memcpy(before, prompt->text, sizeof before);
    prompt->note[0] = '\0';
    prompt->error = false;
    if (prompt_is_accepted(key)) {
        if (type->accept(app))
            prompt_close(prompt);
        return;
    }
    if (prompt_is_cancelled(key)) {
        prompt_cancel(app, prompt);
        return;
    }
    if (key != '\t')
        edit(prompt, key);
    else if (type->complete != NULL)
        type->complete(app);
    bool changed = strcmp(before, prompt->text) != 0;
    prompt->warned = prompt->warned && !changed;
    if (type->changed != NULL && changed)
        type->changed(app);
}

void prompt_draw(const struct prompt *prompt, int y)
{
    int columns = terminal_columns();
    int label = put_text(y, 0, columns, STYLE_STRONG, prompt->type->label) + 1;
    char before[PROMPT_MAX];
    snprintf(before, sizeof before, "%.*s", (int)prompt->cursor, prompt->text);
    /* what does not fit moves out on the left, character by character */
    const char *shown = prompt->text, *head = before;
    while (text_columns(head, terminal_unicode()) >= columns - label && *head != '\0') {
        uint32_t code;
        size_t length = utf8_read(head, &code);
        head += length > 0 ? length : 1;
        shown += length > 0 ? length : 1;
    }
    put_text(y, label, columns - label, STYLE_NORMAL, shown);
    const char *note = prompt->note[0] != '\0' ? prompt->note : prompt->type->hint;
    put_text(y + 1, 0, columns, prompt->error ? STYLE_BAD : STYLE_DIM, note != NULL ? note : "");
    move(y, label + text_columns(head, terminal_unicode()));
}
