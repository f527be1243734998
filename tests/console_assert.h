/*
 * console_assert.h - what a test expects of a console, in cmocka's manner.
 *
 * Each fails the test with the whole screen, so that the log shows what a
 * person would have seen.  To be included after <cmocka.h>.
 */
#ifndef TLSRPTOP_TESTS_CONSOLE_ASSERT_H
#define TLSRPTOP_TESTS_CONSOLE_ASSERT_H

#include "console.h"

/* TEXT is on the screen now or after a while, or not once the program has come to rest. */
#define assert_shows(console, text) expect_text((console), (text), __FILE__, __LINE__)
#define assert_hides(console, text) expect_no_text((console), (text), __FILE__, __LINE__)
/* The program waits for input. */
#define assert_settles(console) expect_settled((console), __FILE__, __LINE__)
/* ROW reads TEXT now. */
#define assert_row(console, row, text) expect_row((console), (row), (text), __FILE__, __LINE__)
/* The keys of console_type() exist, and the program deals with them. */
#define assert_types(console, keys) expect_typed((console), (keys), __FILE__, __LINE__)
/* The program ends with STATUS and leaves the terminal as it was. */
#define assert_exits(console, status) expect_exit((console), (status), __FILE__, __LINE__)
/* Nothing of strangers reached the terminal raw so far. */
#define assert_harmless(console) expect_harmless((console), __FILE__, __LINE__)

/* A terminal that is there. */
#define assert_console(...)                                                                        \
    expect_console(&(struct console_settings){__VA_ARGS__}, __FILE__, __LINE__)

struct console *expect_console(const struct console_settings *settings, const char *file, int line);
void expect_text(struct console *console, const char *text, const char *file, int line);
void expect_no_text(struct console *console, const char *text, const char *file, int line);
void expect_settled(struct console *console, const char *file, int line);
void expect_row(struct console *console, int row, const char *text, const char *file, int line);
void expect_typed(struct console *console, const char *keys, const char *file, int line);
void expect_exit(struct console *console, int status, const char *file, int line);
void expect_harmless(struct console *console, const char *file, int line);

#endif
