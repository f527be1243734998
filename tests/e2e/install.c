/* `make install` puts everything in its place, and `make uninstall` leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../make_report.h"
#include "../run_program.h"

static char folder[64];
static struct run run;

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    run = (struct run){0};
    unsetenv("MAKEFLAGS");
    unsetenv("MAKELEVEL");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    run_free(&run);
    remove_folder(folder);
    return 0;
}

static void make(const char *goal)
{
    char destination[128];
    snprintf(destination, sizeof destination, "DESTDIR=%s", folder);
    run_free(&run);
    run_program(&run, "make", goal, destination, "PREFIX=/opt/t", "BUILD=" BUILD, NULL);
    if (run.status != 0)
        fail_msg("make %s: %s", goal, run.err);
}

/* The file NAME below the prefix. */
static char *installed(const char *name)
{
    char path[256];
    size_t size;
    snprintf(path, sizeof path, "%s/opt/t/%s", folder, name);
    if (access(path, R_OK) != 0)
        fail_msg("%s is missing", path);
    return read_whole_file(path, &size);
}

static void what_is_installed_works_and_goes_again(void **state)
{
    (void)state;
    static const char *const files[] = {
        "bin/tlsrptop",
        "bin/tlsrptop-check",
        "share/man/man1/tlsrptop.1",
        "share/man/man1/tlsrptop-import.1",
        "share/man/man5/tlsrptop-config.5",
        "lib/systemd/user/tlsrptop-import.timer",
        "lib/systemd/system/tlsrptop-import.timer",
    };
    make("install");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        free(installed(files[i]));
    static const char *const services[] = {"lib/systemd/user/tlsrptop-import.service",
                                           "lib/systemd/system/tlsrptop-import.service"};
    for (size_t i = 0; i < 2; i++) {
        char *text = installed(services[i]);
        assert_non_null(strstr(text, "\nExecStart=/opt/t/bin/tlsrptop-import --quiet\n"));
        assert_null(strstr(text, "@BIN@"));
        free(text);
    }
    char program[128];
    snprintf(program, sizeof program, "%s/opt/t/bin/tlsrptop", folder);
    run_free(&run);
    run_program(&run, program, "import", "--version", NULL);
    assert_int_equal(run.status, 0);
    assert_memory_equal(run.out, "tlsrptop-import ", 16);

    make("uninstall");
    run_free(&run);
    run_program(&run, "find", folder, "-type", "f", NULL);
    assert_string_equal(run.out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_installed_works_and_goes_again, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
