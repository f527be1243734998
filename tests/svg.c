#include "svg.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "../db/visible.h"

/* Pixels.  All of a cell's eighths and halves shall be close to whole ones. */
enum { CELL_WIDTH = 9, CELL_HEIGHT = 18, FONT_SIZE = 15, BASELINE = 14, MARGIN = 14, LINE = 1 };

#define FOREGROUND 0xd5d9e0
#define BACKGROUND 0x1a1c22

static const uint32_t palette[16] = {
    0x30343d, 0xe4656f, 0x8cc570, 0xe0b45c, 0x61a8ec, 0xc47fdb, 0x4fb8c4, 0xc3c8d1,
    0x6a7180, 0xff8189, 0xaee58f, 0xfad07a, 0x86c3ff, 0xe0a2f5, 0x7adbe6, 0xffffff,
};

/* The colour cube and the greys are as xterm has them. */
static uint32_t rgb(int colour, uint32_t fallback)
{
    static const uint32_t steps[] = {0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
    if (colour == CONSOLE_DEFAULT)
        return fallback;
    if (colour & CONSOLE_RGB)
        return (uint32_t)colour & 0xffffff;
    if (colour < 16)
        return palette[colour];
    if (colour < 232)
        return steps[(colour - 16) / 36] << 16 | steps[(colour - 16) / 6 % 6] << 8 |
               steps[(colour - 16) % 6];
    return (uint32_t)(8 + (colour - 232) * 10) * 0x010101;
}

/* A cell as it is painted. */
struct paint {
    struct console_cell cell;
    uint32_t ink, ground;
};

static struct paint paint_of(struct console *console, int row, int column)
{
    struct paint paint = {.cell = console_cell(console, row, column)};
    paint.ink = rgb(paint.cell.foreground, FOREGROUND);
    paint.ground = rgb(paint.cell.background, BACKGROUND);
    if (paint.cell.reverse) {
        uint32_t ink = paint.ink;
        paint.ink = paint.ground;
        paint.ground = ink;
    }
    return paint;
}

static double left(int column)
{
    return MARGIN + column * CELL_WIDTH;
}

static double top(int row)
{
    return MARGIN + row * CELL_HEIGHT;
}

/* --- shapes --- */

/* Where a shape is drawn. */
struct place {
    FILE *file;
    double x, y; /* of the cell */
    uint32_t ink;
};

/* A rectangle within the cell, in pixels. */
static void rectangle(const struct place *place, double x, double y, double width, double height)
{
    fprintf(place->file,
            "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"#%06" PRIx32 "\"/>\n",
            place->x + x, place->y + y, width, height, place->ink);
}

/* Which arms of a box character are drawn. */
enum { LEFT = 1, RIGHT = 2, UP = 4, DOWN = 8, HEAVY = 16 };

static const struct {
    uint32_t code;
    unsigned arms;
} boxes[] = {
    {0x2500, LEFT | RIGHT},
    {0x2501, LEFT | RIGHT | HEAVY},
    {0x2502, UP | DOWN},
    {0x2503, UP | DOWN | HEAVY},
    {0x250c, RIGHT | DOWN},
    {0x2510, LEFT | DOWN},
    {0x2514, RIGHT | UP},
    {0x2518, LEFT | UP},
    {0x251c, UP | DOWN | RIGHT},
    {0x2524, UP | DOWN | LEFT},
    {0x252c, LEFT | RIGHT | DOWN},
    {0x2534, LEFT | RIGHT | UP},
    {0x253c, LEFT | RIGHT | UP | DOWN},
    {0x256d, RIGHT | DOWN},
    {0x256e, LEFT | DOWN},
    {0x256f, LEFT | UP},
    {0x2570, RIGHT | UP},
    {0x2574, LEFT},
    {0x2575, UP},
    {0x2576, RIGHT},
    {0x2577, DOWN},
};

static bool draw_box(const struct place *place, uint32_t code)
{
    unsigned arms = 0;
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        if (boxes[i].code == code)
            arms = boxes[i].arms;
    }
    if (arms == 0)
        return false;
    double width = arms & HEAVY ? 3 * LINE : LINE;
    double x = (CELL_WIDTH - width) / 2, y = (CELL_HEIGHT - width) / 2;
    double from = arms & LEFT ? 0 : x, to = arms & RIGHT ? CELL_WIDTH : x + width;
    if (arms & (LEFT | RIGHT))
        rectangle(place, from, y, to - from, width);
    from = arms & UP ? 0 : y;
    to = arms & DOWN ? CELL_HEIGHT : y + width;
    if (arms & (UP | DOWN))
        rectangle(place, x, from, width, to - from);
    return true;
}

