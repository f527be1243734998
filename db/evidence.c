#include "evidence.h"

#include <string.h>

#include "cover.h"
#include "domain.h"
#include "review.h"
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
    evidence->mode_is_live = row->mode_is_live;
    return 0;
}

static enum db_status read_standing(struct gathering *gathering)
{
    struct evidence *evidence = gathering->evidence;
    evidence->range = last_days(evidence->today, EVIDENCE_DAYS);
    enum db_status status = query_standings(gathering->db, gathering->domain, evidence->range,
                                            gathering->settings, take_standing, gathering);
    if (status == DB_OK && evidence->domain[0] == '\0')
        status = db_complain(gathering->db, DB_MISSING, "has no such domain");
    if (evidence->standing.testing_since >= 0)
        evidence->range.first = evidence->standing.testing_since < evidence->standing.recent_since
                                    ? evidence->standing.testing_since
                                    : evidence->standing.recent_since;
    return status;
}

/* --- figures --- */

static enum met met_by(int type, enum sts_mode mode)
{
    if (type == POLICY_NOT_FOUND)
        return MET_NO_POLICY;
    if (type == POLICY_TLSA)
        return MET_TLSA;
    if (type != POLICY_STS)
        return MET_OTHER;
    return mode == STS_UNREADABLE ? MET_UNREAD : mode == STS_ENFORCE ? MET_ENFORCE : MET_STS;
}

static void add_met(struct met_totals *met, int day, int64_t sessions, int64_t failed, bool late)
{
    met->sessions += sessions;
    met->failed += failed;
    met->late += late ? failed : 0;
    if (failed == 0)
        return;
    if (met->last_failed < 0 || day < met->first_failed)
        met->first_failed = day;
    if (day > met->last_failed)
        met->last_failed = day;
}

static enum db_status read_met(struct gathering *gathering)
{
    static const char select[] =
        SQL_COVER " SELECT t.type, t.mode, t.block, t.successful + t.failed, t.failed"
                  " FROM cover c CROSS JOIN total_reporter t"
                  "  ON t.level = 0 AND t.block = c.block AND t.domain = ?2";
    struct evidence *evidence = gathering->evidence;
    int late_from = last_days(evidence->today, gathering->settings->quiet_days).first;
    sqlite3_stmt *row = db_statement(gathering->db, select);
    sqlite3_bind_int64(row, 2, gathering->domain);
    for (int kind = 0; kind < MET_KINDS; kind++)
        evidence->met[kind].last_failed = -1;
    enum db_status status = cover_bind(gathering->db, row, LEVELS_DAYS, evidence->range);
    while (statement_next(gathering->db, row, &status)) {
        enum met kind =
            met_by(sqlite3_column_int(row, 0), (enum sts_mode)sqlite3_column_int(row, 1));
        int day = sqlite3_column_int(row, 2);
        add_met(&evidence->met[kind], day, sqlite3_column_int64(row, 3),
                sqlite3_column_int64(row, 4), day >= late_from);
    }
    return status;
}

bool only_refused_failed(const struct evidence *evidence)
{
    int64_t failed = 0;
    for (int kind = 0; kind < MET_KINDS; kind++)
        failed += evidence->met[kind].failed;
    return failed == evidence->refused.failed;
}

/* Some reporters leave the policy text out: where there is a policy by others,
 * theirs is taken for it. */
static void add_usable(struct evidence *evidence)
{
    bool sts = tls_mode_has_sts(evidence->standing.mode);
    for (int kind = sts ? MET_UNREAD : MET_STS; kind <= MET_TLSA; kind++) {
        evidence->sessions += evidence->met[kind].sessions;
        evidence->failed += evidence->met[kind].failed;
    }
}

