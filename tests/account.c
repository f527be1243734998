#include "account.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "../db/db.h"
#include "make_report.h"

#define PROGRAM BUILD "/tlsrptop-import"

enum {
    CONFIG_BYTES = 8192,
    OPTIONS_MAX = 4,
    STEP_NANOSECONDS = 20000000,
    STEPS_MAX = 3000,
};

void account_open(struct account *account)
{
    make_folder(account->folder);
    chmod(account->folder, 0711); /* for the server, which runs as another user */
    snprintf(account->config, sizeof account->config, "%s/config", account->folder);
    snprintf(account->database, sizeof account->database, "%s/reports.db", account->folder);
}

void account_close(struct account *account)
{
    remove_folder(account->folder);
}

void account_configure(const struct account *account, const char *format, ...)
{
    char text[CONFIG_BYTES];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_true((size_t)length < sizeof text);
    write_whole_file(account->config, text, (size_t)length);
    chmod(account->config, 0600);
}

static void start(const struct account *account, struct run *run, va_list args)
{
    const char *options[OPTIONS_MAX + 1] = {NULL};
    for (size_t i = 0; i < OPTIONS_MAX && (options[i] = va_arg(args, const char *)) != NULL; i++)
        continue;
    *run = (struct run){.home = account->folder};
    run_start(run, PROGRAM, "--config", account->config, "--db", account->database, options[0],
              options[1], options[2], options[3], NULL);
}

void account_start(const struct account *account, struct run *run, ...)
{
    va_list args;
    va_start(args, run);
    start(account, run, args);
    va_end(args);
}

void account_import(const struct account *account, struct run *run, ...)
{
    va_list args;
    va_start(args, run);
    start(account, run, args);
    va_end(args);
    run_finish(run);
}

void account_expect(const struct account *account, int status, const char *sentence)
{
    struct run run;
    account_import(account, &run, NULL);
    if (run.status != status || strstr(run.err, sentence) == NULL)
        fail_msg("expected %d and \"%s\", but it was %d: %s", status, sentence, run.status,
                 run.err);
    run_free(&run);
}

int64_t account_integer(const struct account *account, const char *sql)
{
    struct db *db;
    int64_t value = 0;
    if (db_open(&db, account->database, DB_READ) == DB_OK)
        value = sql_integer(db, "%s", sql);
    db_close(db);
    return value;
}

void account_await(const struct account *account, struct run *run, const char *sql, int64_t value)
{
    const struct timespec step = {.tv_nsec = STEP_NANOSECONDS};
    siginfo_t ended = {.si_pid = 0};
    for (int i = 0; i < STEPS_MAX && ended.si_pid == 0; i++) {
        waitid(P_PID, (id_t)run->pid, &ended, WEXITED | WNOHANG | WNOWAIT);
        if (account_integer(account, sql) == value)
            return;
        nanosleep(&step, NULL);
    }
    char *errors = run_errors_so_far(run);
    kill(run->pid, SIGKILL);
    fail_msg("it never came to %s = %lld; standard error so far: %s", sql, (long long)value,
             errors);
}
