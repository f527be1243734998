#include "examine.h"

#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "turns.h"
#include "txt_record.h"

enum {
    HOST_BUCKETS = 1024, /* a power of two */
    QUESTION_NAME = RDATA_NAME + 16
};

struct examination;

/* An examination that waits for an MX host. */
struct waiter {
    struct examination *examination;
    SLIST_ENTRY(waiter) entry;
};

struct shared_host {
    struct mx_host host; /* first: it is what findings point to */
    struct examiner *examiner;
    unsigned users;
    unsigned pending; /* questions and connections */
    unsigned families_pending;
    SLIST_HEAD(, waiter) waiters;
    LIST_ENTRY(shared_host) entry;
    struct question v4, v6, cname, tlsa, tlsa_alias;
};

struct examination {
    struct turn turn; /* first, as turns.h wants it */
    struct findings findings;
    struct examiner *examiner;
    size_t number;
    unsigned pending; /* questions, MX hosts, the policy */
    unsigned families_pending;
    struct question mx, tlsrpt, sts, v4, v6;
    struct waiter waiters[MX_MAX];
    TAILQ_ENTRY(examination) entry; /* of done and parked ones */
};

TAILQ_HEAD(examination_list, examination);

/* Whether mail servers can be reached from here: not known before one was, or
 * none could be for a long while. */
enum smtp_way { SMTP_UNDECIDED, SMTP_OPEN, SMTP_CLOSED };

struct examiner {
    struct resolver *resolver;
    struct examine_settings settings;
    examined_fn *examined;
    void *context;
    enum smtp_way smtp;
    struct turns turns; /* of all, done and parked ones too */
    size_t parked_count;
    struct examination_list done;
    struct examination_list parked; /* done, but for what `smtp` will turn out to be */
    LIST_HEAD(, shared_host) hosts[HOST_BUCKETS];
};

/* --- answers --- */

static void ask(struct resolver *resolver, struct question *question, const char *name, int type,
                dns_answer_fn *answer, void *context)
{
    *question = (struct question){.name = name, .type = type, .answer = answer, .context = context};
    resolver_ask(resolver, question);
}

static const char *keep_text(struct arena *arena, const char *text)
{
    const char *copy = arena_strdup(arena, text);
    return copy != NULL ? copy : "";
}

/* NAME without its final dot; "" when it is the name that was asked for. */
static const char *keep_alias(struct arena *arena, const char *name, const char *asked)
{
    size_t length = strlen(name);
    if (length > 1 && name[length - 1] == '.')
        length--;
    if (length == 0 || (length == strlen(asked) && strncasecmp(name, asked, length) == 0))
        return "";
    char *copy = arena_strndup(arena, name, length);
    for (char *c = copy; c != NULL && *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    return copy != NULL ? copy : "";
}

/* Why it is bogus, without the name server that said it: that may be another next time. */
static const char *keep_reason(struct arena *arena, const char *why)
{
    const char *end = strstr(why, " from ");
    const char *copy = arena_strndup(arena, why, end != NULL ? (size_t)(end - why) : strlen(why));
    return copy != NULL ? copy : "";
}

static void note(struct look *look, struct arena *arena, const char *asked,
                 const struct dns_answer *answer)
{
    look->result = answer->result;
    look->dnssec = answer->dnssec;
    look->alias = keep_alias(arena, answer->canonical, asked);
    look->why = keep_reason(arena, answer->why);
}

static void note_addresses(struct addresses *addresses, struct arena *arena,
                           const struct question *question, const struct dns_answer *answer)
{
    struct look *look = question->type == ns_t_a ? &addresses->v4 : &addresses->v6;
    note(look, arena, question->name, answer);
    for (size_t i = 0; i < answer->count && i < ADDRESSES_MAX; i++) {
        char text[RDATA_ADDRESS];
        const unsigned char *bytes = (const unsigned char *)answer->records[i];
        if (rdata_address(bytes, (size_t)answer->lengths[i], text) == 0)
            addresses->list[addresses->count++] = keep_text(arena, text);
    }
}

static void join_addresses(const struct addresses *addresses, char text[static TRANSFER_ADDRESSES])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < addresses->count; i++) {
        size_t length = strlen(addresses->list[i]);
        if (used + length + 2 > TRANSFER_ADDRESSES)
            return;
        if (used > 0)
            text[used++] = ',';
        memcpy(text + used, addresses->list[i], length + 1);
        used += length;
    }
}

