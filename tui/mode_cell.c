#include "mode_cell.h"

#include <string.h>

#include "terminal.h"

void mode_put(const struct cell *cell, enum tls_mode mode)
{
    static const char *const narrow[MODE_COUNT] = {
        [MODE_UNKNOWN] = "Unknown",
        [MODE_OPPORTUNISTIC] = "Opportunistic",
        [MODE_STS_NONE] = "STS none",
        [MODE_STS_TESTING] = "STS testing",
        [MODE_STS_ENFORCE] = "STS enforce",
        [MODE_DANE] = "DANE",
        [MODE_DANE_STS_TESTING] = "DANE+testing",
        [MODE_DANE_STS_ENFORCE] = "DANE+enforce",
    };
    const char *label = tls_mode_label(mode);
    if ((int)strlen(label) > cell->columns)
        label = narrow[mode];
    put_text(cell->y, cell->x, cell->columns, (STYLE_MODE + (int)mode) | cell->style, label);
}

int failed_style(enum tls_mode mode, int64_t failed)
{
    if (failed == 0)
        return STYLE_DIM;
    return tls_mode_enforces(mode) ? STYLE_BAD : STYLE_WARN;
}
