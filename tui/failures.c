/* Failures by result type: what each means, what to do about it, and what all of
 * them would have cost under enforce. */
#include <stdio.h>
#include <string.h>

#include "../db/domain.h"
#include "app.h"
#include "beside.h"
#include "failing.h"
#include "lines.h"
#include "text.h"

enum { PANE_TYPES, PANE_MEANING, PANES };

/* What becomes of a session that fails: it depends on what the sender had to
 * heed. */
enum heeded { HEEDED_ENFORCE, HEEDED_DANE, HEEDED_TESTING, HEEDED_UNREAD, HEEDED_NOTHING, HEEDED };

static const struct {
    const char *name;
    const char *failed; /* what came of it */
    int style;
} consequences[HEEDED] = {
    [HEEDED_ENFORCE] = {"MTA-STS enforce", "not delivered by them", STYLE_BAD},
    [HEEDED_DANE] = {"DANE", "not delivered by them", STYLE_BAD},
    [HEEDED_TESTING] = {"MTA-STS testing", "delivered; enforce would not have", STYLE_WARN},
    [HEEDED_UNREAD] = {"MTA-STS, no policy read", "delivered, perhaps in the clear", STYLE_NORMAL},
    [HEEDED_NOTHING] = {"no policy in force", "delivered, perhaps in the clear", STYLE_NORMAL},
};

struct figures {
    struct totals totals;
    struct totals heeded[HEEDED];
    int64_t named;         /* failures in details, which need not agree with the summaries */
    const char **mx_hosts; /* where each type fails most; NULL when nobody said */
};

/* --- reading --- */

/* The hosts come with most failures first. */
static int note_mx(void *context, const struct mx_row *row)
{
    struct snapshot *snapshot = context;
    struct figures *figures = snapshot->figures;
    const struct rows *types = &snapshot->rows[PANE_TYPES];
    bool wanting = false;
    for (size_t i = 0; i < types->count; i++) {
        const struct failed_type *type = row_at(types, i);
        const char **host = &figures->mx_hosts[i];
        if (*host == NULL && domain_is_host(row->mx_host) &&
            joined_has(row->result_types, type->name, strlen(type->name)))
            *host = snapshot_text(snapshot, row->mx_host);
        wanting = wanting || *host == NULL;
    }
    return snapshot_stopped(snapshot) || !wanting;
}

/* A command is best told with the host that it is about. */
static enum db_status load_mx_hosts(const struct request *request, struct db *db,
                                    struct snapshot *snapshot)
{
    struct figures *figures = snapshot->figures;
    size_t count = snapshot->rows[PANE_TYPES].count;
    figures->mx_hosts = arena_alloc(&snapshot->arena, (count + 1) * sizeof *figures->mx_hosts);
    if (figures->mx_hosts == NULL)
        return DB_MEMORY;
    if (request->scope.domain == ALL_DOMAINS || count == 0)
        return DB_OK;
    enum db_status status = query_mx(db, request->scope.domain, request->range, note_mx, snapshot);
    return status == DB_STOPPED && !snapshot_stopped(snapshot) ? DB_OK : status;
}

static enum heeded heeded_by(const struct composition_row *row)
{
    int type = policy_type_find(row->policy_type);
    if (type == POLICY_TLSA)
        return HEEDED_DANE;
    if (type != POLICY_STS || row->mode == STS_NONE)
        return HEEDED_NOTHING;
    return row->mode == STS_ENFORCE   ? HEEDED_ENFORCE
           : row->mode == STS_TESTING ? HEEDED_TESTING
                                      : HEEDED_UNREAD;
}

static int add_composition(void *context, const struct composition_row *row)
{
    struct figures *figures = context;
    totals_add(&figures->heeded[heeded_by(row)], row->totals);
    totals_add(&figures->totals, row->totals);
    return 0;
}

static enum db_status load_failures(const struct request *request, struct db *db,
                                    struct snapshot *snapshot)
{
    const struct scope *scope = &request->scope;
    struct figures *figures = arena_alloc(&snapshot->arena, sizeof *figures);
    snapshot->figures = figures;
    if (figures == NULL)
        return DB_MEMORY;
    enum db_status status =
        query_composition(db, scope->domain, request->range, add_composition, figures);
    if (status == DB_OK)
        status = load_failed_types(db, scope->domain, request->range, snapshot, PANE_TYPES);
    for (size_t i = 0; i < snapshot->rows[PANE_TYPES].count; i++) {
        const struct failed_type *type = row_at(&snapshot->rows[PANE_TYPES], i);
        figures->named += type->failed;
    }
    return status == DB_OK ? load_mx_hosts(request, db, snapshot) : status;
}

/* --- what a result type means --- */

struct failures {
    struct beside meaning;
};

/* Replaces WORD where it stands for a name in a command: not in "MX host". */
struct naming {
    const char *word;
    const char *name;          /* NULL or "" leaves the word */
    const char *const *before; /* what must stand before it; NULL: nothing */
};