/* --- domains that are done --- */

static void settle(struct examination *examination)
{
    if (--examination->pending == 0)
        TAILQ_INSERT_TAIL(&examination->examiner->done, examination, entry);
}

/* --- MX hosts --- */

static bool is_host_name(const char *name)
{
    bool has_letter = false;
    for (const char *c = name; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || *c == '_';
        if (!letter && !(*c >= '0' && *c <= '9') && *c != '-' && *c != '.')
            return false;
        has_letter |= letter;
    }
    return has_letter; /* or it is an address */
}

static void settle_host(struct shared_host *shared)
{
    struct waiter *waiter;
    if (--shared->pending > 0)
        return;
    while ((waiter = SLIST_FIRST(&shared->waiters)) != NULL) {
        SLIST_REMOVE_HEAD(&shared->waiters, entry);
        settle(waiter->examination);
    }
}

static void take_tlsa(struct question *question, const struct dns_answer *answer)
{
    struct shared_host *shared = question->context;
    struct arena *arena = &shared->host.arena;
    struct tlsa_look *look =
        question == &shared->tlsa ? &shared->host.tlsa : &shared->host.tlsa_alias;
    note(&look->look, arena, question->name, answer);
    for (size_t i = 0; i < answer->count; i++) {
        size_t length = (size_t)answer->lengths[i];
        const char *bytes = arena_strndup(arena, answer->records[i], length);
        struct tlsa *record = &look->records[look->count];
        if (look->count < TLSA_MAX && bytes != NULL &&
            rdata_tlsa((const unsigned char *)bytes, length, record) == 0)
            look->count++;
        else
            look->left_out++;
    }
    settle_host(shared);
}

static void ask_tlsa(struct shared_host *shared, struct question *question, struct tlsa_look *look,
                     const char *host)
{
    look->name = arena_printf(&shared->host.arena, "_25._tcp.%s", host);
    if (look->name == NULL)
        return;
    shared->pending++;
    ask(shared->examiner->resolver, question, look->name, ns_t_tlsa, take_tlsa, shared);
}

static void take_cname(struct question *question, const struct dns_answer *answer)
{
    struct shared_host *shared = question->context;
    note(&shared->host.cname, &shared->host.arena, "", answer);
    settle_host(shared);
}

static void take_certificates(void *context)
{
    struct shared_host *shared = context;
    if (shared->host.tls.result != MX_TLS_UNREACHED)
        shared->examiner->smtp = SMTP_OPEN;
    settle_host(shared);
}

static void look_at_certificates(struct shared_host *shared)
{
    struct examiner *examiner = shared->examiner;
    char addresses[TRANSFER_ADDRESSES];
    if (!examiner->settings.certificates || examiner->smtp == SMTP_CLOSED ||
        shared->host.addresses.count == 0)
        return;
    join_addresses(&shared->host.addresses, addresses);
    if (mx_tls_begin(&shared->host.tls, examiner->settings.policies.transfers, shared->host.name,
                     examiner->settings.smtp_port, addresses, take_certificates, shared) == 0)
        shared->pending++;
}

/* RFC 7672 section 2.2.2: an alias moves the TLSA records to where it leads, if
 * all of the way is secure, and leaves them here, if only its beginning is. */
