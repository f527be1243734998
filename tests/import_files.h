/*
 * import_files.h - files read by the importers' own code, in the test itself.
 */
#ifndef TLSRPTOP_TESTS_IMPORT_FILES_H
#define TLSRPTOP_TESTS_IMPORT_FILES_H

#include "../db/store.h"

/* Stores what BYTES, as if from the file PATH, hold. */
void import_bytes(struct store *store, const char *path, const char *bytes, size_t size);

/* Stores what the file at PATH holds, or every file below it by name, and
 * commits. */
void import_files(struct store *store, const char *path);

#endif
