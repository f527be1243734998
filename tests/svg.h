/*
 * svg.h - a picture of a terminal.
 *
 * Self-contained: text stays text, in whatever monospace font the viewer has,
 * held to the grid of cells.  Lines and blocks are drawn as shapes, so that
 * boxes close and bars join in every font.
 */
#ifndef TLSRPTOP_TESTS_SVG_H
#define TLSRPTOP_TESTS_SVG_H

#include <stdio.h>

#include "console.h"

/* Writes what TERMINAL shows now; TITLE is for those who cannot see it. */
void svg_write(FILE *file, struct console *console, const char *title);

#endif
