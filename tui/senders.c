/* Failing senders: a tree of organizations, their networks where one asks for
 * them, and their addresses. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "failing.h"
#include "text.h"

enum level { ORGANIZATION, NETWORK, ADDRESS };

struct item {
    enum level level;
    int64_t parent; /* index; -1: none */
    int depth;      /* in the tree */
    const char *organization;
    const char *name; /* of the organization or network; the address, "" if not reported */
    const char *host_name;
    const char *result_types;
    const char *mx_hosts;
    int64_t addresses; /* below it */
    int64_t failed;
    int64_t whole; /* failed sessions of all senders */
    int first_day, last_day;
};

struct figures {
    struct sender_total total;
    struct totals summaries; /* what these count, where details name the senders */
};

struct senders {
    bool decided; /* whether branches are shut at first */
};

/* --- columns --- */

#define ITEM ((const struct item *)row)

static struct value organization_value(const void *row)
{
    return value_text(ITEM->organization);
}
static struct value name_value(const void *row)
{
    return value_text(ITEM->name);
}
static struct value host_name_value(const void *row)
{
    return value_text(ITEM->host_name);
}
static struct value failed_value(const void *row)
{
    return value_number(ITEM->failed);
}
static struct value result_types_value(const void *row)
{
    return value_text(ITEM->result_types);
}
static struct value mx_hosts_value(const void *row)
{
    return value_text(ITEM->mx_hosts);
}
static struct value first_day_value(const void *row)
{
    return value_number(ITEM->first_day);
}
static struct value last_day_value(const void *row)
{
    return value_number(ITEM->last_day);
}

static struct value share_value(const void *row)
{
    return value_failure_rate(ITEM->whole - ITEM->failed, ITEM->failed);
}

static void paint_share(const void *row, const struct cell *cell)
{
    chart_bar(cell->y, cell->x, cell->columns, STYLE_WARN | cell->style, ITEM->failed, ITEM->whole);
}

/* "v Google (23)", below it "  192.0.2.1". */
static void paint_name(const void *row, const struct cell *cell)
{
    const struct view *view = cell->context;
    int x = cell->x, end = cell->x + cell->columns;
    int indent = 2 * ITEM->depth;
    if (ITEM->level == ADDRESS) {
        const char *name = ITEM->name[0] != '\0' ? ITEM->name : "(not reported)";
        put_text(cell->y, x + indent, end - x - indent, STYLE_NORMAL | cell->style, name);
        return;
    }
    bool open = table_is_open(&view->tables[0], row);
    char count[48], addresses[32];
    int style = (ITEM->level == ORGANIZATION ? STYLE_STRONG : STYLE_NORMAL) | cell->style;
    int room = end - x - indent - 2;
    format_count(ITEM->addresses, 20, addresses);
    snprintf(count, sizeof count, " (%s)", addresses);
    put_text(cell->y, x + indent, 1, STYLE_DIM | cell->style,
             glyph(open ? GLYPH_OPEN : GLYPH_SHUT));
    x += indent + 2;
    x += put_text(cell->y, x, room - (int)strlen(count), style, ITEM->name);
    put_text(cell->y, x, end - x, STYLE_DIM | cell->style, count);
}

static uint64_t item_id(const void *row)
{
    return hash_text(hash_text((uint64_t)ITEM->level, ITEM->organization), ITEM->name);
}
static uint64_t item_stamp(const void *row)
{
    return (uint64_t)ITEM->failed;
}
static int64_t item_parent(const void *row)
{
    return ITEM->parent;
}

enum { COLUMN_FAILED = 2 };

static const struct column columns[] = {
    {"organization", "Organization", VALUE_TEXT, 0, 0, 0, false, organization_value, NULL, NULL},
    {"sending_mta_ip", "Sender", VALUE_TEXT, 24, 46, 0, false, name_value, NULL, paint_name},
    {"failed", "Failed", VALUE_COUNT, 7, 10, 0, true, failed_value, NULL, NULL},
    {"share", "Share", VALUE_RATE, 6, 16, 5, true, share_value, NULL, paint_share},
    {"host_name", "Host name", VALUE_TEXT, 12, 40, 6, false, host_name_value, NULL, NULL},
    {"result_types", "Result types", VALUE_TEXT, 25, 50, 1, false, result_types_value, NULL, NULL},
    {"mx_hosts", "MX hosts", VALUE_TEXT, 14, 50, 4, false, mx_hosts_value, NULL, NULL},
    {"first_day", "First seen", VALUE_DAY, 10, 10, 3, false, first_day_value, NULL, NULL},
    {"last_day", "Last seen", VALUE_DAY, 10, 10, 2, true, last_day_value, NULL, NULL},
};

