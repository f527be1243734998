#include "terminal.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <term.h>
#undef columns /* a macro of its own */
#undef lines

#include "key_reader.h"
#include "text.h"

enum {
    DEFAULT_COLOUR = -1,
    COLOR_GREY = 8,       /* of 16 */
    COPY_MAX = 64 * 1024, /* bytes: terminals refuse much longer clipboards */
};

/* Does TERM begin with NAME? */
static bool is_terminal(const char *name)
{
    const char *value = getenv("TERM");
    return value != NULL && strncmp(value, name, strlen(name)) == 0;
}

/* --- how styles look --- */

struct look {
    short dark, light; /* of 256 colours */
    short few;         /* of 8 */
    attr_t attributes;
    attr_t mono; /* without colours */
};

static const struct look looks[STYLES] = {
    [STYLE_NORMAL] = {-1, -1, -1, A_NORMAL, A_NORMAL},
    [STYLE_DIM] = {245, 242, -1, A_NORMAL, A_NORMAL},
    [STYLE_STRONG] = {-1, -1, -1, A_BOLD, A_BOLD},
    [STYLE_TITLE] = {-1, -1, -1, A_BOLD | A_REVERSE, A_REVERSE},
    [STYLE_HEAD] = {110, 25, COLOR_CYAN, A_NORMAL, A_UNDERLINE},
    [STYLE_FOCUS] = {153, 25, COLOR_CYAN, A_BOLD, A_BOLD | A_UNDERLINE},
    [STYLE_KEY] = {110, 25, COLOR_CYAN, A_BOLD, A_BOLD},
    [STYLE_GOOD] = {114, 28, COLOR_GREEN, A_NORMAL, A_NORMAL},
    [STYLE_WARN] = {179, 130, COLOR_YELLOW, A_NORMAL, A_NORMAL},
    [STYLE_BAD] = {203, 160, COLOR_RED, A_BOLD, A_BOLD},
    [STYLE_CHART] = {67, 67, COLOR_BLUE, A_NORMAL, A_NORMAL},
    [STYLE_MATCH] = {220, 90, COLOR_YELLOW, A_BOLD | A_UNDERLINE, A_UNDERLINE},
    [STYLE_MODE + 0] = {245, 244, COLOR_WHITE, A_NORMAL, A_NORMAL},
    [STYLE_MODE + 1] = {173, 130, COLOR_YELLOW, A_NORMAL, A_NORMAL},
    [STYLE_MODE + 2] = {138, 95, COLOR_YELLOW, A_NORMAL, A_NORMAL},
    [STYLE_MODE + 3] = {110, 25, COLOR_CYAN, A_NORMAL, A_NORMAL},
    [STYLE_MODE + 4] = {114, 28, COLOR_GREEN, A_NORMAL, A_NORMAL},
    [STYLE_MODE + 5] = {141, 91, COLOR_MAGENTA, A_NORMAL, A_NORMAL},
    [STYLE_MODE + 6] = {146, 54, COLOR_MAGENTA, A_NORMAL, A_NORMAL},
    [STYLE_MODE + 7] = {78, 29, COLOR_GREEN, A_BOLD, A_BOLD},
};
static const struct look bar_look = {252, 235, -1, A_NORMAL, A_REVERSE};
static const short dark_selection = 238, light_selection = 253;
static const short dark_bar = 236, light_bar = 252;

/* What can be drawn besides text. */
enum repertoire {
    DRAW_ASCII,
    DRAW_CONSOLE, /* the Linux console's fonts have what code page 437 had */
    DRAW_UNICODE,
    REPERTOIRES
};

static struct {
    SCREEN *screen;
    bool unicode;
    enum repertoire repertoire;
    attr_t attributes[2][STYLES]; /* plain, selected */
    struct termios before;
    char restore[256]; /* what a crash writes to give the terminal back */
    size_t restore_length;
    int signals; /* eventfd */
} terminal = {.signals = -1};

static volatile sig_atomic_t signal_seen;

