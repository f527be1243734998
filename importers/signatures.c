#include "signatures.h"

#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>

#include "dkim.h"
#include "progress.h"
#include "rdata.h"
#include "stop.h"

enum {
    KEYS_MAX = 512,               /* that are kept */
    KEY_MILLISECONDS = 3600000,   /* for so long */
    UNANSWERED_MAX = 3,           /* in a row, then nobody is asked... */
    SILENT_MILLISECONDS = 300000, /* ...for so long */
    LOOK_MILLISECONDS = 250       /* between two looks whether the run shall end */
};

struct key {
    char name[DKIM_KEY_NAME];
    char *text; /* malloc'ed; NULL: there is none */
    size_t length;
    int64_t since; /* monotonic_ms() */
};

struct signatures {
    struct resolver_settings settings;
    struct resolver *resolver; /* NULL until it is needed, and after a failure */
    int unanswered;            /* questions, in a row */
    int64_t silent_until;      /* monotonic_ms() */
    struct key keys[KEYS_MAX];
    size_t key_count;
};

struct signatures *signatures_new(const struct resolver_settings *settings)
{
    struct signatures *signatures = calloc(1, sizeof *signatures);
    if (signatures != NULL)
        signatures->settings = *settings;
    return signatures;
}

static void close_resolver(struct signatures *signatures)
{
    if (signatures->resolver != NULL)
        resolver_close(signatures->resolver);
    signatures->resolver = NULL;
}

void signatures_free(struct signatures *signatures)
{
    if (signatures == NULL)
        return;
    close_resolver(signatures);
    for (size_t i = 0; i < signatures->key_count; i++)
        free(signatures->keys[i].text);
    free(signatures);
}

/* --- keys --- */

/* The answer to a question for a key. */
struct key_answer {
    bool come;
    enum dns_result result;
    char *text; /* of the first key record, malloc'ed */
    size_t length;
};

static void take_answer(struct question *question, const struct dns_answer *answer)
{
    struct key_answer *key = question->context;
    key->come = true;
    key->result = answer->result;
    for (size_t i = 0; i < answer->count && key->text == NULL; i++) {
        size_t length = (size_t)answer->lengths[i];
        char *text = length <= DKIM_KEY_MAX ? malloc(length + 1) : NULL;
        if (text != NULL &&
            rdata_txt((const unsigned char *)answer->records[i], length, text, &key->length) == 0 &&
            dkim_is_key((struct slice){text, key->length}))
            key->text = text;
        else
            free(text);
    }
}

/* Nobody is asked for a while. */
static void fall_silent(struct signatures *signatures, const char *why)
{
    say("signatures are not verified for now: %s", why);
    signatures->silent_until = monotonic_ms() + SILENT_MILLISECONDS;
    signatures->unanswered = 0;
}

static bool open_resolver(struct signatures *signatures)
{
    char why[RESOLVER_SENTENCE];
    if (signatures->resolver != NULL)
        return true;
    if (resolver_open(&signatures->resolver, &signatures->settings, why) == 0)
        return true;
    signatures->resolver = NULL;
    fall_silent(signatures, why);
    return false;
}

/* Asks for the key NAME; false when there is no answer. */
static bool ask(struct signatures *signatures, const char *name, struct key_answer *answer)
{
    struct question question;
    *answer = (struct key_answer){.result = DNS_TIMEOUT};
    if (monotonic_ms() < signatures->silent_until || !open_resolver(signatures))
        return false;
    resolver_ask(signatures->resolver, &question, name, ns_t_txt, take_answer, answer);
    while (!answer->come && !stop_requested()) {
        struct pollfd answers = {.fd = resolver_fd(signatures->resolver), .events = POLLIN};
        int wait = resolver_wait_ms(signatures->resolver);
        stop_wait(&answers, 1, wait < 0 || wait > LOOK_MILLISECONDS ? LOOK_MILLISECONDS : wait);
        resolver_process(signatures->resolver);
    }
    if (!answer->come)
        close_resolver(signatures); /* the question is in our hands no longer */
    if (answer->result == DNS_TIMEOUT && ++signatures->unanswered == UNANSWERED_MAX)
        fall_silent(signatures, "no name server answers");
    if (answer->result != DNS_TIMEOUT)
        signatures->unanswered = 0;
    return answer->result == DNS_FOUND || answer->result == DNS_NO_DATA ||
           answer->result == DNS_NO_NAME;
}

