/* One report, taken apart: who says what of which policy, and what failed. */
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "lines.h"
#include "mode_cell.h"
#include "reports.h"
#include "text.h"

enum { LINES_MAX = 20000 };

/* The report as it is written down. */
struct sheet {
    struct snapshot *snapshot;
    int columns;
    bool in_policy;
    int style;          /* of failures of the policy */
    int64_t failed;     /* of the policy, */
    int64_t named;      /* and what its failures add up to */
    int policy_type;    /* of the present policy */
    uint32_t explained; /* bit set of the result types whose meaning under it was told */
    bool cut;           /* at LINES_MAX */
};

/* "  Sending MTA     192.0.2.1", nothing where TEXT is empty. */
static void add_field(const struct sheet *sheet, int indent, int style, const char *name,
                      const char *text)
{
    char lead[32];
    if (text[0] == '\0')
        return;
    snprintf(lead, sizeof lead, "%-14s  ", name);
    line_wrap(sheet->snapshot, 0, style, sheet->columns, indent, lead, text);
}

/* The same of a text that has lines of its own, each of them. */
static void add_lines(const struct sheet *sheet, int indent, const char *name, const char *text)
{
    char line[VALUE_TEXT_MAX];
    for (; *text != '\0'; name = "") {
        text = text_take_line(text, line, sizeof line);
        add_field(sheet, indent, STYLE_NORMAL, name, line);
    }
}

static void add_text(const struct sheet *sheet, int indent, int style, const char *text)
{
    line_wrap(sheet->snapshot, 0, style, sheet->columns, indent, "", text);
}

static void add_space(const struct sheet *sheet)
{
    line_add(sheet->snapshot, 0, STYLE_NORMAL, "");
}

static int stopped(struct sheet *sheet)
{
    sheet->cut = sheet->snapshot->rows[0].count >= LINES_MAX;
    return sheet->cut || snapshot_stopped(sheet->snapshot);
}

/* --- the parts --- */

/* RFC 8460 section 3: a report mail must be signed by the domain that reports. */
static void add_signature(const struct sheet *sheet, const struct report_head *head)
{
    char text[VALUE_TEXT_MAX];
    switch (head->signature) {
    case SIGNATURE_VALID:
        snprintf(text, sizeof text, "valid, by %s", head->signed_by);
        break;
    case SIGNATURE_FOREIGN:
        snprintf(text, sizeof text, "valid, but by %s, which is not where it says it comes from",
                 head->signed_by);
        break;
    case SIGNATURE_INVALID:
    case SIGNATURE_UNDECIDED:
        snprintf(text, sizeof text, "%s, by %s", signature_name(head->signature), head->signed_by);
        break;
    case SIGNATURE_NONE:
        snprintf(text, sizeof text, "none: anybody may have written it");
        break;
    default:
        snprintf(text, sizeof text, "%s", signature_name(SIGNATURE_UNKNOWN));
        break;
    }
    add_field(sheet, 2, signature_style(head->signature), "Signature", text);
}

static int add_head(void *context, const struct report_head *head)
{
    struct sheet *sheet = context;
    char begin[INSTANT_TEXT], end[INSTANT_TEXT], text[VALUE_TEXT_MAX];
    int days =
        day_of(head->end > head->begin ? head->end - 1 : head->end) - day_of(head->begin) + 1;
    add_text(sheet, 0, STYLE_STRONG, head->organization);
    add_field(sheet, 2, STYLE_NORMAL, "Report", head->report_id);
    snprintf(text, sizeof text, "%s to %s", instant_format(head->begin, begin),
             instant_format(head->end, end));
    add_field(sheet, 2, STYLE_NORMAL, "Time", text);
    if (days > 1) {
        snprintf(text, sizeof text, "%d days; all of it counts on the first", days);
        add_field(sheet, 2, STYLE_WARN, "Covers", text);
    }
    add_field(sheet, 2, STYLE_NORMAL, "Contact", head->contact);
    add_field(sheet, 2, STYLE_NORMAL, "Recipient", head->recipient);
    add_field(sheet, 2, STYLE_NORMAL, "Source", head->source);
    add_signature(sheet, head);
    add_field(sheet, 2, STYLE_NORMAL, "Imported", instant_format(head->imported, begin));
    if (head->pruned)
        add_text(sheet, 2, STYLE_WARN,
                 "Its failures and its original are gone, as keep-details-days says; the figures "
                 "stay.");
    return stopped(sheet);
}

/* Reporters whose details do not add up are common. */
static void end_policy(const struct sheet *sheet)
{
    char text[160], named[32], failed[32];
    if (!sheet->in_policy || sheet->named == 0 || sheet->named == sheet->failed)
        return;
    format_count(sheet->named, 20, named);
    format_count(sheet->failed, 20, failed);
    snprintf(text, sizeof text,
             "These details add up to %s failed sessions, not to the %s that the summary says.",
             named, failed);
    add_space(sheet);
    add_text(sheet, 2, STYLE_WARN, text);
}

