#include "dovecot.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "run_program.h"

enum { OPTIONS_MAX = 12, PATH_BYTES = 512, LINE = 76 };

void dovecot_start(struct dovecot *dovecot, const char *folder, ...)
{
    const char *options[OPTIONS_MAX + 1] = {NULL};
    struct run run = {0};
    va_list args;
    va_start(args, folder);
    for (size_t i = 0; i < OPTIONS_MAX && (options[i] = va_arg(args, const char *)) != NULL; i++)
        continue;
    va_end(args);
    snprintf(dovecot->folder, sizeof dovecot->folder, "%s", folder);
    run_program(&run, "tests/dovecot", "start", folder, options[0], options[1], options[2],
                options[3], options[4], options[5], options[6], options[7], options[8], options[9],
                options[10], options[11], NULL);
    if (run.status != 0 || sscanf(run.out, "%u %u", &dovecot->imap, &dovecot->imaps) != 2)
        fail_msg("%s", run.err);
    run_free(&run);
}

void dovecot_stop(struct dovecot *dovecot)
{
    struct run run = {0};
    run_program(&run, "tests/dovecot", "stop", dovecot->folder, NULL);
    assert_int_equal(run.status, 0);
    run_free(&run);
}

bool dovecot_logged(const struct dovecot *dovecot, const char *text)
{
    char path[PATH_BYTES];
    size_t size;
    snprintf(path, sizeof path, "%s/dovecot.log", dovecot->folder);
    char *log = read_whole_file(path, &size);
    bool found = strstr(log, text) != NULL;
    free(log);
    return found;
}

/* --- mail --- */

/* What the server has to read belongs to it. */
static void give_away(const char *path)
{
    const struct passwd *nobody = getpwnam("nobody");
    if (getuid() == 0 && nobody != NULL)
        assert_int_equal(chown(path, nobody->pw_uid, nobody->pw_gid), 0);
}

static void make_mailbox(const struct dovecot *dovecot, const char *mailbox)
{
    static const char *const folders[] = {"", "/cur", "/new", "/tmp"};
    char path[PATH_BYTES];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/mail/%s%s", dovecot->folder, mailbox, folders[i]);
        if (mkdir(path, 0700) == 0)
            give_away(path);
    }
}

void dovecot_deliver(const struct dovecot *dovecot, const char *mailbox, const char *mail,
                     size_t size)
{
    static unsigned delivered;
    char name[64], before[PATH_BYTES], after[PATH_BYTES];
    make_mailbox(dovecot, mailbox);
    delivered++;
    snprintf(name, sizeof name, "%u.M%dP%d.tests", 1700000000 + delivered, (int)delivered,
             (int)getpid());
    snprintf(before, sizeof before, "%s/mail/%s/tmp/%s", dovecot->folder, mailbox, name);
    snprintf(after, sizeof after, "%s/mail/%s/new/%s", dovecot->folder, mailbox, name);
    write_whole_file(before, mail, size);
    give_away(before);
    assert_int_equal(rename(before, after), 0);
}

char *make_report_mail(unsigned number, size_t ballast)
{
    static const char format[] =
        "From: tls-reports@sender.example\r\n"
        "To: tlsrpt@example.com\r\n"
        "Subject: Report Domain: example.com Submitter: sender.example Report-ID: <%u>\r\n"
        "TLS-Report-Domain: example.com\r\n"
        "TLS-Report-Submitter: sender.example\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=\"tlsrpt\"; boundary=\"b\"\r\n"
        "\r\n"
        "--b\r\n"
        "Content-Type: application/tlsrpt+json\r\n"
        "\r\n"
        "{\"organization-name\":\"Sender\",\"date-range\":{\"start-datetime\":"
        "\"2026-03-01T00:00:00Z\",\"end-datetime\":\"2026-03-01T23:59:59Z\"},"
        "\"contact-info\":\"tls-reports@sender.example\",\"report-id\":\"%u@sender.example\","
        "\"policies\":[{\"policy\":{\"policy-type\":\"no-policy-found\","
        "\"policy-domain\":\"example.com\"},\"summary\":{\"total-successful-session-count\":1,"
        "\"total-failure-session-count\":0}}]}\r\n"
        "--b\r\n"
        "Content-Type: text/plain\r\n"
        "\r\n";
    static const char end[] = "\r\n--b--\r\n";
    size_t length = strlen(format) + 64;
    char *mail = calloc(1, length + ballast + ballast / LINE * 2 + strlen(end) + 1);
    assert_non_null(mail);
    char *at = mail + snprintf(mail, length, format, number, number);
    for (size_t i = 0; i < ballast; i++) {
        *at++ = 'x';
        if (i % LINE == LINE - 1) {
            *at++ = '\r';
            *at++ = '\n';
        }
    }
    strcpy(at, end);
    return mail;
}

void dovecot_deliver_reports(const struct dovecot *dovecot, const char *mailbox, unsigned first,
                             unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        char *mail = make_report_mail(i, 0);
        dovecot_deliver(dovecot, mailbox, mail, strlen(mail));
        free(mail);
    }
}

size_t dovecot_count(const struct dovecot *dovecot, const char *mailbox, char flag)
{
    static const char *const folders[] = {"cur", "new"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/mail/%s/%s", dovecot->folder, mailbox, folders[i]);
        DIR *folder = opendir(path);
        if (folder == NULL)
            continue;
        for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
            const char *flags = strstr(entry->d_name, ":2,");
            if (entry->d_name[0] != '.' &&
                (flag == '\0' || (flags != NULL && strchr(flags + 3, flag) != NULL)))
                count++;
        }
        closedir(folder);
    }
    return count;
}
