/* Pictures of a terminal: text in its cells, shapes that join, nothing unescaped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../svg.h"
#include "../console_assert.h"

static char *picture;

/* The picture of what SCRIPT writes. */
static void draw(const char *script)
{
    size_t size;
    struct console *console =
        assert_console(.argv = (const char *const[]){"sh", "-c", script, NULL}, .columns = 20,
                       .rows = 3);
    assert_int_equal(console_wait_exit(console), 0);
    FILE *file = open_memstream(&picture, &size);
    assert_non_null(file);
    svg_write(file, console, "a <title>");
    assert_int_equal(fclose(file), 0);
    console_close(console);
}

static int tear_down(void **state)
{
    (void)state;
    free(picture);
    return 0;
}

static void expect(const char *part)
{
    if (strstr(picture, part) == NULL)
        fail_msg("%s\nis not in\n%s", part, picture);
}

static void words_stand_in_their_cells(void **state)
{
    (void)state;
    draw("printf 'ab  <&>'");
    expect("<title>a &lt;title&gt;</title>");
    expect("<text x=\"14\" y=\"28\" textLength=\"18\" lengthAdjust=\"spacingAndGlyphs\""
           " fill=\"#d5d9e0\">ab</text>");
    expect("<text x=\"50\" y=\"28\" textLength=\"27\" lengthAdjust=\"spacingAndGlyphs\""
           " fill=\"#d5d9e0\">&lt;&amp;&gt;</text>");
    assert_null(strstr(picture, "<rect x=\"14\""));
}

static void wide_characters_have_two_cells(void **state)
{
    (void)state;
    draw("printf '日x'");
    expect("<text x=\"14\" y=\"28\" textLength=\"18\" lengthAdjust=\"spacingAndGlyphs\""
           " fill=\"#d5d9e0\">日</text>");
    expect("<text x=\"32\"");
}

static void pens_divide_words(void **state)
{
    (void)state;
    draw("printf '\\033[1;38;5;208ma\\033[0;7mb\\033[m'");
    expect("fill=\"#ff8700\" font-weight=\"bold\">a</text>");
    expect("<rect x=\"23\" y=\"14\" width=\"9\" height=\"18\" fill=\"#d5d9e0\"/>");
    expect("fill=\"#1a1c22\">b</text>");
}

static void lines_and_blocks_are_shapes_that_join(void **state)
{
    (void)state;
    draw("printf '─┐▄█⠁'");
    expect("<rect x=\"14\" y=\"22.5\" width=\"9\" height=\"1\" fill=\"#d5d9e0\"/>");
    expect("<rect x=\"23\" y=\"22.5\" width=\"5\" height=\"1\" fill=\"#d5d9e0\"/>");
    expect("<rect x=\"27\" y=\"22.5\" width=\"1\" height=\"9.5\" fill=\"#d5d9e0\"/>");
    expect("<rect x=\"32\" y=\"23\" width=\"9\" height=\"9\" fill=\"#d5d9e0\"/>");
    expect("<rect x=\"41\" y=\"14\" width=\"9\" height=\"18\" fill=\"#d5d9e0\"/>");
    expect("<circle cx=\"52.25\" cy=\"16.25\"");
    assert_null(strstr(picture, "<text"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(words_stand_in_their_cells, tear_down),
        cmocka_unit_test_teardown(wide_characters_have_two_cells, tear_down),
        cmocka_unit_test_teardown(pens_divide_words, tear_down),
        cmocka_unit_test_teardown(lines_and_blocks_are_shapes_that_join, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
