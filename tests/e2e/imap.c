/* tlsrptop-import and a real IMAP server: who is trusted, what is new, and what
 * becomes of the mail. */
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "../account.h"
#include "../dovecot.h"

#define REPORTS   "SELECT reports FROM (SELECT count(*) AS reports FROM report)"
#define JOURNAL   "SELECT count(*) FROM journal"
#define IMPORTED  "SELECT count(*) FROM journal WHERE outcome = 1"
#define DUPLICATE "SELECT count(*) FROM journal WHERE outcome = 2"
#define SESSIONS  "SELECT sum(successful) FROM policy"

enum { LARGE = 3 * 1024 * 1024, MANY = 3000, KILLS = 4 };

static struct account account;
static struct dovecot dovecot;
static char server[96]; /* the folder of the server */

static int set_up(void **state)
{
    (void)state;
    account_open(&account);
    snprintf(server, sizeof server, "%s/dovecot", account.folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dovecot_stop(&dovecot);
    account_close(&account);
    return 0;
}

/* One account over TLS, with further SETTINGS. */
static void configure(const char *settings)
{
    account_configure(&account,
                      "[imap work]\nhost = localhost\nport = %u\nuser = tlsrpt\n"
                      "password = secret\nca-file = %s/ca.pem\ntimeout = 30\n%s\n",
                      dovecot.imaps, server, settings);
}

static void expect(int status, const char *sentence)
{
    account_expect(&account, status, sentence);
}

static int64_t integer(const char *sql)
{
    return account_integer(&account, sql);
}

/* --- what is new --- */

static void imports_all_then_only_what_is_new(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("");
    dovecot_deliver_reports(&dovecot, "", 0, 700); /* more than one command fetches */
    expect(EX_OK, "700 imported, 0 duplicates");
    assert_int_equal(integer(JOURNAL), 700);
    assert_int_equal(integer(SESSIONS), 700);
    expect(EX_OK, "0 messages");
    dovecot_deliver_reports(&dovecot, "", 699, 3);
    expect(EX_OK, "3 messages");
    assert_int_equal(integer(IMPORTED), 702);
    assert_int_equal(integer(DUPLICATE), 1);
    assert_int_equal(integer(SESSIONS), 702);
    assert_int_equal(dovecot_count(&dovecot, "", 'S'), 0); /* all as it was */
    assert_int_equal(dovecot_count(&dovecot, "", '\0'), 703);
}

static void finds_what_is_new_behind_gaps(void **state)
{
    char path[128];
    glob_t mails;
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("");
    dovecot_deliver_reports(&dovecot, "", 0, 40);
    expect(EX_OK, "40 imported");
    snprintf(path, sizeof path, "%s/mail/*/*.tests*", server);
    assert_int_equal(glob(path, 0, NULL, &mails), 0);
    for (size_t i = 0; i < mails.gl_pathc; i++)
        if (i % 7 != 0)
            unlink(mails.gl_pathv[i]);
    globfree(&mails);
    dovecot_deliver_reports(&dovecot, "", 100, 5);
    expect(EX_OK, "5 imported");
    assert_int_equal(integer(IMPORTED), 45);
}

static void a_dry_run_changes_nothing(void **state)
{
    struct run run;
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("after-import = delete");
    dovecot_deliver_reports(&dovecot, "", 0, 3);
    account_import(&account, &run, "--dry-run", NULL);
    assert_int_equal(run.status, EX_OK);
    assert_non_null(strstr(run.err, "3 messages"));
    run_free(&run);
    assert_int_equal(access(account.database, F_OK), -1);
    configure("");
    expect(EX_OK, "3 imported");
    configure("after-import = delete");
    dovecot_deliver_reports(&dovecot, "", 3, 1);
    account_import(&account, &run, "--dry-run", NULL);
    assert_int_equal(run.status, EX_OK);
    assert_non_null(strstr(run.err, "1 message "));
    run_free(&run);
    assert_int_equal(integer(JOURNAL), 3);
    assert_int_equal(dovecot_count(&dovecot, "", '\0'), 4);
}

static void counts_nothing_twice_when_uidvalidity_changes(void **state)
{
    char pattern[160];
    glob_t files;
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("");
    dovecot_deliver_reports(&dovecot, "", 0, 30);
    expect(EX_OK, "30 imported");
    dovecot_stop(&dovecot);
    snprintf(pattern, sizeof pattern, "%s/mail/dovecot*", server);
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++)
        unlink(files.gl_pathv[i]);
    globfree(&files);
    sleep(1); /* UIDVALIDITY is a time */
    dovecot_start(&dovecot, server, NULL);
    configure("");
    dovecot_deliver_reports(&dovecot, "", 30, 1);
    expect(EX_OK, "1 imported, 30 duplicates");
    assert_int_equal(integer(SESSIONS), 31);
    assert_int_equal(integer("SELECT count(*) FROM mailbox"), 2);
}

