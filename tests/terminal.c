#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include <vterm.h>

#include "processes.h"
#include "terminal_scan.h"

enum {
    QUIET_MS = 60,    /* without output, before a sleeping program counts as done */
    LOOK_MS = 10,     /* between two looks at whether it sleeps */
    CANNOT_RUN = 127, /* as a shell says it */
    BY_SIGNAL = 128,
    WIDE_RIGHT = -1, /* libvterm's character of the right half of a wide one */
};

struct terminal {
    VTerm *vterm;
    VTermScreen *screen;
    struct terminal_scan scan;
    struct termios line; /* as the program found it */
    struct termios line_left;
    int pty;   /* our end */
    int slave; /* the program's; -1 once it has ended */
    pid_t pid;
    int status;           /* TERMINAL_STILL_RUNNING, or as terminal_wait_exit() */
    int64_t last_traffic; /* either way, ms */
    int columns, rows;
    bool cursor_visible, alternate;
    char title[128];
    char *text;     /* all rows, each ended by '\0' or '\n' */
    size_t *starts; /* of the rows in it */
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- starting and ending --- */

static void set_environment(const struct terminal_settings *settings)
{
    static const char *const foreign[] = {"COLORTERM", "NO_COLOR", "COLUMNS",  "LINES",
                                          "LANG",      "LANGUAGE", "LC_CTYPE", "TMUX",
                                          "STY",       "TERMCAP",  "TERMINFO"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        unsetenv(foreign[i]);
    setenv("TERM", settings->term == NULL ? "xterm-256color" : settings->term, 1);
    setenv("LC_ALL", settings->locale == NULL ? "C.UTF-8" : settings->locale, 1);
    for (const char *const *entry = settings->environment; entry != NULL && *entry != NULL;
         entry++) {
        char name[64];
        const char *equals = strchr(*entry, '=');
        if (equals == NULL) {
            unsetenv(*entry);
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)(equals - *entry), *entry);
        setenv(name, equals + 1, 1);
    }
}

/* The child. */
_Noreturn static void run(const struct terminal_settings *settings)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    set_environment(settings);
    if (settings->folder != NULL && chdir(settings->folder) != 0) {
        fprintf(stderr, "%s: %s\n", settings->folder, strerror(errno));
        _exit(CANNOT_RUN);
    }
    execvp(settings->argv[0], (char *const *)settings->argv);
    fprintf(stderr, "%s: %s\n", settings->argv[0], strerror(errno));
    _exit(CANNOT_RUN);
}

static int set_property(VTermProp property, VTermValue *value, void *context)
{
    struct terminal *terminal = context;
    if (property == VTERM_PROP_CURSORVISIBLE)
        terminal->cursor_visible = value->boolean != 0;
    else if (property == VTERM_PROP_ALTSCREEN)
        terminal->alternate = value->boolean != 0;
    else if (property == VTERM_PROP_TITLE)
        snprintf(terminal->title, sizeof terminal->title, "%s", value->string);
    return 1;
}

static void answer(const char *bytes, size_t size, void *context)
{
    terminal_send(context, bytes, size);
}

/* Room for the text of the screen: a cell holds up to six characters. */
static int fit_text(struct terminal *terminal)
{
    size_t rows = (size_t)terminal->rows;
    size_t size = rows * ((size_t)terminal->columns * TERMINAL_CELL_TEXT + 1) + 1;
    char *text = realloc(terminal->text, size);
    size_t *starts = text == NULL ? NULL : realloc(terminal->starts, rows * sizeof *starts);
    if (text != NULL)
        terminal->text = text;
    if (starts == NULL)
        return -1;
    terminal->starts = starts;
    return 0;
}