static void follow_alias(struct shared_host *shared, const char *alias)
{
    struct mx_host *host = &shared->host;
    ask_tlsa(shared, &shared->tlsa_alias, &host->tlsa_alias, alias);
    if (host->addresses.v4.dnssec == DNSSEC_SECURE && host->addresses.v6.dnssec == DNSSEC_SECURE)
        return;
    shared->pending++;
    ask(shared->examiner->resolver, &shared->cname, host->name, ns_t_cname, take_cname, shared);
}

static void take_mx_address(struct question *question, const struct dns_answer *answer)
{
    struct shared_host *shared = question->context;
    struct addresses *addresses = &shared->host.addresses;
    note_addresses(addresses, &shared->host.arena, question, answer);
    if (--shared->families_pending == 0) {
        const char *alias =
            addresses->v4.alias[0] != '\0' ? addresses->v4.alias : addresses->v6.alias;
        if (alias[0] != '\0')
            follow_alias(shared, alias);
        look_at_certificates(shared);
    }
    settle_host(shared);
}

static void look_at_host(struct shared_host *shared)
{
    struct mx_host *host = &shared->host;
    struct resolver *resolver = shared->examiner->resolver;
    host->is_host_name = is_host_name(host->name);
    host->tlsa.name = host->tlsa_alias.name = "";
    host->addresses.v4.alias = host->addresses.v6.alias = "";
    if (!host->is_host_name)
        return;
    shared->pending = shared->families_pending = 2;
    ask(resolver, &shared->v4, host->name, ns_t_a, take_mx_address, shared);
    ask(resolver, &shared->v6, host->name, ns_t_aaaa, take_mx_address, shared);
    ask_tlsa(shared, &shared->tlsa, &host->tlsa, host->name);
}

static unsigned bucket_of(const char *name)
{
    unsigned hash = 5381;
    while (*name != '\0')
        hash = hash * 33 + (unsigned char)*name++;
    return hash % HOST_BUCKETS;
}

/* The MX host NAME, looked at from now on if it is not already; NULL when memory
 * is short. */
static struct shared_host *use_host(struct examiner *examiner, const char *name)
{
    struct shared_host *shared;
    unsigned bucket = bucket_of(name);
    LIST_FOREACH(shared, &examiner->hosts[bucket], entry)
    {
        if (strcmp(shared->host.name, name) == 0) {
            shared->users++;
            return shared;
        }
    }
    shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        return NULL;
    strcpy(shared->host.name, name);
    arena_init(&shared->host.arena, FINDINGS_BYTES);
    shared->examiner = examiner;
    shared->users = 1;
    SLIST_INIT(&shared->waiters);
    LIST_INSERT_HEAD(&examiner->hosts[bucket], shared, entry);
    look_at_host(shared);
    return shared;
}

static void leave_host(struct shared_host *shared)
{
    if (--shared->users > 0)
        return;
    LIST_REMOVE(shared, entry);
    chain_free(&shared->host.tls.chain);
    arena_free(&shared->host.arena);
    free(shared);
}

/* --- MX records --- */

/* The MX_MAX best MX records, in order. */
struct best_mx {
    struct {
        unsigned preference;
        char host[RDATA_NAME];
    } records[MX_MAX];
    size_t count;
    size_t left_out;
};

static bool is_before(unsigned preference, const char *host, unsigned other_preference,
                      const char *other_host)
{
    return preference != other_preference ? preference < other_preference
                                          : strcmp(host, other_host) < 0;
}

static void insert_mx(struct best_mx *best, unsigned preference, const char *host)
{
    size_t at = best->count;
    while (at > 0 && is_before(preference, host, best->records[at - 1].preference,
                               best->records[at - 1].host))
        at--;
    if (best->count == MX_MAX)
        best->left_out++;
    else
        best->count++;
    if (at == MX_MAX)
        return;
    memmove(&best->records[at + 1], &best->records[at],
            (best->count - at - 1) * sizeof *best->records);
    best->records[at].preference = preference;
    strcpy(best->records[at].host, host);
}

