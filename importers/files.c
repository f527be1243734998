#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../db/visible.h"
#include "listing.h"
#include "progress.h"
#include "records.h"
#include "stop.h"

enum {
    PATH_TEXT = 2 * PATH_MAX,
    NAME_TEXT = PATH_TEXT + 64, /* with what tells a record from others */
    REASON_TEXT = 256,
    DEPTH_MAX = 64 /* folders in folders: each holds a descriptor */
};

/* Which file it is, whatever its name. */
struct identity {
    dev_t device;
    ino_t inode;
};

/* To open a file of the database and close it again would take away the locks
 * that this process holds on it (see "How To Corrupt An SQLite Database File", and
 * run_lock.h). */
static const char *const database_files[] = {"", "-wal", "-shm", "-journal", "-runs"};
enum { DATABASE_FILES = sizeof database_files / sizeof *database_files };

struct files {
    struct files_settings settings;
    struct records records;
    struct identity own[2 * DATABASE_FILES];
    size_t own_count;
    char path[PATH_TEXT]; /* of what is read now */
    char name[NAME_TEXT]; /* the same as the journal has it */
};

/* A folder that is being read, and those above it. */
struct folder {
    const struct folder *above;
    struct identity identity;
    int depth;
    bool maildir;
};

static struct identity identity_of(const struct stat *about)
{
    return (struct identity){about->st_dev, about->st_ino};
}

static bool is_same(struct identity a, struct identity b)
{
    return a.device == b.device && a.inode == b.inode;
}

/* Of a database that is a symbolic link some files are beside the link, and some
 * beside what it leads to. */
static void find_own_files(struct files *files, const char *database)
{
    char path[PATH_TEXT];
    struct stat about;
    for (size_t i = 0; i < DATABASE_FILES; i++) {
        snprintf(path, sizeof path, "%s%s", database, database_files[i]);
        if (stat(path, &about) == 0)
            files->own[files->own_count++] = identity_of(&about);
    }
}

struct files *files_new(const struct files_settings *settings)
{
    struct files *files = calloc(1, sizeof *files);
    if (files == NULL)
        return NULL;
    files->settings = *settings;
    records_init(&files->records, settings->message_max);
    char target[PATH_MAX];
    if (settings->database != NULL) {
        find_own_files(files, settings->database);
        if (realpath(settings->database, target) != NULL)
            find_own_files(files, target);
    }
    return files;
}

void files_free(struct files *files)
{
    if (files == NULL)
        return;
    records_free(&files->records);
    free(files);
}

/* --- names --- */

/* Appends NAME to the path of length LENGTH; returns the new length, or 0 when
 * it does not fit. */
static size_t enter(struct files *files, size_t length, const char *name)
{
    const char *slash = length > 0 && files->path[length - 1] == '/' ? "" : "/";
    size_t room = PATH_TEXT - length;
    int added = snprintf(files->path + length, room, "%s%s", slash, name);
    if (added >= 0 && (size_t)added < room)
        return length + (size_t)added;
    files->path[length] = '\0';
    return 0;
}

static bool is_plain(const char *text)
{
    while (*text >= ' ' && *text <= '~')
        text++;
    return *text == '\0';
}

/* The name of the file, or of RECORD in it, for people and the journal. */
static const char *show_name(struct files *files, const struct record *record)
{
    char *name = files->name;
    if (is_plain(files->path))
        memcpy(name, files->path, strlen(files->path) + 1);
    else
        text_visible(files->path, name, PATH_TEXT);
    if (record == NULL || (record->alone && record->kind != RECORD_MBOX))
        return name;
    size_t length = strlen(name);
    snprintf(name + length, NAME_TEXT - length, ", %s %" PRIu64 " at byte %" PRIu64,
             record->kind == RECORD_MBOX ? "message" : "report", record->number, record->offset);
    return name;
}

/* --- what cannot be read --- */

