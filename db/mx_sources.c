#include "mx_sources.h"

#include <stdlib.h>
#include <string.h>

#include "growing.h"
#include "statement.h"

enum { FACTS_MAX = 1 << 16 /* of one part */ };

void mx_sources_free(struct mx_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        free(sources->parts[i].bytes);
    free(sources->parts);
    free(sources->facts);
}

/* Takes over BYTES, of SIZE; NULL: memory was short. */
static void add_part(struct mx_sources *sources, unsigned char *bytes, size_t size)
{
    struct mx_part *parts =
        with_room(sources->parts, sources->count, &sources->capacity, sizeof *parts);
    if (parts != NULL)
        sources->parts = parts;
    if (bytes == NULL || parts == NULL) {
        sources->short_of_memory = true;
        free(bytes);
        return;
    }
    parts[sources->count++] = (struct mx_part){.bytes = bytes, .at = bytes, .end = bytes + size};
}

static void pack_facts(struct mx_sources *sources)
{
    size_t size = 0;
    if (sources->fact_count == 0)
        return;
    unsigned char *bytes = mx_sums_pack(sources->facts, sources->fact_count, &size);
    add_part(sources, bytes, size);
    sources->fact_count = 0;
}

bool mx_sources_add(void *context, int day, const struct sender_sum *sum)
{
    struct mx_sources *sources = context;
    (void)day;
    if (sources->fact_count == FACTS_MAX)
        pack_facts(sources);
    struct mx_fact *facts =
        with_room(sources->facts, sources->fact_count, &sources->fact_capacity, sizeof *facts);
    sources->short_of_memory = sources->short_of_memory || facts == NULL;
    if (sources->short_of_memory)
        return false;
    sources->facts = facts;
    facts[sources->fact_count++] =
        (struct mx_fact){sum->mx_host, sum->result_type, sum->sending_ip, sum->failed};
    return true;
}

enum db_status mx_sources_add_block(struct mx_sources *sources, int level, int day)
{
    static const char select[] = "SELECT hosts FROM total_mx_of_mine WHERE level = ? AND block = ?";
    enum db_status status = DB_OK;
    sqlite3_stmt *statement = db_statement(sources->db, select);
    db_bind_integers(statement, (int64_t[]){level, day >> 2 * level}, 2);
    if (statement_next(sources->db, statement, &status)) {
        const void *kept = sqlite3_column_blob(statement, 0);
        size_t size = (size_t)sqlite3_column_bytes(statement, 0);
        unsigned char *bytes = malloc(size + 1);
        if (bytes != NULL && size > 0)
            memcpy(bytes, kept, size);
        add_part(sources, bytes, size);
    } else if (status == DB_OK) {
        status = db_damaged(sources->db, "a row of total_mx_of_mine is missing");
    }
    return db_done(statement, status);
}

enum db_status mx_sources_finish(struct mx_sources *sources)
{
    pack_facts(sources);
    return sources->short_of_memory ? db_complain(sources->db, DB_MEMORY, "out of memory") : DB_OK;
}