int theme_find(const char *name)
{
    static const char *const names[] = {"auto", "dark", "light", "mono"};
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

/* COLORFGBG is "foreground;background", set by several terminals: backgrounds 7
 * and 15 are the light ones. */
static bool background_is_light(void)
{
    const char *value = getenv("COLORFGBG");
    const char *last = value != NULL ? strrchr(value, ';') : NULL;
    return last != NULL && (strcmp(last, ";7") == 0 || strcmp(last, ";15") == 0);
}

static void make_mono(void)
{
    for (int style = 0; style < STYLES; style++) {
        attr_t attributes = looks[style].mono;
        terminal.attributes[0][style] = attributes;
        terminal.attributes[1][style] = style == STYLE_TITLE ? attributes : attributes | A_REVERSE;
    }
}

/* Pair 1 + 2 * style is the plain one, the next the selected one. */
static void make_colours(bool light)
{
    bool many = COLORS >= 256;
    short selection = light ? light_selection : dark_selection;
    for (int style = 0; style < STYLES; style++) {
        const struct look *look = style == STYLE_TITLE && many ? &bar_look : &looks[style];
        short colour = !many ? look->few : light ? look->light : look->dark;
        if (!many && style == STYLE_DIM && COLORS >= 16)
            colour = COLOR_GREY;
        short background = DEFAULT_COLOUR;
        if (style == STYLE_TITLE && many)
            background = light ? light_bar : dark_bar;
        short pair = (short)(1 + 2 * style);
        init_pair(pair, colour, background);
        attr_t attributes = look->attributes;
        if (!many && style == STYLE_DIM && COLORS < 16)
            attributes |= A_DIM;
        terminal.attributes[0][style] = (attr_t)COLOR_PAIR(pair) | attributes;
        if (many) {
            init_pair((short)(pair + 1), colour, selection);
            terminal.attributes[1][style] = (attr_t)COLOR_PAIR(pair + 1) | attributes | A_BOLD;
        } else {
            terminal.attributes[1][style] = A_REVERSE;
        }
    }
}

static void make_styles(enum theme theme)
{
    const char *no_color = getenv("NO_COLOR");
    bool unwanted = theme == THEME_MONO || (no_color != NULL && no_color[0] != '\0');
    if (unwanted || !has_colors() || start_color() == ERR || COLORS < 8 ||
        COLOR_PAIRS < 1 + 2 * STYLES || use_default_colors() == ERR)
        make_mono();
    else
        make_colours(theme == THEME_LIGHT || (theme == THEME_AUTO && background_is_light()));
}

/* --- signals --- */

static void note_signal(int number)
{
    int saved = errno;
    uint64_t one = 1;
    signal_seen = number;
    if (write(terminal.signals, &one, sizeof one) < 0) {
        /* the flag is set all the same */
    }
    errno = saved;
}

static void (*resize_before)(int); /* what ncurses does about it */

/* A resize just before the loop sleeps would not be seen until it wakes. */
static void note_resize(int number)
{
    int saved = errno;
    uint64_t one = 1;
    resize_before(number);
    if (write(terminal.signals, &one, sizeof one) < 0) {
        /* the next wake-up sees it */
    }
    errno = saved;
}

static struct sigaction before_crash[NSIG];

/* Gives the terminal back by means that are safe in a signal handler, then
 * lets happen what would have happened. */
static void crash(int number)
{
    if (write(STDOUT_FILENO, terminal.restore, terminal.restore_length) < 0) {
        /* nothing is left to try */
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
    sigaction(number, &before_crash[number], NULL);
    raise(number);
}

static void catch_signals(void)
{
    static const int endings[] = {SIGINT, SIGTERM, SIGHUP};
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
    struct sigaction action = {.sa_handler = note_signal};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        sigaction(endings[i], &action, NULL);
    action.sa_handler = crash;
    action.sa_flags = SA_NODEFER | (int)SA_RESETHAND;
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, &before_crash[crashes[i]]);
    action.sa_handler = SIG_IGN;
    action.sa_flags = 0;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGWINCH, NULL, &action);
    if ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler != SIG_DFL &&
        action.sa_handler != SIG_IGN) {
        resize_before = action.sa_handler;
        action.sa_handler = note_resize;
        sigaction(SIGWINCH, &action, NULL);
    }
}