/* Names HOST among the MX hosts of an examination, unless it is there already. */
static void add_mx(struct examination *examination, unsigned preference, const char *name)
{
    struct findings *findings = &examination->findings;
    for (size_t i = 0; i < findings->mx_count; i++) {
        if (strcmp(findings->mx[i].host->name, name) == 0)
            return;
    }
    struct shared_host *shared = use_host(examination->examiner, name);
    if (shared == NULL) {
        findings->mx_left_out++;
        return;
    }
    struct waiter *waiter = &examination->waiters[findings->mx_count];
    findings->mx[findings->mx_count++] = (struct mx_record){preference, &shared->host};
    if (shared->pending == 0)
        return;
    waiter->examination = examination;
    SLIST_INSERT_HEAD(&shared->waiters, waiter, entry);
    examination->pending++;
}

static void read_mx(struct examination *examination, const struct dns_answer *answer)
{
    struct best_mx best = {.count = 0};
    for (size_t i = 0; i < answer->count; i++) {
        unsigned preference;
        char host[RDATA_NAME];
        if (rdata_mx((const unsigned char *)answer->records[i], (size_t)answer->lengths[i],
                     &preference, host) != 0)
            best.left_out++;
        else if (strcmp(host, ".") == 0)
            examination->findings.null_mx = true;
        else
            insert_mx(&best, preference, host);
    }
    examination->findings.mx_left_out = best.left_out;
    for (size_t i = 0; i < best.count; i++)
        add_mx(examination, best.records[i].preference, best.records[i].host);
}

static void take_mx(struct question *question, const struct dns_answer *answer)
{
    struct examination *examination = question->context;
    struct findings *findings = &examination->findings;
    note(&findings->mx_look, &findings->arena, question->name, answer);
    if (answer->result == DNS_FOUND)
        read_mx(examination, answer);
    findings->implicit_mx = answer->result == DNS_NO_DATA;
    if (findings->implicit_mx)
        add_mx(examination, 0, findings->domain);
    settle(examination);
}

/* --- TXT records --- */

static void add_txt(struct txt_look *look, struct slice text, enum txt_kind kind)
{
    if (kind == TXT_ALMOST && look->almost.start == NULL)
        look->almost = text;
    if (kind != TXT_RECORD)
        return;
    if (look->count < TXT_RECORDS_MAX)
        look->records[look->count] = text;
    look->count++;
}

static void read_txt(struct findings *findings, struct txt_look *look,
                     const struct question *question, const struct dns_answer *answer)
{
    note(&look->look, &findings->arena, question->name, answer);
    for (size_t i = 0; i < answer->count; i++) {
        struct slice text;
        size_t length = (size_t)answer->lengths[i];
        char *bytes = arena_alloc(&findings->arena, length + 1);
        if (bytes == NULL ||
            rdata_txt((const unsigned char *)answer->records[i], length, bytes, &text.length) != 0)
            continue;
        text.start = bytes;
        add_txt(look, text, look == &findings->sts ? txt_kind_sts(text) : txt_kind_tlsrpt(text));
    }
}

static void take_tlsrpt(struct question *question, const struct dns_answer *answer)
{
    struct examination *examination = question->context;
    read_txt(&examination->findings, &examination->findings.tlsrpt, question, answer);
    settle(examination);
}

/* --- the policy --- */

static void take_policy(void *context)
{
    settle(context);
}

static bool is_known(const struct look *look)
{
    return look->result == DNS_FOUND || look->result == DNS_NO_DATA || look->result == DNS_NO_NAME;
}

static void fetch_policy(struct examination *examination)
{
    struct findings *findings = &examination->findings;
    struct examiner *examiner = examination->examiner;
    const struct addresses *host = &findings->policy_host;
    char addresses[TRANSFER_ADDRESSES];
    join_addresses(host, addresses);
    if (host->count == 0)
        findings->fetch.result =
            is_known(&host->v4) && is_known(&host->v6) ? FETCH_NO_HOST : FETCH_NO_ANSWER;
    else if (policy_fetch_begin(&findings->fetch, &examiner->settings.policies, findings->domain,
                                addresses, take_policy, examination) != 0)
        findings->fetch.result = FETCH_BROKEN;
    else
        examination->pending++;
}

