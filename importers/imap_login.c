#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "imap_session.h"
#include "secret.h"

enum {
    USER_MAX = 4096, /* a line of the configuration is no longer */
    PLAIN_MAX = SECRET_MAX + USER_MAX + 64,
    LINE_BYTES = PLAIN_MAX / 3 * 4 + 128, /* in base64, with a command before */
    CHALLENGE_MAX = 4096,
    STEPS_MAX = 4,
    MD5_BYTES = 16,
};

/* A line for the server, or what becomes one; wiped after use. */
struct line {
    char text[LINE_BYTES];
    size_t length;
};

/* A SASL mechanism.  ANSWER writes what it says in its STEP (0, 1, ...) to OUT,
 * and returns -1 when it does not fit. */
struct mechanism {
    const char *name;
    bool speaks_first;
    int (*answer)(const struct imap_account *account, const struct secret *secret, int step,
                  const char *challenge, struct line *out);
};

static void wipe(struct line *line)
{
    explicit_bzero(line, sizeof *line);
}

static int set(struct line *line, const char *bytes, size_t length)
{
    if (length > sizeof line->text)
        return -1;
    memcpy(line->text, bytes, length);
    line->length = length;
    return 0;
}

/* --- mechanisms --- */

/* RFC 4616 */
static int answer_plain(const struct imap_account *account, const struct secret *secret, int step,
                        const char *challenge, struct line *out)
{
    (void)challenge;
    int length =
        snprintf(out->text, sizeof out->text, "%c%s%c%s", '\0', account->user, '\0', secret->text);
    out->length = (size_t)length;
    return step > 0 || length < 0 || out->length >= sizeof out->text ? -1 : 0;
}

/* draft-murchison-sasl-login-00 */
static int answer_login(const struct imap_account *account, const struct secret *secret, int step,
                        const char *challenge, struct line *out)
{
    (void)challenge;
    const char *text = step == 0 ? account->user : secret->text;
    return step > 1 ? -1 : set(out, text, strlen(text));
}

/* RFC 2195 */
static int answer_cram_md5(const struct imap_account *account, const struct secret *secret,
                           int step, const char *challenge, struct line *out)
{
    unsigned char digest[MD5_BYTES];
    if (step > 0 || gnutls_hmac_fast(GNUTLS_MAC_MD5, secret->text, strlen(secret->text), challenge,
                                     strlen(challenge), digest) != 0)
        return -1;
    int length = snprintf(out->text, sizeof out->text, "%s ", account->user);
    for (size_t i = 0; i < MD5_BYTES; i++)
        length += snprintf(out->text + length, sizeof out->text - (size_t)length, "%02x",
                           (unsigned)digest[i]);
    out->length = (size_t)length;
    return 0;
}

/* https://developers.google.com/workspace/gmail/imap/xoauth2-protocol: a refused
 * token comes with a challenge that says why, and wants an empty answer. */
static int answer_xoauth2(const struct imap_account *account, const struct secret *secret, int step,
                          const char *challenge, struct line *out)
{
    (void)challenge;
    int length = step > 0
                     ? 0
                     : snprintf(out->text, sizeof out->text, "user=%s\001auth=Bearer %s\001\001",
                                account->user, secret->text);
    out->length = (size_t)length;
    return step > 1 || length < 0 || out->length >= sizeof out->text ? -1 : 0;
}

static const struct mechanism mechanisms[] = {
    [AUTH_PLAIN] = {"PLAIN", true, answer_plain},
    [AUTH_LOGIN] = {"LOGIN", false, answer_login},
    [AUTH_CRAM_MD5] = {"CRAM-MD5", false, answer_cram_md5},
    [AUTH_XOAUTH2] = {"XOAUTH2", true, answer_xoauth2},
};

/* --- the exchange --- */

/* Adds FROM in base64 to TO. */
static int add_base64(struct line *to, const struct line *from)
{
    gnutls_datum_t plain = {(unsigned char *)from->text, (unsigned)from->length}, encoded;
    if (from->length == 0)
        return 0;
    if (gnutls_base64_encode2(&plain, &encoded) != 0)
        return -1;
    int result = -1;
    if (encoded.size <= sizeof to->text - to->length) {
        memcpy(to->text + to->length, encoded.data, encoded.size);
        to->length += encoded.size;
        result = 0;
    }
    explicit_bzero(encoded.data, encoded.size);
    gnutls_free(encoded.data);
    return result;
}