static int open_screen(struct terminal *terminal, bool utf8)
{
    static const VTermScreenCallbacks callbacks = {.settermprop = set_property};
    terminal->vterm = vterm_new(terminal->rows, terminal->columns);
    if (terminal->vterm == NULL || scan_init(&terminal->scan, utf8) != 0 || fit_text(terminal) != 0)
        return -1;
    vterm_set_utf8(terminal->vterm, utf8);
    vterm_output_set_callback(terminal->vterm, answer, terminal);
    terminal->screen = vterm_obtain_screen(terminal->vterm);
    vterm_screen_set_callbacks(terminal->screen, &callbacks, terminal);
    vterm_screen_enable_altscreen(terminal->screen, 1);
    vterm_screen_reset(terminal->screen, 1);
    return 0;
}

static bool is_utf8(const char *locale)
{
    return locale == NULL || strcasestr(locale, "utf-8") != NULL ||
           strcasestr(locale, "utf8") != NULL;
}

struct terminal *terminal_open(const struct terminal_settings *settings)
{
    struct terminal *terminal = calloc(1, sizeof *terminal);
    if (terminal == NULL)
        return NULL;
    terminal->columns = settings->columns > 0 ? settings->columns : 80;
    terminal->rows = settings->rows > 0 ? settings->rows : 24;
    terminal->pty = terminal->slave = -1;
    terminal->status = TERMINAL_STILL_RUNNING;
    terminal->last_traffic = now_ms();
    struct winsize size = {.ws_row = (unsigned short)terminal->rows,
                           .ws_col = (unsigned short)terminal->columns};
    if (open_screen(terminal, is_utf8(settings->locale)) != 0)
        goto failed;
    if (openpty(&terminal->pty, &terminal->slave, NULL, NULL, &size) != 0)
        goto failed;
    tcgetattr(terminal->slave, &terminal->line);
    fcntl(terminal->pty, F_SETFD, FD_CLOEXEC);
    fcntl(terminal->pty, F_SETFL, O_NONBLOCK);
    terminal->pid = fork();
    if (terminal->pid == 0) {
        if (login_tty(terminal->slave) == 0)
            run(settings);
        _exit(CANNOT_RUN);
    }
    fcntl(terminal->slave, F_SETFD, FD_CLOEXEC);
    if (terminal->pid > 0)
        return terminal;
failed:
    terminal_close(terminal);
    return NULL;
}

void terminal_close(struct terminal *terminal)
{
    if (terminal == NULL)
        return;
    if (terminal->pid > 0 && terminal->status == TERMINAL_STILL_RUNNING) {
        kill(-terminal->pid, SIGKILL); /* it leads a session of its own */
        kill(terminal->pid, SIGKILL);
        waitpid(terminal->pid, NULL, 0);
    }
    if (terminal->pty >= 0)
        close(terminal->pty);
    if (terminal->slave >= 0)
        close(terminal->slave);
    if (terminal->vterm != NULL)
        vterm_free(terminal->vterm);
    scan_free(&terminal->scan);
    free(terminal->starts);
    free(terminal->text);
    free(terminal);
}

pid_t terminal_pid(const struct terminal *terminal)
{
    return terminal->pid;
}

/* --- reading its output --- */

/* Reads what there is, waiting for it up to MS.  False when nothing came. */
static bool read_output(struct terminal *terminal, int ms)
{
    static char bytes[64 * 1024];
    struct pollfd pty = {.fd = terminal->pty, .events = POLLIN};
    if (poll(&pty, 1, ms) <= 0)
        return false;
    ssize_t size = read(terminal->pty, bytes, sizeof bytes);
    if (size <= 0)
        return false; /* EIO: nobody has the other end open any more */
    terminal->last_traffic = now_ms();
    scan_bytes(&terminal->scan, bytes, (size_t)size);
    vterm_input_write(terminal->vterm, bytes, (size_t)size);
    return true;
}

/* Notes how the program ended, if it has, and reads the last of its output. */
static void reap(struct terminal *terminal)
{
    int status;
    if (terminal->status != TERMINAL_STILL_RUNNING ||
        waitpid(terminal->pid, &status, WNOHANG) != terminal->pid)
        return;
    terminal->status = WIFEXITED(status) ? WEXITSTATUS(status) : BY_SIGNAL + WTERMSIG(status);
    tcgetattr(terminal->slave, &terminal->line_left);
    close(terminal->slave);
    terminal->slave = -1;
    while (read_output(terminal, QUIET_MS))
        continue;
}

