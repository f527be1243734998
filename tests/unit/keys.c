/* The table of keys, and what the manual says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../tui/keys.h"

static char manual[64 * 1024];

static int set_up(void **state)
{
    (void)state;
    FILE *file = fopen("tui/tlsrptop.1", "r");
    assert_non_null(file);
    size_t length = fread(manual, 1, sizeof manual - 1, file);
    assert_true(length > 0 && length < sizeof manual - 1);
    fclose(file);
    char *end = strstr(manual, ".Ss Filters");
    assert_non_null(end);
    *end = '\0';
    return 0;
}

/* Is KEY an argument of a macro .Ic, where some stand behind "\&"? */
static bool is_in_manual(const char *key)
{
    size_t length = strlen(key);
    for (const char *at = manual; (at = strstr(at, "Ic ")) != NULL;) {
        for (at += strlen("Ic "); *at != '\n';) {
            at += strncmp(at, "\\&", 2) == 0 ? 2 : 0;
            if (strncmp(at, key, length) == 0 && (at[length] == ' ' || at[length] == '\n'))
                return true;
            at += strcspn(at, " \n");
            at += strspn(at, " ");
        }
    }
    return false;
}

static void the_manual_names_every_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < binding_count; i++) {
        char shown[64], *rest = shown, *key;
        snprintf(shown, sizeof shown, "%s", bindings[i].shown);
        while ((key = strsep(&rest, " ")) != NULL)
            if (!is_in_manual(key))
                fail_msg("the manual does not name %s", key);
    }
    assert_false(is_in_manual("z"));
}

static void a_key_does_what_is_allowed_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < binding_count; i++) {
        struct action_set only = {{false}};
        only.has[bindings[i].action] = true;
        for (size_t j = 0; j < BINDING_KEYS && bindings[i].keys[j] != 0; j++)
            assert_int_equal(key_action(bindings[i].keys[j], &only), bindings[i].action);
        assert_ptr_equal(binding_of(bindings[i].action), &bindings[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manual_names_every_key),
        cmocka_unit_test(a_key_does_what_is_allowed_of_it),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
