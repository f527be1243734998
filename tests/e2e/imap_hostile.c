/* tlsrptop-import and servers that lie, flood, hang and hang up. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "../account.h"
#include "../dovecot.h"
#include "../fake_imap.h"

#define IMPORTED "SELECT count(*) FROM journal WHERE outcome = 1"
#define SESSIONS "SELECT sum(successful) FROM policy"

enum { FLOOD = 8 * 1024 * 1024, LONG = 5 * 1024 * 1024, SEVERAL = 7, MESSAGES = 501 };

static struct account account;
static struct fake_imap fake;

static int set_up(void **state)
{
    (void)state;
    account_open(&account);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    account_close(&account);
    return 0;
}

/* Begins to serve by PLAY, to an account with further SETTINGS. */
static void serve(void (*play)(struct fake_imap *fake), const char *settings)
{
    fake_start(&fake, play);
    account_configure(&account,
                      "[imap work]\nhost = 127.0.0.1\nport = %u\nuser = someone\n"
                      "password = xyzzy\n%s\n",
                      fake.port, settings);
}

static void expect(int status, const char *sentence)
{
    account_expect(&account, status, sentence);
}

/* --- before the login --- */

static void hide_starttls(struct fake_imap *server)
{
    fake_say(server, "* OK at your service\r\n");
    if (fake_read(server, "CAPABILITY"))
        fake_say(server, "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%s OK done\r\n", server->tag);
    fake_wait(server);
}

static void log_in_unasked(struct fake_imap *server)
{
    fake_say(server, "* PREAUTH welcome\r\n");
    fake_wait(server);
}

static void refuse_starttls(struct fake_imap *server)
{
    fake_say(server, "* OK at your service\r\n");
    if (fake_read(server, "CAPABILITY"))
        fake_say(server, "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n%s OK done\r\n",
                 server->tag);
    if (fake_read(server, "STARTTLS"))
        fake_say(server, "%s NO not today\r\n", server->tag);
    fake_wait(server);
}

/* What is sent in the clear would be taken for what came by TLS. */
static void inject_before_tls(struct fake_imap *server)
{
    fake_say(server, "* OK at your service\r\n");
    if (fake_read(server, "CAPABILITY"))
        fake_say(server, "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n%s OK done\r\n",
                 server->tag);
    if (fake_read(server, "STARTTLS"))
        fake_say(server, "%s OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n3 OK done\r\n",
                 server->tag);
    fake_wait(server);
}

