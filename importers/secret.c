#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "stop.h"

enum {
    PATH_BYTES = 4096,
    OUTPUT_MAX = 64 * 1024, /* of a command */
    EXIT_STEP = 20,         /* milliseconds between two looks whether a command has ended */
};

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

static ssize_t read_file(int fd, struct secret *secret)
{
    size_t length = 0;
    ssize_t count;
    while ((count = read(fd, secret->text + length, sizeof secret->text - 1 - length)) > 0)
        length += (size_t)count;
    return count < 0 ? -1 : (ssize_t)length;
}

static int from_file(const char *value, struct secret *secret, char error[static SECRET_ERROR])
{
    char path[PATH_BYTES];
    if (config_expand(value, path, sizeof path) != 0)
        return complain(error, EX_CONFIG, "the path of password-file is too long");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t length = fd < 0 ? -1 : read_file(fd, secret);
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

/* Reads all that comes from FD until END: a command that could not write on would
 * fail.  Returns how much of it is in SECRET, or -1 and errno. */
static ssize_t read_output(int fd, struct secret *secret, int64_t end)
{
    char rest[PIPE_BUF];
    size_t length = 0, total = 0;
    for (;;) {
        size_t room = sizeof secret->text - 1 - length;
        struct pollfd watched = {.fd = fd, .events = POLLIN};
        int64_t left = end - monotonic_ms();
        if (left <= 0 || !stop_wait(&watched, 1, (int)left)) {
            errno = ETIMEDOUT;
            break;
        }
        ssize_t count =
            room > 0 ? read(fd, secret->text + length, room) : read(fd, rest, sizeof rest);
        explicit_bzero(rest, sizeof rest);
        if (count == 0)
            return (ssize_t)length;
        if (count < 0)
            break;
        if (room > 0)
            length += (size_t)count;
        total += (size_t)count;
        if (total > OUTPUT_MAX) {
            errno = EFBIG;
            break;
        }
    }
    return -1;
}

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
static bool wait_for_exit(pid_t child, int64_t end, int *wait_status)
{
    while (!stop_requested() && monotonic_ms() < end) {
        if (waitpid(child, wait_status, WNOHANG) == child)
            return true;
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
    int64_t end = monotonic_ms() + (int64_t)seconds * MILLISECONDS;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return complain(error, EX_NOPERM, "password-command: %s", strerror(errno));
    pid_t child = fork();
    if (child == 0)
        run_command(command, ends[1]);
    close(ends[1]);
    ssize_t length = child < 0 ? -1 : read_output(ends[0], secret, end);
    int reason = errno;
    close(ends[0]);
    if (child < 0)
        return complain(error, EX_NOPERM, "password-command: %s", strerror(reason));
    if (length < 0)
        kill(child, SIGKILL);
    bool ended = wait_for_exit(child, end, &wait_status);
    if (stop_requested())
        return complain(error, EX_NOPERM, "%s", "");
    if (!ended || (length < 0 && reason == ETIMEDOUT))
        return complain(error, EX_NOPERM, "password-command took more than %u s", seconds);
    if (length < 0 && reason == EFBIG)
        return complain(error, EX_NOPERM, "password-command prints more than %d bytes", OUTPUT_MAX);
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
    if (password[0] != '\0')
        return copy(password, "password", secret, error);
    if (environment != NULL && environment[0] != '\0')
        return copy(environment, variable, secret, error);
    return complain(error, EX_CONFIG,
                    "there is no password: set password-command, password-file or $%s", variable);
}
