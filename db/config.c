#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "domain.h"

enum {
    LINE_MAX_BYTES = 4096,
    LINES_MAX = 10000,
    NAME_MAX_BYTES = 40, /* of an account: inih cuts section names at 50 */
    PATH_BYTES = 4096,
};

enum kind { TEXT, NUMBER, SIZE, BOOL, CHOICE, DOMAINS };

struct key {
    const char *section;
    const char *name; /* any_name: the user's choice */
    enum kind kind;
    const char *fallback;
    int64_t least; /* of NUMBER and SIZE */
    int64_t most;
    const char *choices; /* of CHOICE: "keep | move FOLDER", FOLDER being any text */
};

#define KIB INT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)

static const char any_name[] = "NAME";

static const struct key keys[] = {
    {"database", "path", TEXT, "", 0, 0, NULL},
    {"database", "keep-details-days", NUMBER, "0", 0, 36500, NULL},

    {"domains", "mine", DOMAINS, "", 0, 0, NULL},

    {"groups", any_name, DOMAINS, "", 0, 0, NULL},

    {"imap", "host", TEXT, "", 0, 0, NULL},
    {"imap", "port", NUMBER, "0", 1, 65535, NULL},
    {"imap", "security", CHOICE, "tls", 0, 0, "tls | starttls | none"},
    {"imap", "user", TEXT, "", 0, 0, NULL},
    {"imap", "password", TEXT, "", 0, 0, NULL},
    {"imap", "password-command", TEXT, "", 0, 0, NULL},
    {"imap", "password-file", TEXT, "", 0, 0, NULL},
    {"imap", "auth", CHOICE, "auto", 0, 0, "auto | plain | login | cram-md5 | xoauth2"},
    {"imap", "mailbox", TEXT, "INBOX", 0, 0, NULL},
    {"imap", "after-import", CHOICE, "keep", 0, 0, "keep | seen | move FOLDER | delete"},
    {"imap", "damaged", CHOICE, "keep", 0, 0, "keep | move FOLDER"},
    {"imap", "ca-file", TEXT, "", 0, 0, NULL},
    {"imap", "timeout", NUMBER, "60", 1, 3600, NULL},
    {"imap", "idle", BOOL, "yes", 0, 0, NULL},
    {"imap", "poll", NUMBER, "300", 1, 86400, NULL},

    {"import", "message-max", SIZE, "32M", KIB, GIB, NULL},
    {"import", "document-max", SIZE, "64M", KIB, GIB, NULL},
    {"import", "parts-max", NUMBER, "1000", 1, 1000000, NULL},
    {"import", "nesting-max", NUMBER, "32", 1, 100, NULL},
    {"import", "json-depth-max", NUMBER, "32", 4, 1000, NULL},
    {"import", "damaged-item-max", SIZE, "1M", 0, GIB, NULL},
    {"import", "damaged-total-max", SIZE, "100M", 0, 1024 * GIB, NULL},
    {"import", "verify-signatures", BOOL, "no", 0, 0, NULL},

    {"check", "resolver", TEXT, "", 0, 0, NULL},
    {"check", "trust-anchor", TEXT, "", 0, 0, NULL},
    {"check", "ca-file", TEXT, "", 0, 0, NULL},
    {"check", "https-port", NUMBER, "443", 1, 65535, NULL},
    {"check", "smtp-port", NUMBER, "25", 1, 65535, NULL},
    {"check", "connect-to", TEXT, "", 0, 0, NULL},
    {"check", "rua", TEXT, "", 0, 0, NULL},
    {"check", "timeout", NUMBER, "10", 1, 600, NULL},

    {"advice", "testing-days", NUMBER, "14", 1, 365, NULL},
    {"advice", "reporters", NUMBER, "2", 1, 1000, NULL},
    {"advice", "sessions", NUMBER, "20", 1, 1000000000, NULL},
    {"advice", "quiet-days", NUMBER, "7", 1, 365, NULL},
    {"advice", "failures", NUMBER, "0", 0, 1000000, NULL},

    {"display", "theme", CHOICE, "auto", 0, 0, "auto | dark | light | mono"},
    {"display", "ascii", BOOL, "no", 0, 0, NULL},
};
enum { KEYS = sizeof keys / sizeof *keys };

/* A key that was written in the file. */
struct entry {
    const struct key *key;
    const char *name; /* of the section, or the key's own that is any; "" when there is none */
    char *value;
    size_t length, capacity; /* of the value: domains may stand in several lines */
    int64_t number;
    int line;
};

struct account {
    const char *name;
    int line;
};