static const struct table_type senders_table = {
    .title = "Senders",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = item_id,
    .stamp = item_stamp,
    .sort = COLUMN_FAILED,
    .kept = "worst",
    .parent = item_parent,
    .nothing = "No report of these days names a sender that failed.",
};

/* --- reading --- */

enum { UNION_MAX = 1024 };

/* What MORE has and LIST lacks, behind LIST, as far as there is room. */
static void add_to_list(char list[static UNION_MAX], const char *more)
{
    size_t used = strlen(list);
    for (; *more != '\0'; more += strspn(more, ", ")) {
        size_t length = strcspn(more, ",");
        if (!joined_has(list, more, length) && used + length + sizeof ", " <= UNION_MAX)
            used += (size_t)snprintf(list + used, UNION_MAX - used, "%s%.*s", used > 0 ? ", " : "",
                                     (int)length, more);
        more += length;
    }
}

enum { NETWORK_TEXT = INET6_ADDRSTRLEN + sizeof "/64" };

/* The /24 or /64 that IP is in; "" when it is no address. */
static void network_of(const char *ip, char network[static NETWORK_TEXT])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* ::ffff:192.0.2.1 */
    uint8_t six[16], *four = six;
    char text[INET6_ADDRSTRLEN];
    network[0] = '\0';
    if (inet_pton(AF_INET6, ip, six) == 1) {
        four = memcmp(six, mapped, sizeof mapped) == 0 ? six + sizeof mapped : NULL;
    } else if (inet_pton(AF_INET, ip, four) != 1) {
        return;
    }
    if (four != NULL) {
        snprintf(network, NETWORK_TEXT, "%d.%d.%d.0/24", four[0], four[1], four[2]);
        return;
    }
    memset(six + 8, 0, 8);
    if (inet_ntop(AF_INET6, six, text, sizeof text) != NULL)
        snprintf(network, NETWORK_TEXT, "%s/64", text);
}

/* An address of the organization that is being read. */
struct member {
    int64_t index;
    char network[NETWORK_TEXT];
};

static int compare_networks(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->network, ((const struct member *)b)->network);
}

/* Reads the addresses of one organization after the other. */
struct reader {
    struct snapshot *snapshot;
    int64_t organization;    /* index of the one being read; -1: none yet */
    int64_t organization_id; /* in the database */
};

static struct item *item_at(const struct reader *reader, int64_t index)
{
    return (struct item *)(uintptr_t)reader->snapshot->rows[0].items + index;
}

/* Adds a row; its index, or -1. */
static int64_t add_item(const struct reader *reader, struct item item)
{
    struct item *added = snapshot_add(reader->snapshot, 0, sizeof *added);
    if (added == NULL)
        return -1;
    *added = item;
    return (int64_t)reader->snapshot->rows[0].count - 1;
}

/* Puts MEMBERS below the branch, which is their sum, if it is not known already. */
static void add_up(const struct reader *reader, int64_t branch, const struct member *members,
                   size_t count)
{
    char types[UNION_MAX] = "", hosts[UNION_MAX] = "";
    struct item *sum = item_at(reader, branch);
    bool known = sum->addresses > 0;
    sum->addresses = known ? sum->addresses : (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        struct item *item = item_at(reader, members[i].index);
        item->parent = branch;
        item->depth = sum->depth + 1;
        add_to_list(types, item->result_types);
        add_to_list(hosts, item->mx_hosts);
        if (known)
            continue;
        sum->failed += item->failed;
        if (i == 0 || item->first_day < sum->first_day)
            sum->first_day = item->first_day;
        if (i == 0 || item->last_day > sum->last_day)
            sum->last_day = item->last_day;
    }
    sum->result_types = snapshot_text(reader->snapshot, types);
    sum->mx_hosts = snapshot_text(reader->snapshot, hosts);
}

