/* The keys of the screen below, from the same table that drives them. */
#include <stdio.h>

#include "app.h"
#include "lines.h"

/* The bindings of a group end where the next begins. */
static const struct {
    const char *title;
    enum action last;
} groups[] = {
    {"Moving", ACT_PREVIOUS_PANE}, {"What is shown", ACT_REFRESH}, {"Screens", ACT_ADVICE},
    {"This screen", ACT_STOP},     {"The rest", ACT_QUIT},
};

static void make_help(struct view *view, struct snapshot *snapshot)
{
    const struct app *app = view->app;
    const struct view *below = app->stack[app->depth > 1 ? app->depth - 2 : 0];
    struct action_set allowed = view_actions(below);
    int columns = terminal_columns() - 4;
    size_t group = 0;
    bool headed = false;
    line_format(snapshot, 0, STYLE_STRONG, "%s", below->type->name);
    line_wrap(snapshot, 0, STYLE_NORMAL, columns, 0, "", below->type->help);
    for (size_t i = 0; i < binding_count; i++) {
        const struct binding *binding = &bindings[i];
        while (binding->action > groups[group].last) {
            group++;
            headed = false;
        }
        if (!allowed.has[binding->action])
            continue;
        if (!headed) {
            line_add(snapshot, 0, STYLE_NORMAL, "");
            line_add(snapshot, 0, STYLE_HEAD, groups[group].title);
        }
        headed = true;
        char lead[64];
        snprintf(lead, sizeof lead, "%-16s ", binding->shown);
        line_wrap(snapshot, 0, STYLE_NORMAL, columns, 2, lead, binding->help);
    }
    line_add(snapshot, 0, STYLE_NORMAL, "");
    line_add(snapshot, 0, STYLE_HEAD, "Letters of the mode strip");
    for (int mode = 0; mode < MODE_COUNT; mode++)
        line_format(snapshot, 0, STYLE_MODE + mode, "  %c  %s", mode_letter((enum tls_mode)mode),
                    tls_mode_label((enum tls_mode)mode));
    line_wrap(snapshot, 0, STYLE_DIM, columns, 2, "",
              "A shaded cell has no statement of its own day and stands on an earlier one.");
}

const struct view_type view_help = {
    .name = "Help",
    .help = "All keys of the screen you came from. Esc goes back to it.",
    .panes = {{"Help", &lines_type}},
    .pane_count = 1,
    .timeless = true,
    .fitted = true,
    .make = make_help,
};
