/* Single failures: of a sender, a result type or an MX host. */
#include <stdio.h>

#include "app.h"
#include "reports.h"
#include "text.h"

enum { DETAILS_MAX = 10000 };

struct figures {
    int64_t failed; /* of the rows */
    bool more;      /* than DETAILS_MAX */
};

/* --- columns --- */

#define FAILURE ((const struct failure_row *)row)

static struct value day_value(const void *row)
{
    return value_number(FAILURE->day);
}
static struct value failed_value(const void *row)
{
    return value_number(FAILURE->failed);
}
static struct value domain_value(const void *row)
{
    return value_text(FAILURE->domain);
}
static struct value organization_value(const void *row)
{
    return value_text(FAILURE->organization);
}
static struct value ip_value(const void *row)
{
    return value_text(FAILURE->sending_mta_ip);
}
static struct value type_value(const void *row)
{
    return value_text(FAILURE->result_type);
}
static struct value mx_value(const void *row)
{
    return value_text(FAILURE->receiving_mx_hostname);
}
static struct value receiving_ip_value(const void *row)
{
    return value_text(FAILURE->receiving_ip);
}
static struct value helo_value(const void *row)
{
    return value_text(FAILURE->receiving_mx_helo);
}
static struct value reason_value(const void *row)
{
    return value_text(FAILURE->reason_code);
}
static struct value info_value(const void *row)
{
    return value_text(FAILURE->additional_info);
}
static struct value policy_value(const void *row)
{
    return value_text(FAILURE->policy_type);
}

static uint64_t failure_id(const void *row)
{
    uint64_t hash = (uint64_t)FAILURE->report;
    hash = hash_text(hash, FAILURE->domain);
    hash = hash_text(hash, FAILURE->result_type);
    hash = hash_text(hash, FAILURE->sending_mta_ip);
    return hash_text(hash, FAILURE->receiving_mx_hostname);
}

enum {
    COLUMN_DAY,
    COLUMN_FAILED,
    COLUMN_DOMAIN,
    COLUMN_ORGANIZATION,
    COLUMN_IP,
    COLUMN_TYPE,
    COLUMN_MX
};

static const struct column columns[] = {
    {"day", "Day", VALUE_DAY, 10, 10, 0, true, day_value, NULL, NULL},
    {"failed", "Failed", VALUE_COUNT, 7, 9, 0, true, failed_value, NULL, NULL},
    {"domain", "Domain", VALUE_DOMAIN, 14, 30, 3, false, domain_value, NULL, NULL},
    {"organization", "Organization", VALUE_TEXT, 12, 26, 2, false, organization_value, NULL, NULL},
    {"sending_mta_ip", "Sending MTA", VALUE_TEXT, 15, 39, 1, false, ip_value, NULL, NULL},
    {"result_type", "Result type", VALUE_TEXT, 25, 34, 0, false, type_value, NULL, NULL},
    {"receiving_mx_hostname", "MX host", VALUE_DOMAIN, 13, 36, 4, false, mx_value, NULL, NULL},
    {"receiving_ip", "Receiving IP", VALUE_TEXT, 12, 39, 6, false, receiving_ip_value, NULL, NULL},
    {"reason_code", "Reason code", VALUE_TEXT, 11, 36, 5, false, reason_value, NULL, NULL},
    {"additional_info", "Additional", VALUE_TEXT, 12, 60, 7, false, info_value, NULL, NULL},
    {"receiving_mx_helo", "HELO", VALUE_TEXT, 10, 36, 8, false, helo_value, NULL, NULL},
    {"policy_type", "Policy", VALUE_TEXT, 6, 15, 9, false, policy_value, NULL, NULL},
};

static const struct table_type details_table = {
    .title = "Failures",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = failure_id,
    .sort = COLUMN_DAY,
    .kept = "newest",
    .nothing = "No failure like this was reported in these days, or its details are older than "
               "keep-details-days.",
};

/* --- reading --- */

