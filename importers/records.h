/*
 * records.h - the messages or documents in a file, one after the other.
 *
 * What a file is, its first bytes decide: an mbox (it begins with "From "), JSON
 * documents one behind the other (as `tlsrptop export reports` writes them), or
 * one thing that is read whole.  Memory is bounded by the longest record that is
 * read, whatever the size of the file.
 */
#ifndef TLSRPTOP_IMPORTERS_RECORDS_H
#define TLSRPTOP_IMPORTERS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

enum record_kind { RECORD_WHOLE, RECORD_MBOX, RECORD_JSON };

struct record {
    const char *bytes; /* valid until the next call; of an mbox without its
                          "From " line and quoting */
    size_t size;
    bool too_long; /* more than record_max: there are no bytes */
    enum record_kind kind;
    bool alone;      /* there is no other in the file */
    uint64_t number; /* counted from 1 */
    uint64_t offset; /* where it begins in the file, in bytes */
};

struct records {
    size_t record_max;
    struct buffer buffer; /* kept from one file to the next */
    int fd;
    uint64_t size; /* of the file, where it is known */
    bool waits;    /* for what comes through a pipe, unless the run shall end */
    enum record_kind kind;
    uint64_t number;
    uint64_t offset; /* of `start` in the file */
    size_t start;    /* of the present record in the buffer */
    size_t scanned;  /* no end of it is before here */
    size_t end;      /* of what has been read */
    bool ended;      /* nothing is left to read */
};

void records_init(struct records *records, size_t record_max);
void records_free(struct records *records);

/* Begins to read FD, which stays the caller's and open until the last record.
 * SIZE is that of the file, 0 where nobody knows.  WAITS is for a pipe. */
void records_open(struct records *records, int fd, uint64_t size, bool waits);

/* Finds the next record; an empty file has one, which is empty.  Returns 1; 0
 * when there is none left; -1 with errno when it cannot be read, ECANCELED when
 * the run was asked to end while it waited. */
int records_next(struct records *records, struct record *record);

#endif
