#include "schema.h"

#include <stddef.h>

/*
 * Times are seconds since 1970 UTC, days are days since 1970, sessions are
 * counts.  `mode` of a policy is enum sts_mode, `mode` of a domain or an
 * observation enum tls_mode, `outcome` enum outcome (vocab.h, mode.h).
 *
 * Foreign keys say what belongs together (report, policy, journal).  The tests check
 * them after the fact: looking at each while a report is stored costs 4 % of an
 * import.  Numbers of texts and domains are not declared as such: those rows are
 * never deleted.
 *
 * The total_* tables but for that of senders hold sums for blocks of 1, 4, 16 and
 * 64 days: level 0 to 3, block = day >> (2 * level); only total_domain has those of
 * 4 days.  Any range of days is covered by a few blocks of each level (levels.h).
 * Domain 0 is all of mine; it has no row in `domain`.
 */
static const char *const version_1[] = {
    "CREATE TABLE meta("
    "  key TEXT PRIMARY KEY,"
    "  value TEXT NOT NULL"
    ") WITHOUT ROWID;"

    /* Repeated text, stored once and referred to by number. */
    "CREATE TABLE text(id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE);"
    "INSERT INTO text VALUES(0, '');"
    "CREATE TABLE policy_type(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "INSERT INTO policy_type VALUES(1, 'no-policy-found'), (2, 'sts'), (3, 'tlsa'), (15, '');"
    "CREATE TABLE result_type(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE policy_text(id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE);"
    "INSERT INTO policy_text VALUES(0, '');"
    "CREATE TABLE organization("
    "  id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL UNIQUE,"
    "  first_sts_day INTEGER," /* has reported this policy type since then; */
    "  first_tlsa_day INTEGER" /* before, its silence states nothing */
    ");"
    "CREATE TABLE domain("
    "  id INTEGER PRIMARY KEY,"
    "  name TEXT NOT NULL UNIQUE,"
    "  mine INTEGER NOT NULL,"
    "  first_day INTEGER,"
    "  last_day INTEGER,"
    "  mode INTEGER NOT NULL DEFAULT 0" /* by reports, on last_day */
    ");",

    /* Reports. `identity` finds a duplicate, `content` tells it from a conflict. */
    "CREATE TABLE report("
    "  id INTEGER PRIMARY KEY,"
    "  identity INTEGER NOT NULL,"
    "  content INTEGER NOT NULL,"
    "  organization INTEGER NOT NULL,"
    "  report_id TEXT NOT NULL,"
    "  recipient INTEGER NOT NULL,"
    "  contact INTEGER NOT NULL,"
    "  begin_time INTEGER NOT NULL,"
    "  end_time INTEGER NOT NULL,"
    "  journal INTEGER NOT NULL," /* the row that tells how it came in */
    "  pruned INTEGER NOT NULL DEFAULT 0"
    ");"
    "CREATE INDEX report_identity ON report(identity);"
    "CREATE TABLE policy("
    "  report INTEGER NOT NULL REFERENCES report,"
    "  n INTEGER NOT NULL,"
    "  domain INTEGER NOT NULL,"
    "  day INTEGER NOT NULL,"
    "  type INTEGER NOT NULL,"
    "  mode INTEGER NOT NULL,"
    "  policy_text INTEGER NOT NULL,"
    "  mx INTEGER NOT NULL,"
    "  mx_host INTEGER NOT NULL,"
    "  successful INTEGER NOT NULL,"
    "  failed INTEGER NOT NULL,"
    "  failures INTEGER NOT NULL," /* entries of failure-details, whatever `failed` says */
    "  PRIMARY KEY(report, n)"
    ") WITHOUT ROWID;"
    "CREATE INDEX policy_domain ON policy(domain, day);"
    "CREATE INDEX policy_failing ON policy(domain, day)"
    "  WHERE failed > 0 OR failures > 0;"
    "CREATE TABLE failure("
    "  report INTEGER NOT NULL,"
    "  n INTEGER NOT NULL," /* of the policy */
    "  i INTEGER NOT NULL,"
    "  result_type INTEGER NOT NULL,"
    "  sending_ip INTEGER NOT NULL,"
    "  mx_host INTEGER NOT NULL,"
    "  mx_helo INTEGER NOT NULL,"
    "  receiving_ip INTEGER NOT NULL,"
    "  failed INTEGER NOT NULL,"
    "  reason_code INTEGER NOT NULL,"
    "  additional_info INTEGER NOT NULL,"
    "  PRIMARY KEY(report, n, i),"
    "  FOREIGN KEY(report, n) REFERENCES policy"
    ") WITHOUT ROWID;"
    "CREATE TABLE document(" /* as it came, gzip */
    "  report INTEGER PRIMARY KEY REFERENCES report,"
    "  bytes BLOB NOT NULL"
    ");",

    /* Totals. */
    "CREATE TABLE total_domain("
    "  level INTEGER NOT NULL, block INTEGER NOT NULL, domain INTEGER NOT NULL,"
    "  reports INTEGER NOT NULL, successful INTEGER NOT NULL, failed INTEGER NOT NULL,"
    "  PRIMARY KEY(level, block, domain)"
    ") WITHOUT ROWID;"
    "CREATE TABLE total_reporter("
    "  level INTEGER NOT NULL, block INTEGER NOT NULL, domain INTEGER NOT NULL,"
    "  organization INTEGER NOT NULL, type INTEGER NOT NULL, mode INTEGER NOT NULL,"
    "  reports INTEGER NOT NULL, successful INTEGER NOT NULL, failed INTEGER NOT NULL,"
    "  PRIMARY KEY(level, block, domain, organization, type, mode)"
    ") WITHOUT ROWID;"
    "CREATE TABLE total_result("
    "  level INTEGER NOT NULL, block INTEGER NOT NULL, domain INTEGER NOT NULL,"
    "  organization INTEGER NOT NULL, result_type INTEGER NOT NULL,"
    "  failed INTEGER NOT NULL,"
    "  PRIMARY KEY(level, block, domain, organization, result_type)"
    ") WITHOUT ROWID;"
    "CREATE TABLE total_sender(" /* levels 0 and 2 only, and no row for domain 0 */
    "  level INTEGER NOT NULL, block INTEGER NOT NULL, domain INTEGER NOT NULL,"
    "  organization INTEGER NOT NULL, sending_ip INTEGER NOT NULL,"
    "  result_type INTEGER NOT NULL, mx_host INTEGER NOT NULL,"
    "  failed INTEGER NOT NULL,"
    "  PRIMARY KEY(level, block, domain, organization, sending_ip, result_type, mx_host)"
    ") WITHOUT ROWID;",

    /* Blocks of levels 1 to 3 whose rows are stale (levels.h). */
    "CREATE TABLE open_block("
    "  level INTEGER NOT NULL, block INTEGER NOT NULL, PRIMARY KEY(level, block)"
    ") WITHOUT ROWID;",

    /* What one day's reports state of a domain (struct day_statement). */
    "CREATE TABLE mode_day("
    "  domain INTEGER NOT NULL, day INTEGER NOT NULL,"
    "  dane INTEGER NOT NULL, sts INTEGER NOT NULL,"
    "  not_found INTEGER NOT NULL, fetch_error INTEGER NOT NULL,"
    "  PRIMARY KEY(domain, day)"
    ") WITHOUT ROWID;"
    "CREATE TABLE policy_seen("
    "  domain INTEGER NOT NULL, policy_text INTEGER NOT NULL,"
    "  organization INTEGER NOT NULL, type INTEGER NOT NULL, mode INTEGER NOT NULL,"
    "  first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,"
    "  reports INTEGER NOT NULL, successful INTEGER NOT NULL, failed INTEGER NOT NULL,"
    "  PRIMARY KEY(domain, policy_text, organization, type)"
    ") WITHOUT ROWID;",

    /* How it all came in. */
    "CREATE TABLE run("
    "  id INTEGER PRIMARY KEY,"
    "  started INTEGER NOT NULL, ended INTEGER,"
    "  what TEXT NOT NULL, message TEXT NOT NULL DEFAULT '',"
    "  messages INTEGER NOT NULL DEFAULT 0,"
    "  imported INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0,"
    "  conflicts INTEGER NOT NULL DEFAULT 0, not_reports INTEGER NOT NULL DEFAULT 0,"
    "  damaged INTEGER NOT NULL DEFAULT 0,"
    "  first_journal INTEGER NOT NULL DEFAULT 0," /* its rows, with those of runs beside it */
    "  last_journal INTEGER NOT NULL DEFAULT -1"
    ");"
    "CREATE TABLE mailbox("
    "  id INTEGER PRIMARY KEY,"
    "  account TEXT NOT NULL, name TEXT NOT NULL, uidvalidity INTEGER NOT NULL,"
    "  last_uid INTEGER NOT NULL DEFAULT 0, acted_uid INTEGER NOT NULL DEFAULT 0,"
    "  UNIQUE(account, name, uidvalidity)"
    ");"
    "CREATE TABLE journal("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES run,"
    "  time INTEGER NOT NULL,"
    "  mailbox INTEGER REFERENCES mailbox," /* NULL: a file */
    "  uid INTEGER,"
    "  path TEXT,"
    "  part INTEGER NOT NULL,"
    "  outcome INTEGER NOT NULL,"
    "  reason INTEGER NOT NULL,"
    "  report INTEGER REFERENCES report"
    ");"
    "CREATE UNIQUE INDEX journal_uid ON journal(mailbox, uid, part) WHERE mailbox IS NOT NULL;"
    "CREATE INDEX journal_trouble ON journal(id) WHERE outcome IN (3, 5);"
    /* a file that brought a report is known by the report */
    "CREATE INDEX journal_path ON journal(path, part) WHERE mailbox IS NULL AND outcome <> 1;"
    "CREATE TABLE damaged(journal INTEGER PRIMARY KEY REFERENCES journal, bytes BLOB NOT NULL);"
    /* reports up to number `through` that ended before the day have been pruned */
    "CREATE TABLE pruned(before INTEGER NOT NULL, through INTEGER NOT NULL);"
    "INSERT INTO pruned VALUES(0, 0);",

    /* The live check. */
    "CREATE TABLE observation("
    "  id INTEGER PRIMARY KEY,"
    "  domain INTEGER NOT NULL,"
    "  first_time INTEGER NOT NULL, last_time INTEGER NOT NULL,"
    "  mode INTEGER NOT NULL,"
    "  evidence TEXT NOT NULL," /* a JSON object */
    "  problems TEXT NOT NULL"  /* a JSON array */
    ");"
    "CREATE INDEX observation_domain ON observation(domain, last_time);"
    "CREATE TABLE host_name("
    "  ip INTEGER PRIMARY KEY REFERENCES text,"
    "  name TEXT NOT NULL, time INTEGER NOT NULL" /* '': asked, and none confirmed */
    ");",
    NULL};

