/*
 * terminal_assert.h - what a test expects of a terminal, in cmocka's manner.
 *
 * Each fails the test with the whole screen, so that the log shows what a
 * person would have seen.  To be included after <cmocka.h>.
 */
#ifndef TLSRPTOP_TESTS_TERMINAL_ASSERT_H
#define TLSRPTOP_TESTS_TERMINAL_ASSERT_H

#include "terminal.h"

/* TEXT is on the screen now or after a while, or is not any more. */
#define assert_shows(terminal, text) expect_text((terminal), (text), __FILE__, __LINE__)
#define assert_hides(terminal, text) expect_no_text((terminal), (text), __FILE__, __LINE__)
/* The program waits for input. */
#define assert_settles(terminal) expect_settled((terminal), __FILE__, __LINE__)
/* ROW reads TEXT now. */
#define assert_row(terminal, row, text) expect_row((terminal), (row), (text), __FILE__, __LINE__)
/* The keys of terminal_type() exist, and the program deals with them. */
#define assert_types(terminal, keys) expect_typed((terminal), (keys), __FILE__, __LINE__)
/* The program ends with STATUS and leaves the terminal as it was. */
#define assert_exits(terminal, status) expect_exit((terminal), (status), __FILE__, __LINE__)
/* Nothing of strangers reached the terminal raw so far. */
#define assert_harmless(terminal) expect_harmless((terminal), __FILE__, __LINE__)

/* A terminal that is there. */
#define assert_terminal(...)                                                                       \
    expect_terminal(&(struct terminal_settings){__VA_ARGS__}, __FILE__, __LINE__)

struct terminal *expect_terminal(const struct terminal_settings *settings, const char *file,
                                 int line);
void expect_text(struct terminal *terminal, const char *text, const char *file, int line);
void expect_no_text(struct terminal *terminal, const char *text, const char *file, int line);
void expect_settled(struct terminal *terminal, const char *file, int line);
void expect_row(struct terminal *terminal, int row, const char *text, const char *file, int line);
void expect_typed(struct terminal *terminal, const char *keys, const char *file, int line);
void expect_exit(struct terminal *terminal, int status, const char *file, int line);
void expect_harmless(struct terminal *terminal, const char *file, int line);

#endif