bool terminal_wait_until(struct terminal *terminal, terminal_condition *condition,
                         const void *context)
{
    int64_t deadline = now_ms() + TERMINAL_PATIENCE_MS;
    while (!condition(terminal, context)) {
        if (terminal->status != TERMINAL_STILL_RUNNING || now_ms() > deadline)
            return false;
        read_output(terminal, LOOK_MS);
        reap(terminal);
    }
    return true;
}

static bool shows(struct terminal *terminal, const void *text)
{
    return terminal_find(terminal, text, NULL, NULL);
}

static bool shows_not(struct terminal *terminal, const void *text)
{
    return !shows(terminal, text);
}

bool terminal_wait_for(struct terminal *terminal, const char *text)
{
    return terminal_wait_until(terminal, shows, text);
}

bool terminal_wait_without(struct terminal *terminal, const char *text)
{
    return terminal_wait_until(terminal, shows_not, text);
}

static bool has_ended(struct terminal *terminal, const void *context)
{
    (void)context;
    return terminal->status != TERMINAL_STILL_RUNNING;
}

static bool is_settled(struct terminal *terminal, const void *context)
{
    int unread;
    if (has_ended(terminal, context))
        return true;
    return now_ms() - terminal->last_traffic >= QUIET_MS &&
           ioctl(terminal->slave, FIONREAD, &unread) == 0 && unread == 0 &&
           processes_sleep(terminal->pid);
}

bool terminal_settle(struct terminal *terminal)
{
    return terminal_wait_until(terminal, is_settled, NULL);
}

int terminal_wait_exit(struct terminal *terminal)
{
    terminal_wait_until(terminal, has_ended, NULL);
    return terminal->status;
}

/* --- typing --- */

void terminal_send(struct terminal *terminal, const char *bytes, size_t size)
{
    int64_t deadline = now_ms() + TERMINAL_PATIENCE_MS;
    terminal->last_traffic = now_ms(); /* before it arrives it cannot be seen as unread */
    while (size > 0 && now_ms() < deadline) {
        ssize_t written = write(terminal->pty, bytes, size);
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            read_output(terminal, LOOK_MS); /* it may wait for us to read */
        } else if (errno != EINTR) {
            return;
        }
    }
}

static const struct {
    const char *name;
    VTermKey key;
    VTermModifier modifier;
} keys[] = {
    {"Up", VTERM_KEY_UP, VTERM_MOD_NONE},
    {"Down", VTERM_KEY_DOWN, VTERM_MOD_NONE},
    {"Left", VTERM_KEY_LEFT, VTERM_MOD_NONE},
    {"Right", VTERM_KEY_RIGHT, VTERM_MOD_NONE},
    {"Home", VTERM_KEY_HOME, VTERM_MOD_NONE},
    {"End", VTERM_KEY_END, VTERM_MOD_NONE},
    {"PgUp", VTERM_KEY_PAGEUP, VTERM_MOD_NONE},
    {"PgDn", VTERM_KEY_PAGEDOWN, VTERM_MOD_NONE},
    {"Ins", VTERM_KEY_INS, VTERM_MOD_NONE},
    {"Del", VTERM_KEY_DEL, VTERM_MOD_NONE},
    {"Enter", VTERM_KEY_ENTER, VTERM_MOD_NONE},
    {"Esc", VTERM_KEY_ESCAPE, VTERM_MOD_NONE},
    {"Tab", VTERM_KEY_TAB, VTERM_MOD_NONE},
    {"S-Tab", VTERM_KEY_TAB, VTERM_MOD_SHIFT},
    {"Backspace", VTERM_KEY_BACKSPACE, VTERM_MOD_NONE},
};

