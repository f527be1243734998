/*
 * keys - how long the dashboard takes from a key to the finished screen.
 *
 *   keys TLSRPTOP DATABASE [ROUNDS [CASE]]
 *
 * Runs the dashboard on a pty and types; a screen is finished when no byte has
 * come for a while and the dashboard sleeps with all its threads: so a key comes when what
 * it asks for may have been read ahead, as from a person who reads a screen before.  Prints a line
 * for each kind of key: milliseconds to the first and to the last byte, median,
 * 99th percentile and worst.  CASE narrows it to those in whose name it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../processes.h"

enum {
    QUIET_MS = 100,
    QUIETS = 2,
    PATIENCE_MS = 10000,
    SAMPLES_MAX = 1024,
    COLUMNS = 140,
    ROWS = 45
};

struct samples {
    const char *name;
    size_t count;
    double first[SAMPLES_MAX];
    double last[SAMPLES_MAX];
};

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Reads until nothing has come for QUIETS times QUIET_MS while CHILD slept; when the
 * first and the last byte came after SINCE, 0 when none did. */
static void drain(int terminal, pid_t child, double since, double *first, double *last)
{
    char bytes[64 * 1024];
    struct pollfd readable = {.fd = terminal, .events = POLLIN};
    *first = *last = 0;
    for (int quiet = 0; quiet < QUIETS && milliseconds() - since < PATIENCE_MS;) {
        if (poll(&readable, 1, QUIET_MS) <= 0) {
            quiet = processes_sleep(child) ? quiet + 1 : 0;
            continue;
        }
        if (read(terminal, bytes, sizeof bytes) <= 0)
            return;
        quiet = 0;
        *last = milliseconds() - since;
        if (*first == 0)
            *first = *last;
    }
}

/* A program that answers each key with it, as soon as it wakes up: the floor. */
static void echo(void)
{
    struct termios raw;
    char key;
    tcgetattr(STDIN_FILENO, &raw);
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    for (key = '.'; write(STDOUT_FILENO, &key, 1) == 1 && read(STDIN_FILENO, &key, 1) == 1;)
        ;
}

/* Starts PROGRAM, or echo() if it is NULL; returns the terminal that it is on. */
static int start(const char *program, const char *database, pid_t *child)
{
    int terminal;
    struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};
    *child = forkpty(&terminal, NULL, NULL, &size);
    if (*child == 0 && program == NULL) {
        echo();
        _exit(0);
    }
    if (*child == 0) {
        setenv("TERM", "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        execl(program, program, "--db", database, (char *)NULL);
        _exit(127);
    }
    return *child < 0 ? -1 : terminal;
}

static void stop(int terminal, pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(terminal);
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print(struct samples *samples)
{
    size_t count = samples->count;
    if (count == 0)
        return;
    qsort(samples->first, count, sizeof *samples->first, by_size);
    qsort(samples->last, count, sizeof *samples->last, by_size);
    printf("%-34s %5zu  %7.1f %7.1f %7.1f   %7.1f %7.1f %7.1f\n", samples->name, count,
           samples->first[count / 2], samples->first[count * 99 / 100], samples->first[count - 1],
           samples->last[count / 2], samples->last[count * 99 / 100], samples->last[count - 1]);
}

static void sample(struct samples *samples, double first, double last)
{
    if (samples->count == SAMPLES_MAX)
        return;
    samples->first[samples->count] = first;
    samples->last[samples->count++] = last;
}

/* Keys to type, each measured; those before '|' only lead there. */
static const struct {
    const char *name;
    const char *lead;
    const char *keys;
} cases[] = {
    {"domains: move", "", "jjkj  bbGgjj"},
    {"domains: sort", "", "ssssSsss"},
    {"domains: filter and search", "", "fexample\r/d1\rnn"},
    {"domains: failing", "", "xxxx"},
    {"domains: days", "", "++++----[[]]"},
    {"domain: open", "jj", "\r\033\r\033\r\033"},
    {"domain: days", "jj\r", "++++----[[]]"},
    {"domain: panes", "jj\r", "\t\tjjj\tjj\t"},
    {"all domains: open", "g", "\r\033\r\033"},
    {"all domains: days", "g\r", "++++----[[]]"},
    {"senders: open", "jj", "3\0333\0333\033"},
    {"senders: move and days", "jj3", "jjj  ++++----"},
    {"failures: open", "jj", "4\0334\033"},
    {"failures: days", "jj4", "++++----"},
    {"mx: open", "jj", "5\0335\033"},
    {"mx of all domains: open", "g", "5\0335\033"},
    {"mx of all domains: days", "g5", "++++----"},
    {"policies: open", "jj", "6\0336\033"},
    {"reports: open", "jj", "7\0337\033"},
    {"reports: move and days", "jj7", "jjj  ++++----"},
    {"timeline: open", "", "8\0338\033"},
    {"timeline: move and days", "8", "jjj  ++++----"},
    {"incidents: open", "", "I\033I\033"},
    {"incidents: days", "I", "++++----"},
    {"imports: open", "", "9\0339\033"},
    {"advice: open", "jj", "a\033a\033"},
    {"help", "", "?\033?\033"},
};
enum { CASES = sizeof cases / sizeof *cases };

static void type_and_measure(int terminal, pid_t child, const char *keys, struct samples *samples)
{
    for (const char *key = keys; *key != '\0'; key++) {
        double first, last, since = milliseconds();
        if (write(terminal, key, 1) != 1)
            return;
        drain(terminal, child, since, &first, &last);
        if (samples != NULL && last > 0)
            sample(samples, first, last);
    }
}

/* What the machine itself takes to wake a program up, which no key is below. */
static int measure_floor(struct samples *samples)
{
    pid_t child;
    double first, last;
    int terminal = start(NULL, NULL, &child);
    if (terminal < 0)
        return -1;
    drain(terminal, child, milliseconds(), &first, &last);
    type_and_measure(terminal, child, "jjjjjjjjjj", samples);
    stop(terminal, child);
    return 0;
}

int main(int argc, char **argv)
{
    static struct samples floor_samples = {.name = "a bare echo, the floor"};
    static struct samples start_samples = {.name = "first screen after exec"};
    static struct samples samples[CASES];
    long rounds = argc > 3 ? strtol(argv[3], NULL, 10) : 3;
    if (argc < 3) {
        fprintf(stderr, "usage: keys TLSRPTOP DATABASE [ROUNDS [CASE]]\n");
        return 64;
    }
    for (long round = 0; round < rounds; round++) {
        if (measure_floor(&floor_samples) != 0) {
            perror("a terminal");
            return 1;
        }
        for (size_t i = 0; i < CASES; i++) {
            pid_t child;
            if (argc > 4 && strstr(cases[i].name, argv[4]) == NULL)
                continue;
            double first, last, since = milliseconds();
            int terminal = start(argv[1], argv[2], &child);
            if (terminal < 0) {
                perror(argv[1]);
                return 1;
            }
            samples[i].name = cases[i].name;
            drain(terminal, child, since, &first, &last);
            sample(&start_samples, first, last);
            type_and_measure(terminal, child, cases[i].lead, NULL);
            type_and_measure(terminal, child, cases[i].keys, &samples[i]);
            stop(terminal, child);
        }
    }
    printf("%-34s %5s  %23s   %23s\n", "ms", "keys", "first byte p50 p99 worst",
           "finished p50 p99 worst");
    print(&floor_samples);
    print(&start_samples);
    for (size_t i = 0; i < CASES; i++)
        print(&samples[i]);
    return 0;
}
