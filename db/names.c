#include "names.h"

#include <stdlib.h>

#include "connection.h"

void names_init(struct names *names, struct db *db, const char *select)
{
    *names = (struct names){.db = db, .select = select};
    arena_init(&names->arena, 0);
}

void names_free(struct names *names)
{
    key_map_free(&names->ids);
    free(names->texts);
    arena_free(&names->arena);
}

static const char *read_text(struct names *names, int64_t id, enum db_status *status)
{
    const char *text = "";
    bool row;
    sqlite3_stmt *statement = db_statement(names->db, names->select);
    db_bind_integers(statement, &id, 1);
    *status = db_step(names->db, statement, &row);
    if (*status == DB_OK && row)
        text = arena_strdup(&names->arena, db_text(statement, 0));
    *status = db_done(statement, *status);
    if (text == NULL)
        *status = db_complain(names->db, DB_MEMORY, "out of memory");
    return text;
}

/* Room for the text of each id. */
static int reserve(struct names *names)
{
    if (names->capacity >= names->ids.capacity)
        return 0;
    const char **texts = reallocarray(names->texts, names->ids.capacity, sizeof *texts);
    if (texts == NULL)
        return -1;
    names->texts = texts;
    names->capacity = names->ids.capacity;
    return 0;
}

const char *names_get(struct names *names, int64_t id, enum db_status *status)
{
    size_t known = names->ids.count;
    if (*status != DB_OK)
        return "";
    size_t number = key_map_number(&names->ids, &(struct key){{id}});
    if (number == KEY_NONE || reserve(names) != 0) {
        *status = db_complain(names->db, DB_MEMORY, "out of memory");
        return "";
    }
    if (number == known)
        names->texts[number] = read_text(names, id, status);
    return *status == DB_OK ? names->texts[number] : "";
}
