/*
 * driver.c - runs a fuzz target without libFuzzer: over each file given, or in
 * each folder given, and over a fixed number of mutations of it.  The same call
 * does the same every time.
 *
 *   driver [-m MUTATIONS] PATH...
 */
#include <ftw.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

enum { FILE_MAX = 1024 * 1024, OPEN_FOLDERS_MAX = 8 };

static long mutations = 100;
static unsigned long runs;

/* xorshift64 */
static uint64_t random_state;

static size_t random_below(size_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return bound == 0 ? 0 : (size_t)(random_state % bound);
}

/* Hands over a copy of just that size, so that sanitizers see its end. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

/* Changes BYTES (with room for as much again) in one place; returns the size. */
static size_t mutate(uint8_t *bytes, size_t size)
{
    static const char *const words[] = {"\n--", "=?",       "\"",     "\r\n\r\n", "Content-Type: ",
                                        "*0*=", "\x1f\x8b", "PK\3\4", "PK\5\6",   "{\"policies\":[",
                                        "-1",   "1e999",    "null",   "[",        "\\u0000",
                                        "\xff", ";"};
    size_t at = random_below(size), length = random_below(size - at < 64 ? size - at : 64);
    const char *word = words[random_below(sizeof words / sizeof *words)];
    switch (random_below(4)) {
    case 0:
        if (size > 0)
            bytes[at] = (uint8_t)random_below(256);
        return size;
    case 1: /* a piece less */
        memmove(bytes + at, bytes + at + length, size - at - length);
        return size - length;
    case 2: /* a piece twice */
        memmove(bytes + at + length, bytes + at, size - at);
        return size + length;
    default:
        memmove(bytes + at + strlen(word), bytes + at, size - at);
        memcpy(bytes + at, word, strlen(word));
        return size + strlen(word);
    }
}

static void run_file(const uint8_t *bytes, size_t size)
{
    uint8_t *changed = malloc(size + 8 * 64);
    if (changed == NULL)
        abort();
    run(bytes, size);
    random_state = 0x9e3779b97f4a7c15 ^ size;
    for (long i = 0; i < mutations; i++) {
        size_t changed_size = size;
        memcpy(changed, bytes, size);
        for (size_t changes = 1 + random_below(8); changes > 0; changes--)
            changed_size = mutate(changed, changed_size);
        run(changed, changed_size);
    }
    free(changed);
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *place)
{
    static uint8_t bytes[FILE_MAX];
    (void)status;
    (void)place;
    if (type != FTW_F)
        return 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run_file(bytes, size);
    return 0;
}

int main(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "m:")) != -1) {
        if (option != 'm')
            return 64;
        mutations = strtol(optarg, NULL, 10);
    }
    for (int i = optind; i < argc; i++) {
        if (nftw(argv[i], visit, OPEN_FOLDERS_MAX, FTW_PHYS) != 0)
            return 1;
    }
    printf("%lu inputs\n", runs);
    return runs > 0 ? 0 : 1;
}