static bool stands_behind(const char *text, const char *at, const char *const *before)
{
    for (; before != NULL && *before != NULL; before++) {
        size_t length = strlen(*before);
        if ((size_t)(at - text) >= length && memcmp(at - length, *before, length) == 0)
            return true;
    }
    return before == NULL;
}

static bool is_word_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* TEXT with the names of this domain and its host in place of DOMAIN and MX. */
static void name_hosts(const char *text, const struct naming *namings, size_t count, char *named,
                       size_t size)
{
    size_t used = 0;
    for (const char *at = text; *at != '\0' && used + 1 < size;) {
        const struct naming *naming = NULL;
        for (size_t i = 0; i < count && naming == NULL; i++) {
            size_t length = strlen(namings[i].word);
            if (namings[i].name != NULL && namings[i].name[0] != '\0' &&
                strncmp(at, namings[i].word, length) == 0 && !is_word_character(at[length]) &&
                (at == text || !is_word_character(at[-1])) &&
                stands_behind(text, at, namings[i].before))
                naming = &namings[i];
        }
        if (naming == NULL) {
            named[used++] = *at++;
            continue;
        }
        int written = snprintf(named + used, size - used, "%s", naming->name);
        used += (size_t)written < size - used ? (size_t)written : size - used - 1;
        at += strlen(naming->word);
    }
    named[used] = '\0';
}

/* The policy that most of what failed is measured by, if it changes what the result
 * types of one domain mean. */
static int policy_type_of(const struct view *view, const struct figures *figures)
{
    bool dane = 2 * figures->heeded[HEEDED_DANE].failed > figures->totals.failed;
    return dane && view->scope.domain != ALL_DOMAINS ? POLICY_TLSA : POLICY_NOT_FOUND;
}

static void explain(const struct view *view, const struct failed_type *failed,
                    struct snapshot *made, int width)
{
    static const char *const commands[] = {
        "-connect ", "-servername ", "-verify_hostname ", "-dane_tlsa_domain ", "_25._tcp.", NULL};
    const struct figures *figures = view_figures(view);
    const struct result_type *type = result_type_under(failed->name, policy_type_of(view, figures));
    const struct failed_type *first = view->snapshot->rows[PANE_TYPES].items;
    const struct naming namings[] = {{"DOMAIN", view->scope.domain_name, NULL},
                                     {"MX", figures->mx_hosts[failed - first], commands}};
    char named[4096];
    if (type == NULL) {
        line_wrap(made, PANE_MEANING, STYLE_NORMAL, width, 0, "",
                  "RFC 8460 does not name this result type. The failures themselves (Enter) may "
                  "hold a reason code or additional information; the sender's postmaster knows "
                  "what is meant.");
        return;
    }
    const struct {
        const char *lead, *text;
        int style;
    } parts[] = {{"Means   ", type->meaning, STYLE_NORMAL},
                 {"To do   ", type->action, STYLE_STRONG},
                 {"Check   ", type->check, STYLE_NORMAL},
                 {"Causes  ", type->causes, STYLE_DIM}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        name_hosts(parts[i].text, namings, 2, named, sizeof named);
        line_wrap(made, PANE_MEANING, parts[i].style, width, 0, parts[i].lead, named);
    }
}

static void show_meaning(struct view *view, int width)
{
    struct failures *failures = view->state;
    const struct failed_type *type = table_current(&view->tables[PANE_TYPES]);
    uint64_t about = type != NULL ? failed_types_table.id(type) : 0;
    if (!beside_begin(view, PANE_MEANING, &failures->meaning, about, width))
        return;
    if (type != NULL)
        explain(view, type, &failures->meaning.made, width);
    beside_show(view, PANE_MEANING, &failures->meaning);
}

static void loaded(struct view *view)
{
    struct failures *failures = view->state;
    beside_forget(&failures->meaning);
}

static void close_failures(struct view *view)
{
    struct failures *failures = view->state;
    beside_free(&failures->meaning);
}

/* --- drawing --- */

/* Summaries count, details name: of some reporters they do not agree. */
static void draw_difference(const struct figures *figures, int y, int width)
{
    char failed[32], named[32];
    format_count(figures->totals.failed, 14, failed);
    format_count(figures->named, 14, named);
    if (figures->named == 0)
        put_format(y, 1, width, STYLE_WARN,
                   "No report tells more of these failures; 7 lists them.");
    else
        put_format(y, 1, width, STYLE_WARN, "The details below name %s failures, the summaries %s.",
                   named, figures->totals.failed > 0 ? failed : "none");
}

