#include "sample_box.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { PATH_BYTES = 4096 };

int box_open(struct sample_box *box, enum box_kind kind, const char *path)
{
    static const char *const folders[] = {"", "/tmp", "/cur", "/new"};
    *box = (struct sample_box){.kind = kind, .path = path};
    if (kind == BOX_MBOX) {
        box->mbox = fopen(path, "wx");
        return box->mbox == NULL ? -1 : 0;
    }
    size_t count = kind == BOX_MAILDIR ? sizeof folders / sizeof *folders : 1;
    for (size_t i = 0; i < count; i++) {
        char folder[PATH_BYTES];
        snprintf(folder, sizeof folder, "%s%s", path, folders[i]);
        if (mkdir(folder, 0700) != 0)
            return -1;
    }
    return 0;
}

/* Writes line by line, each with what stands before it and what ends it. */
static void put_lines(FILE *file, const char *bytes, size_t size, bool quote, const char *end)
{
    while (size > 0) {
        const char *newline = memchr(bytes, '\n', size);
        size_t length = newline == NULL ? size : (size_t)(newline - bytes);
        if (quote && length >= 5 && memcmp(bytes + strspn(bytes, ">"), "From ", 5) == 0)
            putc('>', file);
        fwrite(bytes, 1, length, file);
        fputs(end, file);
        size -= newline == NULL ? length : length + 1;
        bytes += length + 1;
    }
}

static int add_to_mbox(struct sample_box *box, const char *bytes, size_t size, int64_t arrived)
{
    char date[32];
    time_t when = (time_t)arrived;
    struct tm parts;
    asctime_r(gmtime_r(&when, &parts), date);
    fprintf(box->mbox, "From tlsrpt@example.com %s", date);
    put_lines(box->mbox, bytes, size, true, "\n");
    putc('\n', box->mbox);
    return ferror(box->mbox) ? -1 : 0;
}

static int write_file(const char *path, const char *bytes, size_t size, bool crlf, int64_t arrived)
{
    FILE *file = fopen(path, "wx");
    if (file == NULL)
        return -1;
    if (crlf)
        put_lines(file, bytes, size, false, "\r\n");
    else
        fwrite(bytes, 1, size, file);
    struct timespec times[2] = {{.tv_sec = (time_t)arrived}, {.tv_sec = (time_t)arrived}};
    bool failed = fflush(file) != 0 || futimens(fileno(file), times) != 0;
    return fclose(file) != 0 || failed ? -1 : 0;
}

int box_add(struct sample_box *box, const char *bytes, size_t size, int64_t arrived)
{
    char path[PATH_BYTES];
    unsigned number = ++box->count;
    if (box->kind == BOX_MBOX)
        return add_to_mbox(box, bytes, size, arrived);
    if (box->kind == BOX_FOLDER)
        snprintf(path, sizeof path, "%s/%06u.eml", box->path, number);
    else
        snprintf(path, sizeof path, "%s/new/%" PRId64 ".M%06uP1.mail.example.com", box->path,
                 arrived, number);
    return write_file(path, bytes, size, box->kind == BOX_FOLDER, arrived);
}

int box_close(struct sample_box *box)
{
    return box->mbox != NULL && fclose(box->mbox) != 0 ? -1 : 0;
}