/* Types the key NAME (LENGTH bytes). */
static int type_named(struct terminal *terminal, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strlen(keys[i].name) == length && memcmp(keys[i].name, name, length) == 0) {
            vterm_keyboard_key(terminal->vterm, keys[i].key, keys[i].modifier);
            return 0;
        }
    }
    int function = length > 1 && name[0] == 'F' ? atoi(name + 1) : 0;
    if (function >= 1 && function <= 12)
        vterm_keyboard_key(terminal->vterm, (VTermKey)VTERM_KEY_FUNCTION(function), VTERM_MOD_NONE);
    else if (length == 3 && memcmp(name, "C-", 2) == 0)
        terminal_send(terminal, (char[]){(char)(name[2] & 0x1f)}, 1);
    else if (length == 2 && memcmp(name, "lt", 2) == 0)
        terminal_send(terminal, "<", 1);
    else
        return -1;
    return 0;
}

int terminal_type(struct terminal *terminal, const char *text)
{
    while (*text != '\0') {
        const char *end = *text == '<' ? strchr(text, '>') : NULL;
        if (*text == '<') {
            if (end == NULL || type_named(terminal, text + 1, (size_t)(end - text - 1)) != 0)
                return -1;
            text = end + 1;
        } else {
            size_t plain = strcspn(text, "<");
            terminal_send(terminal, text, plain);
            text += plain;
        }
    }
    return 0;
}

void terminal_click(struct terminal *terminal, int button, int row, int column)
{
    vterm_mouse_move(terminal->vterm, row, column, VTERM_MOD_NONE);
    vterm_mouse_button(terminal->vterm, button, true, VTERM_MOD_NONE);
    vterm_mouse_button(terminal->vterm, button, false, VTERM_MOD_NONE);
}

void terminal_resize(struct terminal *terminal, int columns, int rows)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    terminal->columns = columns;
    terminal->rows = rows;
    vterm_set_size(terminal->vterm, rows, columns);
    if (fit_text(terminal) == 0)
        ioctl(terminal->pty, TIOCSWINSZ, &size);
}

/* --- the screen --- */

/* Appends CODE as UTF-8 at END and returns what is behind it. */
static char *put_utf8(char *end, uint32_t code)
{
    if (code < 0x80) {
        *end++ = (char)code;
        return end;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    *end++ = (char)(leads[more] | code >> 6 * more);
    while (more-- > 0)
        *end++ = (char)(0x80 | (code >> 6 * more & 0x3f));
    return end;
}

static int colour(const VTermColor *colour)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(colour) || VTERM_COLOR_IS_DEFAULT_BG(colour))
        return TERMINAL_DEFAULT;
    if (VTERM_COLOR_IS_INDEXED(colour))
        return colour->indexed.idx;
    return TERMINAL_RGB | colour->rgb.red << 16 | colour->rgb.green << 8 | colour->rgb.blue;
}

struct terminal_cell terminal_cell(struct terminal *terminal, int row, int column)
{
    VTermScreenCell cell;
    struct terminal_cell seen = {
        .width = 1, .foreground = TERMINAL_DEFAULT, .background = TERMINAL_DEFAULT};
    if (!vterm_screen_get_cell(terminal->screen, (VTermPos){row, column}, &cell))
        return seen;
    seen.width = cell.width;
    char *end = seen.text;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0; i++) {
        if (cell.chars[i] == (uint32_t)WIDE_RIGHT)
            seen.width = 0;
        else
            end = put_utf8(end, cell.chars[i]);
    }
    *end = '\0';
    seen.bold = cell.attrs.bold;
    seen.italic = cell.attrs.italic;
    seen.underline = cell.attrs.underline != VTERM_UNDERLINE_OFF;
    seen.reverse = cell.attrs.reverse;
    seen.foreground = colour(&cell.fg);
    seen.background = colour(&cell.bg);
    return seen;
}

void terminal_size(const struct terminal *terminal, int *columns, int *rows)
{
    *columns = terminal->columns;
    *rows = terminal->rows;
}

/* Writes ROW without the blanks at its end; returns what is behind it. */
static char *put_row(struct terminal *terminal, int row, char *text)
{
    char *end = text;
    for (int column = 0; column < terminal->columns; column++) {
        struct terminal_cell cell = terminal_cell(terminal, row, column);
        const char *shown = cell.text[0] == '\0' && cell.width > 0 ? " " : cell.text;
        text = stpcpy(text, shown);
        if (strcmp(shown, " ") != 0)
            end = text;
    }
    return end;
}

