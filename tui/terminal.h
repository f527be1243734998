/*
 * terminal.h - the one place that knows ncurses' colours, glyphs and signals.
 *
 * Everything is drawn on the whole screen by the put_* functions, which make
 * text of strangers harmless themselves: no screen can forget to.  One terminal
 * a process; all of it belongs to the main thread.
 */
#ifndef TLSRPTOP_TUI_TERMINAL_H
#define TLSRPTOP_TUI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* What a piece of text means; the theme says how that looks.  Or'ed with
 * SELECTED it stands in the row under the cursor, with INVERSE on a ground of
 * its colour. */
enum style {
    STYLE_NORMAL,
    STYLE_DIM,
    STYLE_STRONG,
    STYLE_TITLE, /* the bar on top */
    STYLE_HEAD,  /* heads of columns and panes */
    STYLE_FOCUS, /* the head of the pane that has the keys */
    STYLE_KEY,   /* a key in the bar at the bottom */
    STYLE_GOOD,
    STYLE_WARN,
    STYLE_BAD,
    STYLE_CHART, /* quantities that are neither good nor bad */
    STYLE_MATCH, /* what a search found */
    STYLE_MODE,  /* + enum tls_mode */
    STYLES = STYLE_MODE + 8,
    SELECTED = 0x100,
    INVERSE = 0x200
};

enum glyph {
    GLYPH_ELLIPSIS,
    GLYPH_HORIZONTAL,
    GLYPH_VERTICAL,
    GLYPH_UP,    /* sorted ascending */
    GLYPH_DOWN,  /* sorted descending */
    GLYPH_ENTER, /* breadcrumb: goes into */
    GLYPH_OPEN,  /* an opened branch of a tree */
    GLYPH_SHUT,
    GLYPH_LEAF,   /* below a branch */
    GLYPH_NEW,    /* a row that changed */
    GLYPH_CARET,  /* under a time axis */
    GLYPH_CHANGE, /* where a mode changes */
    GLYPH_FULL,   /* of bars; a whole cell */
    GLYPH_SHADE,  /* a cell that stands on an earlier statement */
    GLYPHS
};

struct area {
    int y, x, rows, columns;
};

enum theme { THEME_AUTO, THEME_DARK, THEME_LIGHT, THEME_MONO };
/* "auto", "dark", "light", "mono"; -1 for any other NAME. */
int theme_find(const char *name);

enum { SCREEN_COLUMNS_MIN = 60, SCREEN_ROWS_MIN = 15, SCREEN_COLUMNS_MAX = 1000 };

/* Takes the terminal over.  Returns 0; or -1 when it cannot show a screen, with
 * a sentence at *WHY. */
int terminal_open(enum theme theme, bool ascii, const char **why);
/* Gives it back as it was; harmless when it is not open. */
void terminal_close(void);

/* SIGINT, SIGTERM or SIGHUP came; the number, else 0. */
int terminal_signal(void);
/* A descriptor that becomes readable when one comes, or the size changes, until
 * terminal_signal() is asked. */
int terminal_signal_fd(void);

bool terminal_unicode(void);
/* The size in cells. */
int terminal_rows(void);
int terminal_columns(void);
/* The eighths of a cell filled from below (0 to 8) or from the left; with ASCII
 * the nearest that there is. */
const char *bar_up(int eighths);
const char *bar_right(int eighths);
const char *glyph(enum glyph glyph);

/* Writes TEXT into COLUMNS cells from (Y, X), cut with an ellipsis when it is
 * longer, padded with spaces when it is shorter; returns the cells TEXT took.
 * What lies outside of the screen is not written. */
int put_text(int y, int x, int columns, int style, const char *text);
/* Breaks TEXT to the lines of AREA, the last one cut; returns the lines it took. */
int put_lines(struct area area, int style, const char *text);
/* The same of a text of our own in which line feeds end paragraphs. */
void put_paragraphs(struct area area, int style, const char *text);
/* The same, and takes those lines off the top of AREA. */
void take_lines(struct area *area, int style, const char *text);
/* As put_text(), but padded on the left. */
void put_right(int y, int x, int columns, int style, const char *text);
/* printf; only for short texts of at most 255 bytes. */
int put_format(int y, int x, int columns, int style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* COLUMNS times the GLYPH of this program, not of a stranger. */
void put_glyphs(int y, int x, int columns, int style, const char *glyph);
/* Changes the look of COLUMNS cells, not their text. */
void put_style(int y, int x, int columns, int style);
void put_clear(struct area area);

/* Gives TEXT, up to 64 KiB of it, to the terminal's clipboard (OSC 52); false
 * when the terminal has none. */
bool terminal_copy(const char *text, size_t length);

#endif
