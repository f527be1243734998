#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "stop.h"

enum { PATH_BYTES = 4096, MILLISECONDS = 1000, EXIT_STEP = 20 };

static const char variable[] = "TLSRPTOP_PASSWORD";

/* Writes a sentence to ERROR and hands STATUS through. */
__attribute__((format(printf, 3, 4))) static int complain(char error[static SECRET_ERROR],
                                                          int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, SECRET_ERROR, format, args);
    va_end(args);
    return status;
}

void secret_wipe(struct secret *secret)
{
    explicit_bzero(secret, sizeof *secret);
}

/* Reads FD up to the end of the first line, the end, or what fits; a descriptor
 * that blocks is waited for until END.  Returns the bytes read, or -1: errno is
 * ETIMEDOUT when END came first. */
static ssize_t read_first_line(int fd, struct secret *secret, const struct timespec *end)
{
    size_t length = 0;
    while (length + 1 < sizeof secret->text && memchr(secret->text, '\n', length) == NULL) {
        if (end != NULL) {
            struct timespec now;
            struct pollfd watched = {.fd = fd, .events = POLLIN};
            clock_gettime(CLOCK_MONOTONIC, &now);
            int64_t left = (int64_t)(end->tv_sec - now.tv_sec) * MILLISECONDS;
            if (left <= 0 || !stop_wait(&watched, 1, (int)left)) {
                errno = ETIMEDOUT;
                return -1;
            }
        }
        ssize_t count = read(fd, secret->text + length, sizeof secret->text - 1 - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        length += (size_t)count;
    }
    return (ssize_t)length;
}

/* Ends the secret of LENGTH bytes with its first line. */
static int take_first_line(struct secret *secret, size_t length, const char *source,
                           char error[static SECRET_ERROR])
{
    const char *newline = memchr(secret->text, '\n', length);
    if (newline == NULL && length + 1 == sizeof secret->text)
        return complain(error, EX_CONFIG, "%s gives more than %d bytes", source, SECRET_MAX);
    if (newline != NULL)
        length = (size_t)(newline - secret->text);
    if (length > 0 && secret->text[length - 1] == '\r')
        length--;
    secret->text[length] = '\0';
    if (length == 0)
        return complain(error, EX_CONFIG, "%s gives no password", source);
    if (strlen(secret->text) != length)
        return complain(error, EX_CONFIG, "%s gives a password with a NUL in it", source);
    return EX_OK;
}

/* --- from a file --- */

static int from_file(const char *value, struct secret *secret, char error[static SECRET_ERROR])
{
    char path[PATH_BYTES];
    if (config_expand(value, path, sizeof path) != 0)
        return complain(error, EX_CONFIG, "the path of password-file is too long");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t length = fd < 0 ? -1 : read_first_line(fd, secret, NULL);
    int status = EX_OK;
    if (length < 0)
        status = complain(error, EX_CONFIG, "password-file %.200s: %s", path, strerror(errno));
    else
        status = take_first_line(secret, (size_t)length, "password-file", error);
    if (fd >= 0)
        close(fd);
    return status;
}

/* --- from a command --- */

__attribute__((noreturn)) static void run_command(const char *command, int output)
{
    int input = open("/dev/null", O_RDONLY);
    stop_reset();
    if (input >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0)
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* Waits for CHILD until END, then kills it.  Returns whether it ended by itself,
 * and its wait status. */
static bool wait_for_exit(pid_t child, const struct timespec *end, int *wait_status)
{
    struct timespec now;
    for (;;) {
        pid_t ended = waitpid(child, wait_status, WNOHANG);
        if (ended == child)
            return true;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (ended < 0 || stop_requested() || now.tv_sec > end->tv_sec)
            break;
        stop_wait(NULL, 0, EXIT_STEP);
    }
    kill(child, SIGKILL);
    waitpid(child, wait_status, 0);
    return false;
}

static int judge_exit(int wait_status, char error[static SECRET_ERROR])
{
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
        return EX_OK;
    if (WIFSIGNALED(wait_status))
        return complain(error, EX_NOPERM, "password-command was killed by signal %d",
                        WTERMSIG(wait_status));
    return complain(error, EX_NOPERM, "password-command failed with status %d",
                    WEXITSTATUS(wait_status));
}

static int from_command(const char *command, unsigned seconds, struct secret *secret,
                        char error[static SECRET_ERROR])
{
    int ends[2], wait_status = 0;
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)seconds;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return complain(error, EX_NOPERM, "password-command: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0)
        run_command(command, ends[1]);
    close(ends[1]);
    ssize_t length = child < 0 ? -1 : read_first_line(ends[0], secret, &end);
    int reason = errno;
    close(ends[0]); /* a command with more to say is not waited for */
    if (child < 0)
        return complain(error, EX_NOPERM, "password-command: %s", strerror(reason));
    if (length < 0)
        kill(child, SIGKILL);
    bool ended = wait_for_exit(child, &end, &wait_status);
    if (stop_requested())
        return complain(error, EX_NOPERM, "%s", "");
    if (!ended || (length < 0 && reason == ETIMEDOUT))
        return complain(error, EX_NOPERM, "password-command took more than %u s", seconds);
    if (length < 0)
        return complain(error, EX_NOPERM, "password-command: %s", strerror(reason));
    int status = judge_exit(wait_status, error);
    if (status != EX_OK)
        return status;
    return take_first_line(secret, (size_t)length, "password-command", error);
}

/* --- finding it --- */

static int copy(const char *text, const char *source, struct secret *secret,
                char error[static SECRET_ERROR])
{
    size_t length = strlen(text);
    if (length >= sizeof secret->text)
        return complain(error, EX_CONFIG, "%s is longer than %d bytes", source, SECRET_MAX);
    memcpy(secret->text, text, length + 1);
    return EX_OK;
}

int secret_find(const struct config *config, const char *account, struct secret *secret,
                char error[static SECRET_ERROR])
{
    const char *command = config_text(config, "imap", account, "password-command");
    const char *file = config_text(config, "imap", account, "password-file");
    const char *password = config_text(config, "imap", account, "password");
    const char *environment = getenv(variable);
    memset(secret, 0, sizeof *secret);
    error[0] = '\0';
    if ((command[0] != '\0') + (file[0] != '\0') + (password[0] != '\0') > 1)
        return complain(error, EX_CONFIG,
                        "only one of password-command, password-file and password can be set");
    if (password[0] != '\0' && config_is_public(config))
        return complain(error, EX_CONFIG,
                        "others can read the password in %.200s: chmod 600, or use "
                        "password-command",
                        config_path(config));
    if (command[0] != '\0')
        return from_command(command, (unsigned)config_number(config, "imap", account, "timeout"),
                            secret, error);
    if (file[0] != '\0')
        return from_file(file, secret, error);
    if (environment != NULL && environment[0] != '\0')
        return copy(environment, variable, secret, error);
    if (password[0] != '\0')
        return copy(password, "password", secret, error);
    return complain(error, EX_CONFIG,
                    "there is no password: set password-command, password-file or $%s", variable);
}