static void reads_several_mailboxes_by_their_names(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("mailbox = INBOX, Reports/TLS, \xc3\x9c"
              "bersicht & Co 2026, Missing, Last");
    dovecot_deliver_reports(&dovecot, "", 0, 1);
    dovecot_deliver_reports(&dovecot, ".Reports.TLS", 1, 2);
    dovecot_deliver_reports(&dovecot, ".&ANw-bersicht &- Co 2026", 3, 3);
    dovecot_deliver_reports(&dovecot, ".Last", 6, 4);
    expect(EX_CONFIG, "mailbox Missing cannot be opened");
    assert_int_equal(integer(IMPORTED), 10);
    assert_int_equal(integer("SELECT count(*) FROM mailbox"), 4);
}

static void finds_slashes_on_a_server_that_separates_by_dots(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, "--set", "namespace inbox {\n  separator = .\n}", NULL);
    configure("mailbox = Reports/TLS\nafter-import = move Done/TLS");
    dovecot_deliver_reports(&dovecot, ".Reports.TLS", 0, 2);
    expect(EX_OK, "2 imported");
    assert_int_equal(dovecot_count(&dovecot, ".Done.TLS", '\0'), 2);
}

static void judges_messages_by_their_size(void **state)
{
    char *large = make_report_mail(1, LARGE), *larger = make_report_mail(2, 2 * LARGE);
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("[import]\nmessage-max = 5M");
    dovecot_deliver_reports(&dovecot, "", 0, 1);
    dovecot_deliver(&dovecot, "", large, strlen(large));
    dovecot_deliver(&dovecot, "", larger, strlen(larger));
    free(large);
    free(larger);
    expect(EXIT_FAILURE, "message-max is 5242880: it was not read");
    assert_int_equal(integer(IMPORTED), 2);
    assert_int_equal(integer("SELECT count(*) FROM journal WHERE outcome = 5 AND uid = 3"), 1);
    expect(EX_OK, "0 messages");
}

/* --- who is trusted --- */

static void sends_no_password_to_a_server_it_cannot_trust(void **state)
{
    static const struct {
        const char *certificate, *sentence;
    } cases[] = {
        {"wrong-host", "the certificate is for other.example, not for localhost"},
        {"expired", "the certificate expired on 2021-02-03"},
        {"self-signed", "the certificate is self-signed"},
        {"unknown-ca", "the certificate was issued by CN=Authority other of the tests"},
        {"client", "the certificate is not meant for TLS servers"},
    };
    char asked[128];
    (void)state;
    snprintf(asked, sizeof asked, "%s/asked", account.folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dovecot_start(&dovecot, server, "--certificate", cases[i].certificate, NULL);
        for (int starttls = 0; starttls < 2; starttls++) {
            account_configure(&account,
                              "[imap work]\nhost = localhost\nport = %u\nsecurity = %s\n"
                              "user = tlsrpt\npassword-command = touch %s; echo secret\n"
                              "ca-file = %s/ca.pem\n",
                              starttls ? dovecot.imap : dovecot.imaps,
                              starttls ? "starttls" : "tls", asked, server);
            expect(EX_NOPERM, cases[i].sentence);
        }
        assert_int_equal(access(asked, F_OK), -1);
        assert_true(dovecot_logged(&dovecot, "no auth attempts"));
        assert_false(dovecot_logged(&dovecot, "Login:"));
        assert_false(dovecot_logged(&dovecot, "auth failed"));
        dovecot_stop(&dovecot);
    }
    dovecot_start(&dovecot, server, NULL); /* all else being equal, a good one will do */
    configure("");
    expect(EX_OK, "0 messages");
    assert_true(dovecot_logged(&dovecot, "Login:"));
}