/* U+2580 to U+259F. */
static bool draw_block(const struct place *place, uint32_t code)
{
    /* upper left 1, upper right 2, lower left 4, lower right 8 */
    static const unsigned char quadrants[] = {4, 8, 1, 13, 9, 7, 11, 2, 6, 14};
    if (code == 0x2580) {
        rectangle(place, 0, 0, CELL_WIDTH, CELL_HEIGHT / 2.0);
    } else if (code >= 0x2581 && code <= 0x2588) {
        double height = CELL_HEIGHT * (code - 0x2580) / 8.0;
        rectangle(place, 0, CELL_HEIGHT - height, CELL_WIDTH, height);
    } else if (code >= 0x2589 && code <= 0x258f) {
        rectangle(place, 0, 0, CELL_WIDTH * (0x2590 - code) / 8.0, CELL_HEIGHT);
    } else if (code == 0x2590) {
        rectangle(place, CELL_WIDTH / 2.0, 0, CELL_WIDTH / 2.0, CELL_HEIGHT);
    } else if (code >= 0x2591 && code <= 0x2593) {
        fprintf(place->file, "<g opacity=\"%g\">", (code - 0x2590) / 4.0);
        rectangle(place, 0, 0, CELL_WIDTH, CELL_HEIGHT);
        fputs("</g>\n", place->file);
    } else if (code == 0x2594) {
        rectangle(place, 0, 0, CELL_WIDTH, CELL_HEIGHT / 8.0);
    } else if (code == 0x2595) {
        rectangle(place, CELL_WIDTH * 7 / 8.0, 0, CELL_WIDTH / 8.0, CELL_HEIGHT);
    } else if (code >= 0x2596 && code <= 0x259f) {
        for (int i = 0; i < 4; i++) {
            if (quadrants[code - 0x2596] >> i & 1)
                rectangle(place, i % 2 * CELL_WIDTH / 2.0, i / 2 * CELL_HEIGHT / 2.0,
                          CELL_WIDTH / 2.0, CELL_HEIGHT / 2.0);
        }
    } else {
        return false;
    }
    return true;
}

/* U+2800 to U+28FF: two columns of four dots. */
static bool draw_braille(const struct place *place, uint32_t code)
{
    static const unsigned char columns[] = {0, 0, 0, 1, 1, 1, 0, 1};
    static const unsigned char rows[] = {0, 1, 2, 0, 1, 2, 3, 3};
    if (code < 0x2800 || code > 0x28ff)
        return false;
    for (int i = 0; i < 8; i++) {
        if (code >> i & 1)
            fprintf(
                place->file,
                "<circle cx=\"%g\" cy=\"%g\" r=\"1.4\" shape-rendering=\"auto\" fill=\"#%06" PRIx32
                "\"/>\n",
                place->x + CELL_WIDTH * (1 + 2 * columns[i]) / 4.0,
                place->y + CELL_HEIGHT * (1 + 2 * rows[i]) / 8.0, place->ink);
    }
    return true;
}

static bool draw_shape(const struct place *place, const char *text)
{
    uint32_t code;
    size_t length = utf8_read(text, &code);
    if (length == 0 || text[length] != '\0')
        return false;
    return draw_box(place, code) || draw_block(place, code) || draw_braille(place, code);
}

static bool is_shape(const char *text)
{
    uint32_t code;
    return utf8_read(text, &code) > 0 && ((code >= 0x2500 && code < 0x25a0) || code >> 8 == 0x28);
}