/* Leaves out what is no file, as nobody expects a report in it. */
static int leave_out(struct files *files, const char *reason)
{
    if (!files->settings.quiet)
        say("%s: left out: it is %s", show_name(files, NULL), reason);
    return 0;
}

__attribute__((format(printf, 3, 4))) static int
damaged(struct files *files, const struct record *record, const char *format, ...)
{
    char reason[REASON_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    struct place place = {.name = show_name(files, record)};
    return pipeline_damaged(files->settings.pipeline, &place, reason);
}

/* The file or folder cannot be read, for want of something that is none of its own: then the
 * run is over. */
static int unreadable(struct files *files, const char *what, int error)
{
    if (error != EMFILE && error != ENFILE && error != ENOMEM)
        return damaged(files, NULL, "%s: %s", what, strerror(error));
    say("%s: %s", show_name(files, NULL), strerror(error));
    return -1;
}

/* NAME in FOLDER could not be opened. */
static int refused(struct files *files, int folder, const char *name)
{
    int error = errno;
    struct stat about;
    bool there = fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0;
    if (error == ENOENT && !there && folder != AT_FDCWD)
        return 0; /* moved while the folder was read: the next run finds it */
    if (there && S_ISLNK(about.st_mode) && (error == ENOENT || error == ELOOP))
        return damaged(files, NULL, "it is a symbolic link that leads nowhere");
    return unreadable(files, "it cannot be opened", error);
}

/* --- files --- */

static int hand_over(struct files *files, const struct record *record)
{
    if (record->too_long)
        return damaged(files, record, "it is longer than the %zu bytes that are read",
                       files->settings.message_max);
    struct place place = {.name = show_name(files, record)};
    return pipeline_message(files->settings.pipeline, &place, record->bytes, record->size);
}

/* Hands over what FD holds.  Returns 1 when it cannot be read, with errno. */
static int read_records(struct files *files, int fd, uint64_t size, bool waits)
{
    struct record record;
    int more;
    records_open(&files->records, fd, size, waits);
    while ((more = records_next(&files->records, &record)) > 0) {
        if (stop_requested() || hand_over(files, &record) != 0)
            return -1;
    }
    return more < 0 ? 1 : 0;
}

static int read_file(struct files *files, int fd, uint64_t size)
{
    int result = read_records(files, fd, size, false);
    return result > 0 ? damaged(files, NULL, "it cannot be read: %s", strerror(errno)) : result;
}

int files_read_stream(struct files *files, int fd, const char *name)
{
    snprintf(files->path, sizeof files->path, "%s", name);
    pipeline_flush(files->settings.pipeline); /* who knows when the next one comes */
    int result = read_records(files, fd, 0, true);
    if (result > 0 && errno != ECANCELED)
        say("%s: cannot be read: %s", name, strerror(errno));
    return result != 0 ? -1 : 0;
}

/* --- folders --- */

static int read_folder(struct files *files, int fd, size_t length, const struct folder *above);

static bool is_own(const struct files *files, const struct stat *about)
{
    for (size_t i = 0; i < files->own_count; i++)
        if (is_same(files->own[i], identity_of(about)))
            return true;
    return false;
}

static const char *kind_of(mode_t mode)
{
    return S_ISSOCK(mode) ? "a socket" : S_ISFIFO(mode) ? "a pipe" : "a device";
}

/* Reads NAME in the folder open as FD, whose path is in files->path with LENGTH
 * bytes.  What is neither file nor folder is not even opened. */
static int read_named(struct files *files, int fd, const char *name, size_t length,
                      const struct folder *folder)
{
    struct stat about;
    if (fstatat(fd, name, &about, 0) != 0)
        return refused(files, fd, name);
    bool is_folder = S_ISDIR(about.st_mode);
    if (!is_folder && !S_ISREG(about.st_mode))
        return leave_out(files, kind_of(about.st_mode));
    if (is_own(files, &about))
        return leave_out(files, "the database");
    int entry = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (entry < 0)
        return refused(files, fd, name);
    if (is_folder)
        return read_folder(files, entry, length, folder);
    int result = read_file(files, entry, (uint64_t)about.st_size);
    close(entry);
    return result;
}

/* Reads NAME in the folder open as FD whose path has LENGTH bytes. */
static int read_entry(struct files *files, int fd, size_t length, const char *name,
                      const struct folder *folder)
{
    if (stop_requested())
        return -1;
    size_t longer = enter(files, length, name);
    if (longer == 0)
        return damaged(files, NULL, "it holds a path too long to be read");
    int result = read_named(files, fd, name, longer, folder);
    files->path[length] = '\0';
    return result;
}

static bool has_folder(int fd, const char *name)
{
    struct stat about;
    return fstatat(fd, name, &about, 0) == 0 && S_ISDIR(about.st_mode);
}

/* Is NAME not to be read with the other entries of FOLDER? */
static bool is_left_out(const struct folder *folder, bool folders, const char *name)
{
    if (!folder->maildir)
        return name[0] == '.';
    return !folders || strcmp(name, "new") == 0 || strcmp(name, "tmp") == 0;
}

/* Reads the folders in the folder, or everything else in it. */
static int read_entries(struct files *files, DIR *stream, size_t length,
                        const struct folder *folder, bool folders)
{
    struct listing listing;
    const char *name;
    int result = 0;
    bool first = true;
    listing_open(&listing, stream, folders, LISTING_NAMES_MAX);
    while (result == 0 && (name = listing_next(&listing)) != NULL) {
        if (first && !folders && !folder->maildir)
            progress_expect(listing.total);
        first = false;
        if (!is_left_out(folder, folders, name))
            result = read_entry(files, dirfd(stream), length, name, folder);
    }
    if (result == 0 && errno != 0)
        result = unreadable(files, "the folder cannot be read", errno);
    listing_close(&listing);
    return result;
}

static int read_folder(struct files *files, int fd, size_t length, const struct folder *above)
{
    struct stat about = {0};
    fstat(fd, &about);
    struct folder folder = {.above = above,
                            .identity = identity_of(&about),
                            .depth = above == NULL ? 1 : above->depth + 1,
                            .maildir = has_folder(fd, "cur") && has_folder(fd, "new")};
    DIR *stream = NULL;
    int result = 0;
    for (const struct folder *up = above; up != NULL; up = up->above) {
        if (is_same(up->identity, folder.identity)) {
            result = leave_out(files, "a link to a folder that it is in");
            goto out;
        }
    }
    if (folder.depth > DEPTH_MAX)
        result = damaged(files, NULL, "it is deeper than %d folders", DEPTH_MAX);
    else if ((stream = fdopendir(fd)) == NULL)
        result = unreadable(files, "it cannot be read", errno);
    if (stream != NULL && folder.maildir)
        result = read_entry(files, fd, length, "new", &folder);
    if (stream != NULL && result == 0)
        result = read_entries(files, stream, length, &folder, false);
    if (stream != NULL && result == 0)
        result = read_entries(files, stream, length, &folder, true);
out:
    if (stream != NULL)
        closedir(stream);
    else
        close(fd);
    return result;
}

/* --- what was named --- */

/* Is PATH read as it comes: a pipe, or a device? */
static bool is_stream(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && (S_ISFIFO(about.st_mode) || S_ISCHR(about.st_mode));
}

static int read_stream_at(struct files *files, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return refused(files, AT_FDCWD, path);
    int result = files_read_stream(files, fd, path);
    close(fd);
    return result;
}

int files_read(struct files *files, const char *path)
{
    char absolute[PATH_MAX];
    bool found = realpath(path, absolute) != NULL;
    progress_source(path, "");
    snprintf(files->path, sizeof files->path, "%s", found ? absolute : path);
    if (is_stream(path))
        return read_stream_at(files, path);
    return read_named(files, AT_FDCWD, path, strlen(files->path), NULL);
}