static void trusts_the_system_unless_told_whom_to_trust(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    account_configure(&account,
                      "[imap work]\nhost = localhost\nport = %u\nuser = tlsrpt\n"
                      "password = secret\n",
                      dovecot.imaps);
    expect(EX_NOPERM, "none that this system trusts vouches for it");
    account_configure(&account,
                      "[imap work]\nhost = localhost\nport = %u\nuser = tlsrpt\n"
                      "password = secret\nca-file = %s/nowhere.pem\n",
                      dovecot.imaps, account.folder);
    expect(EX_CONFIG, "nowhere.pem holds no certificate to trust");
}

static void speaks_starttls(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    account_configure(&account,
                      "[imap work]\nhost = localhost\nport = %u\nsecurity = starttls\n"
                      "user = tlsrpt\npassword = secret\nca-file = %s/ca.pem\n",
                      dovecot.imap, server);
    dovecot_deliver_reports(&dovecot, "", 0, 2);
    expect(EX_OK, "2 imported");
    assert_true(dovecot_logged(&dovecot, ", TLS, session="));
}

/* A server for one version of TLS, with the certificate of Dovecot's, in its
 * place; it never says anything. */
static void serve_tls(struct run *run, const char *version)
{
    char port[16], priority[64], certificate[128], key[128];
    snprintf(port, sizeof port, "%u", dovecot.imaps);
    snprintf(priority, sizeof priority, "NORMAL:-VERS-ALL:+VERS-%s:%%COMPAT", version);
    snprintf(certificate, sizeof certificate, "%s/server.pem", server);
    snprintf(key, sizeof key, "%s/server.key", server);
    *run = (struct run){.home = NULL};
    run_start(run, "gnutls-serv", "--quiet", "--noticket", "--echo", "--port", port, "--priority",
              priority, "--x509certfile", certificate, "--x509keyfile", key, NULL);
}

static void does_not_speak_older_versions_of_tls(void **state)
{
    static const struct {
        const char *version;
        const char *sentence;
    } cases[] = {{"TLS1.1", "TLS"}, {"TLS1.2", "the server was silent for 3 s"}};
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("");
    dovecot_stop(&dovecot);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run serving, run;
        serve_tls(&serving, cases[i].version);
        account_configure(&account,
                          "[imap work]\nhost = localhost\nport = %u\nuser = tlsrpt\ntimeout = 3\n"
                          "password = secret\nca-file = %s/ca.pem\n",
                          dovecot.imaps, server);
        do { /* until it listens */
            account_import(&account, &run, NULL);
            bool refused = strstr(run.err, "Connection refused") != NULL;
            if (!refused &&
                (run.status != EX_UNAVAILABLE || strstr(run.err, cases[i].sentence) == NULL))
                fail_msg("with %s it was %d: %s", cases[i].version, run.status, run.err);
            run.status = refused;
            run_free(&run);
        } while (run.status);
        kill(serving.pid, SIGTERM);
        run_finish(&serving);
        run_free(&serving);
    }
}

/* --- logging in --- */