static int add_text(struct line *line, const char *text)
{
    size_t length = strlen(text);
    if (length > sizeof line->text - line->length)
        return -1;
    memcpy(line->text + line->length, text, length);
    line->length += length;
    return 0;
}

/* Decodes what follows "+ "; what is not base64 is an empty challenge. */
static void decode_challenge(const char *text, char challenge[static CHALLENGE_MAX])
{
    gnutls_datum_t encoded = {(unsigned char *)text, (unsigned)strcspn(text, "\r\n")}, plain;
    challenge[0] = '\0';
    if (encoded.size == 0 || gnutls_base64_decode2(&encoded, &plain) != 0)
        return;
    snprintf(challenge, CHALLENGE_MAX, "%.*s", (int)plain.size, (const char *)plain.data);
    gnutls_free(plain.data);
}

/* Reads up to the next line that asks for something: 1 with its challenge; 0 when
 * the answer to the command has come; -1. */
static int read_challenge(struct imap_session *session, char challenge[static CHALLENGE_MAX])
{
    const char *line;
    while ((line = imap_read_line(session)) != NULL && strncmp(line, "* ", 2) == 0)
        continue;
    if (line == NULL)
        return -1;
    if (line[0] != '+')
        return 0;
    decode_challenge(line + 1 + (line[1] == ' '), challenge);
    return 1;
}

/* What an exchange needs, wiped at its end. */
struct exchange {
    struct line plain, line;
    char challenge[CHALLENGE_MAX];
    int step;
};

/* Makes the next line: what the mechanism says, in base64. */
static int next_line(struct imap_session *session, const struct mechanism *mechanism,
                     const struct secret *secret, struct exchange *exchange)
{
    if (mechanism->answer(session->account, secret, exchange->step, exchange->challenge,
                          &exchange->plain) != 0)
        return -1;
    exchange->step++;
    return add_base64(&exchange->line, &exchange->plain);
}

static int give_up(struct imap_session *session)
{
    wire_fail(session->wire, "the server asks for more than the mechanism of the login has to say");
    return imap_lost(session);
}

static int run_exchange(struct imap_session *session, const struct mechanism *mechanism,
                        const struct secret *secret, struct exchange *exchange)
{
    struct line *line = &exchange->line;
    if (add_text(line, "AUTHENTICATE ") != 0 || add_text(line, mechanism->name) != 0)
        return give_up(session);
    /* RFC 4959: the first words may come with the command */
    if (mechanism->speaks_first && imap_can(session, "SASL-IR") &&
        (add_text(line, " ") != 0 || next_line(session, mechanism, secret, exchange) != 0))
        return give_up(session);
    if (add_text(line, "\r\n") != 0)
        return give_up(session);
    int status = imap_begin(session, line->text, line->length);
    for (int asked = 0; status == EX_OK && asked < STEPS_MAX; asked++) {
        char challenge[CHALLENGE_MAX];
        int more = read_challenge(session, challenge);
        if (more <= 0)
            return more == 0 ? imap_answer(session) : imap_lost(session);
        line->length = 0;
        memcpy(exchange->challenge, challenge, sizeof challenge);
        if (next_line(session, mechanism, secret, exchange) != 0 || add_text(line, "\r\n") != 0 ||
            wire_send(session->wire, line->text, line->length) != 0)
            return give_up(session);
    }
    return status == EX_OK ? give_up(session) : status;
}

static int authenticate(struct imap_session *session, const struct mechanism *mechanism,
                        const struct secret *secret, char reason[static CHALLENGE_MAX])
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        return imap_complain(session, EX_TEMPFAIL, "out of memory");
    wire_expect(session->wire, 0, 0);
    int status = run_exchange(session, mechanism, secret, exchange);
    memcpy(reason, exchange->challenge, CHALLENGE_MAX);
    wipe(&exchange->plain);
    wipe(&exchange->line);
    free(exchange);
    return status;
}

/* --- the command LOGIN --- */

