/*
 * terminal.h - a real program on a terminal of ours.
 *
 * The program runs on a pty whose other end is libvterm, so tests and pictures
 * see what a person sees.  Nothing here knows cmocka; terminal_assert.h does.
 *
 * Output is read only inside the functions that wait or type.  Every wait ends:
 * after TERMINAL_PATIENCE_MS it gives up, which is long enough for a sanitized
 * build on a busy machine.  Rows and columns are counted from 0.
 */
#ifndef TLSRPTOP_TESTS_TERMINAL_H
#define TLSRPTOP_TESTS_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    TERMINAL_PATIENCE_MS = 60 * 1000,
    TERMINAL_CELL_TEXT = 32,
    TERMINAL_DEFAULT = -1,       /* no colour was asked for */
    TERMINAL_RGB = 0x1000000,    /* or'ed to 0xrrggbb; smaller is a palette index */
    TERMINAL_STILL_RUNNING = -1, /* in place of an exit status */
};

struct terminal;

/* How to start the program; what is 0 or NULL is as the comment says. */
struct terminal_settings {
    const char *const *argv;        /* looked for in $PATH, NULL at its end */
    int columns;                    /* 80 */
    int rows;                       /* 24 */
    const char *term;               /* "xterm-256color" */
    const char *locale;             /* LC_ALL: "C.UTF-8" */
    const char *folder;             /* to run in: that of the caller */
    const char *const *environment; /* "NAME=value" sets, "NAME" unsets; NULL at its end */
};

/* NULL when there is no memory or no pty.  A program that cannot be run says
 * so on the terminal and ends with 127. */
struct terminal *terminal_open(const struct terminal_settings *settings);
/* Kills what still runs. */
void terminal_close(struct terminal *terminal);

pid_t terminal_pid(const struct terminal *terminal);

/* --- what a person does --- */

void terminal_send(struct terminal *terminal, const char *bytes, size_t size);

/* Types KEYS: characters as they are, and <Up> <Down> <Left> <Right> <Home>
 * <End> <PgUp> <PgDn> <Ins> <Del> <Enter> <Esc> <Tab> <S-Tab> <Backspace>
 * <F1>...<F12> <C-x> for Ctrl-X, <lt> for '<'.  Returns 0, or -1 when a name
 * is unknown; what came before it has been typed. */
int terminal_type(struct terminal *terminal, const char *keys);

/* Presses and releases BUTTON (1 left, 2 middle, 3 right, 4 wheel up, 5 wheel
 * down), which the program sees if it asked for the mouse. */
void terminal_click(struct terminal *terminal, int button, int row, int column);

/* Changes the size of the window, with SIGWINCH. */
void terminal_resize(struct terminal *terminal, int columns, int rows);

/* --- waiting; false when patience or the program ended before --- */

typedef bool terminal_condition(struct terminal *terminal, const void *context);
bool terminal_wait_until(struct terminal *terminal, terminal_condition *condition,
                         const void *context);
/* Until TEXT is somewhere in a row of the screen, or is not any more. */
bool terminal_wait_for(struct terminal *terminal, const char *text);
bool terminal_wait_without(struct terminal *terminal, const char *text);

/* Until the program has read all that was typed, sleeps with all its threads,
 * and has written nothing for a moment; also when it has ended. */
bool terminal_settle(struct terminal *terminal);

/* Until the program has ended and all its output is on the screen.  Its exit
 * status, or 128 and the signal, or TERMINAL_STILL_RUNNING. */
int terminal_wait_exit(struct terminal *terminal);

/* --- what a person sees --- */

struct terminal_cell {
    char text[TERMINAL_CELL_TEXT]; /* a character with what combines; "" for a blank */
    int width;                     /* 1 or 2; 0 is the right half of a wide one */
    bool bold, italic, underline, reverse;
    int foreground, background; /* TERMINAL_DEFAULT, 0 to 255, or TERMINAL_RGB */
};

void terminal_size(const struct terminal *terminal, int *columns, int *rows);
/* A row without the blanks at its end, valid until the next wait. */
const char *terminal_row(struct terminal *terminal, int row);
/* All rows, each ended by '\n', valid until anything else is called. */
const char *terminal_screen(struct terminal *terminal);
/* Where TEXT stands first; ROW and COLUMN may be NULL. */
bool terminal_find(struct terminal *terminal, const char *text, int *row, int *column);
struct terminal_cell terminal_cell(struct terminal *terminal, int row, int column);
/* Returns whether it is visible. */
bool terminal_cursor(const struct terminal *terminal, int *row, int *column);
bool terminal_alternate(const struct terminal *terminal);
/* Of the window; "" when none was set. */
const char *terminal_title(const struct terminal *terminal);

/* --- what went on behind the screen --- */

/* Last written to the clipboard by OSC 52; NULL when nothing was. */
const char *terminal_clipboard(const struct terminal *terminal);
/* As scan_harm(). */
const char *terminal_harm(const struct terminal *terminal);
/* What is not as the program found it: modes, colours, line settings.  "" when
 * all of it is. */
const char *terminal_leftover(struct terminal *terminal);

#endif
