/*
 * console_scan.h - what a program writes to its console, byte by byte.
 *
 * libvterm shows where the output ends up; this tells what it did on the way:
 * bytes no program should send, modes left on, texts put into the clipboard.
 */
#ifndef TLSRPTOP_TESTS_CONSOLE_SCAN_H
#define TLSRPTOP_TESTS_CONSOLE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCAN_HARM = 160,
    SCAN_SEQUENCE_MAX = 256 * 1024, /* of a string such as OSC 52 */
};

enum scan_state { SCAN_TEXT, SCAN_ESCAPE, SCAN_CHARSET, SCAN_CSI, SCAN_STRING, SCAN_STRING_ESCAPE };

struct console_scan {
    bool utf8;
    enum scan_state state;
    char introducer; /* of the string: ']' OSC, 'P' DCS, '_' APC, '^' PM, 'X' SOS */
    char *sequence;  /* CSI or string so far, SCAN_SEQUENCE_MAX bytes */
    size_t length;
    char character[5]; /* of UTF-8, as far as it has come */
    size_t missing;    /* bytes to come */
    uint64_t modes;    /* a bit for each of the known modes that is not as it was */
    char *clipboard;   /* last written by OSC 52, decoded; NULL when none was */
    char harm[SCAN_HARM];
};

/* Returns 0, or -1 when memory is short. */
int scan_init(struct console_scan *scan, bool utf8);
void scan_free(struct console_scan *scan);

void scan_bytes(struct console_scan *scan, const char *bytes, size_t size);

/* The first thing that text of strangers could have done to the console, and
 * that no program of ours has a reason to do: a control byte, a character that
 * turns the direction of writing, an unusual sequence.  "" when there was none. */
const char *scan_harm(const struct console_scan *scan);

/* A mode that the program changed and did not change back; "" when none. */
const char *scan_leftover(const struct console_scan *scan);

#endif
