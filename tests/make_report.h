/*
 * make_report.h - reports and databases for tests, made in a few words.
 */
#ifndef TLSRPTOP_TESTS_MAKE_REPORT_H
#define TLSRPTOP_TESTS_MAKE_REPORT_H

#include "../db/day.h"
#include "../db/db.h"
#include "../db/report.h"
#include "../db/store.h"

/* An unresolved report of ORGANIZATION on DAY, to be freed with report_free(). */
void make_report(struct report *report, const char *organization, const char *report_id, int day);

/* Adds a policy; TEXT is the policy-string, "" for none. */
struct policy *add_policy(struct report *report, const char *type, const char *domain,
                          const char *text, int64_t successful, int64_t failed);

/* Adds a failure detail to POLICY, which must be the last one added. */
struct failure *add_failure(struct report *report, struct policy *policy, const char *result_type,
                            const char *sending_mta_ip, const char *mx_host, int64_t failed);

/* Resolves REPORT, stores it as file PATH, frees it, and returns the outcome. */
enum outcome keep_report(struct store *store, struct report *report, const char *path);

/* Keeps reports on DOMAINS domains ("d00.example"... but for the second, whose
 * name is an IDN), one a day on the last DAYS days, in turn from Google and from a
 * reporter with wide characters.  Five domains fail, each a little less than the
 * one before, from two addresses of one network; all are in MTA-STS testing. */
void keep_domains(struct store *store, int domains, int days);

/* Keeps reports of the last two days on DOMAINS domains, "d0000.example"...  Every
 * seventh fails, in few different numbers; every eleventh went from MTA-STS testing
 * to enforce yesterday. */
void keep_many_domains(struct store *store, int domains);

/* A new folder for one test at PATH, and its removal with all in it. */
void make_folder(char path[static 64]);
void remove_folder(const char *path);

/* The integer that SQL selects. */
int64_t sql_integer(struct db *db, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes a temporary table sender_row(day, domain, organization, sending_ip,
 * result_type, mx_host, failed) of what total_sender has packed. */
void unpack_senders(struct db *db);

/* A store on DB with no limits that matter, and every domain mine. */
struct store *open_store(struct db *db);

/* The text of an MTA-STS policy of MODE for mx.example.com. */
const char *sts_text(const char *mode);

#endif
