#include "report_files.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../db/db.h"
#include "make_report.h"
#include "run_program.h"

enum { TEXT_MAX = 4096, TEXTS = 4 };

const char *report_json(const char *id, int failed)
{
    static char texts[TEXTS][TEXT_MAX];
    static unsigned next;
    char *text = texts[next++ % TEXTS];
    snprintf(text, TEXT_MAX,
             "{\"organization-name\": \"Sender\", \"report-id\": \"%s\","
             " \"contact-info\": \"tls@sender.example\", \"date-range\":"
             " {\"start-datetime\": \"2025-03-04T00:00:00Z\","
             " \"end-datetime\": \"2025-03-04T23:59:59Z\"}, \"policies\": [{\"policy\":"
             " {\"policy-type\": \"sts\", \"policy-domain\": \"example.com\","
             " \"policy-string\": [\"version: STSv1\", \"mode: testing\","
             " \"mx: mx.example.com\", \"max_age: 86400\"]}, \"summary\":"
             " {\"total-successful-session-count\": %d, \"total-failure-session-count\": %d},"
             " \"failure-details\": [{\"result-type\": \"certificate-expired\","
             " \"sending-mta-ip\": \"192.0.2.1\", \"failed-session-count\": %d}]}]}\n",
             id, 10 - failed, failed, failed);
    return text;
}

const char *report_mail(const char *id, int failed)
{
    static char texts[TEXTS][2 * TEXT_MAX];
    static unsigned next;
    char *text = texts[next++ % TEXTS];
    snprintf(text, 2 * TEXT_MAX,
             "From: tls@sender.example\n"
             "Subject: Report Domain: example.com Submitter: sender.example Report-ID: <%s>\n"
             "MIME-Version: 1.0\n"
             "Content-Type: multipart/report; report-type=tlsrpt; boundary=\"b\"\n"
             "\n"
             "--b\n"
             "Content-Type: text/plain\n"
             "\n"
             "A report.\n"
             "--b\n"
             "Content-Type: application/tlsrpt+json\n"
             "\n"
             "%s"
             "--b--\n",
             id, report_json(id, failed));
    return text;
}

void put_text(const char *folder, const char *name, const char *text)
{
    char path[TEXT_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            fail_msg("%s: %s", path, strerror(errno));
        *slash = '/';
    }
    write_whole_file(path, text, strlen(text));
}

int64_t sql_of_file(const char *path, const char *sql)
{
    struct db *db;
    if (db_open(&db, path, DB_READ) != DB_OK)
        fail_msg("%s", db_error(db));
    if (strstr(sql, "sender_row") != NULL)
        unpack_senders(db);
    int64_t value = sql_integer(db, "%s", sql);
    db_close(db);
    return value;
}

void assert_reports(const char *path, int count, int failed)
{
    static const char *const sums[] = {
        "SELECT sum(failed) FROM policy",
        "SELECT sum(failed) FROM failure",
        "SELECT sum(failed) FROM total_domain WHERE level = 0 AND domain = 0",
        /* at the highest level, too, unless its blocks are open */
        ("SELECT sum(failed) FROM total_domain WHERE domain <> 0"
         " AND level = (SELECT 3 * (count(*) = 0) FROM open_block WHERE level = 3)"),
        "SELECT sum(failed) FROM sender_row",
    };
    assert_int_equal(sql_of_file(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(sql_of_file(path, "SELECT count(*) FROM report"), count);
    assert_int_equal(sql_of_file(path, "SELECT count(DISTINCT report_id) FROM report"), count);
    assert_int_equal(sql_of_file(path, "SELECT count(*) FROM document"), count);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        assert_int_equal(sql_of_file(path, sums[i]), count * failed);
    assert_int_equal(
        sql_of_file(path, "SELECT reports FROM total_domain WHERE level = 0 AND domain = 0"),
        count);
}