/* Few senders fail on many days: sums of blocks were nearly as many as those of
 * days, which alone tell when a sender was seen first and last. */
static const char *const version_2[] = {
    "ALTER TABLE total_sender RENAME TO sender_of_blocks;"
    "CREATE TABLE total_sender(" /* no row for domain 0 */
    "  day INTEGER NOT NULL, domain INTEGER NOT NULL,"
    "  organization INTEGER NOT NULL, sending_ip INTEGER NOT NULL,"
    "  result_type INTEGER NOT NULL, mx_host INTEGER NOT NULL,"
    "  failed INTEGER NOT NULL,"
    "  PRIMARY KEY(day, domain, organization, sending_ip, result_type, mx_host)"
    ") WITHOUT ROWID;"
    "INSERT INTO total_sender"
    " SELECT block, domain, organization, sending_ip, result_type, mx_host, failed"
    "  FROM sender_of_blocks WHERE level = 0;"
    "DROP TABLE sender_of_blocks;",
    NULL};

static const char *const version_3[] = {
    /* The days that change the mode of a domain, kept as they are found: `before` is 0
     * on the first that tells one. */
    "CREATE TABLE mode_change("
    "  domain INTEGER NOT NULL, day INTEGER NOT NULL,"
    "  before INTEGER NOT NULL, mode INTEGER NOT NULL,"
    "  PRIMARY KEY(domain, day)"
    ") WITHOUT ROWID;"
    /* as mode.c had it: each mechanism by its last statement within 30 days */
    "WITH stated AS ("
    "  SELECT domain, day,"
    "    max(iif(dane <> 0, day * 8 + dane, NULL)) OVER recent % 8 AS dane,"
    "    max(iif(sts <> 0, day * 8 + sts, NULL)) OVER recent % 8 AS sts,"
    "    max(not_found) OVER recent AS not_found"
    "   FROM mode_day WINDOW recent AS"
    "    (PARTITION BY domain ORDER BY day RANGE BETWEEN 30 PRECEDING AND CURRENT ROW)"
    "), told AS ("
    "  SELECT domain, day, CASE sts"
    "    WHEN 4 THEN iif(dane IS 2, 7, 4) WHEN 3 THEN iif(dane IS 2, 6, 3)"
    "    WHEN 2 THEN iif(dane IS 2, 5, 2) ELSE iif(dane IS 2, 5, not_found) END AS mode"
    "   FROM stated"
    "), followed AS ("
    "  SELECT domain, day, lag(mode, 1, 0) OVER (PARTITION BY domain ORDER BY day) AS before, mode"
    "   FROM told WHERE mode <> 0"
    ")"
    "INSERT INTO mode_change SELECT * FROM followed WHERE mode <> before;",

    /* The index of policies is by days first, as reports come: by domains first, each
     * report went to a page of its own, and so it did by its identity, whose index gets many
     * at a time now (identities.h).  The hashes of a report are half as long, and few
     * totals were fewer in blocks of 4 days. */
    "DROP INDEX policy_domain;"
    "DROP INDEX policy_failing;"
    "CREATE INDEX policy_day ON policy(day, domain, (failed > 0 OR failures > 0));"
    "DROP INDEX report_identity;"
    "UPDATE report SET identity = identity >> 32, content = content >> 32;"
    "CREATE TABLE identity("
    "  hash INTEGER NOT NULL, report INTEGER NOT NULL REFERENCES report,"
    "  PRIMARY KEY(hash, report)"
    ") WITHOUT ROWID;"
    "CREATE TABLE identified(through INTEGER NOT NULL);" /* reports up to this one are in it */
    "INSERT INTO identified SELECT coalesce(max(id), 0) FROM report;"
    "INSERT INTO identity SELECT identity, id FROM report ORDER BY identity, id;"
    "DELETE FROM total_reporter WHERE level = 1;"
    "DELETE FROM total_result WHERE level = 1;",
    NULL};