struct config {
    struct arena arena;
    char path[PATH_BYTES];
    bool public;
    struct entry *entries;
    size_t count, capacity;
    struct account *accounts;
    size_t account_count, account_capacity;
    /* while it is read */
    FILE *file;
    int line;
    char *error;
};

/* The first error stands: what follows may be its consequence. */
__attribute__((format(printf, 2, 3))) static int complain(struct config *config, const char *format,
                                                          ...)
{
    if (config->error[0] != '\0')
        return -1;
    char sentence[CONFIG_ERROR];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (config->line > 0)
        snprintf(config->error, CONFIG_ERROR, "%.200s:%d: %.250s", config->path, config->line,
                 sentence);
    else
        snprintf(config->error, CONFIG_ERROR, "%.200s: %.250s", config->path, sentence);
    return -1;
}

/* --- values --- */

/* Digits, and for sizes a K, M or G behind them.  Returns 0, or -1. */
static int parse_number(const char *text, bool size, int64_t *number)
{
    if (!isdigit((unsigned char)text[0]))
        return -1;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0)
        return -1;
    int64_t unit = 1;
    if (size && *end != '\0') {
        switch (toupper((unsigned char)*end++)) {
        case 'K':
            unit = KIB;
            break;
        case 'M':
            unit = MIB;
            break;
        case 'G':
            unit = GIB;
            break;
        default:
            return -1;
        }
    }
    if (*end != '\0' || value > INT64_MAX / unit)
        return -1;
    *number = value * unit;
    return 0;
}

static int parse_bool(const char *text, int64_t *number)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        for (int value = 0; value < 2; value++) {
            if (strcasecmp(text, words[i][value]) == 0) {
                *number = value;
                return 0;
            }
        }
    }
    return -1;
}

/* Is TEXT one of CHOICES?  One that ends in " FOLDER" wants some text there. */
static bool is_choice(const char *choices, const char *text)
{
    static const char folder[] = " FOLDER";
    while (choices != NULL) {
        const char *next = strstr(choices, " | ");
        size_t length = next != NULL ? (size_t)(next - choices) : strlen(choices);
        if (length > strlen(folder) &&
            strncmp(choices + length - strlen(folder), folder, strlen(folder)) == 0) {
            length -= strlen(folder) - 1; /* the space stays */
            if (strncmp(text, choices, length) == 0 && text[length] != '\0')
                return true;
        } else if (strlen(text) == length && strncmp(text, choices, length) == 0) {
            return true;
        }
        choices = next != NULL ? next + 3 : NULL;
    }
    return false;
}

static const char *show_size(int64_t size, char text[static 32])
{
    static const char units[] = {'\0', 'K', 'M', 'G'};
    size_t unit = 0;
    while (size > 0 && size % KIB == 0 && unit + 1 < sizeof units) {
        size /= KIB;
        unit++;
    }
    snprintf(text, 32, "%lld%c", (long long)size, units[unit]);
    return text;
}

static int check_domains(struct config *config, const struct key *key, const char *name,
                         const char *patterns)
{
    size_t length;
    const char *wrong = domain_wrong_pattern(patterns, &length);
    if (key->name == any_name && patterns[strspn(patterns, ", \t")] == '\0')
        return complain(config, "%s names no domain", name);
    if (wrong == NULL)
        return 0;
    return complain(config, "%s must be domains, or \"*.\" and a domain, not \"%.*s\"", name,
                    length < 60 ? (int)length : 60, wrong);
}

/* NAME is the key's, or the one that was chosen for it. */
static int check_value(struct config *config, const struct key *key, const char *name,
                       const char *value, int64_t *number)
{
    char least[32], most[32];
    *number = 0;
    switch (key->kind) {
    case TEXT:
        return 0;
    case BOOL:
        if (parse_bool(value, number) != 0)
            return complain(config, "%s must be yes or no, not \"%.60s\"", name, value);
        return 0;
    case CHOICE:
        if (!is_choice(key->choices, value))
            return complain(config, "%s must be one of: %s; not \"%.60s\"", name, key->choices,
                            value);
        return 0;
    case NUMBER:
        if (parse_number(value, false, number) != 0 || *number < key->least || *number > key->most)
            return complain(config, "%s must be a number from %lld to %lld, not \"%.60s\"", name,
                            (long long)key->least, (long long)key->most, value);
        return 0;
    case SIZE:
        if (parse_number(value, true, number) != 0 || *number < key->least || *number > key->most)
            return complain(config, "%s must be a size from %s to %s (as 64M), not \"%.60s\"", name,
                            show_size(key->least, least), show_size(key->most, most), value);
        return 0;
    case DOMAINS:
        return check_domains(config, key, name, value);
    }
    return -1;
}