/* A branch for each network with several of MEMBERS, which it sorts. */
static void add_networks(const struct reader *reader, struct member *members, size_t count)
{
    const char *organization = item_at(reader, reader->organization)->organization;
    size_t end;
    for (size_t i = 0; i < count; i++)
        network_of(item_at(reader, members[i].index)->name, members[i].network);
    qsort(members, count, sizeof *members, compare_networks);
    for (size_t first = 0; first < count; first = end) {
        end = first + 1;
        while (end < count && compare_networks(&members[first], &members[end]) == 0)
            end++;
        if (members[first].network[0] == '\0' || end - first < 2)
            continue;
        int64_t network =
            add_item(reader, (struct item){
                                 .level = NETWORK,
                                 .parent = reader->organization,
                                 .depth = 1,
                                 .organization = organization,
                                 .name = snapshot_text(reader->snapshot, members[first].network),
                                 .host_name = "",
                             });
        if (network < 0)
            return;
        add_up(reader, network, members + first, end - first);
    }
}

/* All addresses of the organization have been read. */
static void end_organization(const struct reader *reader)
{
    if (reader->organization < 0)
        return;
    size_t first = (size_t)reader->organization + 1;
    size_t count = reader->snapshot->rows[0].count - first;
    struct member *members = calloc(count + 1, sizeof *members);
    if (members == NULL) {
        reader->snapshot->short_of_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        members[i].index = (int64_t)(first + i);
    add_up(reader, reader->organization, members, count);
    if (reader->snapshot->request.scope.grouped)
        add_networks(reader, members, count);
    free(members);
}

static int begin_organization(struct reader *reader, const struct sender_row *row)
{
    end_organization(reader);
    const char *name = snapshot_text(reader->snapshot, row->organization);
    const struct organization_sums *sums = row->organization_sums;
    reader->organization_id = row->organization_id;
    reader->organization = add_item(reader, (struct item){.level = ORGANIZATION,
                                                          .parent = -1,
                                                          .organization = name,
                                                          .name = name,
                                                          .host_name = "",
                                                          .addresses = sums->senders,
                                                          .failed = sums->failed,
                                                          .first_day = sums->first_day,
                                                          .last_day = sums->last_day});
    return reader->organization < 0 ? -1 : 0;
}

static int add_address(void *context, const struct sender_row *row)
{
    struct reader *reader = context;
    struct snapshot *snapshot = reader->snapshot;
    if ((reader->organization < 0 || reader->organization_id != row->organization_id) &&
        begin_organization(reader, row) != 0)
        return -1;
    struct item item = {
        .level = ADDRESS,
        .organization = item_at(reader, reader->organization)->organization,
        .name = snapshot_text(snapshot, row->sending_mta_ip),
        .host_name = snapshot_text(snapshot, row->host_name),
        .result_types = snapshot_text(snapshot, row->result_types),
        .mx_hosts = snapshot_text(snapshot, row->mx_hosts),
        .failed = row->failed,
        .first_day = row->first_day,
        .last_day = row->last_day,
    };
    return add_item(reader, item) < 0 ? -1 : snapshot_stopped(snapshot);
}

static enum db_status load_senders(const struct request *request, struct db *db,
                                   struct snapshot *snapshot)
{
    struct figures *figures = arena_alloc(&snapshot->arena, sizeof *figures);
    struct reader reader = {snapshot, -1, 0};
    snapshot->figures = figures;
    if (figures == NULL)
        return DB_MEMORY;
    enum db_status status = query_worst_senders(db, request->scope.domain, request->range,
                                                SENDERS_MAX, &figures->total, add_address, &reader);
    end_organization(&reader);
    snapshot_cut(snapshot, 0, SENDERS_MAX, figures->total.senders);
    for (size_t i = 0; i < snapshot->rows[0].count; i++)
        item_at(&reader, (int64_t)i)->whole = figures->total.failed;
    if (status == DB_OK)
        status = query_total(db, request->scope.domain, request->range, &figures->summaries);
    return status;
}

/* At first branches are open only if all of them fit on the screen. */
static void loaded(struct view *view)
{
    enum { AROUND = 10 };
    struct senders *senders = view->state;
    struct table *table = &view->tables[0];
    table->hidden = 0;
    table_hide_empty(table);
    if (!senders->decided)
        table_set_shut(table, table->rows.count + AROUND > (size_t)terminal_rows());
    senders->decided = table->rows.count > 0;
}

/* --- drawing --- */

static void draw_head(const struct view *view, int y, int columns_wide)
{
    const struct figures *figures = view_figures(view);
    const struct sender_total *total = &figures->total;
    char failed[32], senders[32], organizations[32], most[32];
    int x = 1;
    format_count(total->failed, 20, failed);
    format_count(total->senders, 20, senders);
    format_count(total->organizations, 20, organizations);
    format_count(SENDERS_MAX, 20, most);
    if (total->failed == 0 && figures->summaries.failed > 0) {
        format_count(figures->summaries.failed, 20, failed);
        put_format(y, x, columns_wide - x, STYLE_WARN,
                   "%s failed, and no report names the senders: 7 shows who reported them", failed);
        return;
    }
    x += put_format(y, x, columns_wide - x, total->failed > 0 ? STYLE_WARN : STYLE_GOOD,
                    "%s failed", total->failed > 0 ? failed : "None");
    if (total->failed > 0)
        x += put_format(
            y, x, columns_wide - x, STYLE_NORMAL, " from %s sender%s of %s organization%s", senders,
            total->senders == 1 ? "" : "s", organizations, total->organizations == 1 ? "" : "s");
    if (total->senders > SENDERS_MAX)
        x += put_format(y, x, columns_wide - x, STYLE_WARN, ": the worst %s", most);
    format_count(figures->summaries.failed, 20, failed);
    if (total->failed > figures->summaries.failed) /* of some reporters they do not agree */
        put_format(y, x, columns_wide - x, STYLE_WARN, "; the summaries count %s",
                   figures->summaries.failed > 0 ? failed : "none");
}

static void draw_item(const struct item *item, struct area area)
{
    char text[VALUE_TEXT_MAX], failed[32], first[DAY_TEXT], last[DAY_TEXT];
    format_count(item->failed, 20, failed);
    bool address = item->level == ADDRESS;
    snprintf(text, sizeof text, "%.1000s %.1000s %.1000s", item->organization,
             item->level == ORGANIZATION ? ""
             : item->name[0] != '\0'     ? item->name
                                         : "(address not reported)",
             item->host_name);
    take_lines(&area, STYLE_STRONG, text);
    snprintf(text, sizeof text, "%s failed%s, %s to %s: %s", failed, address ? "" : " together",
             day_format(item->first_day, first), day_format(item->last_day, last),
             item->result_types);
    take_lines(&area, STYLE_NORMAL, text);
    snprintf(text, sizeof text, "on the way to %s", item->mx_hosts);
    if (item->mx_hosts[0] != '\0')
        take_lines(&area, STYLE_NORMAL, text);
}

static void draw_senders(struct view *view, struct area area)
{
    enum { FOOT = 4 };
    const struct item *item = table_current(&view->tables[0]);
    struct area list = {area.y + 1, 1, area.rows - 1, area.columns - 1};
    struct area foot = view_take_foot(&list, FOOT);
    draw_head(view, area.y, area.columns);
    table_draw(&view->tables[0], list, true);
    if (item != NULL)
        draw_item(item, foot);
}

/* --- acting --- */

static void open_item(struct view *view)
{
    struct table *table = &view->tables[0];
    const struct item *item = table_current(table);
    struct scope scope = view->scope;
    if (item == NULL)
        return;
    if (item->level != ADDRESS) {
        table_set_open(table, !table_is_open(table, item));
        return;
    }
    scope.organization = item->organization;
    scope.sending_mta_ip = item->name;
    app_open(view->app, &view_details, &scope);
}

static bool act(struct view *view, enum action action)
{
    struct table *table = &view->tables[0];
    switch (action) {
    case ACT_OPEN:
        open_item(view);
        return true;
    case ACT_SHUT:
        if (!table_set_open(table, false) && !table_go_up(table))
            app_back(view->app);
        return true;
    case ACT_GROUP:
        view->scope.grouped = !view->scope.grouped;
        view->stale = true;
        return true;
    default:
        return false;
    }
}

const struct view_type view_senders = {
    .name = "Senders",
    .help = "Who failed to deliver: each organization with its addresses, those that failed most "
            "first. Enter opens and shuts an organization, and shows the failures of an address. "
            "w puts the addresses of a /24 or /64 together. Of more than 10,000 senders those that "
            "fail most are listed; the sums of organizations are of all.",
    .panes = {{"Senders", &senders_table}},
    .pane_count = 1,
    .actions = {ACT_OPEN, ACT_SHUT, ACT_GROUP},
    .load = load_senders,
    .loaded = loaded,
    .draw = draw_senders,
    .act = act,
    .state_size = sizeof(struct senders),
};