/* One row for all senders of a domain on a day: two fifths of the bytes, and a year of
 * all domains is read in a fifth of the time. */
static const char *const version_4[] = {
    "ALTER TABLE total_sender RENAME TO single_sender;"
    "CREATE TABLE total_sender(" /* no row for domain 0; `senders` as in sender_sums.h */
    "  day INTEGER NOT NULL, domain INTEGER NOT NULL, senders BLOB NOT NULL,"
    "  PRIMARY KEY(day, domain)"
    ") WITHOUT ROWID;"
    "INSERT INTO total_sender"
    " SELECT day, domain,"
    "   pack_senders(organization, sending_ip, result_type, mx_host, failed)"
    "  FROM single_sender GROUP BY day, domain;"
    "DROP TABLE single_sender;",
    NULL};

/* Blocks of 16 and 64 days of what failed of all of mine, to be made by an import
 * (sender_blocks.h). */
static const char *const version_5[] = {
    "CREATE TABLE total_sender_of_mine("
    "  level INTEGER NOT NULL, block INTEGER NOT NULL,"
    "  made INTEGER NOT NULL DEFAULT 0, senders BLOB NOT NULL DEFAULT x'',"
    "  PRIMARY KEY(level, block)"
    ") WITHOUT ROWID;"
    "INSERT INTO total_sender_of_mine(level, block)"
    " SELECT DISTINCT 2, day >> 4 FROM total_sender"
    " UNION SELECT DISTINCT 3, day >> 6 FROM total_sender;",
    NULL};