static int add_quoted(struct line *line, const char *text)
{
    int result = add_text(line, "\"");
    for (; *text != '\0' && result == 0; text++) {
        char escaped[] = {'\\', *text, '\0'};
        result = add_text(line, *text == '"' || *text == '\\' ? escaped : escaped + 1);
    }
    return result == 0 ? add_text(line, "\"") : -1;
}

static int send_login(struct imap_session *session, const struct secret *secret)
{
    struct line line = {.length = 0};
    const char *answer = NULL;
    wire_expect(session->wire, 0, 0);
    int status = EX_NOPERM;
    if (add_text(&line, "LOGIN ") != 0 || add_quoted(&line, session->account->user) != 0 ||
        add_text(&line, " ") != 0 || add_quoted(&line, secret->text) != 0 ||
        add_text(&line, "\r\n") != 0)
        status = give_up(session);
    else if ((status = imap_begin(session, line.text, line.length)) == EX_OK)
        answer = imap_read_line(session);
    wipe(&line);
    if (status != EX_OK)
        return status;
    return answer != NULL ? imap_answer(session) : imap_lost(session);
}

/* --- choosing --- */

static bool offers(const struct imap_session *session, enum imap_auth auth)
{
    return mailimap_has_authentication(session->imap, mechanisms[auth].name) != 0;
}

static bool offers_login_command(const struct imap_session *session)
{
    return !imap_can(session, "LOGINDISABLED");
}

/* The server's mechanisms: "PLAIN LOGIN". */
static void list_offers(const struct imap_session *session, char *list, size_t size)
{
    const struct mailimap_capability_data *known =
        session->imap->imap_connection_info->imap_capability;
    size_t length = 0;
    snprintf(list, size, "none");
    for (clistiter *at = known != NULL ? clist_begin(known->cap_list) : NULL; at != NULL;
         at = clist_next(at)) {
        const struct mailimap_capability *capability = clist_content(at);
        if (capability->cap_type != MAILIMAP_CAPABILITY_AUTH_TYPE || length >= size)
            continue;
        length += (size_t)snprintf(list + length, size - length, "%s%s", length > 0 ? " " : "",
                                   capability->cap_data.cap_auth_type);
    }
}

/* Whatever mechanism is wanted, or of those that need a password the first that
 * the server offers.  AUTH_AUTO: none. */
static enum imap_auth choose(const struct imap_session *session)
{
    static const enum imap_auth preferred[] = {AUTH_PLAIN, AUTH_LOGIN, AUTH_CRAM_MD5};
    enum imap_auth wanted = session->account->auth;
    for (size_t i = 0; wanted == AUTH_AUTO && i < sizeof preferred / sizeof *preferred; i++)
        if (offers(session, preferred[i]) ||
            (preferred[i] == AUTH_LOGIN && offers_login_command(session)))
            wanted = preferred[i];
    if (wanted == AUTH_AUTO || offers(session, wanted) ||
        (wanted == AUTH_LOGIN && offers_login_command(session)))
        return wanted;
    return AUTH_AUTO;
}

static int refused(const struct imap_session *session, const char *name, const char *reason)
{
    int status = imap_refused_for_now(session) ? EX_TEMPFAIL : EX_NOPERM;
    return imap_complain(session, status, "%s refuses the login of %s by %s: %s%s%s",
                         session->account->host, session->account->user, name,
                         imap_answer_text(session), reason[0] != '\0' ? " " : "", reason);
}

int imap_login(struct imap_session *session, const struct secret *secret)
{
    char list[CHALLENGE_MAX], reason[CHALLENGE_MAX] = "";
    enum imap_auth auth = choose(session);
    int status;
    if (auth == AUTH_AUTO) {
        list_offers(session, list, sizeof list);
        return imap_complain(
            session, EX_NOPERM, "%s offers no login that auth = %s allows; it offers: %.300s",
            session->account->host,
            config_text(session->account->config, "imap", session->account->name, "auth"), list);
    }
    if (auth == AUTH_LOGIN && offers_login_command(session))
        status = send_login(session, secret);
    else
        status = authenticate(session, &mechanisms[auth], secret, reason);
    if (status == EX_NOPERM)
        return refused(session, mechanisms[auth].name, auth == AUTH_XOAUTH2 ? reason : "");
    if (status == EX_OK)
        session->imap->imap_state = MAILIMAP_STATE_AUTHENTICATED;
    return status;
}