static void put_screen(struct terminal *terminal, char row_end)
{
    char *text = terminal->text;
    for (int row = 0; row < terminal->rows; row++) {
        terminal->starts[row] = (size_t)(text - terminal->text);
        text = put_row(terminal, row, text);
        *text++ = row_end;
    }
    *text = '\0';
}

const char *terminal_row(struct terminal *terminal, int row)
{
    put_screen(terminal, '\0');
    return row >= 0 && row < terminal->rows ? terminal->text + terminal->starts[row] : "";
}

const char *terminal_screen(struct terminal *terminal)
{
    put_screen(terminal, '\n');
    return terminal->text;
}

/* The column of the cell in which byte OFFSET of the text of ROW stands. */
static int column_of(struct terminal *terminal, int row, size_t offset)
{
    size_t bytes = 0;
    for (int column = 0; column < terminal->columns; column++) {
        struct terminal_cell cell = terminal_cell(terminal, row, column);
        bytes += cell.text[0] == '\0' && cell.width > 0 ? 1 : strlen(cell.text);
        if (bytes > offset)
            return column;
    }
    return terminal->columns - 1;
}

bool terminal_find(struct terminal *terminal, const char *text, int *row, int *column)
{
    for (int i = 0; i < terminal->rows; i++) {
        const char *line = terminal_row(terminal, i);
        const char *found = strstr(line, text);
        if (found == NULL)
            continue;
        if (row != NULL)
            *row = i;
        if (column != NULL)
            *column = column_of(terminal, i, (size_t)(found - line));
        return true;
    }
    return false;
}

bool terminal_cursor(const struct terminal *terminal, int *row, int *column)
{
    VTermPos position;
    vterm_state_get_cursorpos(vterm_obtain_state(terminal->vterm), &position);
    if (row != NULL)
        *row = position.row;
    if (column != NULL)
        *column = position.col;
    return terminal->cursor_visible;
}

bool terminal_alternate(const struct terminal *terminal)
{
    return terminal->alternate;
}

const char *terminal_title(const struct terminal *terminal)
{
    return terminal->title;
}

const char *terminal_clipboard(const struct terminal *terminal)
{
    return terminal->scan.clipboard;
}

const char *terminal_harm(const struct terminal *terminal)
{
    return scan_harm(&terminal->scan);
}

/* Does what is written from now on come out plain? */
static bool pen_is_plain(const struct terminal *terminal)
{
    const VTermState *state = vterm_obtain_state(terminal->vterm);
    VTermValue bold, underline, reverse, foreground, background;
    vterm_state_get_penattr(state, VTERM_ATTR_BOLD, &bold);
    vterm_state_get_penattr(state, VTERM_ATTR_UNDERLINE, &underline);
    vterm_state_get_penattr(state, VTERM_ATTR_REVERSE, &reverse);
    vterm_state_get_penattr(state, VTERM_ATTR_FOREGROUND, &foreground);
    vterm_state_get_penattr(state, VTERM_ATTR_BACKGROUND, &background);
    return !bold.boolean && !underline.number && !reverse.boolean &&
           colour(&foreground.color) == TERMINAL_DEFAULT &&
           colour(&background.color) == TERMINAL_DEFAULT;
}

const char *terminal_leftover(struct terminal *terminal)
{
    const char *mode = scan_leftover(&terminal->scan);
    if (*mode != '\0')
        return mode;
    if (!pen_is_plain(terminal))
        return "colours or attributes are still on";
    if (terminal->slave >= 0)
        tcgetattr(terminal->slave, &terminal->line_left);
    if (terminal->line.c_lflag != terminal->line_left.c_lflag)
        return "the line is not back to echo and line editing";
    if (terminal->line.c_iflag != terminal->line_left.c_iflag ||
        terminal->line.c_oflag != terminal->line_left.c_oflag ||
        terminal->line.c_cflag != terminal->line_left.c_cflag)
        return "the line settings have changed";
    return "";
}
