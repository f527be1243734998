/*
 * prompt.h - one line of input at the bottom of the screen, UTF-8.
 */
#ifndef TLSRPTOP_TUI_PROMPT_H
#define TLSRPTOP_TUI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

struct app;

enum { PROMPT_MAX = 512, PROMPT_NOTE = 256 };

struct prompt_type {
    const char *label;
    const char *hint; /* while there is no note */
    bool needs_rows;  /* accept() is about all rows of the view */
    /* The text has changed; may write a note.  NULL: nothing happens. */
    void (*changed)(struct app *app);
    /* What changed() has put off, by `due`, until the text is on the screen. */
    void (*later)(struct app *app);
    /* Enter; false keeps the prompt open, with a note. */
    bool (*accept)(struct app *app);
    /* Esc. */
    void (*cancelled)(struct app *app);
    /* Tab: adds what must follow the text, and may write a note. */
    void (*complete)(struct app *app);
};

struct prompt {
    const struct prompt_type *type; /* NULL: there is none */
    char text[PROMPT_MAX];
    size_t length;
    size_t cursor; /* byte */
    char note[PROMPT_NOTE];
    bool error;              /* the note is one */
    bool warned;             /* accept() has been refused once; another text is asked anew */
    bool due;                /* later() is */
    bool found;              /* of a search: the cursor is on it */
    bool early;              /* changed() saw a part of the rows only */
    char before[PROMPT_MAX]; /* for cancelled() */
};

/* Begins with TEXT, which is kept in `before`. */
void prompt_open(struct prompt *prompt, const struct prompt_type *type, const char *text);
void prompt_close(struct prompt *prompt);
/* Puts TEXT in at the cursor, as far as it fits. */
void prompt_insert(struct prompt *prompt, const char *text);
void prompt_note(struct prompt *prompt, bool error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Does KEY, as get_wch() gives it, KEY_FLAG or'ed for KEY_*, call accept()? */
bool prompt_is_accepted(wint_t key);
/* Does it call cancelled()? */
bool prompt_is_cancelled(wint_t key);
/* What that does; nothing where there is no prompt. */
void prompt_cancel(struct app *app, struct prompt *prompt);
/* Takes such a key. */
void prompt_key(struct app *app, struct prompt *prompt, wint_t key);

/* Draws it into the line Y and the note into the one below, with the cursor. */
void prompt_draw(const struct prompt *prompt, int y);

#endif