static void goes_no_further_without_tls(void **state)
{
    static const struct {
        void (*play)(struct fake_imap *server);
        const char *sentence;
    } cases[] = {
        {hide_starttls, "the server offers no STARTTLS, or someone in between hides it"},
        {log_in_unasked, "the server logs us in unasked"},
        {refuse_starttls, "the server refuses STARTTLS: NO not today"},
        {inject_before_tls, "the server sent more before TLS than its answer"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        serve(cases[i].play, "security = starttls");
        expect(EX_NOPERM, cases[i].sentence);
        fake_stop(&fake);
        assert_null(strstr(fake.transcript, "AUTHENTICATE"));
        assert_null(strstr(fake.transcript, "LOGIN"));
        assert_null(strstr(fake.transcript, "someone"));
    }
}

static void log_in_by_xoauth2(struct fake_imap *server)
{
    fake_say(server, "* OK at your service\r\n");
    if (fake_read(server, "CAPABILITY"))
        fake_say(server, "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED\r\n%s OK done\r\n",
                 server->tag);
    if (!fake_read(server, "AUTHENTICATE XOAUTH2\r\n"))
        return;
    char tag[32];
    snprintf(tag, sizeof tag, "%s", server->tag);
    fake_say(server, "* OK one moment\r\n+ \r\n");
    /* user=someone^Aauth=Bearer xyzzy^A^A */
    if (!fake_read(server, "dXNlcj1zb21lb25lAWF1dGg9QmVhcmVyIHh5enp5AQE="))
        return;
    if (server->connections == 1) {
        fake_say(server, "+ eyJzdGF0dXMiOiI0MDAifQ==\r\n");
        if (fake_read(server, "\r\n"))
            fake_say(server, "%s NO [AUTHENTICATIONFAILED] no\r\n", tag);
    } else {
        fake_say(server, "%s OK in\r\n", tag);
        if (fake_read(server, "CAPABILITY"))
            fake_say(server, "* CAPABILITY IMAP4rev1\r\n%s OK done\r\n", server->tag);
        fake_select(server, 0);
    }
    fake_wait(server);
}

static void logs_in_with_a_token(void **state)
{
    (void)state;
    serve(log_in_by_xoauth2, "security = none\nauth = xoauth2");
    expect(EX_NOPERM, "by XOAUTH2: NO [AUTHENTICATIONFAILED] no {\"status\":\"400\"}");
    expect(EX_OK, "0 messages");
    fake_stop(&fake);
}

static void greet_with_goodbye(struct fake_imap *server)
{
    fake_say(server, "* BYE Too many\x1b[31m connections\r\n");
}

static void be_no_imap_server(struct fake_imap *server)
{
    fake_say(server, "HTTP/1.1 400 Bad Request\r\n\r\n");
    fake_wait(server);
}

static void never_end_a_line(struct fake_imap *server)
{
    static const char words[] = "* OK and on and on and on and on and on and on and on and on ";
    fake_say(server, "* OK ");
    for (size_t i = 0; i < FLOOD && !server->gone; i += strlen(words))
        fake_say(server, "%s", words);
    fake_wait(server);
}

static void say_nothing(struct fake_imap *server)
{
    fake_wait(server);
}

static void ask_for_more(struct fake_imap *server)
{
    fake_say(server, "* OK at your service\r\n");
    if (fake_read(server, "CAPABILITY"))
        fake_say(server, "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%s OK done\r\n", server->tag);
    while (fake_read(server, ""))
        fake_say(server, "+ bW9yZQ==\r\n");
}

static void tell_no_capabilities(struct fake_imap *server)
{
    fake_say(server, "* OK at your service\r\n");
    fake_accept(server, "CAPABILITY");
    if (fake_read(server, "LOGIN \"someone\" \"xyzzy\"\r\n"))
        fake_say(server, "%s NO [UNAVAILABLE] come back later\r\n", server->tag);
    fake_wait(server);
}

static void says_what_is_wrong_with_the_server(void **state)
{
    static const struct {
        void (*play)(struct fake_imap *server);
        int status;
        const char *sentence;
    } cases[] = {
        {greet_with_goodbye, EX_UNAVAILABLE,
         "work: 127.0.0.1: the server hung up: Too many\\x1b[31m connections"},
        {be_no_imap_server, EX_UNAVAILABLE, "makes no sense here: HTTP/1.1 400 Bad Request"},
        {never_end_a_line, EX_UNAVAILABLE, "the server sends a line of more than 65536 bytes"},
        {say_nothing, EX_UNAVAILABLE, "the server was silent for 3 s"},
        {ask_for_more, EX_UNAVAILABLE, "the server asks for more"},
        {tell_no_capabilities, EX_TEMPFAIL, "NO [UNAVAILABLE] come back later"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        serve(cases[i].play, strstr(cases[i].sentence, "silent") != NULL
                                 ? "security = none\ntimeout = 3"
                                 : "security = none");
        expect(cases[i].status, cases[i].sentence);
        fake_stop(&fake);
    }
}

/* --- after it --- */

/* Opens a mailbox of SEVERAL messages, and lists them. */
static bool come_to_fetching(struct fake_imap *server)
{
    return fake_log_in(server, "") && fake_select(server, SEVERAL) && fake_list(server, SEVERAL) &&
           fake_read(server, "UID FETCH 1:7 (UID RFC822.SIZE BODY.PEEK[]<0.");
}

static void tell_message(struct fake_imap *server, unsigned number, unsigned uid)
{
    char *mail = make_report_mail(uid, 0);
    fake_say(server, "* %u FETCH (UID %u RFC822.SIZE %zu BODY[]<0> {%zu}\r\n", number, uid,
             strlen(mail), strlen(mail));
    fake_send(server, mail, strlen(mail));
    fake_say(server, ")\r\n");
    free(mail);
}

static void tell_messages(struct fake_imap *server, unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++)
        tell_message(server, i, i);
}

/* Answers the rest as an honest server would. */
static void give_all(struct fake_imap *server)
{
    tell_messages(server, 1, SEVERAL);
    fake_say(server, "%s OK done\r\n", server->tag);
    while (fake_read(server, ""))
        fake_say(server, "%s OK done\r\n", server->tag);
}

static void announce_four_gigabytes(struct fake_imap *server)
{
    if (come_to_fetching(server))
        fake_say(server, "* 1 FETCH (UID 1 BODY[]<0> {4294967295}\r\n");
    fake_wait(server);
}

static void announce_more_than_a_number_holds(struct fake_imap *server)
{
    if (come_to_fetching(server))
        fake_say(server, "* 1 FETCH (UID 1 BODY[]<0> {18446744073709551617}\r\n");
    fake_wait(server);
}

/* libetpan takes this for a literal, too; and falls over the others. */
static void say_what_libetpan_cannot_bear(struct fake_imap *server)
{
    if (come_to_fetching(server))
        fake_say(server, "* 1 FETCH (UID 1 BODY[]<0> { 4000000000} x)\r\n* STATUS INBOX ()\r\n"
                         "* OK [PERMANENTFLAGS (\\\023) x\r\n* CAPABILITY\r\n* BYE done\r\n");
    fake_wait(server);
}

static void nest_brackets(struct fake_imap *server)
{
    if (come_to_fetching(server))
        fake_say(server, "* 1 FETCH (BODYSTRUCTURE ");
    for (unsigned i = 0; i < FLOOD && !server->gone; i++)
        fake_send(server, "(", 1);
    fake_wait(server);
}

static void flood(struct fake_imap *server)
{
    static const char news[] = "* 1 EXPUNGE\r\n";
    if (come_to_fetching(server))
        for (unsigned i = 0; i < FLOOD && !server->gone; i += sizeof news)
            fake_say(server, news);
    fake_wait(server);
}

static void flood_with_messages(struct fake_imap *server)
{
    if (come_to_fetching(server))
        for (unsigned i = 0; i < FLOOD && !server->gone; i++)
            tell_message(server, 1, 1);
    fake_wait(server);
}

static void hang_up_in_a_message(struct fake_imap *server)
{
    if (!come_to_fetching(server))
        return;
    tell_messages(server, 1, 3);
    fake_say(server, "* 4 FETCH (UID 4 RFC822.SIZE 1000 BODY[]<0> {1000}\r\nFrom: ");
}

static void hang_up_between_messages(struct fake_imap *server)
{
    if (!come_to_fetching(server))
        return;
    tell_messages(server, 1, 3);
    fake_say(server, "* BYE out of order\r\n");
}

static void stop_in_a_message(struct fake_imap *server)
{
    hang_up_in_a_message(server);
    fake_wait(server);
}

static void answer_for_another_command(struct fake_imap *server)
{
    if (come_to_fetching(server))
        fake_say(server, "%s9 OK done\r\n", server->tag);
    fake_wait(server);
}

static void talk_nonsense(struct fake_imap *server)
{
    if (come_to_fetching(server))
        fake_say(server, "*1 FETCH \xff\xfe\x1b]0;(\r\n");
    fake_wait(server);
}

static void lose_the_mailbox(struct fake_imap *server)
{
    if (come_to_fetching(server))
        fake_say(server, "%s NO [SERVERBUG] the disk is away\r\n", server->tag);
    if (fake_read(server, "UID FETCH 1:1"))
        fake_say(server, "%s NO [SERVERBUG] the disk is away\r\n", server->tag);
    fake_wait(server);
}

static void (*only_play)(struct fake_imap *server);

/* Whoever comes again is sent away at once. */
static void play_once(struct fake_imap *server)
{
    if (server->connections == 1)
        only_play(server);
}

static void goes_on_where_a_server_failed(void **state)
{
    static const struct {
        void (*play)(struct fake_imap *server);
        const char *sentence;
    } cases[] = {
        {announce_four_gigabytes, "the server sends a literal larger than what was asked for"},
        {announce_more_than_a_number_holds, "a literal larger than what was asked for"},
        {say_what_libetpan_cannot_bear, "the server hung up: done"},
        {nest_brackets, "a line of more than 65536 bytes"},
        {flood, "more than 1 MiB beside what was asked for"},
        {flood_with_messages, "more literals than were asked for"},
        {hang_up_in_a_message, "the server hung up"},
        {hang_up_between_messages, "the server hung up: out of order"},
        {stop_in_a_message, "the server was silent for 3 s"},
        {answer_for_another_command, "makes no sense here"},
        {talk_nonsense, "makes no sense here: *1 FETCH \\xff\\xfe\\x1b]0;("},
        {lose_the_mailbox, "mailbox INBOX cannot be read: NO [SERVERBUG] the disk is away"},
    };
    static const char passed_over[] =
        "SELECT last_uid - (SELECT count(*) FROM journal WHERE uid <= last_uid) FROM mailbox";
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        only_play = cases[i].play;
        serve(play_once, strstr(cases[i].sentence, "silent") != NULL
                             ? "security = none\ntimeout = 3"
                             : "security = none");
        expect(EX_TEMPFAIL, cases[i].sentence);
        fake_stop(&fake);
        assert_int_equal(account_integer(&account, passed_over), 0);
        account_close(&account);
        account_open(&account);
    }
}

