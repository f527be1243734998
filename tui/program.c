#include "program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void program_find(const char *name, char path[static PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length > 0) {
        path[length] = '\0';
        char *base = strrchr(path, '/') + 1;
        size_t room = (size_t)(path + PATH_MAX - base);
        if ((size_t)snprintf(base, room, "%s", name) < room && access(path, X_OK) == 0)
            return;
    }
    snprintf(path, PATH_MAX, "%s", name);
}