/* --- text --- */

static void put_escaped(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            fputs("&amp;", file);
        else if (*text == '<')
            fputs("&lt;", file);
        else if (*text == '>')
            fputs("&gt;", file);
        else
            putc(*text, file);
    }
}

static bool is_blank(const struct console_cell *cell)
{
    return cell->text[0] == '\0' || strcmp(cell->text, " ") == 0;
}

static bool same_pen(const struct paint *a, const struct paint *b)
{
    return a->ink == b->ink && a->cell.bold == b->cell.bold && a->cell.italic == b->cell.italic &&
           a->cell.underline == b->cell.underline;
}

/* Writes the word that begins at COLUMN, whose width is set, so that no font
 * can push it out of its cells.  Returns the column behind it. */
static int draw_word(FILE *file, struct console *console, int row, int column, int columns)
{
    char text[1024] = "";
    size_t length = 0;
    int first = column;
    struct paint begin = paint_of(console, row, column), next = begin;
    do {
        size_t more = strlen(next.cell.text);
        if (length + more >= sizeof text)
            break;
        memcpy(text + length, next.cell.text, more + 1);
        length += more;
        column += next.cell.width;
        next = paint_of(console, row, column);
    } while (column < columns && begin.cell.width == 1 && next.cell.width == 1 &&
             !is_blank(&next.cell) && !is_shape(next.cell.text) && same_pen(&begin, &next));
    fprintf(file,
            "<text x=\"%g\" y=\"%g\" textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\""
            " fill=\"#%06" PRIx32 "\"%s%s%s>",
            left(first), top(row) + BASELINE, (column - first) * CELL_WIDTH, begin.ink,
            begin.cell.bold ? " font-weight=\"bold\"" : "",
            begin.cell.italic ? " font-style=\"italic\"" : "",
            begin.cell.underline ? " text-decoration=\"underline\"" : "");
    put_escaped(file, text);
    fputs("</text>\n", file);
    return column;
}

static void draw_row(FILE *file, struct console *console, int row, int columns)
{
    for (int column = 0; column < columns;) {
        struct paint paint = paint_of(console, row, column);
        struct place place = {file, left(column), top(row), paint.ink};
        if (is_blank(&paint.cell) || draw_shape(&place, paint.cell.text))
            column++;
        else
            column = draw_word(file, console, row, column, columns);
    }
}

static void draw_grounds(FILE *file, struct console *console, int row, int columns)
{
    for (int column = 0, next; column < columns; column = next) {
        uint32_t ground = paint_of(console, row, column).ground;
        for (next = column + 1; next < columns; next++) {
            if (paint_of(console, row, next).ground != ground)
                break;
        }
        struct place place = {file, left(column), top(row), ground};
        if (ground != BACKGROUND)
            rectangle(&place, 0, 0, (next - column) * CELL_WIDTH, CELL_HEIGHT);
    }
}

void svg_write(FILE *file, struct console *console, const char *title)
{
    int columns, rows, row, column;
    console_size(console, &columns, &rows);
    int width = columns * CELL_WIDTH + 2 * MARGIN, height = rows * CELL_HEIGHT + 2 * MARGIN;
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
            " viewBox=\"0 0 %d %d\" font-size=\"%d\" font-family=\"'DejaVu Sans Mono', Menlo,"
            " Consolas, 'Liberation Mono', monospace\">\n<title>",
            width, height, width, height, FONT_SIZE);
    put_escaped(file, title);
    fprintf(file, "</title>\n<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"#%06x\"/>\n",
            BACKGROUND);
    fputs("<g shape-rendering=\"crispEdges\">\n", file);
    for (row = 0; row < rows; row++)
        draw_grounds(file, console, row, columns);
    for (row = 0; row < rows; row++)
        draw_row(file, console, row, columns);
    if (console_cursor(console, &row, &column)) {
        struct place place = {file, left(column), top(row), FOREGROUND};
        rectangle(&place, 0, CELL_HEIGHT - 2, CELL_WIDTH, 2);
    }
    fputs("</g>\n</svg>\n", file);
}