/* Lists and gives what is asked for, but hangs up before the message POISON. */
static void answer_but(struct fake_imap *server, unsigned poison)
{
    while (fake_read(server, "")) {
        unsigned first = 0, last = 0;
        bool bodies = strstr(server->line, "BODY") != NULL;
        const char *set = strstr(server->line, "FETCH ");
        int numbers = set != NULL ? sscanf(set, "FETCH %u:%u", &first, &last) : 0;
        for (unsigned uid = first; uid > 0 && uid <= (numbers == 2 ? last : first); uid++) {
            if (bodies && uid == poison)
                return;
            if (bodies)
                tell_message(server, uid, uid);
            else
                fake_say(server, "* %u FETCH (UID %u)\r\n", uid, uid);
        }
        fake_say(server, "%s OK done\r\n", server->tag);
    }
}

static void answer_honestly(struct fake_imap *server)
{
    answer_but(server, 0);
}

static void fail_once(struct fake_imap *server)
{
    if (server->connections == 1)
        hang_up_in_a_message(server);
    else if (fake_log_in(server, "") && fake_select(server, SEVERAL))
        answer_honestly(server);
}

static void counts_no_message_twice_after_a_failure(void **state)
{
    (void)state;
    serve(fail_once, "security = none");
    expect(EX_OK, "work INBOX UID 4 is the first that has not come");
    assert_int_equal(fake.connections, 2); /* it goes on at once */
    assert_int_equal(account_integer(&account, IMPORTED), SEVERAL);
    assert_int_equal(account_integer(&account, SESSIONS), SEVERAL);
    expect(EX_OK, "");
    assert_int_equal(account_integer(&account, IMPORTED), SEVERAL);
    fake_stop(&fake);
}

