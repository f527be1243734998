#include "console.h"

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
#include "console_scan.h"

enum {
    NEVER = -1,
    QUIET_MS = 60,    /* without output, before a sleeping program counts as done */
    LOOK_MS = 10,     /* between two looks at whether it sleeps */
    CANNOT_RUN = 127, /* as a shell says it */
    BY_SIGNAL = 128,
    WIDE_RIGHT = -1, /* libvterm's character of the right half of a wide one */
};

struct console {
    VTerm *vterm;
    VTermScreen *screen;
    struct console_scan scan;
    struct termios line; /* as the program found it */
    struct termios line_left;
    int pty;   /* our end */
    int slave; /* the program's; -1 once it has ended */
    pid_t pid;
    int status;           /* CONSOLE_STILL_RUNNING, or as console_wait_exit() */
    int64_t last_traffic; /* either way, ms */
    int64_t asleep_since; /* ms, or NEVER */
    int columns, rows;
    bool cursor_visible, alternate;
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

static void set_environment(const struct console_settings *settings)
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
_Noreturn static void run(const struct console_settings *settings)
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
    struct console *console = context;
    if (property == VTERM_PROP_CURSORVISIBLE)
        console->cursor_visible = value->boolean != 0;
    else if (property == VTERM_PROP_ALTSCREEN)
        console->alternate = value->boolean != 0;
    return 1;
}

static void answer(const char *bytes, size_t size, void *context)
{
    console_send(context, bytes, size);
}

/* Room for the text of the screen: a cell holds up to six characters. */
static int fit_text(struct console *console)
{
    size_t rows = (size_t)console->rows;
    size_t size = rows * ((size_t)console->columns * CONSOLE_CELL_TEXT + 1) + 1;
    char *text = realloc(console->text, size);
    size_t *starts = text == NULL ? NULL : realloc(console->starts, rows * sizeof *starts);
    if (text != NULL)
        console->text = text;
    if (starts == NULL)
        return -1;
    console->starts = starts;
    return 0;
}

static int open_screen(struct console *console, bool utf8)
{
    static const VTermScreenCallbacks callbacks = {.settermprop = set_property};
    console->vterm = vterm_new(console->rows, console->columns);
    if (console->vterm == NULL || scan_init(&console->scan, utf8) != 0 || fit_text(console) != 0)
        return -1;
    vterm_set_utf8(console->vterm, utf8);
    vterm_output_set_callback(console->vterm, answer, console);
    console->screen = vterm_obtain_screen(console->vterm);
    vterm_screen_set_callbacks(console->screen, &callbacks, console);
    vterm_screen_enable_altscreen(console->screen, 1);
    vterm_screen_reset(console->screen, 1);
    return 0;
}

static bool is_utf8(const char *locale)
{
    return locale == NULL || strcasestr(locale, "utf-8") != NULL ||
           strcasestr(locale, "utf8") != NULL;
}

struct console *console_open(const struct console_settings *settings)
{
    struct console *console = calloc(1, sizeof *console);
    if (console == NULL)
        return NULL;
    console->columns = settings->columns > 0 ? settings->columns : 80;
    console->rows = settings->rows > 0 ? settings->rows : 24;
    console->pty = console->slave = -1;
    console->status = CONSOLE_STILL_RUNNING;
    console->last_traffic = now_ms();
    struct winsize size = {.ws_row = (unsigned short)console->rows,
                           .ws_col = (unsigned short)console->columns};
    if (open_screen(console, is_utf8(settings->locale)) != 0)
        goto failed;
    if (openpty(&console->pty, &console->slave, NULL, NULL, &size) != 0)
        goto failed;
    tcgetattr(console->slave, &console->line);
    fcntl(console->pty, F_SETFD, FD_CLOEXEC);
    fcntl(console->pty, F_SETFL, O_NONBLOCK);
    console->pid = fork();
    if (console->pid == 0) {
        if (login_tty(console->slave) == 0)
            run(settings);
        _exit(CANNOT_RUN);
    }
    fcntl(console->slave, F_SETFD, FD_CLOEXEC);
    if (console->pid > 0)
        return console;
failed:
    console_close(console);
    return NULL;
}

void console_close(struct console *console)
{
    if (console == NULL)
        return;
    if (console->pid > 0 && console->status == CONSOLE_STILL_RUNNING) {
        kill(-console->pid, SIGKILL); /* it leads a session of its own */
        kill(console->pid, SIGKILL);
        waitpid(console->pid, NULL, 0);
    }
    if (console->pty >= 0)
        close(console->pty);
    if (console->slave >= 0)
        close(console->slave);
    if (console->vterm != NULL)
        vterm_free(console->vterm);
    scan_free(&console->scan);
    free(console->starts);
    free(console->text);
    free(console);
}

pid_t console_pid(const struct console *console)
{
    return console->pid;
}

/* --- reading its output --- */

