#include "publication.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "day.h"
#include "domain.h"
#include "sts_policy.h"

enum {
    TESTING_MAX_AGE = 86400,  /* a mistake is forgotten after a day */
    ENFORCE_MAX_AGE = 604800, /* RFC 8461 section 3.2: weeks or more */
    PATTERNS_MAX = STS_MX_MAX,
    ADDRESS_MAX = 320,
};

static void publish(struct advising *advising, const char *kind, const char *where,
                    const char *text)
{
    struct advice *advice = advising->advice;
    if (advice->text_count < ADVICE_TEXTS)
        advice->texts[advice->text_count++] = (struct publication){kind, where, text};
}

/* --- TLS reporting, RFC 8460 section 3 --- */

/* ADDRESS in a mailto: URI: what that or the record would take for something
 * else is written by number. */
static const char *escape_address(struct advising *advising, const char *address)
{
    char escaped[ADDRESS_MAX * 3 + 1];
    size_t length = 0;
    for (; *address != '\0' && length + 3 < sizeof escaped; address++) {
        bool plain = *address > ' ' && strchr(",;!?%&#\"\\", *address) == NULL;
        length += (size_t)snprintf(escaped + length, sizeof escaped - length,
                                   plain ? "%c" : "%%%02X", (unsigned char)*address);
    }
    return text_of(advising, "%s", escaped);
}

void publish_tlsrpt(struct advising *advising)
{
    const char *domain = advising->evidence->domain;
    const char *address = advising->settings->rua[0] != '\0'
                              ? advising->settings->rua
                              : text_of(advising, "tlsrpt@%s", domain);
    publish(advising, "TXT record", text_of(advising, "_smtp._tls.%s", domain),
            text_of(advising, "v=TLSRPTv1; rua=mailto:%s", escape_address(advising, address)));
}

/* --- MTA-STS, RFC 8461 section 3 --- */

struct proposal {
    enum sts_mode mode;
    int64_t max_age;
    const char *patterns[PATTERNS_MAX];
    size_t count;
    bool published; /* there are mx lines in force */
    bool changed;   /* from what is published... */
    bool lasts;     /* ...if only by a longer max_age */
};

static bool is_covered(const struct proposal *proposal, size_t count, const char *host)
{
    for (size_t i = 0; i < count; i++) {
        if (domain_matches_mx(proposal->patterns[i], host))
            return true;
    }
    return false;
}

static void add_pattern(struct proposal *proposal, const char *pattern)
{
    if (proposal->count < PATTERNS_MAX)
        proposal->patterns[proposal->count++] = pattern;
}

static void add_lines_of(struct advising *advising, struct proposal *proposal,
                         const struct sts_policy *policy)
{
    for (size_t i = 0; i < policy->mx_count; i++)
        add_pattern(proposal,
                    text_of(advising, "%.*s", (int)policy->mx[i].length, policy->mx[i].start));
}

/* What no look at DNS tells, the policy may that was published before. */
static void take_former(struct advising *advising, struct proposal *proposal)
{
    const struct evidence *evidence = advising->evidence;
    struct sts_policy former;
    char day[DAY_TEXT];
    sts_policy_read(evidence->former_text, strlen(evidence->former_text), &former);
    if (evidence->checked != 0 || former.mx_count == 0)
        return;
    add_lines_of(advising, proposal, &former);
    proposal->changed = true;
    say(advising, &advising->advice->to_do,
        "The mx lines below are those of the policy that was reported up to %s; anybody may send "
        "reports: compare them with dig +short MX %s, or run tlsrptop check %s.",
        day_format(evidence->former_day, day), evidence->domain, evidence->domain);
}

/* The published lines stay: to leave one out may cost mail. */
static void keep_published(struct advising *advising, struct proposal *proposal)
{
    const char *text = advising->evidence->policy_text;
    struct sts_policy published;
    sts_policy_read(text, strlen(text), &published);
    add_lines_of(advising, proposal, &published);
    proposal->published = published.mx_count > 0;
    if (proposal->mode == STS_ENFORCE && published.mode == STS_TESTING && published.max_age > 0)
        proposal->max_age = published.max_age;
    else if (proposal->mode == STS_ENFORCE)
        proposal->max_age =
            published.max_age > ENFORCE_MAX_AGE ? published.max_age : ENFORCE_MAX_AGE;
    else
        proposal->max_age = published.mode == STS_TESTING && published.max_age > 0
                                ? published.max_age
                                : TESTING_MAX_AGE;
    proposal->lasts = published.problems == 0 && published.mode == proposal->mode &&
                      published.max_age != proposal->max_age;
    proposal->changed = published.problems != 0 || published.mode != proposal->mode ||
                        published.max_age != proposal->max_age;
}

/* Some of the hosts, and how many others. */
struct host_list {
    size_t count;
    size_t used;
    char names[512];
};

static void list_host(struct host_list *list, const char *name)
{
    enum { NAMED = 4 };
    if (list->count++ < NAMED)
        list->used += (size_t)snprintf(list->names + list->used, sizeof list->names - list->used,
                                       "%s%.100s", list->used > 0 ? ", " : "", name);
    else
        snprintf(list->names + list->used, sizeof list->names - list->used, " and %zu more",
                 list->count - NAMED);
}

/* A host that no mx line covers is added where the check has found it, or nobody knows any
 * line: what only reports name may be just the host that the lines are to keep out, RFC 8461
 * section 4.1. */
