#include "mode_cell.h"

#include <string.h>

#include "chart.h"
#include "terminal.h"

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

void mode_put(const struct cell *cell, enum tls_mode mode)
{
    const char *label = tls_mode_label(mode);
    if ((int)strlen(label) > cell->columns)
        label = narrow[mode];
    put_text(cell->y, cell->x, cell->columns, (STYLE_MODE + (int)mode) | cell->style, label);
}

void legend_add(struct legend *legend, struct day_mode mode)
{
    if (mode.mode != MODE_UNKNOWN || mode.reported)
        legend->modes[mode.mode] = true;
    legend->inherited = legend->inherited || mode.inherited;
}

static void put_meaning(struct area *area, int *x, int style, const char *sign, const char *meaning)
{
    enum { GAP = 2 };
    int length = GAP + (int)strlen(meaning);
    if (*x + length > area->columns && area->rows > 0) {
        *x = 0;
        area->y++;
        area->rows--;
    }
    if (*x + length > area->columns || area->rows <= 0)
        return;
    put_text(area->y, area->x + *x, 1, style, sign);
    put_text(area->y, area->x + *x + GAP, length - GAP, STYLE_DIM, meaning);
    *x += length + GAP;
}

void legend_put(struct area area, const struct legend *legend)
{
    int x = 0;
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        char letter[] = {mode_letter((enum tls_mode)mode), '\0'};
        if (legend->modes[mode])
            put_meaning(&area, &x, STYLE_MODE + mode, letter, narrow[mode]);
    }
    if (legend->inherited)
        put_meaning(&area, &x, STYLE_DIM, glyph(GLYPH_SHADE), "as last stated");
}

const char *policy_label(const char *policy_type, enum sts_mode mode)
{
    static const char *const modes[] = {
        [STS_UNREADABLE] = "MTA-STS, no policy read",
        [STS_NONE] = "MTA-STS none",
        [STS_TESTING] = "MTA-STS testing",
        [STS_ENFORCE] = "MTA-STS enforce",
    };
    switch (policy_type_find(policy_type)) {
    case POLICY_STS:
        return modes[mode];
    case POLICY_TLSA:
        return "DANE";
    case POLICY_NOT_FOUND:
        return "no policy";
    default:
        return policy_type;
    }
}

enum tls_mode policy_mode(const char *policy_type, enum sts_mode mode)
{
    static const enum tls_mode modes[] = {
        [STS_UNREADABLE] = MODE_UNKNOWN,
        [STS_NONE] = MODE_STS_NONE,
        [STS_TESTING] = MODE_STS_TESTING,
        [STS_ENFORCE] = MODE_STS_ENFORCE,
    };
    switch (policy_type_find(policy_type)) {
    case POLICY_STS:
        return modes[mode];
    case POLICY_TLSA:
        return MODE_DANE;
    case POLICY_NOT_FOUND:
        return MODE_OPPORTUNISTIC;
    default:
        return MODE_UNKNOWN;
    }
}

int failed_style(enum tls_mode mode, int64_t failed)
{
    if (failed == 0)
        return STYLE_DIM;
    return tls_mode_enforces(mode) ? STYLE_BAD : STYLE_WARN;
}