static void logs_in_by_each_mechanism(void **state)
{
    static const struct {
        const char *auth, *offered, *logged;
    } cases[] = {
        {"plain", "plain login cram-md5", "method=PLAIN"},
        {"login", "plain login", "method=PLAIN"}, /* the command LOGIN */
        {"login", "login", "method=LOGIN"},
        {"cram-md5", "plain cram-md5", "method=CRAM-MD5"},
        {"auto", "login", "method=LOGIN"},
        {"auto", "cram-md5", "method=CRAM-MD5"},
        {"auto", "login cram-md5 plain", "method=PLAIN"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char mechanisms[64], auth[32], log[160];
        snprintf(mechanisms, sizeof mechanisms, "auth_mechanisms = %s", cases[i].offered);
        snprintf(auth, sizeof auth, "auth = %s", cases[i].auth);
        snprintf(log, sizeof log, "%s/dovecot.log", server);
        unlink(log);
        dovecot_start(&dovecot, server, "--set", mechanisms, NULL);
        configure(auth);
        expect(EX_OK, "0 messages");
        if (!dovecot_logged(&dovecot, cases[i].logged))
            fail_msg("no %s for %s of %s", cases[i].logged, cases[i].auth, cases[i].offered);
        dovecot_stop(&dovecot);
    }
    dovecot_start(&dovecot, server, "--set", "auth_mechanisms = cram-md5", NULL);
    configure("auth = plain");
    expect(EX_NOPERM, "offers no login that auth = plain allows; it offers: CRAM-MD5");
}

static void says_when_the_login_is_refused(void **state)
{
    static const char *const auths[] = {"plain", "login", "cram-md5"};
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    for (size_t i = 0; i < sizeof auths / sizeof *auths; i++) {
        account_configure(&account,
                          "[imap work]\nhost = localhost\nport = %u\nuser = tlsrpt\n"
                          "password = wrong\nca-file = %s/ca.pem\nauth = %s\n",
                          dovecot.imaps, server, auths[i]);
        expect(EX_NOPERM, "localhost refuses the login of tlsrpt by ");
    }
}

static void goes_without_tls_on_the_loopback_only(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    dovecot_deliver_reports(&dovecot, "", 0, 1);
    account_configure(&account,
                      "[imap work]\nhost = 127.0.0.1\nport = %u\nsecurity = none\n"
                      "user = tlsrpt\npassword = secret\n",
                      dovecot.imap);
    expect(EX_OK, "1 imported");
    account_configure(&account, "[imap work]\nhost = 192.0.2.1\nsecurity = none\nuser = tlsrpt\n"
                                "password = secret\n");
    expect(EX_CONFIG, "security = none is for the loopback only");
}

static void says_when_there_is_no_server(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("");
    dovecot_stop(&dovecot);
    expect(EX_UNAVAILABLE, "Connection refused");
}

/* --- what becomes of the mail --- */

static void deliver_one_of_each(void)
{
    static const char letter[] = "Subject: Lunch?\r\n\r\nToday at noon.\r\n";
    static const char damaged[] = "Subject: Report\r\nContent-Type: application/tlsrpt+json\r\n"
                                  "\r\n{\"organization-name\":";
    char *conflict = make_report_mail(0, 0);
    *strstr(conflict, "session-count\":1") = 'X';
    dovecot_deliver_reports(&dovecot, "", 0, 2); /* UID 1 and 2 */
    dovecot_deliver_reports(&dovecot, "", 1, 1); /* a duplicate */
    dovecot_deliver(&dovecot, "", letter, strlen(letter));
    dovecot_deliver(&dovecot, "", damaged, strlen(damaged));
    dovecot_deliver(&dovecot, "", conflict, strlen(conflict));
    free(conflict);
}

static void marks_what_it_has_imported_as_seen(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("after-import = seen");
    deliver_one_of_each();
    expect(EXIT_FAILURE, "2 imported, 1 duplicate, 1 in conflict, 1 damaged, 1 not a report");
    assert_int_equal(dovecot_count(&dovecot, "", 'S'), 3);
    assert_int_equal(dovecot_count(&dovecot, "", '\0'), 6);
}

static void moves_what_it_has_imported(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("after-import = move Done/2026\ndamaged = move Broken");
    deliver_one_of_each();
    expect(EXIT_FAILURE, "2 imported");
    assert_int_equal(dovecot_count(&dovecot, ".Done.2026", '\0'), 3);
    assert_int_equal(dovecot_count(&dovecot, ".Broken", '\0'), 1);
    assert_int_equal(dovecot_count(&dovecot, "", '\0'), 2); /* a letter, and a conflict */
    dovecot_deliver_reports(&dovecot, "", 7, 1);
    expect(EX_OK, "1 imported");
    assert_int_equal(dovecot_count(&dovecot, ".Done.2026", '\0'), 4);
}

/* Someone else has marked a letter as deleted: it is not ours to remove. */
static void mark_a_letter_as_deleted(void)
{
    char pattern[128], path[256];
    glob_t mails;
    static const char letter[] = "Subject: Old\r\n\r\nLetter.\r\n";
    dovecot_deliver(&dovecot, "", letter, strlen(letter));
    snprintf(pattern, sizeof pattern, "%s/mail/new/*", server);
    assert_int_equal(glob(pattern, 0, NULL, &mails), 0);
    const char *last = mails.gl_pathv[mails.gl_pathc - 1];
    snprintf(path, sizeof path, "%s/mail/cur%s:2,T", server, strrchr(last, '/'));
    assert_int_equal(rename(last, path), 0);
    globfree(&mails);
}

static void deletes_what_it_has_imported(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("after-import = delete");
    deliver_one_of_each();
    mark_a_letter_as_deleted();
    expect(EXIT_FAILURE, "2 imported");
    assert_int_equal(dovecot_count(&dovecot, "", '\0'), 4);
    assert_int_equal(dovecot_count(&dovecot, "", 'T'), 1);
}

static void deletes_only_its_own_where_the_server_can_do_less(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, "--set", "imap_capability = IMAP4rev1 SASL-IR AUTH=PLAIN",
                  NULL);
    configure("after-import = move Done");
    deliver_one_of_each();
    mark_a_letter_as_deleted();
    expect(EXIT_FAILURE, "has no UIDPLUS: messages are marked as deleted, but not removed");
    assert_int_equal(dovecot_count(&dovecot, ".Done", '\0'), 3);
    assert_int_equal(dovecot_count(&dovecot, "", '\0'), 7);
    assert_int_equal(dovecot_count(&dovecot, "", 'T'), 4);
}