/* Drops the keys that are old. */
static void forget_old(struct signatures *signatures)
{
    size_t kept = 0;
    for (size_t i = 0; i < signatures->key_count; i++) {
        struct key *key = &signatures->keys[i];
        if (monotonic_ms() - key->since >= KEY_MILLISECONDS)
            free(key->text);
        else
            signatures->keys[kept++] = *key;
    }
    signatures->key_count = kept;
}

/* The oldest, but rather a name without a key: anybody can have many of these asked for. */
static void forget_one(struct signatures *signatures)
{
    size_t n = 0;
    while (n < signatures->key_count && signatures->keys[n].text != NULL)
        n++;
    n = n < signatures->key_count ? n : 0;
    free(signatures->keys[n].text);
    signatures->key_count--;
    memmove(&signatures->keys[n], &signatures->keys[n + 1],
            (signatures->key_count - n) * sizeof *signatures->keys);
}

/* The key NAME; NULL with a clause at *WHY when there is none to be had. */
static const struct key *find_key(struct signatures *signatures, const char *name, const char **why)
{
    struct key_answer answer;
    *why = "its key is not in DNS (any more)";
    for (size_t i = 0; i < signatures->key_count; i++) {
        const struct key *key = &signatures->keys[i];
        if (strcmp(key->name, name) == 0 && monotonic_ms() - key->since < KEY_MILLISECONDS)
            return key->text != NULL ? key : NULL;
    }
    if (signatures->key_count == KEYS_MAX)
        forget_old(signatures);
    if (signatures->key_count == KEYS_MAX)
        forget_one(signatures);
    if (!ask(signatures, name, &answer)) {
        *why = "DNS does not tell its key";
        return NULL;
    }
    struct key *key = &signatures->keys[signatures->key_count++];
    *key = (struct key){.text = answer.text, .length = answer.length, .since = monotonic_ms()};
    snprintf(key->name, sizeof key->name, "%s", name);
    return key->text != NULL ? key : NULL;
}

/* --- judging --- */

/* Is what SIGNER signs said by REPORTER?  Reports come from a host of a domain as well as
 * from the domain. */
static bool is_same(const char *signer, const char *reporter)
{
    return domain_is_within(signer, reporter) || domain_is_within(reporter, signer);
}

static enum signature judge_one(struct signatures *signatures,
                                const struct dkim_signature *signature, struct slice mail,
                                const char **why)
{
    *why = signature->flaw;
    if (*why != NULL)
        return SIGNATURE_INVALID;
    const struct key *key = find_key(signatures, signature->key, why);
    if (key == NULL)
        return SIGNATURE_UNDECIDED;
    *why = dkim_verify(signature, mail, (struct slice){key->text, key->length});
    return *why == NULL ? SIGNATURE_VALID : SIGNATURE_INVALID;
}

enum signature signatures_judge(struct signatures *signatures, struct slice mail,
                                const char *reporter, char by[static SIGNED_BY])
{
    struct dkim_signature found[DKIM_SIGNATURES_MAX];
    size_t count = dkim_find(mail, found);
    char author[DOMAIN_TEXT] = "";
    enum signature best = SIGNATURE_NONE;
    by[0] = '\0';
    if (reporter[0] == '\0' && dkim_author(mail, author))
        reporter = author;
    for (size_t i = 0; i < count && best != SIGNATURE_VALID; i++) {
        const char *why, *signer = found[i].domain[0] != '\0' ? found[i].domain : "(no domain)";
        enum signature state = judge_one(signatures, &found[i], mail, &why);
        if (state == SIGNATURE_VALID && !is_same(signer, reporter))
            state = SIGNATURE_FOREIGN;
        if (best != SIGNATURE_NONE && state >= best)
            continue;
        best = state;
        snprintf(by, SIGNED_BY, "%s%s%s", signer, why != NULL ? ": " : "", why != NULL ? why : "");
    }
    return best;
}
