#include "evidence.h"

#include <string.h>

#include "domain.h"
#include "standing.h"
#include "statement.h"

struct gathering {
    struct db *db;
    const struct advice_settings *settings;
    int64_t domain;
    struct arena *arena;
    struct evidence *evidence;
    bool out_of_memory;
};

static const char *keep(struct gathering *gathering, const char *text)
{
    if (*text == '\0')
        return "";
    const char *copy = arena_strdup(gathering->arena, text);
    gathering->out_of_memory |= copy == NULL;
    return copy != NULL ? copy : "";
}

/* --- where it stands --- */

static int take_standing(void *context, const struct domain_row *row)
{
    struct gathering *gathering = context;
    struct evidence *evidence = gathering->evidence;
    evidence->domain = keep(gathering, row->name);
    evidence->standing = *row->standing;
    evidence->first_day = row->first_day;
    evidence->last_day = row->last_day;
    evidence->checked = row->check_time;
    return 0;
}

static enum db_status read_standing(struct gathering *gathering)
{
    struct evidence *evidence = gathering->evidence;
    evidence->range = last_days(evidence->today, gathering->settings->testing_days);
    enum db_status status = query_standings(gathering->db, gathering->domain, evidence->range,
                                            gathering->settings, take_standing, gathering);
    if (status == DB_OK && evidence->domain[0] == '\0')
        status = db_complain(gathering->db, DB_MISSING, "has no such domain");
    if (evidence->standing.testing_since >= 0)
        evidence->range.first = evidence->standing.testing_since;
    return status;
}

/* --- figures --- */

static int add_policy_type(void *context, const struct policy_type_row *row)
{
    struct evidence *evidence = ((struct gathering *)context)->evidence;
    int type = policy_type_find(row->policy_type);
    if (type != POLICY_STS && type != POLICY_TLSA)
        return 0;
    evidence->sessions += row->totals.successful + row->totals.failed;
    evidence->failed += row->totals.failed;
    return 0;
}

static enum db_status read_figures(struct gathering *gathering)
{
    struct evidence *evidence = gathering->evidence;
    struct coverage coverage;
    enum db_status status = query_policy_types(gathering->db, gathering->domain, evidence->range,
                                               add_policy_type, gathering);
    if (status == DB_OK)
        status = query_coverage(gathering->db, gathering->domain, evidence->range, &coverage);
    if (status == DB_OK)
        evidence->reporters = coverage.reporters;
    return status;
}

static void take_result(struct gathering *gathering, const struct result_row *row,
                        struct result_count *results, size_t *count)
{
    if (row->failed == 0 || *count == EVIDENCE_RESULTS)
        return;
    results[(*count)++] = (struct result_count){keep(gathering, row->result_type), row->failed};
}

static int take_any_result(void *context, const struct result_row *row)
{
    struct gathering *gathering = context;
    struct evidence *evidence = gathering->evidence;
    take_result(gathering, row, evidence->results, &evidence->result_count);
    return 0;
}

static int take_recent_result(void *context, const struct result_row *row)
{
    struct gathering *gathering = context;
    struct evidence *evidence = gathering->evidence;
    take_result(gathering, row, evidence->recent, &evidence->recent_count);
    return 0;
}

/* They come by organization: the most frequent of all are picked out. */
static int take_sender(void *context, const struct sender_row *row)
{
    struct gathering *gathering = context;
    struct evidence *evidence = gathering->evidence;
    size_t place = evidence->sender_count;
    while (place > 0 && evidence->senders[place - 1].failed < row->failed)
        place--;
    if (place == EVIDENCE_SENDERS)
        return 0;
    if (evidence->sender_count < EVIDENCE_SENDERS)
        evidence->sender_count++;
    memmove(&evidence->senders[place + 1], &evidence->senders[place],
            (evidence->sender_count - 1 - place) * sizeof evidence->senders[0]);
    evidence->senders[place].organization = keep(gathering, row->organization);
    evidence->senders[place].sending_mta_ip = keep(gathering, row->sending_mta_ip);
    evidence->senders[place].host_name = keep(gathering, row->host_name);
    evidence->senders[place].result_types = keep(gathering, row->result_types);
    evidence->senders[place].mx_hosts = keep(gathering, row->mx_hosts);
    evidence->senders[place].failed = row->failed;
    return 0;
}