static void add_restoring(const char *capability)
{
    const char *text = tigetstr(capability);
    if (text == NULL || text == (const char *)-1)
        return;
    size_t length = strcspn(text, "$"); /* padding, on terminals of the past */
    if (terminal.restore_length + length < sizeof terminal.restore) {
        memcpy(terminal.restore + terminal.restore_length, text, length);
        terminal.restore_length += length;
    }
}

static void prepare_restoring(void)
{
    static const char mouse_off[] = "\033[?1006;1000l";
    terminal.restore_length = 0;
    add_restoring("sgr0");
    add_restoring("cnorm");
    if (tigetstr("kmous") != NULL && tigetstr("kmous") != (char *)-1) {
        memcpy(terminal.restore + terminal.restore_length, mouse_off, sizeof mouse_off - 1);
        terminal.restore_length += sizeof mouse_off - 1;
    }
    add_restoring("rmcup");
    add_restoring("rmkx");
}

int terminal_signal(void)
{
    eventfd_t wakings;
    eventfd_read(terminal.signals, &wakings);
    return signal_seen;
}

int terminal_signal_fd(void)
{
    return terminal.signals;
}

/* --- opening and closing --- */

static int check_terminal(const char **why)
{
    static char sentence[160];
    int result;
    const char *name = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        *why = "the dashboard needs a terminal; \"tlsrptop export domains\" does without one";
        return -1;
    }
    bool known = setupterm(NULL, STDOUT_FILENO, &result) == OK;
    const char *move = known ? tigetstr("cup") : NULL;
    bool moves = move != NULL && move != (const char *)-1;
    if (known)
        del_curterm(cur_term);
    if (moves)
        return 0;
    snprintf(sentence, sizeof sentence, "the terminal type TERM=%.40s %s", name ? name : "",
             known ? "cannot place the cursor; \"tlsrptop export domains\" does without that"
                   : "is not known here; try TERM=xterm");
    *why = sentence;
    return -1;
}

/* All there is of a button: where an event is none of the mask, get_wch() waits for the
 * next one, and with it everything else. */
#define BUTTON(n) (BUTTON##n##_PRESSED | BUTTON##n##_RELEASED)
static const mmask_t mouse_mask = BUTTON(1) | BUTTON(2) | BUTTON(3) | BUTTON(4) | BUTTON(5);

int terminal_open(enum theme theme, bool ascii, const char **why)
{
    if (check_terminal(why) != 0)
        return -1;
    terminal.unicode = !ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    terminal.repertoire = !terminal.unicode      ? DRAW_ASCII
                          : is_terminal("linux") ? DRAW_CONSOLE
                                                 : DRAW_UNICODE;
    terminal.signals = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    tcgetattr(STDIN_FILENO, &terminal.before);
    set_escdelay(ESCAPE_MILLISECONDS);
    use_tioctl(TRUE); /* what $LINES and $COLUMNS say may be long past */
    terminal.screen = newterm(NULL, stdout, stdin);
    if (terminal.signals < 0 || terminal.screen == NULL) {
        *why = "the terminal cannot be set up";
        return -1;
    }
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    key_reader_begin();
    typeahead(-1); /* a frame goes out whole, in one write */
    curs_set(0);
    mousemask(mouse_mask, NULL);
    mouseinterval(0);
    make_styles(theme);
    prepare_restoring();
    catch_signals();
    return 0;
}

void terminal_close(void)
{
    if (terminal.screen == NULL)
        return;
    endwin();
    delscreen(terminal.screen);
    terminal.screen = NULL;
    close(terminal.signals);
    terminal.signals = -1;
}

bool terminal_unicode(void)
{
    return terminal.unicode;
}

int terminal_rows(void)
{
    return LINES;
}

int terminal_columns(void)
{
    return COLS;
}

/* --- glyphs --- */

