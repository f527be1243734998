/* The live check against DNS, web and mail servers of our own: check.table has the cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "../check_world.h"
#include "../make_report.h"
#include "../run_program.h"

#define CHECK BUILD "/tlsrptop-check"

static struct world world;
static char folder[64];
static char db[128];

static int set_up_world(void **state)
{
    static const struct dns_relay_wishes wishes = {
        .deaf_for = {"silent.example", "TLSA mute.example", NULL}};
    (void)state;
    make_folder(folder);
    size_t size;
    char *table = read_whole_file("tests/e2e/check.table", &size);
    world_start(&world, folder, table, &wishes);
    world_configure(&world, world.relay.port, "timeout = 5\n");
    free(table);
    snprintf(db, sizeof db, "%s/reports.db", folder);
    return 0;
}

static int tear_down_world(void **state)
{
    (void)state;
    world_stop(&world);
    remove_folder(folder);
    return 0;
}

/* --- the table --- */

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value;
    return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value) : "";
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The words of TEXT in order, joined by spaces. */
static void sort_words(const char *text, char *sorted, size_t size)
{
    char copy[4096], *words[256];
    size_t count = 0, used = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    qsort(words, count, sizeof *words, compare_words);
    sorted[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(sorted + used, size - used, "%s%s", i > 0 ? " " : "", words[i]);
}

static void join_codes(struct json_object *problems, char *codes, size_t size)
{
    char joined[4096] = "";
    size_t used = 0;
    for (size_t i = 0; i < json_object_array_length(problems); i++)
        used += (size_t)snprintf(joined + used, sizeof joined - used, "%s ",
                                 text_of(json_object_array_get_idx(problems, i), "code"));
    sort_words(joined, codes, size);
}

/* Compares a line of the program's output with the table; returns what differs. */
static unsigned compare_line(const char *line, const struct world_case *expected, bool with_mx)
{
    char found[4096], wanted[4096];
    struct json_object *object = json_tokener_parse(line), *problems;
    assert_non_null(object);
    assert_true(json_object_object_get_ex(object, "problems", &problems));
    const char *codes = with_mx && expected->with_mx != NULL ? expected->with_mx
                        : expected->problems != NULL         ? expected->problems
                                                             : "";
    sort_words(codes, wanted, sizeof wanted);
    join_codes(problems, found, sizeof found);
    bool same = strcmp(text_of(object, "domain"), expected->name) == 0 &&
                strcmp(text_of(object, "mode"), expected->mode) == 0 && strcmp(found, wanted) == 0;
    if (!same)
        print_message("%s: %s \"%s\"\n  found %s: %s \"%s\"\n", expected->name, expected->mode,
                      wanted, text_of(object, "domain"), text_of(object, "mode"), found);
    json_object_put(object);
    return !same;
}

static void check_table(bool with_mx)
{
    unsigned different = 0;
    char *names = strdup(""), *line;
    for (size_t i = 0; i < world.case_count; i++) {
        char *more;
        if (!world.cases[i].is_domain)
            continue;
        assert_true(asprintf(&more, "%s%s\n", names, world.cases[i].name) > 0);
        free(names);
        names = more;
    }
    struct run run = {.input = names, .input_size = strlen(names)};
    run_program(&run, CHECK, "--config", world.config, "--db", db, "--json", "-",
                with_mx ? "--mx" : NULL, NULL);
    char *rest = run.out;
    for (size_t i = 0; i < world.case_count; i++) {
        if (!world.cases[i].is_domain)
            continue;
        line = strsep(&rest, "\n");
        assert_non_null(line);
        different += compare_line(line, &world.cases[i], with_mx);
    }
    int status = run.status;
    bool is_end = rest != NULL && *rest == '\0';
    run_free(&run);
    free(names);
    assert_true(is_end);
    assert_int_equal(status, 1);
    assert_int_equal(different, 0);
}

static void each_case_has_its_mode_and_problems(void **state)
{
    (void)state;
    check_table(false);
}

static void certificates_are_judged_by_the_web_and_by_dane(void **state)
{
    (void)state;
    check_table(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_has_its_mode_and_problems),
        cmocka_unit_test(certificates_are_judged_by_the_web_and_by_dane),
    };
    return cmocka_run_group_tests(tests, set_up_world, tear_down_world);
}