/* Reads what there is, waiting for it up to MS.  False when nothing came. */
static bool read_output(struct console *console, int ms)
{
    static char bytes[64 * 1024];
    struct pollfd pty = {.fd = console->pty, .events = POLLIN};
    if (poll(&pty, 1, ms) <= 0)
        return false;
    ssize_t size = read(console->pty, bytes, sizeof bytes);
    if (size <= 0)
        return false; /* EIO: nobody has the other end open any more */
    console->last_traffic = now_ms();
    scan_bytes(&console->scan, bytes, (size_t)size);
    vterm_input_write(console->vterm, bytes, (size_t)size);
    return true;
}

/* Notes how the program ended, if it has, and reads the last of its output. */
static void reap(struct console *console)
{
    int status;
    if (console->status != CONSOLE_STILL_RUNNING ||
        waitpid(console->pid, &status, WNOHANG) != console->pid)
        return;
    console->status = WIFEXITED(status) ? WEXITSTATUS(status) : BY_SIGNAL + WTERMSIG(status);
    tcgetattr(console->slave, &console->line_left);
    close(console->slave);
    console->slave = -1;
    while (read_output(console, QUIET_MS))
        continue;
}

bool console_wait_until(struct console *console, console_condition *condition, const void *context)
{
    int64_t deadline = now_ms() + CONSOLE_PATIENCE_MS;
    while (!condition(console, context)) {
        if (console->status != CONSOLE_STILL_RUNNING || now_ms() > deadline)
            return false;
        read_output(console, LOOK_MS);
        reap(console);
    }
    return true;
}

static bool shows(struct console *console, const void *text)
{
    return console_find(console, text, NULL, NULL);
}

bool console_wait_for(struct console *console, const char *text)
{
    return console_wait_until(console, shows, text);
}

static bool has_ended(struct console *console, const void *context)
{
    (void)context;
    return console->status != CONSOLE_STILL_RUNNING;
}

/* It may have written just before it fell asleep: the quiet counts from when it
 * was seen sleeping. */
static bool is_settled(struct console *console, const void *context)
{
    int unread;
    if (has_ended(console, context))
        return true;
    if (ioctl(console->slave, FIONREAD, &unread) != 0 || unread > 0 ||
        !processes_sleep(console->pid)) {
        console->asleep_since = NEVER;
        return false;
    }
    if (console->asleep_since == NEVER || console->asleep_since < console->last_traffic)
        console->asleep_since = now_ms();
    return now_ms() - console->asleep_since >= QUIET_MS;
}

bool console_settle(struct console *console)
{
    console->asleep_since = NEVER;
    return console_wait_until(console, is_settled, NULL);
}

/* What is gone while something is read may come again with it. */
static bool rests_without(struct console *console, const void *text)
{
    return is_settled(console, NULL) && !shows(console, text);
}

bool console_wait_without(struct console *console, const char *text)
{
    console->asleep_since = NEVER;
    return console_wait_until(console, rests_without, text);
}

int console_wait_exit(struct console *console)
{
    console_wait_until(console, has_ended, NULL);
    return console->status;
}

/* --- typing --- */

void console_send(struct console *console, const char *bytes, size_t size)
{
    int64_t deadline = now_ms() + CONSOLE_PATIENCE_MS;
    console->last_traffic = now_ms(); /* before it arrives it cannot be seen as unread */
    while (size > 0 && now_ms() < deadline) {
        ssize_t written = write(console->pty, bytes, size);
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            read_output(console, LOOK_MS); /* it may wait for us to read */
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
static int type_named(struct console *console, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strlen(keys[i].name) == length && memcmp(keys[i].name, name, length) == 0) {
            vterm_keyboard_key(console->vterm, keys[i].key, keys[i].modifier);
            return 0;
        }
    }
    int function = length > 1 && name[0] == 'F' ? atoi(name + 1) : 0;
    if (function >= 1 && function <= 12)
        vterm_keyboard_key(console->vterm, (VTermKey)VTERM_KEY_FUNCTION(function), VTERM_MOD_NONE);
    else if (length == 3 && memcmp(name, "C-", 2) == 0)
        console_send(console, (char[]){(char)(name[2] & 0x1f)}, 1);
    else if (length == 2 && memcmp(name, "lt", 2) == 0)
        console_send(console, "<", 1);
    else
        return -1;
    return 0;
}

int console_type(struct console *console, const char *text)
{
    while (*text != '\0') {
        const char *end = *text == '<' ? strchr(text, '>') : NULL;
        if (*text == '<') {
            if (end == NULL || type_named(console, text + 1, (size_t)(end - text - 1)) != 0)
                return -1;
            text = end + 1;
        } else {
            size_t plain = strcspn(text, "<");
            console_send(console, text, plain);
            text += plain;
        }
    }
    return 0;
}

void console_button(struct console *console, int button, bool pressed, int row, int column)
{
    vterm_mouse_move(console->vterm, row, column, VTERM_MOD_NONE);
    vterm_mouse_button(console->vterm, button, pressed, VTERM_MOD_NONE);
}

void console_click(struct console *console, int button, int row, int column)
{
    console_button(console, button, true, row, column);
    console_button(console, button, false, row, column);
}