/* "MTA-STS testing for example.com: 12 failed of 1,234 sessions (0.97%)" */
static void add_policy_title(const struct sheet *sheet, const struct policy_row *policy)
{
    char text[VALUE_TEXT_MAX], domain[VALUE_TEXT_MAX], failed[32], sessions[32], rate[32];
    format_count(policy->failed, 20, failed);
    format_count(policy->successful + policy->failed, 20, sessions);
    format_rate(value_failure_rate(policy->successful, policy->failed).rate, rate);
    value_show(VALUE_DOMAIN, value_text(policy->domain), VALUE_TEXT_MAX, domain);
    snprintf(text, sizeof text, "%.100s for %.300s: %s failed of %s sessions%s%s%s",
             policy_label(policy->policy_type, policy->mode), domain,
             policy->failed > 0 ? failed : "none", sessions, rate[0] != '\0' ? " (" : "", rate,
             rate[0] != '\0' ? ")" : "");
    add_space(sheet);
    add_text(sheet, 0, policy->failed > 0 ? sheet->style : STYLE_GOOD, text);
}

static int add_policy(void *context, const struct policy_row *policy)
{
    struct sheet *sheet = context;
    end_policy(sheet);
    int type = policy_type_find(policy->policy_type);
    if (type != sheet->policy_type)
        sheet->explained = 0;
    sheet->policy_type = type;
    sheet->in_policy = true;
    sheet->failed = policy->failed;
    sheet->named = 0;
    sheet->style = failed_style(policy_mode(policy->policy_type, policy->mode), 1);
    add_policy_title(sheet, policy);
    add_field(sheet, 2, STYLE_NORMAL, "Policy type", policy->policy_type);
    add_field(sheet, 2, STYLE_NORMAL, "TLSA base", policy->mx_host);
    add_field(sheet, 2, STYLE_NORMAL, "MX patterns", policy->mx);
    add_lines(sheet, 2, "Policy", policy->text);
    return stopped(sheet);
}

/* What a result type means, where it stands first. */
static void explain(struct sheet *sheet, const char *result_type)
{
    const struct result_type *known = result_type_find(result_type);
    if (known == NULL) {
        add_text(sheet, 4, STYLE_DIM, "RFC 8460 does not name this result type.");
        return;
    }
    const struct result_type *type = result_type_under(result_type, sheet->policy_type);
    uint32_t bit = UINT32_C(1) << (known - result_types);
    if (sheet->explained & bit)
        return;
    sheet->explained |= bit;
    add_field(sheet, 4, STYLE_DIM, "Meaning", type->meaning);
    add_field(sheet, 4, STYLE_DIM, "What to do", type->action);
}

static int add_failure(void *context, const struct failure_row *failure)
{
    struct sheet *sheet = context;
    char text[VALUE_TEXT_MAX], failed[32];
    sheet->named += failure->failed;
    format_count(failure->failed, 20, failed);
    snprintf(text, sizeof text, "%s failed: %s", failed, failure->result_type);
    add_space(sheet);
    add_text(sheet, 2, sheet->style, text);
    add_field(sheet, 4, STYLE_NORMAL, "Sending MTA", failure->sending_mta_ip);
    value_show(VALUE_DOMAIN, value_text(failure->receiving_mx_hostname), VALUE_TEXT_MAX, text);
    add_field(sheet, 4, STYLE_NORMAL, "MX host", text);
    add_field(sheet, 4, STYLE_NORMAL, "Receiving IP", failure->receiving_ip);
    add_field(sheet, 4, STYLE_NORMAL, "HELO", failure->receiving_mx_helo);
    add_field(sheet, 4, STYLE_NORMAL, "Reason code", failure->reason_code);
    add_field(sheet, 4, STYLE_NORMAL, "Additional", failure->additional_info);
    explain(sheet, failure->result_type);
    return stopped(sheet);
}

static enum db_status load_report(const struct request *request, struct db *db,
                                  struct snapshot *snapshot)
{
    enum { MARGIN = 4, READABLE = 110 };
    int columns = request->columns - MARGIN;
    struct sheet sheet = {
        .snapshot = snapshot,
        .columns = columns < READABLE ? columns : READABLE,
    };
    const struct report_parts parts = {add_head, add_policy, add_failure};
    enum db_status status = query_report(db, request->scope.report, &parts, &sheet);
    if (status == DB_STOPPED && sheet.cut) {
        add_space(&sheet);
        add_text(&sheet, 0, STYLE_WARN, "The report goes on, but is too long to be shown whole.");
        return DB_OK;
    }
    end_policy(&sheet);
    return status;
}

/* --- the view --- */

static bool act(struct view *view, enum action action)
{
    if (action != ACT_RAW)
        return false;
    app_open(view->app, &view_original, &view->scope);
    return true;
}

const struct view_type view_report = {
    .name = "Report",
    .help = "One report with its policies, and what failed under each of them. v shows the JSON "
            "that came.",
    .panes = {{"Report", &lines_type}},
    .pane_count = 1,
    .actions = {ACT_RAW},
    .timeless = true,
    .fitted = true,
    .load = load_report,
    .act = act,
};