static unsigned there_are, poison;

static void give_all_but_one(struct fake_imap *server)
{
    if (fake_log_in(server, "") && fake_select(server, there_are))
        answer_but(server, poison);
}

/* Tells of all messages and gives none. */
static void give_none(struct fake_imap *server)
{
    if (!fake_log_in(server, "") || !fake_select(server, SEVERAL))
        return;
    while (fake_list(server, SEVERAL) && strstr(server->line, "BODY") == NULL)
        ;
}

#define GIVEN_UP                                                                                   \
    "SELECT coalesce(sum(j.uid), 0) FROM journal j JOIN text t ON t.id = j.reason"                 \
    " WHERE t.value LIKE 'the connection is lost each time that it is asked for, while others%'"

/* Wherever it is, be it the only new one. */
static void a_message_that_ends_connections_holds_up_no_other(void **state)
{
    static const char position[] = "SELECT last_uid FROM mailbox";
    (void)state;
    there_are = SEVERAL;
    poison = 4;
    serve(give_all_but_one, "security = none");
    expect(EXIT_FAILURE, "UID 4 is the first that has not come");
    assert_int_equal(account_integer(&account, IMPORTED), SEVERAL - 1);
    assert_int_equal(account_integer(&account, GIVEN_UP), 4);
    assert_int_equal(account_integer(&account, position), SEVERAL);
    there_are = SEVERAL + 1;
    poison = there_are;
    expect(EXIT_FAILURE, "while others come");
    assert_int_equal(account_integer(&account, GIVEN_UP), 4 + poison);
    assert_int_equal(account_integer(&account, position), poison);
    there_are += 2;
    expect(EX_OK, "2 imported");
    assert_int_equal(account_integer(&account, IMPORTED), SEVERAL + 1);
    fake_stop(&fake);
}

