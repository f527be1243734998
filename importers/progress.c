#include "progress.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../db/visible.h"

enum {
    SENTENCE = 2048,
    NAME = 256,
    BAR_WIDTH = 20,
    COLUMNS_MAX = 200,
};

static const double show_seconds = 0.2;

static struct {
    pthread_mutex_t lock;
    enum progress_style style;
    double started;
    double shown;
    char account[NAME];
    char mailbox[NAME];
    size_t expected;
    bool drawn; /* a bar stands on the terminal's last line */
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER, .style = PROGRESS_NONE};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int progress_style_find(const char *name)
{
    static const char *const names[] = {"auto", "bar", "json", "none"};
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

void progress_open(enum progress_style style)
{
    if (style == PROGRESS_AUTO)
        style = isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_NONE;
    progress.style = style;
    progress.started = now();
}

void progress_source(const char *account, const char *mailbox)
{
    pthread_mutex_lock(&progress.lock);
    text_visible(account, progress.account, sizeof progress.account);
    text_visible(mailbox, progress.mailbox, sizeof progress.mailbox);
    pthread_mutex_unlock(&progress.lock);
}

void progress_expect(size_t count)
{
    pthread_mutex_lock(&progress.lock);
    progress.expected += count;
    pthread_mutex_unlock(&progress.lock);
}

/* --- sentences --- */

static void erase_bar(void)
{
    if (progress.drawn)
        fputs("\r\033[K", stderr);
    progress.drawn = false;
}

void say(const char *format, ...)
{
    char text[SENTENCE], sentence[SENTENCE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_visible(text, sentence, sizeof sentence);
    pthread_mutex_lock(&progress.lock);
    erase_bar();
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, sentence);
    pthread_mutex_unlock(&progress.lock);
}

/* --- the bar --- */

static const char *show_left(double seconds, char text[static 32])
{
    if (seconds < 60)
        snprintf(text, 32, "%.0f s", seconds);
    else if (seconds < 3600)
        snprintf(text, 32, "%.0f min", seconds / 60);
    else
        snprintf(text, 32, "%.1f h", seconds / 3600);
    return text;
}

static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

static void draw_bar(const struct store_counts *counts, double elapsed)
{
    char line[2 * NAME + 128], left[32] = "?";
    double done = (double)counts->messages;
    double rate = elapsed > 0 ? done / elapsed : 0;
    if (progress.expected > 0 && rate > 0) {
        double expected = (double)progress.expected;
        char cells[BAR_WIDTH + 1];
        for (int i = 0; i < BAR_WIDTH; i++)
            cells[i] = done / expected * BAR_WIDTH > i ? '#' : '-';
        cells[BAR_WIDTH] = '\0';
        snprintf(line, sizeof line, "[%s] %.0f of %.0f, %.0f/s, %s left  %s %s", cells, done,
                 expected, rate, show_left((expected - done) / rate, left), progress.account,
                 progress.mailbox);
    } else {
        snprintf(line, sizeof line, "%.0f messages, %.0f/s  %s %s", done, rate, progress.account,
                 progress.mailbox);
    }
    /* one column stays free, or some terminals would wrap; names may be cut
     * within a character, which the erasing repairs */
    fprintf(stderr, "\r\033[K%.*s", terminal_columns() - 1, line);
    fflush(stderr);
    progress.drawn = true;
}

/* --- JSON lines --- */

static void add_counts(struct json_object *event, const struct store_counts *counts)
{
    static const struct {
        const char *key;
        enum outcome outcome;
    } outcomes[] = {{"imported", OUTCOME_IMPORTED},
                    {"duplicates", OUTCOME_DUPLICATE},
                    {"conflicts", OUTCOME_CONFLICT},
                    {"not_reports", OUTCOME_NOT_A_REPORT},
                    {"damaged", OUTCOME_DAMAGED}};
    json_object_object_add(event, "total", json_object_new_int64((int64_t)progress.expected));
    json_object_object_add(event, "done", json_object_new_int64(counts->messages));
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        json_object_object_add(event, outcomes[i].key,
                               json_object_new_int64(counts->outcomes[outcomes[i].outcome]));
}

static struct json_object *new_event(const char *name)
{
    struct json_object *event = json_object_new_object();
    json_object_object_add(event, "event", json_object_new_string(name));
    return event;
}

static void write_event(struct json_object *event)
{
    puts(json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN));
    fflush(stdout);
    json_object_put(event);
}

static void write_progress(const struct store_counts *counts)
{
    struct json_object *event = new_event("progress");
    json_object_object_add(event, "account", json_object_new_string(progress.account));
    json_object_object_add(event, "mailbox", json_object_new_string(progress.mailbox));
    add_counts(event, counts);
    write_event(event);
}

void progress_show(const struct store_counts *counts)
{
    if (progress.style != PROGRESS_BAR && progress.style != PROGRESS_JSON)
        return;
    pthread_mutex_lock(&progress.lock);
    double time = now();
    if (time - progress.shown >= show_seconds) {
        progress.shown = time;
        if (progress.style == PROGRESS_BAR)
            draw_bar(counts, time - progress.started);
        else
            write_progress(counts);
    }
    pthread_mutex_unlock(&progress.lock);
}

void progress_close(void)
{
    pthread_mutex_lock(&progress.lock);
    erase_bar();
    pthread_mutex_unlock(&progress.lock);
}

void progress_summary(const struct store_counts *counts, bool quiet, int status,
                      const char *message)
{
    double elapsed = now() - progress.started;
    const int64_t *outcomes = counts->outcomes;
    char foreign[64 + DOMAIN_TEXT] = "";
    if (counts->foreign > 0)
        snprintf(foreign, sizeof foreign, ", %" PRId64 " of them on foreign domains (%s%s)",
                 counts->foreign, counts->foreign_domain, counts->foreign > 1 ? "..." : "");
    if (progress.style == PROGRESS_JSON) {
        struct json_object *event = new_event("end");
        add_counts(event, counts);
        json_object_object_add(event, "status", json_object_new_int(status));
        json_object_object_add(event, "message", json_object_new_string(message));
        write_event(event);
    }
    if (!quiet)
        say("%" PRId64 " message%s in %.1f s (%.0f/s): %" PRId64 " imported%s, %" PRId64
            " duplicate%s, %" PRId64 " in conflict, %" PRId64 " damaged, %" PRId64 " not %s",
            counts->messages, counts->messages == 1 ? "" : "s", elapsed,
            elapsed > 0 ? (double)counts->messages / elapsed : 0, outcomes[OUTCOME_IMPORTED],
            foreign, outcomes[OUTCOME_DUPLICATE], outcomes[OUTCOME_DUPLICATE] == 1 ? "" : "s",
            outcomes[OUTCOME_CONFLICT], outcomes[OUTCOME_DAMAGED], outcomes[OUTCOME_NOT_A_REPORT],
            outcomes[OUTCOME_NOT_A_REPORT] == 1 ? "a report" : "reports");
}
