/*
 * sample_box.h - where the sample's mails go.
 *
 * Only a new mailbox is written to, never one that is there already.  Functions
 * return 0, or -1 with errno set.
 */
#ifndef TLSRPTOP_TESTS_SAMPLE_BOX_H
#define TLSRPTOP_TESTS_SAMPLE_BOX_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum box_kind {
    BOX_MAILDIR,
    BOX_MBOX,
    BOX_FOLDER /* of .eml files, with CRLF */
};

struct sample_box {
    enum box_kind kind;
    const char *path;
    FILE *mbox;
    unsigned count;
};

int box_open(struct sample_box *box, enum box_kind kind, const char *path);
/* Adds a mail whose lines end in '\n'.  Sorted by name, files stand in the order
 * in which they were added. */
int box_add(struct sample_box *box, const char *bytes, size_t size, int64_t arrived);
int box_close(struct sample_box *box);

#endif
