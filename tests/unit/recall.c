/* The snapshots that were read last: found as long as they are what would be read,
 * and never more of them than there is room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tui/recall.h"

static const struct recall_state now = {1, 7, 3};
static struct recall *recall;

static int set_up(void **state)
{
    (void)state;
    recall = recall_new();
    return recall != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    recall_free(recall);
    return 0;
}

static struct request of_domain(int64_t domain)
{
    return (struct request){
        .scope = {.domain = domain, .domain_name = "example.com", .mx_host = "mx.example.com"},
        .range = {100, 129},
        .extent = {1, 129},
        .today = 129,
        .columns = 80,
        .rows = 20};
}

/* Keeps a snapshot for REQUEST with so many BYTES, which nobody else has then; it is
 * still to be known by its address. */
static const struct snapshot *keep(const struct request *request, size_t bytes)
{
    struct snapshot *snapshot = snapshot_new();
    assert_non_null(snapshot);
    assert_true(scope_copy(&snapshot->arena, &request->scope, &snapshot->request.scope));
    struct scope scope = snapshot->request.scope;
    snapshot->request = *request;
    snapshot->request.scope = scope;
    assert_non_null(arena_alloc(&snapshot->arena, bytes));
    recall_keep(recall, &view_domain, snapshot, now);
    snapshot_release(snapshot);
    return snapshot;
}

static const struct snapshot *find(const struct request *request, const struct view_type *type,
                                   struct recall_state state)
{
    struct snapshot *found = recall_find(recall, type, request, state);
    snapshot_release(found);
    return found;
}

static void what_was_read_is_found(void **state)
{
    (void)state;
    struct request asked = of_domain(3), other = of_domain(4);
    const struct snapshot *kept = keep(&asked, 10);
    const char copy[] = "example.com";
    asked.scope.domain_name = copy;
    asked.first_rows = 50; /* all of them are there: no harm */
    assert_ptr_equal(find(&asked, &view_domain, now), kept);
    assert_null(find(&other, &view_domain, now));
    assert_null(find(&asked, &view_senders, now));
}

static void another_request_is_not_answered(void **state)
{
    (void)state;
    struct request asked = of_domain(3), others[16];
    size_t count = 0;
    keep(&asked, 10);
#define DIFFERS(member, what)                                                                      \
    do {                                                                                           \
        others[count] = asked;                                                                     \
        others[count++].member = (what);                                                           \
    } while (0)
    DIFFERS(scope.domain_name, "example.net");
    DIFFERS(scope.foreign, true);
    DIFFERS(scope.organization, "Example");
    DIFFERS(scope.sending_mta_ip, "192.0.2.1");
    DIFFERS(scope.result_type, "validation-failure");
    DIFFERS(scope.mx_host, NULL);
    DIFFERS(scope.report, 5);
    DIFFERS(scope.failing, true);
    DIFFERS(scope.grouped, true);
    DIFFERS(scope.run, 2);
    DIFFERS(scope.days.last, 120);
    DIFFERS(range.first, 99);
    DIFFERS(extent.last, 130);
    DIFFERS(today, 130);
    DIFFERS(columns, 81);
    DIFFERS(rows, 21);
#undef DIFFERS
    for (size_t i = 0; i < count; i++)
        assert_null(find(&others[i], &view_domain, now));
    assert_non_null(find(&asked, &view_domain, now));
}

/* A commit, or another file of the same name whose version happens to be the same. */
static void another_state_is_forgotten(void **state)
{
    (void)state;
    struct request asked = of_domain(3);
    keep(&asked, 10);
    assert_null(find(&asked, &view_domain, (struct recall_state){1, 8, 3}));
    assert_null(find(&asked, &view_domain, now));
    keep(&asked, 10);
    assert_null(find(&asked, &view_domain, (struct recall_state){2, 7, 3}));
    keep(&asked, 10);
    assert_null(find(&asked, &view_domain, (struct recall_state){1, 7, 4}));
}

static void who_shows_it_keeps_it(void **state)
{
    (void)state;
    struct request asked = of_domain(3);
    keep(&asked, 10);
    struct snapshot *shown = recall_find(recall, &view_domain, &asked, now);
    assert_null(find(&asked, &view_domain, (struct recall_state){2, 1, 3}));
    assert_string_equal(shown->request.scope.mx_host, "mx.example.com");
    snapshot_release(shown);
}

static void the_oldest_goes_first(void **state)
{
    (void)state;
    struct request first = of_domain(0), second = of_domain(1);
    for (int i = 0; i < RECALL_MAX; i++) {
        struct request request = of_domain(i);
        keep(&request, 10);
    }
    assert_non_null(find(&first, &view_domain, now)); /* used now */
    struct request next = of_domain(RECALL_MAX);
    keep(&next, 10);
    assert_non_null(find(&first, &view_domain, now));
    assert_non_null(find(&next, &view_domain, now));
    assert_null(find(&second, &view_domain, now));
}

static void bytes_are_bounded(void **state)
{
    (void)state;
    struct request first = of_domain(1), second = of_domain(2), third = of_domain(3);
    keep(&first, RECALL_BYTES / 2 - 4096);
    keep(&second, RECALL_BYTES / 2 - 4096);
    assert_non_null(find(&first, &view_domain, now));
    keep(&third, RECALL_BYTES + 1); /* too large to be kept at all */
    assert_null(find(&third, &view_domain, now));
    assert_non_null(find(&second, &view_domain, now));
    keep(&third, RECALL_BYTES / 4);
    assert_non_null(find(&third, &view_domain, now));
    assert_non_null(find(&second, &view_domain, now));
    assert_null(find(&first, &view_domain, now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_read_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_request_is_not_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_state_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_shows_it_keeps_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_goes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_are_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