static void where_no_message_comes_none_is_given_up(void **state)
{
    (void)state;
    serve(give_none, "security = none");
    for (int run = 0; run < 2; run++)
        expect(EX_TEMPFAIL, "UID 1 is the first that has not come");
    assert_int_equal(account_integer(&account, GIVEN_UP), 0);
    assert_int_equal(account_integer(&account, "SELECT count(*) FROM journal"), 0);
    fake_stop(&fake);
}

/* Half of what was asked for is gone, and there is much that was not. */
static void tell_other_messages(struct fake_imap *server)
{
    if (!come_to_fetching(server))
        return;
    tell_message(server, 900, 900);
    tell_message(server, 1, 2);
    tell_message(server, 1, 2);
    fake_say(server, "* 3 FETCH (FLAGS (\\Seen))\r\n* OK still there\r\n* 2 EXPUNGE\r\n");
    tell_message(server, 77, 4);
    fake_say(server, "* 6 FETCH (UID 6 BODY[]<0> NIL)\r\n* 90 EXISTS\r\n* 1 RECENT\r\n");
    fake_say(server, "%s OK done\r\n", server->tag);
    while (fake_read(server, "")) {
        if (strstr(server->line, "UID FETCH 7:7") != NULL) /* it was only forgotten */
            tell_message(server, 7, 7);
        fake_say(server, "%s OK done\r\n", server->tag);
    }
}

static void takes_only_what_it_asked_for(void **state)
{
    (void)state;
    serve(tell_other_messages, "security = none");
    expect(EXIT_FAILURE, "INBOX UID 6: damaged: the server has nothing to give of it");
    assert_int_equal(account_integer(&account, IMPORTED), 3);
    assert_int_equal(
        account_integer(&account, "SELECT count(*) FROM journal WHERE uid IN (2, 4, 6, 7)"), 4);
    fake_stop(&fake);
}

