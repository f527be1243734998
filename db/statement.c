#include "statement.h"

#include <string.h>

bool statement_next(struct db *db, sqlite3_stmt *statement, enum db_status *status)
{
    bool row = false;
    if (*status == DB_OK)
        *status = db_step(db, statement, &row);
    if (!row)
        sqlite3_reset(statement);
    return row;
}

struct totals statement_totals(sqlite3_stmt *statement, int column)
{
    return (struct totals){
        .reports = sqlite3_column_int64(statement, column),
        .successful = sqlite3_column_int64(statement, column + 1),
        .failed = sqlite3_column_int64(statement, column + 2),
    };
}

void totals_add(struct totals *sum, struct totals totals)
{
    sum->reports += totals.reports;
    sum->successful += totals.successful;
    sum->failed += totals.failed;
}

struct day_statement statement_day(sqlite3_stmt *statement, int column)
{
    return (struct day_statement){
        .day = sqlite3_column_int(statement, column),
        .dane = (enum dane_state)sqlite3_column_int(statement, column + 1),
        .sts = (enum sts_state)sqlite3_column_int(statement, column + 2),
        .not_found = sqlite3_column_int(statement, column + 3) != 0,
        .fetch_error = sqlite3_column_int(statement, column + 4) != 0,
    };
}

static const char separator[] = ", ";
enum { SEPARATOR = sizeof separator - 1 };

bool joined_has(const char *list, const char *text, size_t length)
{
    while (*list != '\0') {
        const char *end = strstr(list, separator);
        size_t size = end == NULL ? strlen(list) : (size_t)(end - list);
        if (size == length && memcmp(list, text, length) == 0)
            return true;
        list += size + (end == NULL ? 0 : SEPARATOR);
    }
    return false;
}

void join_nothing(struct joined *joined)
{
    joined->length = 0;
    joined->text[0] = '\0';
}

void join(struct joined *joined, const char *text)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    size_t length = strlen(text);
    if (length == 0 || joined_has(joined->text, text, length))
        return;
    /* there is always room left for a separator and the ellipsis */
    if (joined->length + SEPARATOR + length + SEPARATOR + sizeof ellipsis > JOINED_MAX) {
        text = ellipsis;
        length = sizeof ellipsis - 1;
        if (joined_has(joined->text, text, length))
            return;
    }
    if (joined->length > 0) {
        memcpy(joined->text + joined->length, separator, SEPARATOR);
        joined->length += SEPARATOR;
    }
    memcpy(joined->text + joined->length, text, length + 1);
    joined->length += length;
}