static void acts_later_on_what_was_imported_before(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("");
    dovecot_deliver_reports(&dovecot, "", 0, 1200); /* more than one command */
    expect(EX_OK, "1200 imported");
    configure("after-import = move Done");
    dovecot_deliver_reports(&dovecot, "", 1200, 1);
    expect(EX_OK, "1 imported");
    assert_int_equal(dovecot_count(&dovecot, ".Done", '\0'), 1201);
    assert_int_equal(dovecot_count(&dovecot, "", '\0'), 0);
}

static void moves_nothing_into_a_mailbox_it_reads(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("mailbox = Reports, inbox\nafter-import = move INBOX");
    expect(EX_CONFIG, "messages would be moved to INBOX, which is read itself");
}

/* --- going on --- */

static void goes_on_after_being_killed(void **state)
{
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("after-import = move Done");
    dovecot_deliver_reports(&dovecot, "", 0, MANY);
    for (int i = 0; i < KILLS; i++) {
        struct run run;
        int64_t before = integer(REPORTS);
        account_start(&account, &run, NULL);
        while (before < MANY && integer(REPORTS) == before)
            usleep(1000);
        usleep((unsigned)i * 20000);
        kill(run.pid, SIGKILL);
        run_finish(&run);
        run_free(&run);
    }
    expect(EX_OK, "0 damaged");
    assert_int_equal(integer(IMPORTED), MANY);
    assert_int_equal(integer(DUPLICATE), 0);
    assert_int_equal(integer(SESSIONS), MANY);
    assert_int_equal(dovecot_count(&dovecot, ".Done", '\0'), MANY);
    assert_int_equal(dovecot_count(&dovecot, "", '\0'), 0);
}

static void watches_by_idle(void **state)
{
    struct run run;
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    /* nothing but IDLE can bring what comes; and two accounts at once */
    account_configure(&account,
                      "[imap one]\nhost = localhost\nport = %u\nuser = tlsrpt\npoll = 86400\n"
                      "password = secret\nca-file = %s/ca.pem\n"
                      "[imap two]\nhost = localhost\nport = %u\nuser = tlsrpt\npoll = 86400\n"
                      "password = secret\nca-file = %s/ca.pem\nmailbox = Other\n",
                      dovecot.imaps, server, dovecot.imaps, server);
    dovecot_deliver_reports(&dovecot, "", 0, 2);
    dovecot_deliver_reports(&dovecot, ".Other", 2, 1);
    account_start(&account, &run, "--watch", NULL);
    account_await(&account, &run, IMPORTED, 3);
    dovecot_deliver_reports(&dovecot, "", 3, 1);
    account_await(&account, &run, IMPORTED, 4);
    dovecot_deliver_reports(&dovecot, ".Other", 4, 2);
    account_await(&account, &run, IMPORTED, 6);
    dovecot_deliver_reports(&dovecot, "", 6, 1);
    account_await(&account, &run, IMPORTED, 7);
    kill(run.pid, SIGTERM);
    run_finish(&run);
    assert_int_equal(run.status, EX_OK);
    run_free(&run);
}

