#include "processes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GENERATIONS_MAX = 16, PATH_BYTES = 512 };

static bool tree_sleeps(pid_t pid, int generations);

static FILE *open_in(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    return length < PATH_BYTES ? fopen(path, "re") : NULL;
}

/* The state stands behind the name, which may hold anything. */
static bool thread_sleeps(const char *task)
{
    char line[512];
    FILE *file = open_in(task, "stat");
    if (file == NULL)
        return true;
    line[fread(line, 1, sizeof line - 1, file)] = '\0';
    fclose(file);
    const char *name_end = strrchr(line, ')');
    return name_end == NULL || strncmp(name_end, ") ", 2) != 0 ||
           strchr("STtZX", name_end[2]) != NULL;
}

static bool children_sleep(const char *task, int generations)
{
    int child;
    bool asleep = true;
    FILE *file = open_in(task, "children");
    if (file == NULL)
        return true;
    while (asleep && fscanf(file, "%d", &child) == 1)
        asleep = tree_sleeps(child, generations - 1);
    fclose(file);
    return asleep;
}

static bool tree_sleeps(pid_t pid, int generations)
{
    char tasks[64], task[PATH_BYTES];
    bool asleep = true;
    snprintf(tasks, sizeof tasks, "/proc/%d/task", (int)pid);
    DIR *folder = generations > 0 ? opendir(tasks) : NULL;
    if (folder == NULL)
        return true;
    for (struct dirent *entry; asleep && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(task, sizeof task, "%s/%s", tasks, entry->d_name);
        asleep = thread_sleeps(task) && children_sleep(task, generations);
    }
    closedir(folder);
    return asleep;
}

bool processes_sleep(pid_t pid)
{
    return tree_sleeps(pid, GENERATIONS_MAX);
}
