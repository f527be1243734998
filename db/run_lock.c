#include "run_lock.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static int open_file(const char *path, int flags)
{
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%s-runs", path) >= (int)sizeof name)
        return -1;
    return open(name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static struct flock byte_of(int64_t run)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = run, .l_len = 1};
}

int run_lock(const char *path, int64_t run)
{
    struct flock byte = byte_of(run);
    int locks = open_file(path, O_RDWR | O_CREAT);
    if (locks >= 0 && fcntl(locks, F_OFD_SETLK, &byte) == 0)
        return locks;
    if (locks >= 0)
        close(locks);
    return -1;
}

int run_locks_open(const char *path)
{
    return open_file(path, O_RDONLY);
}

bool run_is_locked(int locks, int64_t run)
{
    struct flock byte = byte_of(run);
    return locks >= 0 && fcntl(locks, F_OFD_GETLK, &byte) == 0 && byte.l_type != F_UNLCK;
}