/* One message cannot be had, whatever is tried. */
static void refuse_one_message(struct fake_imap *server)
{
    if (!come_to_fetching(server))
        return;
    tell_messages(server, 1, 4);
    fake_say(server, "%s NO [EXPUNGEISSUED] some are gone\r\n", server->tag);
    for (unsigned uid = 5; uid <= SEVERAL && fake_read(server, "UID FETCH"); uid++) {
        if (uid == 6)
            fake_say(server, "%s NO [SERVERBUG] \x1b[2J corrupt\r\n", server->tag);
        else
            tell_message(server, uid, uid);
        if (uid != 6)
            fake_say(server, "%s OK done\r\n", server->tag);
    }
    while (fake_read(server, ""))
        fake_say(server, "%s OK done\r\n", server->tag);
}

static void keeps_the_others_when_a_message_cannot_be_had(void **state)
{
    (void)state;
    serve(refuse_one_message, "security = none");
    expect(EXIT_FAILURE, "work INBOX UID 6: damaged: the server does not give it: NO [SERVERBUG] "
                         "\\x1b[2J corrupt");
    assert_int_equal(account_integer(&account, IMPORTED), SEVERAL - 1);
    fake_stop(&fake);
}

/* The sixth message is away for a moment, or is passed over. */
static void answer_for_each(struct fake_imap *server, const char *of_the_sixth)
{
    if (!come_to_fetching(server))
        return;
    tell_messages(server, 1, 4);
    fake_say(server, "%s OK some are not told\r\n", server->tag);
    while (fake_read(server, "")) {
        unsigned uid = 0;
        sscanf(server->line, "%*u UID FETCH %u", &uid);
        if (uid == 6 && strstr(server->line, "BODY") == NULL)
            fake_say(server, "* 6 FETCH (UID 6)\r\n");
        else if (uid > 4 && uid != 6)
            tell_message(server, uid, uid);
        fake_say(server, "%s %s\r\n", server->tag, uid == 6 ? of_the_sixth : "OK done");
    }
}

static void refuse_for_now(struct fake_imap *server)
{
    answer_for_each(server, "NO [UNAVAILABLE] come again");
}

static void pass_over(struct fake_imap *server)
{
    answer_for_each(server, "OK done");
}

static void asks_again_for_what_cannot_be_had_now(void **state)
{
    (void)state;
    serve(refuse_for_now, "security = none");
    expect(EX_TEMPFAIL, "work INBOX UID 6 cannot be had now: NO [UNAVAILABLE] come again");
    assert_int_equal(account_integer(&account, "SELECT last_uid FROM mailbox"), 5);
    assert_int_equal(account_integer(&account, "SELECT count(*) FROM journal WHERE outcome = 5"),
                     0);
    fake_stop(&fake);
}

static void what_the_server_passes_over_is_in_the_journal(void **state)
{
    (void)state;
    serve(pass_over, "security = none");
    expect(EXIT_FAILURE, "work INBOX UID 6: damaged: the server tells that it is there, and does "
                         "not give it");
    assert_int_equal(account_integer(&account, IMPORTED), SEVERAL - 1);
    fake_stop(&fake);
}

/* Gives the piece that is asked for of a message three times as long as its size
 * is said to be; the second one is refused at its second piece. */
static void give_pieces(struct fake_imap *server)
{
    char *mail = make_report_mail(1, LONG);
    size_t length = strlen(mail);
    bool fetching = fake_log_in(server, "") && fake_select(server, 2) && fake_list(server, 2);
    while (fetching && fake_read(server, "")) {
        unsigned first = 0, last = 0, from = 0, most = 0;
        int numbers = sscanf(server->line, "%*u UID FETCH %u:%u", &first, &last);
        if (strchr(server->line, '<') != NULL)
            sscanf(strchr(server->line, '<'), "<%u.%u>", &from, &most);
        size_t size = length - from < most ? length - from : most;
        bool refused = first == 2 && from > 0;
        for (unsigned uid = first; uid <= (numbers == 2 ? last : first) && most > 0 && !refused;
             uid++) {
            fake_say(server, "* %u FETCH (UID %u RFC822.SIZE %u BODY[]<%u> {%zu}\r\n", uid, uid,
                     LONG / 3, from, size);
            fake_send(server, mail + from, size);
            fake_say(server, ")\r\n");
        }
        fake_say(server, "%s %s done\r\n", server->tag, refused ? "NO" : "OK");
    }
    free(mail);
}