void console_resize(struct console *console, int columns, int rows)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    console->columns = columns;
    console->rows = rows;
    vterm_set_size(console->vterm, rows, columns);
    if (fit_text(console) == 0)
        ioctl(console->pty, TIOCSWINSZ, &size);
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
        return CONSOLE_DEFAULT;
    if (VTERM_COLOR_IS_INDEXED(colour))
        return colour->indexed.idx;
    return CONSOLE_RGB | colour->rgb.red << 16 | colour->rgb.green << 8 | colour->rgb.blue;
}

struct console_cell console_cell(struct console *console, int row, int column)
{
    VTermScreenCell cell;
    struct console_cell seen = {
        .width = 1, .foreground = CONSOLE_DEFAULT, .background = CONSOLE_DEFAULT};
    if (!vterm_screen_get_cell(console->screen, (VTermPos){row, column}, &cell))
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

void console_size(const struct console *console, int *columns, int *rows)
{
    *columns = console->columns;
    *rows = console->rows;
}

/* Writes ROW without the blanks at its end; returns what is behind it. */
static char *put_row(struct console *console, int row, char *text)
{
    char *end = text;
    for (int column = 0; column < console->columns; column++) {
        struct console_cell cell = console_cell(console, row, column);
        const char *shown = cell.text[0] == '\0' && cell.width > 0 ? " " : cell.text;
        text = stpcpy(text, shown);
        if (strcmp(shown, " ") != 0)
            end = text;
    }
    return end;
}

static void put_screen(struct console *console, char row_end)
{
    char *text = console->text;
    for (int row = 0; row < console->rows; row++) {
        console->starts[row] = (size_t)(text - console->text);
        text = put_row(console, row, text);
        *text++ = row_end;
    }
    *text = '\0';
}

const char *console_row(struct console *console, int row)
{
    put_screen(console, '\0');
    return row >= 0 && row < console->rows ? console->text + console->starts[row] : "";
}

const char *console_screen(struct console *console)
{
    put_screen(console, '\n');
    return console->text;
}

/* The column of the cell in which byte OFFSET of the text of ROW stands. */
static int column_of(struct console *console, int row, size_t offset)
{
    size_t bytes = 0;
    for (int column = 0; column < console->columns; column++) {
        struct console_cell cell = console_cell(console, row, column);
        bytes += cell.text[0] == '\0' && cell.width > 0 ? 1 : strlen(cell.text);
        if (bytes > offset)
            return column;
    }
    return console->columns - 1;
}

bool console_find(struct console *console, const char *text, int *row, int *column)
{
    for (int i = 0; i < console->rows; i++) {
        const char *line = console_row(console, i);
        const char *found = strstr(line, text);
        if (found == NULL)
            continue;
        if (row != NULL)
            *row = i;
        if (column != NULL)
            *column = column_of(console, i, (size_t)(found - line));
        return true;
    }
    return false;
}

bool console_cursor(const struct console *console, int *row, int *column)
{
    VTermPos position;
    vterm_state_get_cursorpos(vterm_obtain_state(console->vterm), &position);
    if (row != NULL)
        *row = position.row;
    if (column != NULL)
        *column = position.col;
    return console->cursor_visible;
}

bool console_alternate(const struct console *console)
{
    return console->alternate;
}

const char *console_clipboard(const struct console *console)
{
    return console->scan.clipboard;
}

const char *console_harm(const struct console *console)
{
    return scan_harm(&console->scan);
}

/* Does what is written from now on come out plain? */
static bool pen_is_plain(const struct console *console)
{
    const VTermState *state = vterm_obtain_state(console->vterm);
    VTermValue bold, underline, reverse, foreground, background;
    vterm_state_get_penattr(state, VTERM_ATTR_BOLD, &bold);
    vterm_state_get_penattr(state, VTERM_ATTR_UNDERLINE, &underline);
    vterm_state_get_penattr(state, VTERM_ATTR_REVERSE, &reverse);
    vterm_state_get_penattr(state, VTERM_ATTR_FOREGROUND, &foreground);
    vterm_state_get_penattr(state, VTERM_ATTR_BACKGROUND, &background);
    return !bold.boolean && !underline.number && !reverse.boolean &&
           colour(&foreground.color) == CONSOLE_DEFAULT &&
           colour(&background.color) == CONSOLE_DEFAULT;
}

const char *console_leftover(struct console *console)
{
    const char *mode = scan_leftover(&console->scan);
    if (*mode != '\0')
        return mode;
    if (!pen_is_plain(console))
        return "colours or attributes are still on";
    if (console->slave >= 0)
        tcgetattr(console->slave, &console->line_left);
    if (console->line.c_lflag != console->line_left.c_lflag)
        return "the line is not back to echo and line editing";
    if (console->line.c_iflag != console->line_left.c_iflag ||
        console->line.c_oflag != console->line_left.c_oflag ||
        console->line.c_cflag != console->line_left.c_cflag)
        return "the line settings have changed";
    return "";
}
