/*
 * resolver.h - questions to DNS, asked and validated by libunbound.
 *
 * Nothing here waits, except resolver_open(): resolver_ask() takes a question,
 * and its answer comes by a callback out of resolver_process(), which the event
 * loop calls when resolver_fd() can be read or resolver_wait_ms() are over.
 * Every question is answered: by a name server, or at its deadline.  A bounded
 * number is open at a time; the others wait their turn, and their time runs
 * only from then on.
 */
#ifndef TLSRPTOP_IMPORTERS_RESOLVER_H
#define TLSRPTOP_IMPORTERS_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../db/config.h"
#include "turns.h"

enum {
    QUESTIONS_QUICK_MAX = 512, /* at a time, as turns.h has it */
    QUESTIONS_OPEN_MAX = 3072,
    RESOLVER_SENTENCE = 512,
};

enum dns_result {
    DNS_FOUND,
    DNS_NO_DATA, /* the name exists, but not with this type */
    DNS_NO_NAME, /* NXDOMAIN */
    DNS_BOGUS,   /* DNSSEC validation failed: nothing in it may be believed */
    DNS_FAILED,  /* SERVFAIL and the like: to be asked again later */
    DNS_TIMEOUT
};

enum dnssec {
    DNSSEC_UNKNOWN, /* no answer */
    DNSSEC_INSECURE,
    DNSSEC_SECURE, /* also of the proof that there is no such name or type */
    DNSSEC_BOGUS,
    DNSSEC_UNVERIFIABLE /* behind this resolver */
};

struct question;

/* Valid during the callback only. */
struct dns_answer {
    enum dns_result result;
    enum dnssec dnssec;
    const char *canonical; /* where CNAMEs led, as text; "" when there were none */
    const char *why;       /* of DNS_BOGUS, as libunbound words it; else "" */
    size_t count;          /* records, when DNS_FOUND */
    char *const *records;  /* their data in wire format, names not compressed */
    const int *lengths;
};

typedef void dns_answer_fn(struct question *question, const struct dns_answer *answer);

/* The caller's memory until it is answered. */
struct question {
    struct turn turn; /* first, as turns.h wants it */
    const char *name;
    int type;
    dns_answer_fn *answer;
    void *context;
    struct resolver *resolver;
    int id;
};

struct resolver_settings {
    const char *servers;      /* ADDR or ADDR@PORT, separated by space or comma; "recursive" asks
                                 from the root on; "": the system's */
    const char *trust_anchor; /* a file; "": where systems keep the root's */
    int timeout_ms;           /* of a question */
};

/* The settings of [check] in CONFIG, which outlives them as ROOM does, where the path of the
 * anchor is put. */
enum { RESOLVER_PATH = 4096 };
void resolver_read_settings(const struct config *config, char room[static RESOLVER_PATH],
                            struct resolver_settings *settings);

struct resolver;

/* Finds a way to ask that can be validated: the servers named; or else the
 * system's, or else from the root on.  Where none can, goes on without
 * (resolver_validates).  Waits for a few answers.  Returns 0, or EX_CONFIG or
 * EX_UNAVAILABLE (nobody answers) with a sentence at WHY. */
int resolver_open(struct resolver **resolver, const struct resolver_settings *settings,
                  char why[static RESOLVER_SENTENCE]);

/* Questions that are still open are never answered. */
void resolver_close(struct resolver *resolver);

/* Can DNSSEC be told?  If not, *WHY is a sentence, valid as long as RESOLVER. */
bool resolver_validates(const struct resolver *resolver, const char **why);

/* Asks for TYPE (ns_t_mx... of arpa/nameser.h) at NAME, which stays valid like QUESTION
 * until ANSWER is called. */
void resolver_ask(struct resolver *resolver, struct question *question, const char *name, int type,
                  dns_answer_fn *answer, void *context);

/* Hands out the answers there are, those of overdue questions too. */
void resolver_process(struct resolver *resolver);
int resolver_fd(const struct resolver *resolver);
/* Milliseconds until something is overdue; -1 when nothing is open. */
int resolver_wait_ms(const struct resolver *resolver);

#endif