/* --- sections and keys --- */

static const struct key *find_key(const char *section, const char *name)
{
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].section, section) == 0 &&
            (keys[i].name == any_name || strcmp(keys[i].name, name) == 0))
            return &keys[i];
    return NULL;
}

static bool is_section(const char *section)
{
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].section, section) == 0)
            return true;
    return false;
}

static int complain_section(struct config *config, const char *section)
{
    char known[CONFIG_ERROR] = "";
    size_t length = 0;
    for (size_t i = 0; i < KEYS; i++) {
        if (i > 0 && strcmp(keys[i].section, keys[i - 1].section) == 0)
            continue;
        bool named = strcmp(keys[i].section, "imap") == 0;
        length += (size_t)snprintf(known + length, sizeof known - length, " [%s%s]",
                                   keys[i].section, named ? " NAME" : "");
    }
    if (section[0] == '\0')
        return complain(config, "a key before any section; the sections are%s", known);
    return complain(config, "there is no section [%.60s]; there are%s", section, known);
}

static int complain_key(struct config *config, const char *section, const char *name)
{
    char known[CONFIG_ERROR] = "";
    size_t length = 0;
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].section, section) == 0)
            length += (size_t)snprintf(known + length, sizeof known - length, " %s", keys[i].name);
    return complain(config, "[%s] has no key \"%.40s\"; its keys are:%s", section, name, known);
}

static int enter_account(struct config *config, const char *name)
{
    for (size_t i = 0; i < config->account_count; i++)
        if (strcmp(config->accounts[i].name, name) == 0)
            return 0;
    if (strchr(name, '/') != NULL || name[0] == '-' || strlen(name) > NAME_MAX_BYTES)
        return complain(config,
                        "the name \"%.50s\" must not hold a slash, begin with a dash, or be longer "
                        "than %d bytes",
                        name, NAME_MAX_BYTES);
    struct account *accounts = arena_grow(&config->arena, config->accounts, sizeof *accounts,
                                          config->account_count, &config->account_capacity);
    if (accounts == NULL)
        return complain(config, "out of memory");
    config->accounts = accounts;
    accounts[config->account_count].line = config->line;
    accounts[config->account_count].name = arena_strdup(&config->arena, name);
    if (accounts[config->account_count].name == NULL)
        return complain(config, "out of memory");
    config->account_count++;
    return 0;
}

/* Splits "imap work" into section and name.  Both are copied to SECTION. */
static int split_section(struct config *config, char *section, const char **name)
{
    size_t length = strcspn(section, " \t");
    *name = section + length + strspn(section + length, " \t");
    section[length] = '\0';
    if (!is_section(section))
        return complain_section(config, section);
    bool wants_name = strcmp(section, "imap") == 0;
    if (wants_name && (*name)[0] == '\0')
        return complain(config, "[imap] needs a name of your choice, as in [imap work]");
    if (!wants_name && (*name)[0] != '\0')
        return complain(config, "[%s] takes no name", section);
    return wants_name ? enter_account(config, *name) : 0;
}

static struct entry *find_entry(const struct config *config, const struct key *key,
                                const char *name)
{
    int (*differ)(const char *, const char *) = key->name == any_name ? strcasecmp : strcmp;
    for (size_t i = 0; i < config->count; i++)
        if (config->entries[i].key == key && differ(config->entries[i].name, name) == 0)
            return &config->entries[i];
    return NULL;
}

static struct entry *new_entry(struct config *config, const struct key *key, const char *name)
{
    struct entry *entries = arena_grow(&config->arena, config->entries, sizeof *entries,
                                       config->count, &config->capacity);
    const char *copy = arena_strdup(&config->arena, name);
    if (entries == NULL || copy == NULL)
        return NULL;
    config->entries = entries;
    entries[config->count] = (struct entry){.key = key, .name = copy, .line = config->line};
    return &entries[config->count++];
}

/* Puts VALUE behind the one that ENTRY has. */
static int append_value(struct config *config, struct entry *entry, const char *value)
{
    static const char between[] = ", ";
    size_t added = (entry->length > 0 ? strlen(between) : 0) + strlen(value);
    if (entry->length + added >= entry->capacity) {
        size_t capacity = 2 * (entry->length + added) + 1;
        char *longer = arena_alloc(&config->arena, capacity);
        if (longer == NULL)
            return complain(config, "out of memory");
        memcpy(longer, entry->length > 0 ? entry->value : "", entry->length);
        entry->value = longer;
        entry->capacity = capacity;
    }
    snprintf(entry->value + entry->length, added + 1, "%s%s", entry->length > 0 ? between : "",
             value);
    entry->length += added;
    return 0;
}