static enum db_status read_failures(struct gathering *gathering)
{
    const struct evidence *evidence = gathering->evidence;
    struct day_range quiet = last_days(evidence->today, gathering->settings->quiet_days);
    enum db_status status = query_results(gathering->db, gathering->domain, evidence->range,
                                          take_any_result, gathering);
    if (status == DB_OK)
        status =
            query_results(gathering->db, gathering->domain, quiet, take_recent_result, gathering);
    if (status == DB_OK)
        status = query_senders(gathering->db, gathering->domain, evidence->range, take_sender,
                               gathering);
    return status;
}

/* --- the newest check --- */

/* The newest observation `o` of the domain ?1, whose JSON is good. */
#define NEWEST_CHECK                                                                               \
    " FROM (SELECT iif(json_valid(evidence), evidence, '{}') AS evidence,"                         \
    "   iif(json_valid(problems), problems, '[]') AS problems"                                     \
    "  FROM observation WHERE domain = ?1 ORDER BY last_time DESC LIMIT 1) o"

static sqlite3_stmt *select_of_domain(const struct gathering *gathering, const char *select)
{
    sqlite3_stmt *statement = db_statement(gathering->db, select);
    sqlite3_bind_int64(statement, 1, gathering->domain);
    return statement;
}

static enum db_status read_published(struct gathering *gathering)
{
    static const char select[] = "SELECT o.evidence ->> '$.dnssec',"
                                 " o.evidence ->> '$.tlsrpt.records[0]',"
                                 " o.evidence ->> '$.ways.sts.state',"
                                 " o.evidence ->> '$.ways.dane.state',"
                                 " o.evidence ->> '$.sts.id',"
                                 " o.evidence ->> '$.sts.policy.text',"
                                 " o.evidence ->> '$.sts.state' = 'absent'" NEWEST_CHECK;
    struct evidence *evidence = gathering->evidence;
    enum db_status status = DB_OK;
    sqlite3_stmt *row = select_of_domain(gathering, select);
    if (statement_next(gathering->db, row, &status)) {
        evidence->dnssec = keep(gathering, db_text(row, 0));
        evidence->tlsrpt_record = keep(gathering, db_text(row, 1));
        evidence->sts_way.state = keep(gathering, db_text(row, 2));
        evidence->dane_way.state = keep(gathering, db_text(row, 3));
        evidence->policy_id = keep(gathering, db_text(row, 4));
        evidence->policy_text = keep(gathering, db_text(row, 5));
        evidence->policy_is_live =
            evidence->policy_text[0] != '\0' || sqlite3_column_int(row, 6) != 0;
    }
    return db_done(row, status);
}

static enum db_status read_problems(struct gathering *gathering)
{
    static const char select[] =
        "SELECT p.value ->> '$.text', p.value ->> '$.remedy'" NEWEST_CHECK
        "  CROSS JOIN json_each(o.problems) p WHERE p.value ->> '$.severity' = 'error'";
    struct evidence *evidence = gathering->evidence;
    enum db_status status = DB_OK;
    sqlite3_stmt *row = select_of_domain(gathering, select);
    while (evidence->problem_count < EVIDENCE_PROBLEMS &&
           statement_next(gathering->db, row, &status)) {
        evidence->problems[evidence->problem_count].text = keep(gathering, db_text(row, 0));
        evidence->problems[evidence->problem_count++].remedy = keep(gathering, db_text(row, 1));
    }
    return db_done(row, status);
}

static enum db_status read_needs(struct gathering *gathering, const char *select,
                                 struct advice_way *way)
{
    enum db_status status = DB_OK;
    sqlite3_stmt *row = select_of_domain(gathering, select);
    while (way->need_count < EVIDENCE_NEEDS && statement_next(gathering->db, row, &status))
        way->needs[way->need_count++] = keep(gathering, db_text(row, 0));
    return db_done(row, status);
}

static enum db_status read_ways(struct gathering *gathering)
{
    static const char sts[] =
        "SELECT n.value" NEWEST_CHECK "  CROSS JOIN json_each(o.evidence, '$.ways.sts.needs') n";
    static const char dane[] =
        "SELECT n.value" NEWEST_CHECK "  CROSS JOIN json_each(o.evidence, '$.ways.dane.needs') n";
    enum db_status status = read_needs(gathering, sts, &gathering->evidence->sts_way);
    return status == DB_OK ? read_needs(gathering, dane, &gathering->evidence->dane_way) : status;
}