static void take_policy_address(struct question *question, const struct dns_answer *answer)
{
    struct examination *examination = question->context;
    struct findings *findings = &examination->findings;
    note_addresses(&findings->policy_host, &findings->arena, question, answer);
    if (--examination->families_pending == 0)
        fetch_policy(examination);
    settle(examination);
}

/* Senders take no policy unless the record is just one and has an id. */
static void take_sts(struct question *question, const struct dns_answer *answer)
{
    struct examination *examination = question->context;
    struct findings *findings = &examination->findings;
    struct sts_record record;
    read_txt(findings, &findings->sts, question, answer);
    if (findings->sts.count == 1) {
        sts_record_read(findings->sts.records[0], &record);
        const char *host = arena_printf(&findings->arena, "mta-sts.%s", findings->domain);
        if (record.id.length > 0 && host != NULL) {
            struct resolver *resolver = examination->examiner->resolver;
            examination->families_pending = 2;
            examination->pending += 2;
            ask(resolver, &examination->v4, host, ns_t_a, take_policy_address, examination);
            ask(resolver, &examination->v6, host, ns_t_aaaa, take_policy_address, examination);
        }
    }
    settle(examination);
}

/* --- the order of things --- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_slices(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    size_t length = x->length < y->length ? x->length : y->length;
    int order = length > 0 ? memcmp(x->start, y->start, length) : 0;
    return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

static int compare_tlsa(const void *a, const void *b)
{
    const struct tlsa *x = a, *y = b;
    int order = x->usage != y->usage         ? x->usage - y->usage
                : x->selector != y->selector ? x->selector - y->selector
                                             : x->matching - y->matching;
    struct slice x_data = {(const char *)x->data, x->length};
    struct slice y_data = {(const char *)y->data, y->length};
    return order != 0 ? order : compare_slices(&x_data, &y_data);
}

/* Name servers turn the records round: the same must look the same. */
static void put_in_order(struct findings *findings)
{
    struct txt_look *texts[] = {&findings->tlsrpt, &findings->sts};
    for (size_t i = 0; i < 2; i++) {
        size_t kept = texts[i]->count < TXT_RECORDS_MAX ? texts[i]->count : TXT_RECORDS_MAX;
        qsort(texts[i]->records, kept, sizeof *texts[i]->records, compare_slices);
    }
    for (size_t i = 0; i < findings->mx_count; i++) {
        struct mx_host *host = findings->mx[i].host;
        qsort(host->addresses.list, host->addresses.count, sizeof *host->addresses.list,
              compare_texts);
        qsort(host->tlsa.records, host->tlsa.count, sizeof *host->tlsa.records, compare_tlsa);
        qsort(host->tlsa_alias.records, host->tlsa_alias.count, sizeof *host->tlsa.records,
              compare_tlsa);
    }
}

/* --- the whole --- */

struct examiner *examiner_new(struct resolver *resolver, const struct examine_settings *settings,
                              examined_fn *examined, void *context)
{
    struct examiner *examiner = calloc(1, sizeof *examiner);
    if (examiner == NULL)
        return NULL;
    examiner->resolver = resolver;
    examiner->settings = *settings;
    examiner->examined = examined;
    examiner->context = context;
    turns_init(&examiner->turns, EXAMINED_QUICK_MAX, EXAMINED_OPEN_MAX);
    TAILQ_INIT(&examiner->done);
    TAILQ_INIT(&examiner->parked);
    return examiner;
}