/* What failed under which policy, and what came of it; returns the next line. */
static int draw_consequences(const struct figures *figures, int y, int width)
{
    for (int i = 0; i < HEEDED; i++) {
        const struct totals *heeded = &figures->heeded[i];
        char failed[32], sessions[32];
        int x = 1;
        if (heeded->failed == 0 && (i != HEEDED_TESTING || heeded->successful == 0))
            continue;
        format_count(heeded->failed, 14, failed);
        format_count(heeded->successful + heeded->failed, 14, sessions);
        if (heeded->failed == 0 && figures->named > figures->totals.failed)
            continue;
        if (heeded->failed == 0) {
            put_format(y++, x, width, STYLE_GOOD,
                       "None of %s under MTA-STS testing: enforce would have lost nothing.",
                       sessions);
            continue;
        }
        x += put_format(y, x, width, consequences[i].style, "%s", failed);
        x += put_format(y, x, width - x, STYLE_NORMAL, " of %s under %s: ", sessions,
                        consequences[i].name);
        put_text(y++, x, width - x, consequences[i].style, consequences[i].failed);
    }
    return y;
}

static int draw_head(const struct figures *figures, int y, int width)
{
    struct totals totals = figures->totals;
    char failed[32], sessions[32], rate[32];
    int x = 1;
    format_count(totals.failed, 14, failed);
    format_count(totals.successful + totals.failed, 14, sessions);
    format_rate(value_failure_rate(totals.successful, totals.failed).rate, rate);
    if (rate[0] == '\0') {
        put_text(y, x, width, STYLE_DIM, "No sessions were reported in these days.");
        return y + 1;
    }
    x += put_format(y, x, width,
                    totals.failed > 0    ? STYLE_BAD
                    : figures->named > 0 ? STYLE_NORMAL
                                         : STYLE_GOOD,
                    "%s failed", totals.failed > 0 ? failed : "None");
    put_format(y, x, width - x, STYLE_NORMAL, " of %s sessions (%s)", sessions, rate);
    y = draw_consequences(figures, y + 1, width);
    if (totals.failed != figures->named)
        draw_difference(figures, y++, width);
    return y;
}

static void draw_meaning(struct view *view, struct area area)
{
    struct table *meaning = &view->tables[PANE_MEANING];
    const struct failed_type *type = table_current(&view->tables[PANE_TYPES]);
    bool focused = view->focus == PANE_MEANING;
    put_text(area.y, area.x, area.columns, focused ? STYLE_FOCUS : STYLE_HEAD,
             type != NULL ? type->name : "");
    table_draw(meaning, (struct area){area.y + 1, area.x, area.rows - 1, area.columns}, focused);
}

static void draw_failures(struct view *view, struct area area)
{
    enum { BESIDE = 116, LIST = 58, ROWS_LEAST = 4, GAP = 3 };
    struct table *types = &view->tables[PANE_TYPES];
    bool beside = area.columns >= BESIDE;
    int y = draw_head(view_figures(view), area.y, area.columns - 1) + 1;
    int rows = area.y + area.rows - y, list = area.columns / 2 > LIST ? area.columns / 2 : LIST;
    show_meaning(view, beside ? area.columns - list - GAP : area.columns - 2);
    if (beside) {
        table_draw(types, (struct area){y, 1, rows, list - 1}, view->focus == PANE_TYPES);
        draw_meaning(view, (struct area){y, list + GAP - 1, rows, area.columns - list - GAP + 1});
        return;
    }
    int below = (int)view->tables[PANE_MEANING].order.count + 1;
    int wanted = types->order.count > 0 ? (int)types->order.count + 1 : rows - below - 1;
    int least = wanted < ROWS_LEAST + 1 ? wanted : ROWS_LEAST + 1;
    int upper = rows - below - 1 < wanted ? rows - below - 1 : wanted;
    upper = upper < least ? least : upper;
    table_draw(types, (struct area){y, 1, upper, area.columns - 1}, view->focus == PANE_TYPES);
    if (types->order.count > 0)
        draw_meaning(view, (struct area){y + upper + 1, 1, rows - upper - 1, area.columns - 1});
}

/* --- acting --- */

static bool act(struct view *view, enum action action)
{
    if (action == ACT_OPEN)
        open_failed_type(view, PANE_TYPES);
    return action == ACT_OPEN;
}

static void title(const struct view *view, char text[static VIEW_TITLE])
{
    snprintf(text, VIEW_TITLE, "%s",
             view->scope.domain == ALL_DOMAINS ? "Failures of all domains" : "Failures");
}

const struct view_type view_failures = {
    .name = "Failures",
    .help = "Failed sessions by result type (RFC 8460 section 4.3), what each of them means, and "
            "what to do. On top: what came of them, by the policy that the sender had to heed. "
            "Enter shows the single failures of a type.",
    .panes = {{"Result types", &failed_types_table}, {"Meaning", &lines_type}},
    .pane_count = PANES,
    .beside = 1 << PANE_MEANING,
    .actions = {ACT_OPEN},
    .title = title,
    .load = load_failures,
    .loaded = loaded,
    .draw = draw_failures,
    .act = act,
    .close = close_failures,
    .state_size = sizeof(struct failures),
};