/* In testing those that saw the policy. */
static enum db_status read_reporters(struct gathering *gathering)
{
    static const char select[] =
        SQL_COVER " SELECT count(DISTINCT t.organization) FROM cover c"
                  " CROSS JOIN total_reporter t ON t.level = c.level AND t.block = c.block"
                  "  AND t.domain = ?2 AND (t.type = 2 OR ?3) AND t.successful + t.failed > 0";
    _Static_assert(POLICY_STS == 2, "named by number");
    struct evidence *evidence = gathering->evidence;
    sqlite3_stmt *row = db_statement(gathering->db, select);
    sqlite3_bind_int64(row, 2, gathering->domain);
    sqlite3_bind_int(row, 3, evidence->standing.testing_since < 0);
    enum db_status status = cover_bind(gathering->db, row, LEVELS_SPARSE, evidence->range);
    if (statement_next(gathering->db, row, &status))
        evidence->reporters = sqlite3_column_int64(row, 0);
    return db_done(row, status);
}

static enum db_status read_refused(struct gathering *gathering)
{
    struct evidence *evidence = gathering->evidence;
    struct refusals refusals;
    enum db_status status =
        query_refusals(gathering->db, gathering->domain, evidence->range, &refusals);
    evidence->refused = (struct met_totals){.sessions = evidence->met[MET_ENFORCE].sessions +
                                                        evidence->met[MET_TLSA].sessions,
                                            .failed = refusals.enforced + refusals.dane,
                                            .first_failed = refusals.first_day,
                                            .last_failed = refusals.last_day};
    return status;
}

static int take_unheard(void *context, const struct unheard_row *row)
{
    struct gathering *gathering = context;
    struct evidence *evidence = gathering->evidence;
    if (evidence->unheard_count == EVIDENCE_UNHEARD)
        return 0;
    evidence->unheard[evidence->unheard_count].organization = keep(gathering, row->organization);
    evidence->unheard[evidence->unheard_count].day = row->day;
    evidence->unheard[evidence->unheard_count].sessions = row->sessions;
    evidence->unheard[evidence->unheard_count++].failed = row->failed;
    return 0;
}

static enum db_status read_figures(struct gathering *gathering)
{
    const struct advice_settings *settings = gathering->settings;
    const struct evidence *evidence = gathering->evidence;
    struct day_range reviewed = review_days(evidence->today, settings),
                     quiet = last_days(evidence->today, settings->quiet_days);
    enum db_status status = read_met(gathering);
    add_usable(gathering->evidence);
    if (status == DB_OK)
        status = read_reporters(gathering);
    if (status == DB_OK)
        status = query_unfetched(gathering->db, gathering->domain, evidence->range,
                                 &gathering->evidence->unfetched);
    if (status == DB_OK)
        status = read_refused(gathering);
    if (status != DB_OK || evidence->standing.unheard == 0)
        return status;
    return query_unheard(gathering->db, gathering->domain, reviewed, quiet, take_unheard,
                         gathering);
}