static void drop(struct examination *examination)
{
    struct findings *findings = &examination->findings;
    turns_leave(&examination->examiner->turns, &examination->turn);
    for (size_t i = 0; i < findings->mx_count; i++)
        leave_host((struct shared_host *)findings->mx[i].host);
    policy_fetch_free(&findings->fetch);
    arena_free(&findings->arena);
    free(examination);
}

void examiner_free(struct examiner *examiner)
{
    struct turn *turn;
    if (examiner == NULL)
        return;
    while ((turn = turns_any(&examiner->turns)) != NULL)
        drop((struct examination *)turn);
    free(examiner);
}

bool examiner_is_busy(const struct examiner *examiner)
{
    return turns_any(&examiner->turns) != NULL;
}

/* The questions that every domain begins with. */
static int ask_first(struct examination *examination)
{
    struct findings *findings = &examination->findings;
    struct resolver *resolver = examination->examiner->resolver;
    const char *domain = findings->domain;
    const char *tlsrpt = arena_printf(&findings->arena, "_smtp._tls.%s", domain);
    const char *sts = arena_printf(&findings->arena, "_mta-sts.%s", domain);
    if (tlsrpt == NULL || sts == NULL)
        return -1;
    examination->pending = 3;
    ask(resolver, &examination->mx, domain, ns_t_mx, take_mx, examination);
    ask(resolver, &examination->tlsrpt, tlsrpt, ns_t_txt, take_tlsrpt, examination);
    ask(resolver, &examination->sts, sts, ns_t_txt, take_sts, examination);
    return 0;
}

int examiner_begin(struct examiner *examiner, const char *domain, size_t number)
{
    if (!turns_have_room(&examiner->turns))
        return 0;
    struct examination *examination = calloc(1, sizeof *examination);
    if (examination == NULL)
        return -1;
    arena_init(&examination->findings.arena, FINDINGS_BYTES);
    examination->findings.domain = domain;
    examination->examiner = examiner;
    examination->number = number;
    turns_wait(&examiner->turns, &examination->turn);
    turns_begin(&examiner->turns);
    if (ask_first(examination) == 0)
        return 1;
    drop(examination);
    return -1;
}

static bool has_unreached_host(const struct findings *findings)
{
    for (size_t i = 0; i < findings->mx_count; i++) {
        if (findings->mx[i].host->tls.result == MX_TLS_UNREACHED)
            return true;
    }
    return false;
}

static void hand_out(struct examination *examination)
{
    struct examiner *examiner = examination->examiner;
    put_in_order(&examination->findings);
    examiner->examined(examiner->context, examination->number, &examination->findings,
                       examiner->smtp == SMTP_CLOSED);
    drop(examination);
}

/* Whether port 25 is closed here shows when all that is under way waits for just that. */
static void decide_smtp(struct examiner *examiner, bool more)
{
    size_t open = examiner->turns.open_count;
    bool stuck = examiner->parked_count > 0 && examiner->parked_count == open &&
                 (!more || open >= EXAMINED_OPEN_MAX);
    if (examiner->smtp == SMTP_UNDECIDED && stuck)
        examiner->smtp = SMTP_CLOSED;
}

static void unpark(struct examiner *examiner)
{
    struct examination *examination;
    while ((examination = TAILQ_FIRST(&examiner->parked)) != NULL) {
        TAILQ_REMOVE(&examiner->parked, examination, entry);
        examiner->parked_count--;
        hand_out(examination);
    }
}

void examiner_process(struct examiner *examiner, bool more)
{
    struct examination *examination;
    while ((examination = TAILQ_FIRST(&examiner->done)) != NULL) {
        TAILQ_REMOVE(&examiner->done, examination, entry);
        if (examiner->smtp == SMTP_UNDECIDED && has_unreached_host(&examination->findings)) {
            TAILQ_INSERT_TAIL(&examiner->parked, examination, entry);
            examiner->parked_count++;
        } else {
            hand_out(examination);
        }
    }
    decide_smtp(examiner, more);
    if (examiner->smtp != SMTP_UNDECIDED)
        unpark(examiner);
}
