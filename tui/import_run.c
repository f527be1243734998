#include "import_run.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program.h"

enum { JSON_DEPTH = 4, READS_MAX = 16 /* of 16 KiB at a time: keys get their turn */ };

static const char program[] = "tlsrptop-import";

/* A pipe's end, and the line that is coming. */
struct stream {
    int fd; /* -1: at its end */
    char line[IMPORT_SENTENCE];
    size_t length;
};

struct import_run {
    pid_t pid;
    int pid_fd; /* readable when it has ended; -1 where the system has none */
    struct stream out, err;
    enum import_state state;
    bool was_stopped;
    int status;
    struct timespec started, ended;
    struct import_progress progress;
    struct json_tokener *tokener;
    char *sentences[IMPORT_SENTENCES]; /* a ring */
    size_t said;                       /* sentences ever */
};

/* --- starting --- */

static int prepare_files(posix_spawn_file_actions_t *files, int out, int err)
{
    int result = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (result == 0)
        result = posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
    if (result == 0)
        result = posix_spawn_file_actions_adddup2(files, err, STDERR_FILENO);
    return result;
}

/* In a session of its own: neither a Ctrl-C for the dashboard nor a password
 * command may reach the terminal. */
static int prepare_attributes(posix_spawnattr_t *attributes)
{
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(attributes, &signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(attributes, &signals);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
}

/* Returns 0 or an error number. */
static int spawn(struct import_run *run, char **argv, int out, int err)
{
    char path[PATH_MAX];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int result = posix_spawn_file_actions_init(&files);
    if (result != 0)
        return result;
    result = posix_spawnattr_init(&attributes);
    if (result == 0) {
        program_find(program, path);
        result = prepare_files(&files, out, err);
        if (result == 0)
            result = prepare_attributes(&attributes);
        if (result == 0)
            result = posix_spawnp(&run->pid, path, &files, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return result;
}

/* Opens a pipe whose end for reading becomes STREAM's and does not block. */
static int open_stream(struct stream *stream, int *writing)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    stream->fd = ends[0];
    *writing = ends[1];
    return 0;
}

struct import_run *import_run_start(const char *db_path, const char *config_file)
{
    char name[sizeof program], json[] = "--progress=json", db[] = "--db", config[] = "--config";
    char *argv[] = {memcpy(name, program, sizeof program),
                    json,
                    db,
                    (char *)(uintptr_t)db_path,
                    config_file != NULL ? config : NULL,
                    (char *)(uintptr_t)config_file,
                    NULL};
    int out = -1, err = -1, result = ENOMEM;
    struct import_run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return NULL;
    run->out.fd = run->err.fd = run->pid_fd = -1;
    run->tokener = json_tokener_new_ex(JSON_DEPTH);
    if (run->tokener != NULL)
        result = open_stream(&run->out, &out);
    if (result == 0)
        result = open_stream(&run->err, &err);
    if (result == 0)
        result = spawn(run, argv, out, err);
    if (out >= 0)
        close(out);
    if (err >= 0)
        close(err);
    if (result != 0) {
        run->state = IMPORT_ENDED;
        import_run_free(run);
        errno = result;
        return NULL;
    }
    run->pid_fd = pidfd_open(run->pid, 0);
    clock_gettime(CLOCK_MONOTONIC, &run->started);
    return run;
}

static void close_stream(struct stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

void import_run_free(struct import_run *run)
{
    if (run == NULL)
        return;
    if (run->state == IMPORT_RUNNING)
        import_run_stop(run);
    close_stream(&run->out);
    close_stream(&run->err);
    if (run->pid_fd >= 0)
        close(run->pid_fd);
    json_tokener_free(run->tokener);
    for (size_t i = 0; i < IMPORT_SENTENCES; i++)
        free(run->sentences[i]);
    free(run);
}

void import_run_stop(struct import_run *run)
{
    if (run->state == IMPORT_ENDED)
        return;
    kill(run->pid, SIGTERM);
    run->state = IMPORT_STOPPING;
    run->was_stopped = true;
}

/* --- what it says --- */

static void take_text(struct json_object *event, const char *key, char text[static IMPORT_NAME])
{
    struct json_object *value;
    if (json_object_object_get_ex(event, key, &value) &&
        json_object_is_type(value, json_type_string))
        snprintf(text, IMPORT_NAME, "%s", json_object_get_string(value));
}

static void take_count(struct json_object *event, const char *key, int64_t *count)
{
    struct json_object *value;
    if (!json_object_object_get_ex(event, key, &value))
        return;
    *count = json_object_get_int64(value);
    if (*count < 0)
        *count = 0;
}

/* A line of standard output: an event, as importers/progress.c writes them. */
static void take_event(struct import_run *run, const char *line)
{
    struct import_progress *progress = &run->progress;
    json_tokener_reset(run->tokener);
    struct json_object *event = json_tokener_parse_ex(run->tokener, line, -1);
    if (json_object_is_type(event, json_type_object)) {
        take_text(event, "account", progress->account);
        take_text(event, "mailbox", progress->mailbox);
        take_text(event, "message", progress->message);
        take_count(event, "total", &progress->total);
        take_count(event, "done", &progress->done);
        take_count(event, "imported", &progress->outcomes[OUTCOME_IMPORTED]);
        take_count(event, "duplicates", &progress->outcomes[OUTCOME_DUPLICATE]);
        take_count(event, "conflicts", &progress->outcomes[OUTCOME_CONFLICT]);
        take_count(event, "not_reports", &progress->outcomes[OUTCOME_NOT_A_REPORT]);
        take_count(event, "damaged", &progress->outcomes[OUTCOME_DAMAGED]);
    }
    json_object_put(event);
}

/* A line of standard error: a sentence for people. */
static void take_sentence(struct import_run *run, const char *line)
{
    static const char prefix[] = "tlsrptop-import: ";
    if (strncmp(line, prefix, sizeof prefix - 1) == 0)
        line += sizeof prefix - 1;
    char *sentence = strdup(line);
    if (sentence == NULL)
        return;
    char **place = &run->sentences[run->said++ % IMPORT_SENTENCES];
    free(*place);
    *place = sentence;
}

typedef void take_line(struct import_run *run, const char *line);

static void take_bytes(struct import_run *run, struct stream *stream, const char *bytes,
                       size_t size, take_line *take)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n') {
            stream->line[stream->length] = '\0';
            take(run, stream->line);
            stream->length = 0;
        } else if (stream->length < sizeof stream->line - 1 && bytes[i] != '\0') {
            stream->line[stream->length++] = bytes[i];
        }
    }
}

