#include "examine.h"

#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mx_hosts.h"
#include "turns.h"
#include "txt_record.h"

struct examination {
    struct turn turn; /* first, as turns.h wants it */
    struct findings findings;
    struct examiner *examiner;
    size_t number;
    unsigned pending; /* questions, MX hosts, the policy */
    unsigned families_pending;
    struct question mx, tlsrpt, sts, v4, v6;
    struct mx_waiter waiters[MX_MAX];
    TAILQ_ENTRY(examination) entry; /* of done and parked ones */
};

TAILQ_HEAD(examination_list, examination);

struct examiner {
    struct resolver *resolver;
    struct examine_settings settings;
    examined_fn *examined;
    void *context;
    struct mx_hosts *hosts;
    struct turns turns; /* of all, done and parked ones too */
    size_t parked_count;
    struct examination_list done;
    struct examination_list parked; /* done, but for whether SMTP turns out to be closed */
};

static void settle(struct examination *examination)
{
    if (--examination->pending == 0)
        TAILQ_INSERT_TAIL(&examination->examiner->done, examination, entry);
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

static void take_host(void *context)
{
    settle(context);
}

/* Names HOST among the MX hosts of an examination, unless it is there already. */
static void add_mx(struct examination *examination, unsigned preference, const char *name)
{
    struct findings *findings = &examination->findings;
    for (size_t i = 0; i < findings->mx_count; i++) {
        if (strcmp(findings->mx[i].host->name, name) == 0)
            return;
    }
    bool waits;
    struct mx_waiter *waiter = &examination->waiters[findings->mx_count];
    *waiter = (struct mx_waiter){.looked = take_host, .context = examination};
    struct mx_host *host = mx_hosts_use(examination->examiner->hosts, name, waiter, &waits);
    if (host == NULL) {
        findings->mx_left_out++;
        return;
    }
    findings->mx[findings->mx_count++] = (struct mx_record){preference, host};
    examination->pending += waits;
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
    look_note(&findings->mx_look, &findings->arena, question, answer);
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
    if (kind == TXT_ALMOST && (look->almost.start == NULL || slice_compare(text, look->almost) < 0))
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
    look_note(&look->look, &findings->arena, question, answer);
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

static void fetch_policy(struct examination *examination)
{
    struct findings *findings = &examination->findings;
    struct examiner *examiner = examination->examiner;
    const struct addresses *host = &findings->policy_host;
    char addresses[TRANSFER_ADDRESSES];
    addresses_join(host, addresses);
    if (host->count == 0)
        findings->fetch.result =
            look_is_told(&host->v4) && look_is_told(&host->v6) ? FETCH_NO_HOST : FETCH_NO_ANSWER;
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
    addresses_note(&findings->policy_host, &findings->arena, question, answer);
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
            resolver_ask(resolver, &examination->v4, host, ns_t_a, take_policy_address,
                         examination);
            resolver_ask(resolver, &examination->v6, host, ns_t_aaaa, take_policy_address,
                         examination);
        }
    }
    settle(examination);
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
    struct mx_hosts_settings hosts = {
        .resolver = resolver,
        .transfers = settings->policies.transfers,
        .smtp_port = settings->smtp_port,
        .certificates = settings->certificates,
    };
    examiner->hosts = mx_hosts_new(&hosts);
    if (examiner->hosts == NULL) {
        free(examiner);
        return NULL;
    }
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
        mx_hosts_leave(findings->mx[i].host);
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
    mx_hosts_free(examiner->hosts);
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
    resolver_ask(resolver, &examination->mx, domain, ns_t_mx, take_mx, examination);
    resolver_ask(resolver, &examination->tlsrpt, tlsrpt, ns_t_txt, take_tlsrpt, examination);
    resolver_ask(resolver, &examination->sts, sts, ns_t_txt, take_sts, examination);
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
    findings_sort(&examination->findings);
    examiner->examined(examiner->context, examination->number, &examination->findings,
                       mx_hosts_smtp(examiner->hosts) == SMTP_CLOSED);
    drop(examination);
}

/* Whether port 25 is closed here shows when all that is under way waits for just that. */
static void decide_smtp(struct examiner *examiner, bool more)
{
    size_t open = examiner->turns.open_count;
    bool stuck = examiner->parked_count > 0 && examiner->parked_count == open &&
                 (!more || open >= EXAMINED_OPEN_MAX);
    if (mx_hosts_smtp(examiner->hosts) == SMTP_UNDECIDED && stuck)
        mx_hosts_close_smtp(examiner->hosts);
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
        if (mx_hosts_smtp(examiner->hosts) == SMTP_UNDECIDED &&
            has_unreached_host(&examination->findings)) {
            TAILQ_INSERT_TAIL(&examiner->parked, examination, entry);
            examiner->parked_count++;
        } else {
            hand_out(examination);
        }
    }
    decide_smtp(examiner, more);
    if (mx_hosts_smtp(examiner->hosts) != SMTP_UNDECIDED)
        unpark(examiner);
}
