/*
 * export.h - `tlsrptop export WHAT`: figures, journal and reports as text.
 *
 * Needs no terminal.  Rows are written as they are read, so memory stays the
 * same however many there are.
 */
#ifndef TLSRPTOP_TUI_EXPORT_H
#define TLSRPTOP_TUI_EXPORT_H

/* ARGV begins with the word "export".  Returns the exit status: 0; 1 when some
 * originals could not be read; EX_USAGE, EX_CONFIG; EX_NOINPUT without a
 * database or such a domain in it; EX_DATAERR when the database cannot be used;
 * EX_TEMPFAIL when it is locked or the disk is full; EX_IOERR when standard
 * output cannot be written for another reason. */
int export_main(int argc, char **argv);

#endif