/* Reads what there is; true if there was anything. */
static bool read_stream(struct import_run *run, struct stream *stream, take_line *take)
{
    char bytes[16 * 1024];
    bool any = false;
    for (int i = 0; i < READS_MAX && stream->fd >= 0; i++) {
        ssize_t size = read(stream->fd, bytes, sizeof bytes);
        if (size < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        any = true;
        if (size <= 0)
            close_stream(stream);
        else
            take_bytes(run, stream, bytes, (size_t)size, take);
    }
    if (stream->fd < 0 && stream->length > 0)
        take_bytes(run, stream, "\n", 1, take); /* a last line without an end */
    return any;
}

/* Has it ended?  What is in the pipes then is less than one reading takes;
 * children of its own may keep them open. */
static bool reap(struct import_run *run)
{
    int status;
    if (run->state == IMPORT_ENDED || waitpid(run->pid, &status, WNOHANG) != run->pid)
        return false;
    run->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    run->state = IMPORT_ENDED;
    clock_gettime(CLOCK_MONOTONIC, &run->ended);
    read_stream(run, &run->out, take_event);
    read_stream(run, &run->err, take_sentence);
    close_stream(&run->out);
    close_stream(&run->err);
    if (run->pid_fd >= 0)
        close(run->pid_fd);
    run->pid_fd = -1;
    return true;
}

nfds_t import_run_fds(const struct import_run *run, struct pollfd fds[static IMPORT_FDS])
{
    if (run == NULL || run->state == IMPORT_ENDED)
        return 0;
    fds[0] = (struct pollfd){.fd = run->out.fd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = run->err.fd, .events = POLLIN};
    fds[2] = (struct pollfd){.fd = run->pid_fd, .events = POLLIN};
    return IMPORT_FDS;
}

bool import_run_read(struct import_run *run)
{
    if (run == NULL || run->state == IMPORT_ENDED)
        return false;
    bool any = read_stream(run, &run->out, take_event);
    any = read_stream(run, &run->err, take_sentence) || any;
    return reap(run) || any;
}

/* --- what is known of it --- */

enum import_state import_run_state(const struct import_run *run)
{
    return run->state;
}

const struct import_progress *import_run_progress(const struct import_run *run)
{
    return &run->progress;
}

double import_run_seconds(const struct import_run *run)
{
    struct timespec now = run->ended;
    if (run->state != IMPORT_ENDED)
        clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - run->started.tv_sec) +
           (double)(now.tv_nsec - run->started.tv_nsec) / 1e9;
}

int import_run_status(const struct import_run *run)
{
    return run->status;
}

bool import_run_was_stopped(const struct import_run *run)
{
    return run->was_stopped;
}

size_t import_run_sentences(const struct import_run *run, size_t *dropped)
{
    *dropped = run->said > IMPORT_SENTENCES ? run->said - IMPORT_SENTENCES : 0;
    return run->said - *dropped;
}

const char *import_run_sentence(const struct import_run *run, size_t n)
{
    size_t first = run->said > IMPORT_SENTENCES ? run->said : 0;
    return run->sentences[(first + n) % IMPORT_SENTENCES];
}