static int enter_value(struct config *config, const struct key *key, const char *name,
                       const char *value)
{
    int64_t number;
    struct entry *entry = find_entry(config, key, name);
    if (entry != NULL && key->kind != DOMAINS)
        return complain(config, "%s stands in line %d already", key->name, entry->line);
    if (check_value(config, key, key->name == any_name ? name : key->name, value, &number) != 0)
        return -1;
    if (entry == NULL && (entry = new_entry(config, key, name)) == NULL)
        return complain(config, "out of memory");
    entry->number = number;
    return append_value(config, entry, value);
}

/* What filters can write behind "@". */
static int check_group(struct config *config, const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            return complain(config,
                            "the name of a group has letters, digits, - _ and . in it, not as "
                            "\"%.60s\"",
                            name);
    return strlen(name) <= NAME_MAX_BYTES
               ? 0
               : complain(config, "the name \"%.50s\" is longer than %d bytes", name,
                          NAME_MAX_BYTES);
}

/* For inih, which wants nonzero when all is well. */
static int take(void *context, const char *section_text, const char *name, const char *value)
{
    struct config *config = context;
    char section[LINE_MAX_BYTES];
    snprintf(section, sizeof section, "%s", section_text);
    const char *section_name;
    if (config->error[0] != '\0' || split_section(config, section, &section_name) != 0)
        return 0;
    const struct key *key = find_key(section, name);
    if (key == NULL)
        return complain_key(config, section, name), 0;
    if (key->name == any_name && check_group(config, name) != 0)
        return 0;
    if (value == NULL || value[0] == '\0')
        return 1; /* as if it were not there */
    return enter_value(config, key, key->name == any_name ? name : section_name, value) == 0;
}

/* inih tells of a section only with its keys, which may be far below, or none. */
static int check_header(struct config *config, const char *line)
{
    char section[LINE_MAX_BYTES];
    static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, which inih passes over, too */
    if (config->line == 1 && strncmp(line, mark, strlen(mark)) == 0)
        line += strlen(mark);
    const char *name, *end = strchr(line, ']');
    if (line[0] != '[' || end == NULL)
        return 0;
    snprintf(section, sizeof section, "%.*s", (int)(end - line - 1), line + 1);
    return split_section(config, section, &name);
}

/* What stands behind " ;" is a remark to inih; of a password it may be a part, and nobody would
 * know. */
static int check_password(struct config *config, const char *line)
{
    static const char password[] = "password";
    size_t length = strcspn(line, " \t=:");
    if (length != strlen(password) || strncmp(line, password, length) != 0 ||
        (strstr(line, " ;") == NULL && strstr(line, "\t;") == NULL))
        return 0;
    return complain(config,
                    "password must not hold \" ;\": write a remark above it, and a password "
                    "with that in it into a password-file");
}

/* Gives inih a line without its indentation, which it would take for a
 * continuation of the key before. */
static char *read_line(char *line, int size, void *context)
{
    struct config *config = context;
    if (config->error[0] != '\0' || fgets(line, size, config->file) == NULL)
        return NULL;
    config->line++;
    size_t length = strlen(line);
    if (config->line > LINES_MAX)
        return complain(config, "more than %d lines", LINES_MAX), NULL;
    if (length > 0 && line[length - 1] != '\n' && !feof(config->file))
        return complain(config, "the line is too long, or holds a NUL"), NULL;
    size_t indentation = strspn(line, " \t");
    memmove(line, line + indentation, length - indentation + 1);
    return check_header(config, line) == 0 && check_password(config, line) == 0 ? line : NULL;
}

static int check_accounts(struct config *config)
{
    static const char *const needed[] = {"host", "user"};
    for (size_t i = 0; i < config->account_count; i++) {
        for (size_t j = 0; j < sizeof needed / sizeof *needed; j++) {
            const struct account *account = &config->accounts[i];
            config->line = account->line;
            if (find_entry(config, find_key("imap", needed[j]), account->name) == NULL)
                return complain(config, "[imap %s] has no %s", account->name, needed[j]);
        }
    }
    return 0;
}

static int parse(struct config *config)
{
    ini_use_stack = false;
    ini_max_line = LINE_MAX_BYTES;
    ini_initial_alloc = LINE_MAX_BYTES;
    int result = ini_parse_stream(read_line, config, take, config);
    if (result > 0 && result < config->line) /* what is wrong behind that line may follow from it */
        config->error[0] = '\0';
    if (config->error[0] != '\0')
        return -1;
    config->line = result > 0 ? result : 0;
    if (result > 0)
        return complain(config, "neither a [section] nor a \"key = value\"");
    if (result < 0)
        return complain(config, "out of memory");
    if (ferror(config->file))
        return complain(config, "cannot be read: %s", strerror(errno));
    return check_accounts(config);
}

