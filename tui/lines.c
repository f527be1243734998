#include "lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

enum { LINE_MAX_BYTES = 8 * 1024 };

static struct value line_value(const void *row)
{
    return value_text(((const struct line *)row)->text);
}

static int line_style(const void *row)
{
    return ((const struct line *)row)->style;
}

static const char *line_whole(const void *row)
{
    const struct line *line = row;
    return line->whole != NULL ? line->whole : line->text;
}

static const char *line_lead(const void *row)
{
    const struct line *line = row;
    return line->lead != NULL ? line->lead : "";
}

static uint64_t line_id(const void *row)
{
    return hash_text(0, ((const struct line *)row)->text);
}

static const struct column columns[] = {
    {.name = "text",
     .title = "",
     .kind = VALUE_TEXT,
     .least = 8,
     .most = SCREEN_COLUMNS_MAX,
     .value = line_value,
     .style = line_style},
};

const struct table_type lines_type = {
    .title = "",
    .columns = columns,
    .column_count = 1,
    .id = line_id,
    .sort = -1,
    .no_head = true,
    .copied = line_whole,
    .lead = line_lead,
    .nothing = "",
};

void line_add(struct snapshot *snapshot, int pane, int style, const char *text)
{
    struct line *line = snapshot_add(snapshot, pane, sizeof *line);
    if (line != NULL)
        *line = (struct line){.style = style, .text = snapshot_text(snapshot, text)};
}

void lines_belong(struct snapshot *snapshot, int pane, size_t first, const char *whole)
{
    struct line *lines = (struct line *)(uintptr_t)snapshot->rows[pane].items;
    for (size_t i = first; i < snapshot->rows[pane].count; i++)
        lines[i].whole = whole;
}

void line_format(struct snapshot *snapshot, int pane, int style, const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    line_add(snapshot, pane, style, text);
}

void line_wrap(struct snapshot *snapshot, int pane, int style, int columns_wide, int indent,
               const char *lead, const char *text)
{
    int lead_columns = text_columns(lead, true);
    int width = columns_wide - indent - lead_columns;
    size_t first_line = snapshot->rows[pane].count;
    const char *whole = snapshot_text(snapshot, text);
    if (width < 8)
        width = 8;
    bool first = true;
    do {
        const char *next;
        size_t length = text_line(text, width, &next);
        if (length > LINE_MAX_BYTES / 2)
            length = LINE_MAX_BYTES / 2;
        line_format(snapshot, pane, style, "%*s%s%*s%.*s", indent, "", first ? lead : "",
                    first ? 0 : lead_columns, "", (int)length, text);
        first = false;
        text = next;
    } while (*text != '\0');
    lines_belong(snapshot, pane, first_line, whole);
    if (snapshot->rows[pane].count > first_line)
        ((struct line *)(uintptr_t)snapshot->rows[pane].items)[first_line].lead =
            snapshot_text(snapshot, lead);
}