static enum db_status read_newest_check(struct gathering *gathering)
{
    if (gathering->evidence->checked == 0)
        return DB_OK;
    enum db_status status = read_published(gathering);
    if (status == DB_OK)
        status = read_problems(gathering);
    return status == DB_OK ? read_ways(gathering) : status;
}

/* --- MX hosts --- */

static void add_host(struct gathering *gathering, const char *text, bool live)
{
    struct evidence *evidence = gathering->evidence;
    char name[DOMAIN_TEXT];
    if (evidence->host_count == EVIDENCE_HOSTS || domain_normalise(text, strlen(text), name) != 0)
        return;
    for (size_t i = 0; i < evidence->host_count; i++) {
        if (strcmp(evidence->hosts[i].name, name) == 0)
            return;
    }
    evidence->hosts[evidence->host_count].name = keep(gathering, name);
    evidence->hosts[evidence->host_count++].live = live;
}

static int take_mx(void *context, const struct mx_row *row)
{
    add_host(context, row->mx_host, false);
    return 0;
}

static enum db_status add_hosts(struct gathering *gathering, const char *select, bool live)
{
    enum db_status status = DB_OK;
    sqlite3_stmt *row = select_of_domain(gathering, select);
    while (statement_next(gathering->db, row, &status))
        add_host(gathering, db_text(row, 0), live);
    return status;
}

static enum db_status read_hosts(struct gathering *gathering)
{
    static const char checked[] = "SELECT h.value ->> '$.name'" NEWEST_CHECK
                                  "  CROSS JOIN json_each(o.evidence, '$.mx.hosts') h";
    /* the names that TLSA records stand at, in some of the newest reports */
    static const char bases[] =
        "SELECT DISTINCT x.value FROM (SELECT mx_host FROM policy WHERE domain = ?1"
        "   ORDER BY day DESC LIMIT 500) p"
        "  CROSS JOIN text x ON x.id = p.mx_host WHERE p.mx_host <> 0";
    enum db_status status = DB_OK;
    if (gathering->evidence->checked != 0)
        status = add_hosts(gathering, checked, true);
    if (status == DB_OK)
        status = add_hosts(gathering, bases, false);
    if (status == DB_OK)
        status = query_mx(gathering->db, gathering->domain, gathering->evidence->range, take_mx,
                          gathering);
    return status;
}

/* --- the policy, by reports --- */

/* The text that was reported last; of several the one with most sessions. */
static enum db_status read_reported_policy(struct gathering *gathering)
{
    static const char select[] =
        "SELECT x.value FROM policy_seen s CROSS JOIN policy_text x ON x.id = s.policy_text"
        " WHERE s.domain = ?1 AND s.type = 2 AND s.mode > 0"
        " ORDER BY min(s.last_day, ?2) DESC, s.successful + s.failed DESC LIMIT 1";
    _Static_assert(POLICY_STS == 2 && STS_UNREADABLE == 0, "named by number");
    enum db_status status = DB_OK;
    if (gathering->evidence->policy_is_live)
        return DB_OK;
    sqlite3_stmt *row = select_of_domain(gathering, select);
    sqlite3_bind_int(row, 2, gathering->evidence->today);
    if (statement_next(gathering->db, row, &status))
        gathering->evidence->policy_text = keep(gathering, db_text(row, 0));
    return db_done(row, status);
}

enum db_status query_evidence(struct db *db, int64_t domain, const struct advice_settings *settings,
                              struct arena *arena, struct evidence *evidence)
{
    typedef enum db_status part_fn(struct gathering * gathering);
    static part_fn *const parts[] = {read_standing,     read_figures, read_failures,
                                     read_newest_check, read_hosts,   read_reported_policy};
    struct gathering gathering = {
        .db = db, .settings = settings, .domain = domain, .arena = arena, .evidence = evidence};
    *evidence = (struct evidence){.domain = "",
                                  .today = today(),
                                  .policy_text = "",
                                  .policy_id = "",
                                  .dnssec = "",
                                  .tlsrpt_record = "",
                                  .sts_way = {.state = ""},
                                  .dane_way = {.state = ""}};
    enum db_status status = DB_OK;
    for (size_t i = 0; status == DB_OK && i < sizeof parts / sizeof *parts; i++)
        status = parts[i](&gathering);
    if (status == DB_OK && gathering.out_of_memory)
        status = db_complain(db, DB_MEMORY, "out of memory");
    return status;
}