static void take_result(struct gathering *gathering, const struct result_row *row,
                        struct result_count *results, size_t *count)
{
    if (row->failed == 0 || *count == EVIDENCE_RESULTS)
        return;
    results[(*count)++] = (struct result_count){.result_type = keep(gathering, row->result_type),
                                                .failed = row->failed};
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

static struct result_count *find_recent(struct evidence *evidence, const char *result_type)
{
    for (size_t i = 0; i < evidence->recent_count; i++) {
        if (strcmp(evidence->recent[i].result_type, result_type) == 0)
            return &evidence->recent[i];
    }
    return NULL;
}

/* Under which policies the recent failures were.  Totals tell it by reporter: of one
 * that fails under several, it is the policy with most failures. */
static enum db_status read_recent_policies(struct gathering *gathering, struct day_range range)
{
    static const char select[] = SQL_COVER
        ", failing AS MATERIALIZED (SELECT t.organization, t.type, sum(t.failed) AS failed"
        "  FROM cover c CROSS JOIN total_reporter t"
        "   ON t.level = c.level AND t.block = c.block AND t.domain = ?2"
        "  WHERE t.failed > 0 GROUP BY t.organization, t.type),"
        " result AS MATERIALIZED (SELECT DISTINCT t.organization, t.result_type"
        "  FROM cover c CROSS JOIN total_result t"
        "   ON t.level = c.level AND t.block = c.block AND t.domain = ?2)"
        " SELECT x.name, f.type FROM result r"
        "  JOIN failing f ON f.organization = r.organization"
        "  CROSS JOIN result_type x ON x.id = r.result_type"
        " GROUP BY r.result_type, f.type ORDER BY sum(f.failed) DESC";
    sqlite3_stmt *row = db_statement(gathering->db, select);
    sqlite3_bind_int64(row, 2, gathering->domain);
    enum db_status status = cover_bind(gathering->db, row, LEVELS_SPARSE, range);
    while (statement_next(gathering->db, row, &status)) {
        struct result_count *recent = find_recent(gathering->evidence, db_text(row, 0));
        if (recent != NULL && recent->policy_type == 0)
            recent->policy_type = sqlite3_column_int(row, 1);
    }
    return status;
}

/* Is it all senders, or one? */
static enum db_status read_failing_reporters(struct gathering *gathering, struct day_range range)
{
    static const char select[] =
        SQL_COVER " SELECT o.name, sum(t.successful + t.failed) AS sessions,"
                  "  sum(t.failed) AS failed"
                  " FROM cover c CROSS JOIN total_reporter t"
                  "  ON t.level = c.level AND t.block = c.block AND t.domain = ?2"
                  " CROSS JOIN organization o ON o.id = t.organization"
                  " WHERE t.type IN (2, 3) OR ?3 GROUP BY t.organization"
                  " HAVING sum(t.successful + t.failed) > 0 ORDER BY failed DESC, sessions DESC";
    _Static_assert(POLICY_STS == 2 && POLICY_TLSA == 3, "named by number");
    struct evidence *evidence = gathering->evidence;
    enum tls_mode mode = evidence->standing.mode;
    sqlite3_stmt *row = db_statement(gathering->db, select);
    sqlite3_bind_int64(row, 2, gathering->domain);
    sqlite3_bind_int(row, 3, !tls_mode_has_sts(mode) && !tls_mode_has_dane(mode));
    enum db_status status = cover_bind(gathering->db, row, LEVELS_SPARSE, range);
    while (statement_next(gathering->db, row, &status)) {
        int64_t sessions = sqlite3_column_int64(row, 1), failed = sqlite3_column_int64(row, 2);
        if (failed == 0) {
            evidence->other_reporters++;
            evidence->other_sessions += sessions;
        } else if (evidence->failing_reporter_count++ < EVIDENCE_REPORTERS) {
            size_t n = evidence->failing_reporter_count - 1;
            evidence->failing_reporters[n].organization = keep(gathering, db_text(row, 0));
            evidence->failing_reporters[n].sessions = sessions;
            evidence->failing_reporters[n].failed = failed;
        }
    }
    return status;
}

/* The first host with a result type has most failures. */
static int take_recent_mx(void *context, const struct mx_row *row)
{
    struct gathering *gathering = context;
    struct evidence *evidence = gathering->evidence;
    for (size_t i = 0; i < evidence->recent_count && row->mx_host[0] != '\0'; i++) {
        struct result_count *recent = &evidence->recent[i];
        if (recent->mx_host == NULL &&
            joined_has(row->result_types, recent->result_type, strlen(recent->result_type)))
            recent->mx_host = keep(gathering, row->mx_host);
    }
    return 0;
}

static enum db_status read_signatures(struct gathering *gathering, struct day_range range)
{
    static const char select[] =
        "SELECT count(*), count(*) FILTER (WHERE r.signature IN (2, 4, 5))"
        " FROM (SELECT DISTINCT p.report FROM mode_day m" SQL_POLICIES SQL_FAILING
        "   WHERE m.domain = ?1 AND m.day BETWEEN ?2 AND ?3 ORDER BY m.day DESC LIMIT ?4) p"
        "  CROSS JOIN report r ON r.id = p.report";
    _Static_assert(SIGNATURE_FOREIGN == 2 && SIGNATURE_INVALID == 4 && SIGNATURE_NONE == 5,
                   "named by number");
    struct evidence *evidence = gathering->evidence;
    sqlite3_stmt *row = db_statement(gathering->db, select);
    db_bind_integers(row, (int64_t[]){gathering->domain, range.first, range.last, EVIDENCE_REPORTS},
                     4);
    enum db_status status = DB_OK;
    if (statement_next(gathering->db, row, &status)) {
        evidence->failing_reports = sqlite3_column_int64(row, 0);
        evidence->unproven = sqlite3_column_int64(row, 1);
    }
    return db_done(row, status);
}

static enum db_status read_recent(struct gathering *gathering)
{
    const struct evidence *evidence = gathering->evidence;
    struct day_range recent = {evidence->standing.recent_since, evidence->today};
    enum db_status status =
        query_results(gathering->db, gathering->domain, recent, take_recent_result, gathering);
    if (status == DB_OK)
        status = read_recent_policies(gathering, recent);
    if (status == DB_OK)
        status = query_mx(gathering->db, gathering->domain, recent, take_recent_mx, gathering);
    if (status == DB_OK && evidence->standing.failed > 0)
        status = read_failing_reporters(gathering, recent);
    return status == DB_OK ? read_signatures(gathering, recent) : status;
}

static enum db_status read_failures(struct gathering *gathering)
{
    const struct evidence *evidence = gathering->evidence;
    enum db_status status = query_results(gathering->db, gathering->domain, evidence->range,
                                          take_any_result, gathering);
    if (status == DB_OK)
        status = read_recent(gathering);
    if (status == DB_OK)
        status = query_senders(gathering->db, gathering->domain, evidence->range, take_sender,
                               gathering);
    return status;
}

/* --- the newest check --- */

static sqlite3_stmt *select_of_domain(const struct gathering *gathering, const char *select)
{
    sqlite3_stmt *statement = db_statement(gathering->db, select);
    sqlite3_bind_int64(statement, 1, gathering->domain);
    return statement;
}

static enum db_status read_published(struct gathering *gathering)
{
    static const char select[] =
        SQL_NEWEST_CHECK " SELECT evidence ->> '$.dnssec', evidence ->> '$.tlsrpt.records[0]',"
                         "  evidence ->> '$.ways.sts.state', evidence ->> '$.ways.dane.state',"
                         "  evidence ->> '$.sts.id', evidence ->> '$.sts.policy.text',"
                         "  evidence ->> '$.sts.state' = 'absent' FROM newest";
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
    static const char select[] = SQL_HOLDING_BACK " SELECT value ->> '$.text', value ->> '$.remedy'"
                                                  " FROM holding";
    struct evidence *evidence = gathering->evidence;
    enum db_status status = DB_OK;
    sqlite3_stmt *row = select_of_domain(gathering, select);
    sqlite3_bind_int(row, 2, tls_mode_sts(evidence->standing.mode) == STS_TESTING);
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
    static const char sts[] = SQL_NEWEST_CHECK
        " SELECT n.value FROM newest CROSS JOIN json_each(evidence, '$.ways.sts.needs') n";
    static const char dane[] = SQL_NEWEST_CHECK
        " SELECT n.value FROM newest CROSS JOIN json_each(evidence, '$.ways.dane.needs') n";
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
    struct gathering *gathering = context;
    struct evidence *evidence = gathering->evidence;
    add_host(gathering, row->mx_host, false);
    if (row->failed == 0)
        return 0;
    if (evidence->failing_host_count < EVIDENCE_FAILING_HOSTS) {
        evidence->failing_hosts[evidence->failing_host_count].name = keep(gathering, row->mx_host);
        evidence->failing_hosts[evidence->failing_host_count].failed = row->failed;
    }
    evidence->failing_host_count++;
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
    static const char checked[] = SQL_NEWEST_CHECK
        " SELECT h.value ->> '$.name' FROM newest CROSS JOIN json_each(evidence, '$.mx.hosts') h";
    /* the names that TLSA records stand at, in some of the newest reports */
    static const char bases[] =
        "SELECT DISTINCT x.value FROM (SELECT p.mx_host FROM mode_day m" SQL_POLICIES
        "   WHERE m.domain = ?1 ORDER BY m.day DESC LIMIT 500) p"
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

static int take_present(void *context, const struct newest_policy_row *row)
{
    struct gathering *gathering = context;
    gathering->evidence->policy_text = keep(gathering, row->text);
    return 0;
}

static int take_former(void *context, const struct newest_policy_row *row)
{
    struct gathering *gathering = context;
    struct evidence *evidence = gathering->evidence;
    evidence->former_text = keep(gathering, row->text);
    evidence->former_since = row->first_day;
    evidence->former_day = row->last_day;
    return 0;
}

static enum db_status read_reported_policy(struct gathering *gathering)
{
    struct evidence *evidence = gathering->evidence;
    enum db_status status = query_newest_policy(gathering->db, gathering->domain, evidence->today,
                                                STS_TESTING, take_former, gathering);
    if (status != DB_OK || evidence->policy_is_live)
        return status;
    return query_newest_policy(gathering->db, gathering->domain, evidence->today, STS_NONE,
                               take_present, gathering);
}

static enum db_status read_withdrawal(struct gathering *gathering)
{
    static const char select[] =
        "SELECT m.day, m.sts, coalesce(n.day, -1), coalesce(n.sts, 0)"
        " FROM (SELECT day, sts FROM mode_day WHERE domain = ?1 AND day <= ?2 AND sts IN (3, 4)"
        "   ORDER BY day DESC LIMIT 1) m"
        "  LEFT JOIN mode_day n ON n.domain = ?1 AND n.day > m.day AND n.day <= ?2"
        "   AND n.sts IN (1, 2)"
        " ORDER BY n.day LIMIT 1";
    _Static_assert(STS_STATE_ABSENT == 1 && STS_STATE_NONE == 2 && STS_STATE_TESTING == 3 &&
                       STS_STATE_ENFORCE == 4,
                   "named by number");
    struct evidence *evidence = gathering->evidence;
    evidence->withdrawn = STS_NONE;
    if (tls_mode_has_sts(evidence->standing.mode))
        return DB_OK;
    enum db_status status = DB_OK;
    sqlite3_stmt *row = select_of_domain(gathering, select);
    sqlite3_bind_int(row, 2, evidence->today);
    if (statement_next(gathering->db, row, &status)) {
        evidence->withdrawn_last = sqlite3_column_int(row, 0);
        evidence->withdrawn =
            sqlite3_column_int(row, 1) == STS_STATE_ENFORCE ? STS_ENFORCE : STS_TESTING;
        evidence->withdrawn_since = sqlite3_column_int(row, 2);
        evidence->withdrawn_to_none = sqlite3_column_int(row, 3) == STS_STATE_NONE;
    }
    return db_done(row, status);
}

static enum db_status read_change(struct gathering *gathering)
{
    static const char select[] = "SELECT day, mode, before FROM mode_change"
                                 " WHERE domain = ?1 AND day <= ?2"
                                 " AND before <> 0 ORDER BY day DESC LIMIT 1";
    _Static_assert(MODE_UNKNOWN == 0, "named by number");
    struct evidence *evidence = gathering->evidence;
    enum db_status status = DB_OK;
    sqlite3_stmt *row = select_of_domain(gathering, select);
    sqlite3_bind_int(row, 2, evidence->today);
    if (statement_next(gathering->db, row, &status)) {
        evidence->changed_day = sqlite3_column_int(row, 0);
        evidence->changed_mode = (enum tls_mode)sqlite3_column_int(row, 1);
        evidence->changed_from = (enum tls_mode)sqlite3_column_int(row, 2);
    }
    return db_done(row, status);
}

static enum db_status read_dissenter(struct gathering *gathering)
{
    static const char select[] =
        "SELECT o.name, iif(s.type = 2, s.mode, 0), s.last_day, coalesce(x.value, ''),"
        "  s.first_day"
        " FROM (SELECT organization, max(last_day) FILTER (WHERE mode = ?2) AS agreed,"
        "   min(last_day) AS first FROM policy_seen WHERE domain = ?1 AND type = 2"
        "   GROUP BY organization) b"
        "  JOIN policy_seen s ON s.domain = ?1 AND s.organization = b.organization"
        "  CROSS JOIN organization o ON o.id = s.organization"
        "  LEFT JOIN policy_text x ON x.id = s.policy_text"
        " WHERE s.last_day >= ?3 AND s.last_day > coalesce(b.agreed, -1)"
        "  AND (s.type = 2 AND s.mode BETWEEN 1 AND 3 AND s.mode <> ?2"
        "   OR s.type = 1 AND b.first < s.last_day)"
        " ORDER BY s.successful + s.failed DESC LIMIT 1";
    _Static_assert(POLICY_NOT_FOUND == 1 && POLICY_STS == 2 && STS_UNREADABLE == 0 &&
                       STS_NONE == 1 && STS_ENFORCE == 3,
                   "named by number");
    struct evidence *evidence = gathering->evidence;
    enum db_status status = DB_OK;
    if (!tls_mode_has_sts(evidence->standing.mode))
        return DB_OK;
    sqlite3_stmt *row = select_of_domain(gathering, select);
    sqlite3_bind_int(row, 2, (int)tls_mode_sts(evidence->standing.mode));
    sqlite3_bind_int(row, 3, last_days(evidence->today, gathering->settings->quiet_days).first);
    if (statement_next(gathering->db, row, &status)) {
        evidence->dissenter = keep(gathering, db_text(row, 0));
        evidence->dissenting_mode = (enum sts_mode)sqlite3_column_int(row, 1);
        evidence->dissenting_day = sqlite3_column_int(row, 2);
        evidence->dissenting_text = keep(gathering, db_text(row, 3));
        evidence->dissenting_since = sqlite3_column_int(row, 4);
    }
    return db_done(row, status);
}

/* --- TLSA records, by reports --- */

static enum db_status read_tlsa(struct gathering *gathering)
{
    static const char select[] =
        "SELECT x.value, min(s.first_day), max(s.last_day), sum(s.failed) > 0 AS fails"
        " FROM policy_seen s CROSS JOIN policy_text x ON x.id = s.policy_text"
        " WHERE s.domain = ?1 AND s.type = 3 AND s.policy_text <> 0"
        "  AND s.first_day <= ?3 AND s.last_day >= ?2"
        " GROUP BY s.policy_text ORDER BY fails DESC, iif(fails, min(s.first_day), 0) DESC,"
        "  sum(s.successful + s.failed) DESC LIMIT 1";
    _Static_assert(POLICY_TLSA == 3, "named by number");
    struct evidence *evidence = gathering->evidence;
    struct day_range quiet = last_days(evidence->today, gathering->settings->quiet_days);
    enum db_status status = DB_OK;
    sqlite3_stmt *row = select_of_domain(gathering, select);
    sqlite3_bind_int(row, 2, quiet.first);
    sqlite3_bind_int(row, 3, quiet.last);
    if (statement_next(gathering->db, row, &status)) {
        evidence->tlsa_records = keep(gathering, db_text(row, 0));
        evidence->tlsa_since = sqlite3_column_int(row, 1);
        evidence->tlsa_last = sqlite3_column_int(row, 2);
    }
    return db_done(row, status);
}

enum db_status query_evidence(struct db *db, int64_t domain, const struct advice_settings *settings,
                              struct arena *arena, struct evidence *evidence)
{
    typedef enum db_status part_fn(struct gathering * gathering);
    static part_fn *const parts[] = {
        read_standing,        read_figures,    read_failures, read_newest_check, read_hosts,
        read_reported_policy, read_withdrawal, read_change,   read_dissenter,    read_tlsa};
    struct gathering gathering = {
        .db = db, .settings = settings, .domain = domain, .arena = arena, .evidence = evidence};
    *evidence = (struct evidence){.domain = "",
                                  .today = today(),
                                  .policy_text = "",
                                  .former_text = "",
                                  .changed_day = -1,
                                  .dissenter = "",
                                  .dissenting_text = "",
                                  .withdrawn_since = -1,
                                  .tlsa_records = "",
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