static void add_hosts(struct advising *advising, struct proposal *proposal)
{
    const struct evidence *evidence = advising->evidence;
    struct sentences *to_do = &advising->advice->to_do;
    struct host_list added = {0}, gone = {0}, doubtful = {0};
    bool listed = proposal->count > 0;
    for (size_t i = 0; i < evidence->host_count; i++) {
        const char *name = evidence->hosts[i].name;
        if (!domain_is_host(name) || is_covered(proposal, proposal->count, name))
            continue;
        if (!evidence->hosts[i].live && (evidence->checked != 0 || listed)) {
            list_host(evidence->checked != 0 ? &gone : &doubtful, name);
            continue;
        }
        add_pattern(proposal, name);
        proposal->changed = true;
        proposal->lasts = false;
        if (proposal->published)
            list_host(&added, name);
    }
    if (gone.count > 0)
        say(advising, to_do,
            "Reports name %s, no MX host%s of the domain now: no mx line is proposed for that.",
            gone.names, gone.count == 1 ? "" : "s");
    if (doubtful.count > 0 && !fails_where_it_should(evidence))
        say(advising, to_do,
            "Reports name %s, which no mx line covers. If dig +short MX %s lists it, add a line "
            "for it; if not, it is to be refused.",
            doubtful.names, evidence->domain);
    if (added.count > 0)
        say(advising, to_do, "No mx line of the published policy covers %s: added below.",
            added.names);
}

/* Reports come from anybody, and name MX hosts only where something failed. */
static void doubt_reports(struct advising *advising, bool mx_lines_reported)
{
    const char *domain = advising->evidence->domain;
    if (advising->evidence->checked != 0)
        return;
    say(advising, &advising->advice->to_do,
        mx_lines_reported
            ? "The mx lines below are made from reports, which anybody may send: compare them with "
              "dig +short MX %s, or run tlsrptop check %s."
            : "Reports name MX hosts only where something failed, so the mx lines below may not be "
              "all: complete them from dig +short MX %s, or run tlsrptop check %s.",
        domain, domain);
}

/* Names the published lines that no MX host needs any more. */
static void doubt_published(struct advising *advising, const struct proposal *proposal,
                            size_t published)
{
    const struct evidence *evidence = advising->evidence;
    for (size_t i = 0; evidence->checked != 0 && i < published; i++) {
        bool needed = false;
        for (size_t h = 0; h < evidence->host_count; h++)
            needed |= evidence->hosts[h].live &&
                      domain_matches_mx(proposal->patterns[i], evidence->hosts[h].name) != 0;
        if (!needed)
            say(advising, &advising->advice->to_do,
                "The mx line %s covers no present MX host; take it out once no mail goes there.",
                proposal->patterns[i]);
    }
}

static const char *write_policy(struct advising *advising, const struct proposal *proposal)
{
    enum { OTHER_LINES = 96 };
    size_t size = OTHER_LINES;
    for (size_t i = 0; i < proposal->count; i++)
        size += strlen("mx: \n") + strlen(proposal->patterns[i]);
    char *text = arena_alloc(advising->arena, size);
    if (text == NULL) {
        advising->out_of_memory = true;
        return "";
    }
    char *end = text + sprintf(text, "version: STSv1\nmode: %s\n", sts_mode_name(proposal->mode));
    for (size_t i = 0; i < proposal->count; i++)
        end += sprintf(end, "mx: %s\n", proposal->patterns[i]);
    sprintf(end, "max_age: %" PRId64 "\n", proposal->max_age);
    return text;
}

/* A new id, of 22 alphanumerics: by the time, and another for each text. */
static const char *make_id(struct advising *advising, const char *policy)
{
    char time[INSTANT_TEXT], id[33];
    uint32_t hash = 2166136261U;
    for (const char *c = policy; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619U;
    instant_format(advising->now, time);
    do {
        snprintf(id, sizeof id, "%.4s%.2s%.2s%.2s%.2s%.2s%08" PRIx32, time, time + 5, time + 8,
                 time + 11, time + 14, time + 17, hash++);
    } while (strcmp(id, advising->evidence->policy_id) == 0);
    return text_of(advising, "%s", id);
}

void publish_policy(struct advising *advising, enum sts_mode mode)
{
    const char *domain = advising->evidence->domain;
    struct proposal proposal = {.mode = mode};
    keep_published(advising, &proposal);
    size_t published = proposal.count;
    if (published == 0)
        take_former(advising, &proposal);
    bool former = proposal.count > published;
    add_hosts(advising, &proposal);
    doubt_published(advising, &proposal, published);
    if (proposal.count == 0) {
        say(advising, &advising->advice->to_do,
            "Which hosts receive mail for the domain is not known here: run tlsrptop check %s.",
            domain);
        return;
    }
    if (!proposal.changed)
        return;
    if (proposal.lasts)
        say(advising, &advising->advice->to_do,
            "The policy below only adds to max_age: the longer senders keep it, the less an "
            "attacker gains by hiding it.");
    if (!former)
        doubt_reports(advising, published > 0);
    const char *text = write_policy(advising, &proposal);
    publish(advising, "policy file",
            text_of(advising, "https://mta-sts.%s/.well-known/mta-sts.txt", domain), text);
    publish(advising, "TXT record", text_of(advising, "_mta-sts.%s", domain),
            text_of(advising, "v=STSv1; id=%s", make_id(advising, text)));
}
