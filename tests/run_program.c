#include "run_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 64, PATIENCE = 120, CANNOT_RUN = 127 };

/* --- files --- */

static void write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written <= 0)
            fail_msg("cannot write: %s", strerror(errno));
        bytes += written;
        size -= (size_t)written;
    }
}

static char *read_from_start(int fd, size_t *size)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        fail_msg("cannot ask for its size: %s", strerror(errno));
    size_t wanted = (size_t)about.st_size, have = 0;
    char *bytes = malloc(wanted + 1);
    assert_non_null(bytes);
    while (have < wanted) {
        ssize_t count = pread(fd, bytes + have, wanted - have, (off_t)have);
        if (count <= 0)
            fail_msg("cannot read: %s", count < 0 ? strerror(errno) : "it shrank");
        have += (size_t)count;
    }
    bytes[have] = '\0';
    *size = have;
    return bytes;
}

char *read_whole_file(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s: %s", path, strerror(errno));
    char *bytes = read_from_start(fd, size);
    close(fd);
    return bytes;
}

void write_whole_file(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        fail_msg("%s: %s", path, strerror(errno));
    write_all(fd, bytes, size);
    close(fd);
}

/* --- programs --- */

static int input_of(const struct run *run)
{
    if (run->input_fd != 0)
        return run->input_fd;
    int fd = memfd_create("input", MFD_CLOEXEC);
    assert_true(fd >= 0);
    write_all(fd, run->input, run->input_size);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void set_environment(const struct run *run)
{
    static const char *const unwanted[] = {"XDG_CONFIG_HOME", "XDG_DATA_HOME",
                                           "TLSRPTOP_DB",     "TLSRPTOP_PASSWORD",
                                           "NO_COLOR",        "GATEWAY_INTERFACE"};
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        unsetenv(unwanted[i]);
    setenv("HOME", run->home != NULL ? run->home : "/nonexistent", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    for (const char *const *setting = run->environment; setting != NULL && *setting; setting++) {
        char *copy = strdup(*setting);
        char *value = strchr(copy, '=');
        *value = '\0';
        setenv(copy, value + 1, 1);
    }
}

/* In the child: never returns. */
static void become(const struct run *run, int input, const char *const *arguments)
{
    if (run->prepare != NULL)
        run->prepare();
    if (run->folder != NULL && chdir(run->folder) != 0)
        _exit(CANNOT_RUN);
    set_environment(run);
    dup2(input, STDIN_FILENO);
    dup2(run->out_fd, STDOUT_FILENO);
    dup2(run->err_fd, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    if (run->file_max > 0) {
        struct rlimit limit = {run->file_max, run->file_max};
        setrlimit(RLIMIT_FSIZE, &limit);
        signal(SIGXFSZ, SIG_IGN); /* so that writing fails, as on a full disk */
    }
    execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    dprintf(STDERR_FILENO, "%s: %s\n", arguments[0], strerror(errno));
    _exit(CANNOT_RUN);
}

static void start(struct run *run, const char *program, va_list list)
{
    const char *arguments[ARGUMENTS_MAX] = {program};
    size_t count = 1;
    while ((arguments[count] = va_arg(list, const char *)) != NULL)
        assert_true(++count < ARGUMENTS_MAX);
    int input = input_of(run);
    run->out_fd = memfd_create("output", MFD_CLOEXEC);
    run->err_fd = memfd_create("errors", MFD_CLOEXEC);
    assert_true(run->out_fd >= 0 && run->err_fd >= 0);
    fflush(NULL);
    run->pid = fork();
    if (run->pid == 0)
        become(run, input, arguments);
    assert_true(run->pid > 0);
    if (input != run->input_fd)
        close(input);
}

void run_start(struct run *run, const char *program, ...)
{
    va_list list;
    va_start(list, program);
    start(run, program, list);
    va_end(list);
}

/* Does it end within the time it has? */
static bool ends(const struct run *run)
{
    unsigned patience = run->patience != 0 ? run->patience : PATIENCE;
    int fd = pidfd_open(run->pid, 0);
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    bool in_time = fd < 0 || poll(&ended, 1, (int)patience * 1000) != 0;
    if (fd >= 0)
        close(fd);
    return in_time;
}

void run_finish(struct run *run)
{
    int status;
    struct rusage usage;
    bool in_time = ends(run);
    if (!in_time)
        kill(run->pid, SIGKILL);
    while (wait4(run->pid, &status, 0, &usage) < 0)
        assert_int_equal(errno, EINTR);
    run->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    run->peak_kib = usage.ru_maxrss;
    run->out = read_from_start(run->out_fd, &run->out_size);
    run->err = read_from_start(run->err_fd, &run->err_size);
    close(run->out_fd);
    close(run->err_fd);
    run->pid = 0;
    if (!in_time)
        fail_msg("it did not end in time; standard error so far: %s", run->err);
}

void run_program(struct run *run, const char *program, ...)
{
    va_list list;
    va_start(list, program);
    start(run, program, list);
    va_end(list);
    run_finish(run);
}

char *run_errors_so_far(struct run *run)
{
    size_t size;
    return read_from_start(run->err_fd, &size);
}

void assert_run_ended(const struct run *run, int status)
{
    if (run->status != status)
        fail_msg("it ended with status %d, not %d: %s", run->status, status, run->err);
}

void assert_run_said(const struct run *run, const char *words)
{
    if (strstr(run->err, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, run->err);
}

void run_free(struct run *run)
{
    free(run->out);
    free(run->err);
    run->out = run->err = NULL;
}
