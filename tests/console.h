/*
 * console.h - a real program on a terminal of ours.
 *
 * The program runs on a pty whose other end is libvterm, so tests and pictures
 * see what a person sees.  Nothing here knows cmocka; console_assert.h does.
 *
 * Output is read only inside the functions that wait or type.  Every wait ends:
 * after CONSOLE_PATIENCE_MS it gives up, which is long enough for a sanitized
 * build on a busy machine.  Rows and columns are counted from 0.
 */
#ifndef TLSRPTOP_TESTS_CONSOLE_H
#define TLSRPTOP_TESTS_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    CONSOLE_PATIENCE_MS = 60 * 1000,
    CONSOLE_CELL_TEXT = 32,
    CONSOLE_DEFAULT = -1,       /* no colour was asked for */
    CONSOLE_RGB = 0x1000000,    /* or'ed to 0xrrggbb; smaller is a palette index */
    CONSOLE_STILL_RUNNING = -1, /* in place of an exit status */
};

struct console;

/* How to start the program; what is 0 or NULL is as the comment says. */
struct console_settings {
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
struct console *console_open(const struct console_settings *settings);
/* Kills what still runs. */
void console_close(struct console *console);

pid_t console_pid(const struct console *console);

/* --- what a person does --- */

void console_send(struct console *console, const char *bytes, size_t size);

/* Types KEYS: characters as they are, and <Up> <Down> <Left> <Right> <Home>
 * <End> <PgUp> <PgDn> <Ins> <Del> <Enter> <Esc> <Tab> <S-Tab> <Backspace>
 * <F1>...<F12> <C-x> for Ctrl-X, <lt> for '<'.  Returns 0, or -1 when a name
 * is unknown; what came before it has been typed. */
int console_type(struct console *console, const char *keys);

/* Presses or releases BUTTON (1 left, 2 middle, 3 right, 4 wheel up, 5 wheel
 * down), or both, which the program sees if it asked for the mouse. */
void console_button(struct console *console, int button, bool pressed, int row, int column);
void console_click(struct console *console, int button, int row, int column);

/* Changes the size of the window, with SIGWINCH. */
void console_resize(struct console *console, int columns, int rows);

/* --- waiting; false when patience or the program ended before --- */

typedef bool console_condition(struct console *console, const void *context);
bool console_wait_until(struct console *console, console_condition *condition, const void *context);
/* Until TEXT is somewhere in a row of the screen. */
bool console_wait_for(struct console *console, const char *text);

/* Until the program has read all that was typed, sleeps with all its threads,
 * and has written nothing for a moment; also when it has ended. */
bool console_settle(struct console *console);
/* The same, with TEXT in no row of the screen. */
bool console_wait_without(struct console *console, const char *text);

/* Until the program has ended and all its output is on the screen.  Its exit
 * status, or 128 and the signal, or CONSOLE_STILL_RUNNING. */
int console_wait_exit(struct console *console);

/* --- what a person sees --- */

struct console_cell {
    char text[CONSOLE_CELL_TEXT]; /* a character with what combines; "" for a blank */
    int width;                    /* 1 or 2; 0 is the right half of a wide one */
    bool bold, italic, underline, reverse;
    int foreground, background; /* CONSOLE_DEFAULT, 0 to 255, or CONSOLE_RGB */
};

void console_size(const struct console *console, int *columns, int *rows);
/* A row without the blanks at its end, valid until the next wait. */
const char *console_row(struct console *console, int row);
/* All rows, each ended by '\n', valid until anything else is called. */
const char *console_screen(struct console *console);
/* Where TEXT stands first; ROW and COLUMN may be NULL. */
bool console_find(struct console *console, const char *text, int *row, int *column);
struct console_cell console_cell(struct console *console, int row, int column);
/* Returns whether it is visible. */
bool console_cursor(const struct console *console, int *row, int *column);
bool console_alternate(const struct console *console);

/* --- what went on behind the screen --- */

/* Last written to the clipboard by OSC 52; NULL when nothing was. */
const char *console_clipboard(const struct console *console);
/* As scan_harm(). */
const char *console_harm(const struct console *console);
/* What is not as the program found it: modes, colours, line settings.  "" when
 * all of it is. */
const char *console_leftover(struct console *console);

#endif