/* A small index of identities in front of the large one: the identities of a batch are
 * spread over all pages of the index that gets them. */
static const char *const version_6[] = {
    "CREATE TABLE recent_identity("
    "  hash INTEGER NOT NULL, report INTEGER NOT NULL REFERENCES report,"
    "  PRIMARY KEY(hash, report)"
    ") WITHOUT ROWID;"
    "ALTER TABLE identified ADD COLUMN merged INTEGER NOT NULL DEFAULT 0;" /* ...in the large one */
    "UPDATE identified SET merged = through;"
    /* At both ends of a range there are up to 15 days without blocks of 4.  The blocks
     * are to be made anew, with what they have by MX host. */
    "INSERT INTO total_sender_of_mine(level, block)"
    " SELECT DISTINCT 1, day >> 2 FROM total_sender;"
    "UPDATE total_sender_of_mine SET made = 0, senders = x'';"
    "CREATE TABLE total_mx_of_mine(" /* `hosts` as in mx_sums.h */
    "  level INTEGER NOT NULL, block INTEGER NOT NULL, hosts BLOB NOT NULL,"
    "  PRIMARY KEY(level, block)"
    ") WITHOUT ROWID;",
    NULL};

static const char *const version_7[] = {
    /* Who signed the mail of a report: enum signature, and a text. */
    "ALTER TABLE report ADD COLUMN signature INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE report ADD COLUMN signed_by INTEGER NOT NULL DEFAULT 0;"
    /* Reports of several days, which are few: they count on their first. */
    "CREATE INDEX report_of_days ON report(recipient, end_time)"
    "  WHERE end_time - begin_time > 129600;",
    NULL};