const char *glyph(enum glyph which)
{
    static const char *const glyphs[GLYPHS][REPERTOIRES] = {
        [GLYPH_ELLIPSIS] = {"~", "~", "\u2026"},
        [GLYPH_HORIZONTAL] = {"-", "\u2500", "\u2500"},
        [GLYPH_VERTICAL] = {"|", "\u2502", "\u2502"},
        [GLYPH_UP] = {"^", "\u25b2", "\u25b4"},
        [GLYPH_DOWN] = {"v", "\u25bc", "\u25be"},
        [GLYPH_ENTER] = {">", ">", "\u203a"},
        [GLYPH_OPEN] = {"-", "\u25bc", "\u25be"},
        [GLYPH_SHUT] = {"+", "\u25ba", "\u25b8"},
        [GLYPH_LEAF] = {"`", "\u2514", "\u2514"},
        [GLYPH_NEW] = {"*", "\u2022", "\u25cf"},
        [GLYPH_CARET] = {"^", "\u25b2", "\u25b2"},
        [GLYPH_CHANGE] = {"|", "\u2502", "\u2503"},
        [GLYPH_FULL] = {"#", "\u2588", "\u2588"},
        [GLYPH_SHADE] = {".", "\u2591", "\u2591"},
    };
    return glyphs[which][terminal.repertoire];
}

static int clamp_eighths(int eighths)
{
    return eighths < 0 ? 0 : eighths > 8 ? 8 : eighths;
}

const char *bar_up(int eighths)
{
    static const char *const bars[REPERTOIRES][9] = {
        {" ", ".", ".", ":", ":", ":", "|", "|", "#"},
        {" ", "\u2584", "\u2584", "\u2584", "\u2584", "\u2584", "\u2588", "\u2588", "\u2588"},
        {" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"}};
    return bars[terminal.repertoire][clamp_eighths(eighths)];
}

const char *bar_right(int eighths)
{
    static const char *const bars[REPERTOIRES][9] = {
        {" ", " ", "-", "-", "=", "=", "=", "#", "#"},
        {" ", "\u258c", "\u258c", "\u258c", "\u258c", "\u258c", "\u2588", "\u2588", "\u2588"},
        {" ", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589", "\u2588"}};
    return bars[terminal.repertoire][clamp_eighths(eighths)];
}

/* --- drawing --- */

static attr_t attributes_of(int style)
{
    attr_t attributes = terminal.attributes[(style & SELECTED) != 0][style & ~(SELECTED | INVERSE)];
    return style & INVERSE ? attributes ^ A_REVERSE : attributes;
}

/* Cuts [*X, *X + *COLUMNS) to the screen; false when nothing is left. */
static bool clip(int y, int x, int *columns)
{
    if (y < 0 || y >= LINES || x < 0 || x >= COLS)
        return false;
    if (*columns > COLS - x)
        *columns = COLS - x;
    if (*columns > SCREEN_COLUMNS_MAX)
        *columns = SCREEN_COLUMNS_MAX;
    return *columns > 0;
}

static void put_spaces(int y, int x, int columns, attr_t attributes)
{
    if (columns > 0)
        mvhline(y, x, ' ' | attributes, columns);
}

static int put_fitted(int y, int x, int columns, int style, const char *text, bool right)
{
    char fitted[SCREEN_COLUMNS_MAX * TEXT_BYTES_PER_CELL + 16];
    if (!clip(y, x, &columns))
        return 0;
    int used = text_fit(text, columns, terminal.unicode, glyph(GLYPH_ELLIPSIS), fitted);
    attr_t attributes = attributes_of(style);
    int start = right ? x + columns - used : x;
    attrset((int)attributes);
    mvaddstr(y, start, fitted);
    put_spaces(y, right ? x : x + used, columns - used, attributes);
    return used;
}

int put_text(int y, int x, int columns, int style, const char *text)
{
    return put_fitted(y, x, columns, style, text, false);
}

int put_lines(struct area area, int style, const char *text)
{
    int row = 0;
    while (row < area.rows && *text != '\0') {
        char line[4096];
        const char *next;
        size_t length = text_line(text, area.columns, &next);
        if (row == area.rows - 1 && *next != '\0')
            length = strlen(text);
        snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line - 1),
                 text);
        put_text(area.y + row++, area.x, area.columns, style, line);
        text = next;
    }
    return row;
}