static void reads_messages_in_pieces_whatever_their_size_is_said_to_be(void **state)
{
    (void)state;
    serve(give_pieces, "security = none");
    expect(EXIT_FAILURE, "work INBOX UID 2: damaged: the server does not give it: NO done");
    assert_int_equal(account_integer(&account, IMPORTED), 1);
    fake_stop(&fake);
    account_close(&account);
    account_open(&account);
    serve(give_pieces, "security = none\n[import]\nmessage-max = 2M");
    expect(EXIT_FAILURE, "work INBOX UID 1: damaged: it has 2097153 bytes or more");
    fake_stop(&fake);
}

/* All messages come but the last, and never an end. */
static void hang_before_the_last(struct fake_imap *server)
{
    bool first = server->connections == 1;
    if (!fake_log_in(server, "") || !fake_select(server, MESSAGES))
        return;
    if (first ? !fake_list(server, MESSAGES) : !fake_read(server, "FETCH"))
        return;
    if (!first) { /* whether the last one is new, and which it is */
        fake_say(server, "* 501 FETCH (UID 501)\r\n%s OK done\r\n", server->tag);
        while (fake_read(server, "FETCH") && strstr(server->line, "UID FETCH") == NULL) {
            unsigned number = 0;
            sscanf(server->line, "%*u FETCH %u", &number);
            fake_say(server, "* %u FETCH (UID %u)\r\n%s OK done\r\n", number, number, server->tag);
        }
        tell_message(server, MESSAGES, MESSAGES);
        fake_say(server, "%s OK done\r\n", server->tag);
    } else if (fake_read(server, "UID FETCH 1:501")) {
        tell_messages(server, 1, MESSAGES - 1);
    }
    fake_wait(server);
}

static void moves_its_position_with_what_it_stores(void **state)
{
    struct run run;
    (void)state;
    serve(hang_before_the_last, "security = none\ntimeout = 3600");
    account_start(&account, &run, NULL);
    account_await(&account, &run, "SELECT max(last_uid) FROM mailbox", MESSAGES - 1);
    kill(run.pid, SIGKILL);
    run_finish(&run);
    run_free(&run);
    assert_int_equal(account_integer(&account, IMPORTED), MESSAGES - 1);
    account_start(&account, &run, NULL);
    account_await(&account, &run, IMPORTED, MESSAGES);
    kill(run.pid, SIGKILL);
    run_finish(&run);
    run_free(&run);
    assert_int_equal(account_integer(&account, SESSIONS), MESSAGES);
    fake_stop(&fake);
}

static void ends_when_it_is_asked_to_whatever_the_server_does(void **state)
{
    struct run run;
    (void)state;
    serve(hang_before_the_last, "security = none\ntimeout = 3600");
    account_start(&account, &run, NULL);
    account_await(&account, &run, IMPORTED, MESSAGES - 1);
    kill(run.pid, SIGTERM);
    run_finish(&run);
    assert_int_equal(run.status, EX_TEMPFAIL); /* not all has been read */
    assert_null(strstr(run.err, "server"));
    assert_int_equal(account_integer(&account, IMPORTED), MESSAGES - 1);
    run_free(&run);
    fake_stop(&fake);
}

/* --- watching --- */