/* Reports of several days by the end of these alone: their domains are those of their
 * policies. */
static const char *const version_8[] = {
    "DROP INDEX report_of_days;"
    "CREATE INDEX report_of_days ON report(end_time) WHERE end_time - begin_time > 129600;",
    NULL};

static const char *const version_9[] = {
    /* The days of policies that could not be had or read, which are few: of a list of
     * domains each would have been looked up on a page of its own. */
    "CREATE INDEX mode_day_of_errors ON mode_day(day) WHERE fetch_error;",
    "ALTER TABLE host_name ADD COLUMN answered INTEGER NOT NULL DEFAULT 1;"
    /* A UIDVALIDITY tells the mailboxes of one server apart, and not those of two. */
    "CREATE TABLE mailbox_of_server("
    "  id INTEGER PRIMARY KEY,"
    "  account TEXT NOT NULL, server TEXT NOT NULL," /* user@host; '': entered before */
    "  name TEXT NOT NULL, uidvalidity INTEGER NOT NULL,"
    "  last_uid INTEGER NOT NULL DEFAULT 0, acted_uid INTEGER NOT NULL DEFAULT 0,"
    "  UNIQUE(account, server, name, uidvalidity)"
    ");"
    "INSERT INTO mailbox_of_server"
    " SELECT id, account, '', name, uidvalidity, last_uid, acted_uid FROM mailbox;"
    "DROP TABLE mailbox;"
    "ALTER TABLE mailbox_of_server RENAME TO mailbox;",
    NULL};

/* Where MTA-STS was testing or enforce, and then not there: of few domains. */
static const char *const version_10[] = {
    "CREATE INDEX mode_change_of_losses ON mode_change(day, before, mode)"
    "  WHERE before IN (3, 4, 6, 7) AND mode IN (1, 5);",
    NULL};

const char *const *const migrations[] = {version_1, version_2,  version_3, version_4,
                                         version_5, version_6,  version_7, version_8,
                                         version_9, version_10, NULL};
