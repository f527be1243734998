#include "import_files.h"

#include <fts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../importers/extract.h"
#include "run_program.h"

struct target {
    struct store *store;
    const char *path;
};

static int keep(void *context, struct extracted *found)
{
    const struct target *target = context;
    struct origin origin = {.path = target->path, .part = found->part};
    struct store_result result;
    enum db_status status = found->outcome == OUTCOME_IMPORTED
                                ? store_report(target->store, &origin, found->report, found->bytes,
                                               found->size, &result)
                                : store_refused(target->store, &origin, found->outcome,
                                                found->reason, found->bytes, found->size);
    assert_int_equal(status, DB_OK);
    return 0;
}

void import_bytes(struct store *store, const char *path, const char *bytes, size_t size)
{
    struct extractor *extractor = extractor_new(&default_limits);
    struct target target = {store, path};
    assert_non_null(extractor);
    assert_int_equal(extract(extractor, path, bytes, size, keep, &target), 0);
    extractor_free(extractor);
    store_count_message(store);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

void import_files(struct store *store, const char *path)
{
    char *const roots[] = {(char *)(uintptr_t)path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    assert_non_null(tree);
    for (FTSENT *entry; (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info != FTS_F)
            continue;
        size_t size;
        char *bytes = read_whole_file(entry->fts_path, &size);
        import_bytes(store, entry->fts_path, bytes, size);
        free(bytes);
    }
    fts_close(tree);
    assert_int_equal(store_commit(store), DB_OK);
}