static void watches_by_looking_again(void **state)
{
    struct run run;
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("idle = no\npoll = 1\nmailbox = INBOX, Other\nafter-import = delete");
    dovecot_deliver_reports(&dovecot, "", 0, 1);
    dovecot_deliver_reports(&dovecot, ".Other", 1, 1);
    account_start(&account, &run, "--watch", NULL);
    account_await(&account, &run, IMPORTED, 2);
    dovecot_deliver_reports(&dovecot, ".Other", 2, 1);
    account_await(&account, &run, IMPORTED, 3);
    account_await(&account, &run, "SELECT sum(acted_uid) FROM mailbox", 3);
    kill(run.pid, SIGINT);
    run_finish(&run);
    assert_int_equal(run.status, EX_OK);
    assert_int_equal(dovecot_count(&dovecot, ".Other", '\0'), 0);
    run_free(&run);
}

static void keeps_up_the_database_while_nothing_comes(void **state)
{
    struct run run;
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("idle = no\npoll = 2");
    dovecot_deliver_reports(&dovecot, "", 0, 2);
    account_expect(&account, EX_OK, "2 imported");
    configure("idle = no\npoll = 2\n[database]\nkeep-details-days = 1");
    account_start(&account, &run, "--watch", NULL);
    account_await(&account, &run, "SELECT count(*) FROM report WHERE pruned", 2);
    kill(run.pid, SIGTERM);
    run_finish(&run);
    assert_int_equal(run.status, EX_OK);
    run_free(&run);
}

static void deletes_no_mail_for_a_database_that_has_gone(void **state)
{
    struct run run;
    char log[sizeof account.database + 8];
    (void)state;
    dovecot_start(&dovecot, server, NULL);
    configure("idle = no\npoll = 1\nafter-import = delete");
    dovecot_deliver_reports(&dovecot, "", 0, 1);
    account_start(&account, &run, "--watch", NULL);
    account_await(&account, &run, "SELECT sum(acted_uid) FROM mailbox", 1);
    unlink(account.database);
    snprintf(log, sizeof log, "%s-wal", account.database);
    unlink(log);
    dovecot_deliver_reports(&dovecot, "", 1, 2);
    run_finish(&run);
    assert_run_ended(&run, EX_TEMPFAIL);
    assert_run_said(&run, "was deleted, moved or replaced meanwhile");
    assert_int_equal(dovecot_count(&dovecot, "", '\0'), 2);
    run_free(&run);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(imports_all_then_only_what_is_new),
        TEST(finds_what_is_new_behind_gaps),
        TEST(a_dry_run_changes_nothing),
        TEST(counts_nothing_twice_when_uidvalidity_changes),
        TEST(reads_several_mailboxes_by_their_names),
        TEST(finds_slashes_on_a_server_that_separates_by_dots),
        TEST(judges_messages_by_their_size),
        TEST(sends_no_password_to_a_server_it_cannot_trust),
        TEST(trusts_the_system_unless_told_whom_to_trust),
        TEST(speaks_starttls),
        TEST(does_not_speak_older_versions_of_tls),
        TEST(logs_in_by_each_mechanism),
        TEST(says_when_the_login_is_refused),
        TEST(goes_without_tls_on_the_loopback_only),
        TEST(says_when_there_is_no_server),
        TEST(marks_what_it_has_imported_as_seen),
        TEST(moves_what_it_has_imported),
        TEST(deletes_what_it_has_imported),
        TEST(deletes_only_its_own_where_the_server_can_do_less),
        TEST(acts_later_on_what_was_imported_before),
        TEST(moves_nothing_into_a_mailbox_it_reads),
        TEST(goes_on_after_being_killed),
        TEST(watches_by_idle),
        TEST(watches_by_looking_again),
        TEST(keeps_up_the_database_while_nothing_comes),
        TEST(deletes_no_mail_for_a_database_that_has_gone),
    };
    return cmocka_run_group_tests_name("imap", tests, NULL, NULL);
}
