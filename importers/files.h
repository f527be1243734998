/*
 * files.h - report mails and documents out of files, folders and pipes.
 *
 * What a file is, its bytes decide: a mail, an mbox, JSON documents, gzip, zip.
 * A folder is read with all that is in it, files first, in the order of their
 * names; in a Maildir `new` comes before `cur`, and `tmp` is left out.  Names
 * that begin with a dot are left out, but for the folders of a Maildir.
 *
 * The journal names a file by its path from the root, and by number and offset
 * in it where it holds several.  What should be readable and is not, or is
 * longer than message-max, is in the journal as damaged, unread.
 */
#ifndef TLSRPTOP_IMPORTERS_FILES_H
#define TLSRPTOP_IMPORTERS_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "pipeline.h"

struct files;

struct files_settings {
    struct pipeline *pipeline;
    size_t message_max;
    bool quiet;           /* say nothing of what is left out */
    const char *database; /* is never read, wherever it lies; NULL: there is none */
};

/* NULL when memory is short.  It keeps its buffers from one path to the next. */
struct files *files_new(const struct files_settings *settings);
void files_free(struct files *files);

/* Hands all that is at PATH to the pipeline.  Returns 0; -1 when the run is
 * over: storing failed, or it was asked to end. */
int files_read(struct files *files, const char *path);

/* The same for what comes through FD, called NAME.  Returns -1, too, when it
 * cannot be read to its end; that has been said then. */
int files_read_stream(struct files *files, int fd, const char *name);

#endif
