/* Real reports, as other projects publish them (../shared/corpus): what is exported of them
 * equals the figures that an independent script counted (MANIFEST.tsv). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../import_files.h"
#include "../make_report.h"
#include "../run_program.h"

#define CORPUS "../shared/corpus"

enum { FILES_MAX = 1000 };

/* A line of MANIFEST.tsv. */
struct entry {
    char *file, *content_type, *organization, *report_id, *begin, *end;
    int64_t policies, successful, failed, details;
    char *domains, *types;
    bool again; /* the same report as a line before */
};

static struct entry entries[FILES_MAX];
static size_t entry_count;
static char *manifest;
static char folder[64];
static char path[128];
static struct db *db;

static char *next_field(char **line)
{
    return strsep(line, "\t");
}

static void read_entry(char *line, struct entry *entry)
{
    *entry = (struct entry){.file = next_field(&line), .content_type = next_field(&line)};
    entry->organization = next_field(&line);
    entry->report_id = next_field(&line);
    entry->begin = next_field(&line);
    entry->end = next_field(&line);
    entry->policies = atoll(next_field(&line));
    entry->successful = atoll(next_field(&line));
    entry->failed = atoll(next_field(&line));
    entry->details = atoll(next_field(&line));
    entry->domains = next_field(&line);
    entry->types = next_field(&line);
    assert_non_null(entry->types);
    for (size_t i = 0; i < entry_count && !entry->again; i++)
        entry->again = strcmp(entries[i].report_id, entry->report_id) == 0 &&
                       strcmp(entries[i].organization, entry->organization) == 0 &&
                       strcmp(entries[i].domains, entry->domains) == 0;
}

static void read_manifest(void)
{
    size_t size;
    manifest = read_whole_file(CORPUS "/MANIFEST.tsv", &size);
    char *rest = manifest;
    strsep(&rest, "\n"); /* names of the columns */
    for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; entry_count++) {
        assert_true(entry_count < FILES_MAX);
        read_entry(line, &entries[entry_count]);
    }
    assert_true(entry_count > 0);
}

static void import_corpus(void)
{
    struct store *store = open_store(db);
    for (size_t i = 0; i < entry_count; i++) {
        char name[512];
        snprintf(name, sizeof name, CORPUS "/%s", entries[i].file);
        import_files(store, name);
    }
    assert_int_equal(store_close(store, ""), DB_OK);
}

static int set_up(void **state)
{
    (void)state;
    FILE *file = fopen(CORPUS "/MANIFEST.tsv", "r");
    if (file == NULL)
        return 0;
    fclose(file);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    read_manifest();
    import_corpus();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (db == NULL)
        return 0;
    db_close(db);
    remove_folder(folder);
    free(manifest);
    return 0;
}

static void need_corpus(void)
{
    if (db != NULL)
        return;
    print_message(CORPUS " is not here: skipped\n");
    skip();
}

/* Two projects have the example of the RFC, with another link in it: a conflict. */
static void every_file_is_a_report_or_one_that_came_before(void **state)
{
    (void)state;
    need_corpus();
    int64_t again = 0;
    for (size_t i = 0; i < entry_count; i++)
        again += entries[i].again;
    static const char count[] = "SELECT count(*) FROM journal WHERE outcome IN (%d, %d)";
    assert_int_equal(sql_integer(db, count, OUTCOME_IMPORTED, OUTCOME_IMPORTED),
                     (int64_t)entry_count - again);
    assert_int_equal(sql_integer(db, count, OUTCOME_DUPLICATE, OUTCOME_CONFLICT), again);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal"), entry_count);
}

static void every_report_says_what_the_manifest_says(void **state)
{
    (void)state;
    need_corpus();
    for (size_t i = 0; i < entry_count; i++) {
        const struct entry *entry = &entries[i];
        int64_t begin, end;
        assert_int_equal(instant_parse(entry->begin, &begin), 0);
        assert_int_equal(instant_parse(entry->end, &end), 0);
        int64_t found = sql_integer(
            db,
            "SELECT count(*) FROM report r JOIN organization o ON o.id = r.organization"
            " WHERE o.name = '%s' AND r.report_id = '%s' AND begin_time = %lld AND end_time = %lld"
            "  AND (SELECT count(*) FROM policy WHERE report = r.id) = %lld"
            "  AND (SELECT sum(successful) FROM policy WHERE report = r.id) = %lld"
            "  AND (SELECT sum(failed) FROM policy WHERE report = r.id) = %lld"
            "  AND (SELECT count(*) FROM failure WHERE report = r.id) = %lld"
            "  AND (SELECT group_concat(DISTINCT t.name) FROM policy JOIN policy_type t"
            "   ON t.id = type WHERE report = r.id) = '%s'",
            entry->organization, entry->report_id, (long long)begin, (long long)end,
            (long long)entry->policies, (long long)entry->successful, (long long)entry->failed,
            (long long)entry->details, entry->types);
        if (found != 1)
            fail_msg("%s: %lld reports with its figures", entry->file, (long long)found);
    }
}

/* --- exported --- */

static char *export(const char *what)
{
    struct run run = {0};
    run_program(&run, BUILD "/tlsrptop", "export", what, "--db", path, NULL);
    assert_string_equal(run.err, "");
    assert_int_equal(run.status, 0);
    char *text = strdup(run.out);
    run_free(&run);
    return text;
}

/* Of the CSV row that begins with DOMAIN the columns `successful` and `failed`;
 * no figure before them is quoted. */
static void find_domain(const char *csv, const char *domain, long long *successful,
                        long long *failed)
{
    char begin[300];
    snprintf(begin, sizeof begin, "\n%s,", domain);
    const char *row = strstr(csv, begin);
    if (row == NULL ||
        sscanf(row + strlen(begin), "%*[^,],%*d,%*d,%lld,%lld", successful, failed) != 2)
        fail_msg("no row of %s in\n%s", domain, csv);
}

static void exported_totals_are_those_of_the_manifest(void **state)
{
    (void)state;
    need_corpus();
    char *domains = export("domains");
    for (size_t i = 0; i < entry_count; i++) {
        long long successful, failed, of_manifest[2] = {0, 0};
        assert_null(strchr(entries[i].domains, ',')); /* one domain a report, so far */
        for (size_t n = 0; n < entry_count; n++) {
            if (entries[n].again || strcmp(entries[n].domains, entries[i].domains) != 0)
                continue;
            of_manifest[0] += entries[n].successful;
            of_manifest[1] += entries[n].failed;
        }
        find_domain(domains, entries[i].domains, &successful, &failed);
        assert_int_equal(successful, of_manifest[0]);
        assert_int_equal(failed, of_manifest[1]);
    }
    free(domains);
}

static int64_t count_lines(const char *text)
{
    int64_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void every_report_and_failure_is_exported_once(void **state)
{
    (void)state;
    need_corpus();
    int64_t reports = 0, details = 0;
    for (size_t i = 0; i < entry_count; i++) {
        reports += !entries[i].again;
        details += entries[i].again ? 0 : entries[i].details;
    }
    char *failures = export("failures"), *documents = export("reports");
    assert_int_equal(count_lines(failures), details + 1);
    assert_int_equal(count_lines(documents), reports);
    free(failures);
    free(documents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_is_a_report_or_one_that_came_before),
        cmocka_unit_test(every_report_says_what_the_manifest_says),
        cmocka_unit_test(exported_totals_are_those_of_the_manifest),
        cmocka_unit_test(every_report_and_failure_is_exported_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