/* Each connection has one more message; the first ones end in their own ways. */
static void come_and_go(struct fake_imap *server)
{
    unsigned messages = server->connections;
    if (!fake_log_in(server, "IDLE") || !fake_select(server, messages))
        return;
    while (fake_read(server, "")) {
        unsigned number = messages;
        if (strstr(server->line, "IDLE") != NULL)
            break;
        if (strstr(server->line, "BODY") != NULL)
            tell_message(server, messages, messages);
        else if (sscanf(server->line, "%*u FETCH %u", &number) == 1)
            fake_say(server, "* %u FETCH (UID %u)\r\n", number, number);
        fake_say(server, "%s OK done\r\n", server->tag);
    }
    if (server->connections == 1)
        fake_say(server, "* OK just so\r\n+ idling\r\n* BYE a restart\r\n");
    else
        fake_say(server, "+ idling\r\n");
    if (server->connections > 1)
        fake_wait(server);
}

static void connects_again_while_it_watches(void **state)
{
    struct run run;
    (void)state;
    serve(come_and_go, "security = none");
    account_start(&account, &run, "--watch", NULL);
    account_await(&account, &run, IMPORTED, 2);
    kill(run.pid, SIGTERM);
    run_finish(&run);
    assert_int_equal(run.status, EX_OK);
    assert_non_null(strstr(run.err, "the server hung up: a restart"));
    run_free(&run);
    fake_stop(&fake);
}

static void refuse_the_login(struct fake_imap *server)
{
    fake_say(server, "* OK at your service\r\n");
    if (fake_read(server, "CAPABILITY"))
        fake_say(server, "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%s OK done\r\n", server->tag);
    if (fake_read(server, "AUTHENTICATE"))
        fake_say(server, "+ \r\n");
    char tag[32];
    snprintf(tag, sizeof tag, "%s", server->tag);
    if (fake_read(server, ""))
        fake_say(server, "%s NO wrong\r\n", tag);
    fake_wait(server);
}

static void gives_up_what_never_worked(void **state)
{
    struct run run;
    (void)state;
    serve(refuse_the_login, "security = none");
    account_import(&account, &run, "--watch", NULL);
    assert_int_equal(run.status, EX_NOPERM);
    assert_non_null(strstr(run.err, "NO wrong"));
    run_free(&run);
    fake_stop(&fake);
    assert_int_equal(fake.connections, 1);
}

static void go_back_to_the_third(struct fake_imap *server)
{
    if (server->connections == 1 && come_to_fetching(server))
        give_all(server);
    else if (server->connections > 1 && fake_log_in(server, "") && fake_select(server, 2))
        fake_wait(server);
}

/* Restored from a copy, with the UIDVALIDITY of before. */
static void says_that_a_mailbox_has_lost_its_place(void **state)
{
    (void)state;
    serve(go_back_to_the_third, "security = none");
    expect(EX_OK, "7 imported");
    expect(EX_NOPERM, "mailbox INBOX: its next UID is 3, though 7 has been read");
    fake_stop(&fake);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(goes_no_further_without_tls),
        TEST(logs_in_with_a_token),
        TEST(says_what_is_wrong_with_the_server),
        TEST(goes_on_where_a_server_failed),
        TEST(counts_no_message_twice_after_a_failure),
        TEST(a_message_that_ends_connections_holds_up_no_other),
        TEST(where_no_message_comes_none_is_given_up),
        TEST(takes_only_what_it_asked_for),
        TEST(keeps_the_others_when_a_message_cannot_be_had),
        TEST(asks_again_for_what_cannot_be_had_now),
        TEST(what_the_server_passes_over_is_in_the_journal),
        TEST(reads_messages_in_pieces_whatever_their_size_is_said_to_be),
        TEST(moves_its_position_with_what_it_stores),
        TEST(ends_when_it_is_asked_to_whatever_the_server_does),
        TEST(connects_again_while_it_watches),
        TEST(gives_up_what_never_worked),
        TEST(says_that_a_mailbox_has_lost_its_place),
    };
    return cmocka_run_group_tests_name("imap_hostile", tests, NULL, NULL);
}