static int add_failure(void *context, const struct failure_row *row)
{
    struct snapshot *snapshot = context;
    struct figures *figures = snapshot->figures;
    if (snapshot->rows[0].count == DETAILS_MAX) {
        figures->more = true;
        return 0;
    }
    struct failure_row *failure = snapshot_add(snapshot, 0, sizeof *failure);
    if (failure == NULL)
        return -1;
    *failure = *row;
    const char **texts[] = {
        &failure->domain,          &failure->organization,      &failure->policy_type,
        &failure->result_type,     &failure->sending_mta_ip,    &failure->receiving_mx_hostname,
        &failure->receiving_ip,    &failure->receiving_mx_helo, &failure->reason_code,
        &failure->additional_info,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = snapshot_text(snapshot, *texts[i]);
    figures->failed += row->failed;
    return snapshot_stopped(snapshot);
}

static enum db_status load_details(const struct request *request, struct db *db,
                                   struct snapshot *snapshot)
{
    struct failure_filter filter = {
        .domain = request->scope.domain,
        .range = request->range,
        .organization = request->scope.organization,
        .sending_mta_ip = request->scope.sending_mta_ip,
        .result_type = request->scope.result_type,
        .mx_host = request->scope.mx_host,
        .limit = DETAILS_MAX + 1,
    };
    snapshot->figures = arena_alloc(&snapshot->arena, sizeof(struct figures));
    if (snapshot->figures == NULL)
        return DB_MEMORY;
    enum db_status status = query_failures(db, &filter, add_failure, snapshot);
    if (((struct figures *)snapshot->figures)->more)
        snapshot->cut[0].kept = DETAILS_MAX;
    return status;
}

/* What all rows have in common needs no column. */
static void loaded(struct view *view)
{
    const struct scope *scope = &view->scope;
    struct table *table = &view->tables[0];
    table->hidden = (uint32_t)(scope->domain != ALL_DOMAINS) << COLUMN_DOMAIN |
                    (uint32_t)(scope->organization != NULL) << COLUMN_ORGANIZATION |
                    (uint32_t)(scope->sending_mta_ip != NULL) << COLUMN_IP |
                    (uint32_t)(scope->result_type != NULL) << COLUMN_TYPE |
                    (uint32_t)(scope->mx_host != NULL) << COLUMN_MX;
    table_hide_empty(table);
}

/* --- drawing --- */

static void draw_head(const struct view *view, int y, int columns_wide)
{
    const struct figures *figures = view_figures(view);
    char failed[32], rows[32];
    size_t count = view->snapshot->rows[0].count;
    format_count(figures->failed, 20, failed);
    format_count((int64_t)count, 20, rows);
    int x = 1;
    x += put_format(y, x, columns_wide - x, figures->failed > 0 ? STYLE_WARN : STYLE_GOOD,
                    "%s failed", failed);
    x += put_format(y, x, columns_wide - x, STYLE_NORMAL, " in %s %s", rows,
                    count == 1 ? "entry of a report" : "entries of reports");
    if (figures->more)
        put_text(y, x, columns_wide - x, STYLE_WARN, ", and more: fewer days (-) show the rest");
}

static const char *or_not_reported(const char *text)
{
    return text[0] != '\0' ? text : "not reported";
}

/* All that is known of the failure under the cursor, and what to do about it. */
static void draw_failure(const struct failure_row *failure, bool name_domain, struct area area)
{
    char text[VALUE_TEXT_MAX], day[DAY_TEXT], host[VALUE_TEXT_MAX], failed[32];
    const struct result_type *type =
        result_type_under(failure->result_type, policy_type_find(failure->policy_type));
    format_count(failure->failed, 20, failed);
    snprintf(text, sizeof text, "%.1000s: %s failed on %s%s%.300s, says %.1000s",
             failure->result_type, failed, day_format(failure->day, day),
             name_domain ? " for " : "", name_domain ? failure->domain : "", failure->organization);
    take_lines(&area, STYLE_STRONG, text);
    value_show(VALUE_DOMAIN, value_text(failure->receiving_mx_hostname), sizeof host, host);
    snprintf(text, sizeof text, "from %.1000s to MX %.1000s, IP %.1000s, HELO %.1000s",
             or_not_reported(failure->sending_mta_ip), or_not_reported(host),
             or_not_reported(failure->receiving_ip), or_not_reported(failure->receiving_mx_helo));
    take_lines(&area, STYLE_NORMAL, text);
    snprintf(text, sizeof text, "%s%s%s", failure->reason_code,
             failure->reason_code[0] != '\0' && failure->additional_info[0] != '\0' ? ": " : "",
             failure->additional_info);
    take_lines(&area, STYLE_NORMAL, text);
    if (type != NULL)
        take_lines(&area, STYLE_DIM, type->action);
}

static void draw_details(struct view *view, struct area area)
{
    enum { FOOT = 5, FOOT_MAX = 9 };
    const struct failure_row *failure = table_current(&view->tables[0]);
    struct area list = {area.y + 1, 1, area.rows - 1, area.columns - 1};
    struct area foot = view_take_foot_below(&list, &view->tables[0], FOOT, FOOT_MAX);
    draw_head(view, area.y, area.columns);
    table_draw(&view->tables[0], list, true);
    if (failure != NULL)
        draw_failure(failure, view->scope.domain == ALL_DOMAINS, foot);
}

/* --- acting --- */

static bool act(struct view *view, enum action action)
{
    const struct failure_row *failure = table_current(&view->tables[0]);
    if (action != ACT_OPEN)
        return false;
    if (failure != NULL)
        open_report(view, failure->report);
    return true;
}

/* "Google 192.0.2.1", "certificate-expired", or both. */
static void title(const struct view *view, char text[static VIEW_TITLE])
{
    const struct scope *scope = &view->scope;
    text[0] = '\0';
    if (scope->organization != NULL)
        view_add_title(text, scope->organization);
    if (scope->sending_mta_ip != NULL)
        view_add_title(text, scope->sending_mta_ip[0] != '\0' ? scope->sending_mta_ip
                                                              : "(address not reported)");
    if (scope->result_type != NULL)
        view_add_title(text, scope->result_type);
    if (scope->mx_host != NULL) {
        char host[VALUE_TEXT_MAX];
        value_show(VALUE_DOMAIN, value_text(scope->mx_host), sizeof host, host);
        view_add_title(text, host[0] != '\0' ? host : "(MX not reported)");
    }
    if (text[0] == '\0')
        view_add_title(text, "Failures");
}

const struct view_type view_details = {
    .name = "Failures",
    .help = "Each entry of a report that says that sessions failed, newest first; below the list "
            "all that the entry says. Enter opens the report it stands in.",
    .panes = {{"Failures", &details_table}},
    .pane_count = 1,
    .actions = {ACT_OPEN},
    .title = title,
    .load = load_details,
    .loaded = loaded,
    .draw = draw_details,
    .act = act,
};