void put_paragraphs(struct area area, int style, const char *text)
{
    char line[512];
    while (*text != '\0' && area.rows > 0) {
        text = text_take_line(text, line, sizeof line);
        int used = line[0] != '\0' ? put_lines(area, style, line) : 1;
        area.y += used;
        area.rows -= used;
    }
}

void take_lines(struct area *area, int style, const char *text)
{
    int used = put_lines(*area, style, text);
    area->y += used;
    area->rows -= used;
}

void put_right(int y, int x, int columns, int style, const char *text)
{
    put_fitted(y, x, columns, style, text, true);
}

int put_format(int y, int x, int columns, int style, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return put_text(y, x, columns, style, text);
}

void put_glyphs(int y, int x, int columns, int style, const char *text)
{
    if (!clip(y, x, &columns))
        return;
    attrset((int)attributes_of(style));
    move(y, x);
    for (int i = 0; i < columns; i++)
        addstr(text);
}

void put_style(int y, int x, int columns, int style)
{
    attr_t attributes = attributes_of(style);
    if (clip(y, x, &columns))
        mvchgat(y, x, columns, attributes, (short)PAIR_NUMBER((int)attributes), NULL);
}

void put_clear(struct area area)
{
    attrset(A_NORMAL); /* a plain blank takes on what is set */
    for (int row = 0; row < area.rows; row++) {
        int columns = area.columns;
        if (clip(area.y + row, area.x, &columns))
            put_spaces(area.y + row, area.x, columns, A_NORMAL);
    }
}

/* --- clipboard --- */

static size_t encode_base64(const unsigned char *bytes, size_t length, char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t used = 0;
    for (size_t i = 0; i < length; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16;
        group |= i + 1 < length ? (unsigned)bytes[i + 1] << 8 : 0;
        group |= i + 2 < length ? bytes[i + 2] : 0;
        text[used++] = digits[group >> 18];
        text[used++] = digits[group >> 12 & 63];
        text[used++] = i + 1 < length ? digits[group >> 6 & 63] : '=';
        text[used++] = i + 2 < length ? digits[group & 63] : '=';
    }
    return used;
}

/* Is there anything behind the terminal that keeps a clipboard?  What has no
 * mouse has none, nor has the Linux console: it would print the sequence. */
static bool has_clipboard(void)
{
    const char *mouse = tigetstr("kmous");
    return mouse != NULL && mouse != (const char *)-1 && !is_terminal("linux");
}

/* screen hands on only what is wrapped for it, in strings that fit its buffer. */
static void write_through_screen(const char *sequence)
{
    enum { CHUNK = 256 };
    for (size_t length = strlen(sequence); length > 0;) {
        size_t size = length < CHUNK ? length : CHUNK;
        printf("\033P%.*s\033\\", (int)size, sequence);
        sequence += size;
        length -= size;
    }
}

bool terminal_copy(const char *text, size_t length)
{
    static const char begin[] = "\033]52;c;";
    if (length > COPY_MAX)
        length = COPY_MAX;
    char *sequence = has_clipboard() ? malloc(sizeof begin + length / 3 * 4 + 8) : NULL;
    if (sequence == NULL)
        return false;
    char *end = stpcpy(sequence, begin);
    end += encode_base64((const unsigned char *)text, length, end);
    strcpy(end, "\a");
    fflush(stdout);
    if (getenv("TMUX") != NULL) /* by itself where it is set so, and through it else */
        printf("%s\033Ptmux;\033%s\033\\", sequence, sequence);
    else if (is_terminal("screen"))
        write_through_screen(sequence);
    else
        fputs(sequence, stdout);
    fflush(stdout);
    free(sequence);
    return true;
}
