/* The words of RFC 8460 and what is said about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/vocab.h"

static void every_result_type_of_the_rfc_is_known_in_its_group(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum result_group group;
    } expected[] = {
        {"starttls-not-supported", GROUP_NEGOTIATION},
        {"certificate-host-mismatch", GROUP_NEGOTIATION},
        {"certificate-expired", GROUP_NEGOTIATION},
        {"certificate-not-trusted", GROUP_NEGOTIATION},
        {"validation-failure", GROUP_NEGOTIATION},
        {"tlsa-invalid", GROUP_DANE},
        {"dnssec-invalid", GROUP_DANE},
        {"dane-required", GROUP_DANE},
        {"sts-policy-fetch-error", GROUP_STS},
        {"sts-policy-invalid", GROUP_STS},
        {"sts-webpki-invalid", GROUP_STS},
    };
    assert_int_equal(result_type_count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < result_type_count; i++) {
        const struct result_type *type = result_type_find(expected[i].name);
        assert_non_null(type);
        assert_int_equal(type->group, expected[i].group);
    }
    assert_null(result_type_find("certificate"));
    assert_null(result_type_find(""));
}

static void every_explanation_is_there_and_fits_a_pane(void **state)
{
    (void)state;
    enum { LONGEST = 300 };
    for (size_t i = 0; i < result_type_count; i++) {
        for (int type = POLICY_NOT_FOUND; type <= POLICY_TLSA; type++) {
            const struct result_type *read = result_type_under(result_types[i].name, type);
            const char *const texts[] = {read->meaning, read->causes, read->check, read->action};
            for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
                assert_in_range(strlen(texts[t]), 20, LONGEST);
                assert_int_equal(texts[t][strlen(texts[t]) - 1], '.');
            }
        }
    }
}

/* Where TLSA records decide, a certificate fails for other reasons. */
static void under_dane_the_records_come_first(void **state)
{
    (void)state;
    static const char *const names[] = {"validation-failure", "certificate-not-trusted",
                                        "certificate-expired", "certificate-host-mismatch"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct result_type *plain = result_type_find(names[i]);
        const struct result_type *read = result_type_under(names[i], POLICY_TLSA);
        assert_ptr_equal(result_type_under(names[i], POLICY_STS), plain);
        assert_ptr_equal(result_type_under(names[i], 0), plain);
        assert_string_equal(read->name, plain->name);
        assert_int_equal(read->group, plain->group);
        assert_non_null(strstr(read->check, "TLSA _25._tcp.MX"));
        assert_string_not_equal(read->action, plain->action);
    }
    assert_ptr_equal(result_type_under("tlsa-invalid", POLICY_TLSA),
                     result_type_find("tlsa-invalid"));
    assert_null(result_type_under("new-type", POLICY_TLSA));
}

static void names_are_found_by_name(void **state)
{
    (void)state;
    for (int type = POLICY_NOT_FOUND; type <= POLICY_TLSA; type++)
        assert_int_equal(policy_type_find(policy_type_name(type)), type);
    assert_int_equal(policy_type_find("future"), 0);
    assert_null(policy_type_name(0));
    assert_null(policy_type_name(POLICY_FIRST_UNKNOWN));
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        assert_true(strlen(tls_mode_name((enum tls_mode)mode)) > 0);
        assert_true(strlen(tls_mode_label((enum tls_mode)mode)) > 0);
    }
    for (int outcome = OUTCOME_IMPORTED; outcome < OUTCOME_END; outcome++)
        assert_string_not_equal(outcome_name((enum outcome)outcome), "unknown");
}

static void mail_is_lost_under_enforce_and_under_dane_only(void **state)
{
    (void)state;
    static const enum tls_mode harmless[] = {MODE_UNKNOWN, MODE_OPPORTUNISTIC, MODE_STS_NONE,
                                             MODE_STS_TESTING};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        assert_false(tls_mode_enforces(harmless[i]));
    static const enum tls_mode strict[] = {MODE_STS_ENFORCE, MODE_DANE, MODE_DANE_STS_TESTING,
                                           MODE_DANE_STS_ENFORCE};
    for (size_t i = 0; i < sizeof strict / sizeof *strict; i++)
        assert_true(tls_mode_enforces(strict[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_result_type_of_the_rfc_is_known_in_its_group),
        cmocka_unit_test(every_explanation_is_there_and_fits_a_pane),
        cmocka_unit_test(under_dane_the_records_come_first),
        cmocka_unit_test(names_are_found_by_name),
        cmocka_unit_test(mail_is_lost_under_enforce_and_under_dane_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
