/*
 * report_files.h - files of reports for tests of the importer, and what became
 * of them.
 */
#ifndef TLSRPTOP_TESTS_REPORT_FILES_H
#define TLSRPTOP_TESTS_REPORT_FILES_H

#include <stdint.h>

/* The JSON of a report on example.com with report-id ID and FAILED of 10 sessions;
 * a mail that brings it.  Both end in a newline; the last four are valid. */
const char *report_json(const char *id, int failed);
const char *report_mail(const char *id, int failed);

/* Writes TEXT to the file NAME below FOLDER, whose folders are made. */
void put_text(const char *folder, const char *name, const char *text);

/* The integer that SQL selects from the database at PATH, sender_row being what
 * unpack_senders() makes; of a statement that fails the test fails. */
int64_t sql_of_file(const char *path, const char *sql);

/* Does the database at PATH hold just the reports 1 to COUNT of report_json() with
 * FAILED sessions each: none missing, none twice, and totals that are sums? */
void assert_reports(const char *path, int count, int failed);

#endif
