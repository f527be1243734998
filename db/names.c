#include "names.h"

#include "connection.h"

struct name {
    struct key id;
    const char *text;
};

void names_init(struct names *names, struct db *db, const char *select)
{
    *names = (struct names){.db = db, .select = select, .texts.row_size = sizeof(struct name)};
    arena_init(&names->arena, 0);
}

void names_free(struct names *names)
{
    key_map_free(&names->texts);
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

const char *names_get(struct names *names, int64_t id, enum db_status *status)
{
    if (*status != DB_OK)
        return "";
    struct name *name = key_map_row(&names->texts, &(struct key){{id}});
    if (name == NULL) {
        *status = db_complain(names->db, DB_MEMORY, "out of memory");
        return "";
    }
    if (name->text == NULL)
        name->text = read_text(names, id, status);
    return *status == DB_OK ? name->text : "";
}