/* --- files --- */

int config_expand(const char *value, char *path, size_t size)
{
    const char *home = getenv("HOME");
    int length;
    if (value[0] == '~' && value[1] == '/' && home != NULL)
        length = snprintf(path, size, "%s%s", home, value + 1);
    else
        length = snprintf(path, size, "%s", value);
    return length >= 0 && (size_t)length < size ? 0 : -1;
}

/* Opens the first default file that exists.  Returns -1 when one cannot be
 * opened; config->file stays NULL when there is none. */
static int open_default(struct config *config)
{
    const char *xdg = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    char candidates[2][PATH_BYTES] = {"", "/etc/tlsrptop/config"};
    if (xdg != NULL && xdg[0] == '/')
        snprintf(candidates[0], PATH_BYTES, "%s/tlsrptop/config", xdg);
    else if (home != NULL)
        snprintf(candidates[0], PATH_BYTES, "%s/.config/tlsrptop/config", home);
    for (size_t i = 0; i < 2 && config->file == NULL; i++) {
        memcpy(config->path, candidates[i], PATH_BYTES);
        config->file = candidates[i][0] != '\0' ? fopen(candidates[i], "re") : NULL;
        if (config->file == NULL && candidates[i][0] != '\0' && errno != ENOENT && errno != ENOTDIR)
            return complain(config, "%s", strerror(errno));
    }
    if (config->file == NULL)
        config->path[0] = '\0';
    return 0;
}

static int open_file(struct config *config, const char *path)
{
    if (path == NULL)
        return open_default(config);
    snprintf(config->path, sizeof config->path, "%s", path);
    config->file = fopen(path, "re");
    return config->file != NULL ? 0 : complain(config, "%s", strerror(errno));
}

int config_read(struct config **out, const char *path, char error[static CONFIG_ERROR])
{
    error[0] = '\0';
    struct config *config = calloc(1, sizeof *config);
    if (config == NULL) {
        snprintf(error, CONFIG_ERROR, "out of memory");
        return -1;
    }
    arena_init(&config->arena, 0);
    config->error = error;
    int result = open_file(config, path);
    if (result == 0 && config->file != NULL) {
        struct stat status;
        config->public = fstat(fileno(config->file), &status) != 0 ||
                         (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
        result = parse(config);
    }
    if (config->file != NULL)
        fclose(config->file);
    config->file = NULL;
    config->error = NULL;
    if (result != 0) {
        config_free(config);
        return -1;
    }
    *out = config;
    return 0;
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    arena_free(&config->arena);
    free(config);
}

/* --- asking --- */

const char *config_path(const struct config *config)
{
    return config->path;
}

bool config_is_public(const struct config *config)
{
    return config->public;
}

const char *config_account(const struct config *config, size_t index)
{
    return index < config->account_count ? config->accounts[index].name : NULL;
}

const char *config_group(const struct config *config, size_t index, const char **domains)
{
    for (size_t i = 0; i < config->count; i++) {
        const struct entry *entry = &config->entries[i];
        if (entry->key->name == any_name && index-- == 0) {
            *domains = entry->value;
            return entry->name;
        }
    }
    return NULL;
}

static const struct entry *find(const struct config *config, const char *section, const char *name,
                                const char *key)
{
    const struct key *known = find_key(section, key);
    return known != NULL ? find_entry(config, known, name != NULL ? name : "") : NULL;
}

const char *config_text(const struct config *config, const char *section, const char *name,
                        const char *key)
{
    const struct entry *entry = find(config, section, name, key);
    if (entry != NULL)
        return entry->value;
    const struct key *known = find_key(section, key);
    return known != NULL ? known->fallback : "";
}

int64_t config_number(const struct config *config, const char *section, const char *name,
                      const char *key)
{
    const struct entry *entry = find(config, section, name, key);
    if (entry != NULL)
        return entry->number;
    const struct key *known = find_key(section, key);
    int64_t number = 0;
    if (known != NULL && known->kind == BOOL)
        parse_bool(known->fallback, &number);
    else if (known != NULL)
        parse_number(known->fallback, known->kind == SIZE, &number);
    return number;
}

bool config_bool(const struct config *config, const char *section, const char *name,
                 const char *key)
{
    return config_number(config, section, name, key) != 0;
}
