#include "check_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what)
{
    fprintf(stderr, "check_world: %s\n", what);
    exit(1);
}

static void *must(void *memory)
{
    if (memory == NULL)
        fail("out of memory");
    return memory;
}

/* --- texts --- */

static void append(char **text, const char *more)
{
    size_t length = *text != NULL ? strlen(*text) : 0;
    *text = must(realloc(*text, length + strlen(more) + 1));
    strcpy(*text + length, more);
}

/* TEXT with every WORD replaced by VALUE. */
static char *replace(char *text, const char *word, const char *value)
{
    char *found = strstr(text, word), *replaced = NULL;
    if (found == NULL)
        return text;
    *found = '\0';
    append(&replaced, text);
    append(&replaced, value);
    char *rest = replace(must(strdup(found + strlen(word))), word, value);
    append(&replaced, rest);
    free(rest);
    free(text);
    return replaced;
}

/* Bytes that a table cannot hold: they are cut out of a policy when it is written. */
static void write_policy(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        fail(path);
    for (; *text != '\0'; text++) {
        const char *escapes = "r\r0\0e\033n\n";
        if (text[0] != '\\') {
            putc(*text, file);
            continue;
        }
        text++;
        for (int i = 0; i < 8; i += 2) {
            if (escapes[i] == *text)
                putc(escapes[i + 1], file);
        }
    }
    if (fclose(file) != 0)
        fail(path);
}

/* --- the table --- */

static const char *const zone_kinds[] = {
    [ZONE_SIGNED] = "signed", [ZONE_UNSIGNED] = "unsigned", [ZONE_EXPIRED] = "expired",
    [ZONE_BOGUS] = "bogus",   [ZONE_FORGED] = "forged",     [ZONE_MISSING] = "missing"};
static const char *const certificate_kinds[] = {
    [CERTIFICATE_GOOD] = "good",       [CERTIFICATE_EXPIRED] = "expired",
    [CERTIFICATE_ENDING] = "ending",   [CERTIFICATE_NAMELESS] = "nameless",
    [CERTIFICATE_UNKNOWN] = "unknown",
};

static int find_word(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (word != NULL && strcmp(words[i], word) == 0)
            return (int)i;
    }
    fail(word != NULL ? word : "a word is missing");
    return 0;
}

static void add_zone(struct world *world, char *words)
{
    world->zones = must(realloc(world->zones, (world->zone_count + 1) * sizeof *world->zones));
    struct zone *zone = &world->zones[world->zone_count++];
    zone->name = strtok(words, " ");
    zone->kind = (enum zone_kind)find_word(strtok(NULL, " "), zone_kinds, 6);
    zone->records = NULL;
}

static struct world_case *add_case(struct world *world, char *words, bool is_domain)
{
    world->cases = must(realloc(world->cases, (world->case_count + 1) * sizeof *world->cases));
    struct world_case *added = &world->cases[world->case_count++];
    *added = (struct world_case){.name = strtok(words, " "), .is_domain = is_domain};
    snprintf(added->address, sizeof added->address, "127.0.%zu.%zu", 1 + world->case_count / 250,
             1 + world->case_count % 250);
    append(&added->dns, "");
    append(&added->policy, "");
    return added;
}

/* "MANNER [CERTIFICATE [NAME]]" */
static void set_server(struct world_server *server, char *words)
{
    server->manner = strtok(words, " ");
    const char *kind = strtok(NULL, " ");
    server->kind = CERTIFICATE_GOOD;
    if (kind != NULL)
        server->kind = (enum certificate_kind)find_word(kind, certificate_kinds, 5);
    server->certificate_name = strtok(NULL, " ");
}

static void read_table(struct world *world)
{
    struct world_case *now = NULL;
    char **content = NULL; /* where what is indented belongs */
    char *rest = world->text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        size_t indentation = strspn(line, " \t");
        if (line[indentation] == '\0' || line[0] == '#')
            continue;
        if (indentation > 0) {
            if (content != NULL) {
                append(content, line + indentation);
                append(content, "\n");
            }
            continue;
        }
        char *words = line + strcspn(line, " ");
        words += *words == ' ' ? (*words = '\0', 1) : 0;
        content = NULL;
        if (strcmp(line, "zone") == 0) {
            add_zone(world, words);
        } else if (strcmp(line, "host") == 0 || strcmp(line, "domain") == 0) {
            now = add_case(world, words, line[0] == 'd');
        } else if (now == NULL) {
            fail(line);
        } else if (strcmp(line, "dns") == 0) {
            content = &now->dns;
        } else if (strcmp(line, "https") == 0) {
            set_server(&now->https, words);
            content = &now->policy;
        } else if (strcmp(line, "smtp") == 0) {
            set_server(&now->smtp, words);
        } else if (strcmp(line, "mode") == 0) {
            now->mode = words;
        } else if (strcmp(line, "problems") == 0) {
            now->problems = words;
        } else if (strcmp(line, "with-mx") == 0) {
            now->with_mx = words;
        } else {
            fail(line);
        }
    }
}

/* --- what follows from it --- */

static void make_certificate(const struct world *world, struct world_server *server,
                             const char *prefix, const char *name)
{
    char full[300];
    if (server->manner == NULL)
        return;
    snprintf(full, sizeof full, "%s%s", prefix, name);
    server->certificate = certificate_new(
        world->issuer, server->certificate_name != NULL ? server->certificate_name : full,
        server->kind);
}

/* What stands for the data of a TLSA record.  A word that another begins with comes
 * behind that. */
static void fill_in(struct world_case *filled)
{
    static const struct {
        const char *word;
        int depth, selector, matching;
    } words[] = {{"$issuer-full", 1, 0, 0}, {"$issuer-key", 1, 1, 1}, {"$issuer", 1, 0, 1},
                 {"$key512", 0, 1, 2},      {"$key", 0, 1, 1},        {"$cert", 0, 0, 1},
                 {"$full", 0, 0, 0}};
    filled->dns = replace(filled->dns, "$address", filled->address);
    for (size_t i = 0; i < sizeof words / sizeof *words && filled->smtp.manner != NULL; i++) {
        char *data = certificate_tlsa(filled->smtp.certificate, words[i].depth, words[i].selector,
                                      words[i].matching);
        filled->dns = replace(filled->dns, words[i].word, data);
        free(data);
    }
}

static bool lies_in(const char *name, const char *zone)
{
    size_t length = strlen(name), zone_length = strlen(zone);
    return strcmp(zone, ".") == 0 ||
           (length >= zone_length && strcmp(name + length - zone_length, zone) == 0 &&
            (length == zone_length || name[length - zone_length - 1] == '.'));
}

/* Gathers the records of each zone; the first that a name lies in has it. */
static void fill_zones(struct world *world)
{
    for (size_t i = 0; i < world->zone_count; i++) {
        char *records = NULL;
        append(&records, "");
        for (size_t j = 0; j < world->case_count; j++) {
            const struct world_case *filled = &world->cases[j];
            size_t zone = 0;
            while (!lies_in(filled->name, world->zones[zone].name))
                zone++;
            if (zone != i)
                continue;
            append(&records, "$ORIGIN ");
            append(&records, filled->name);
            append(&records, ".\n");
            append(&records, filled->dns);
        }
        append(&records, "$ORIGIN ");
        append(&records, strcmp(world->zones[i].name, ".") == 0 ? "" : world->zones[i].name);
        append(&records, ".\n");
        world->zones[i].records = records;
    }
}

void world_policy_path(const struct world *world, const char *domain, char path[WORLD_PATH])
{
    snprintf(path, WORLD_PATH, "%s/policy-%s", world->folder, domain);
}

static void start_servers(struct world *world)
{
    size_t web_count = 0, mail_count = 0;
    struct tls_site *web = must(calloc(world->case_count + 1, sizeof *web));
    struct tls_site *mail = must(calloc(world->case_count + 1, sizeof *mail));
    for (size_t i = 0; i < world->case_count; i++) {
        const struct world_case *served = &world->cases[i];
        char path[WORLD_PATH], *name = NULL;
        world_policy_path(world, served->name, path);
        append(&name, "mta-sts.");
        append(&name, served->name);
        if (served->https.manner != NULL) {
            write_policy(path, served->policy);
            web[web_count++] = (struct tls_site){name, served->https.manner, must(strdup(path)),
                                                 served->https.certificate};
        } else {
            free(name);
        }
        if (served->smtp.manner != NULL)
            mail[mail_count++] = (struct tls_site){served->address, served->smtp.manner, NULL,
                                                   served->smtp.certificate};
    }
    world->web = web_server_start(web, web_count);
    world->mail = mail_server_start(mail, mail_count);
    for (size_t i = 0; i < web_count; i++) {
        free((char *)web[i].name);
        free((char *)web[i].path);
    }
    free(web);
    free(mail);
}

/* Writes a line, unless the key is among those of MORE. */
__attribute__((format(printf, 4, 5))) static void set(FILE *file, const char *more, const char *key,
                                                      const char *format, ...)
{
    char text[2 * WORLD_PATH];
    snprintf(text, sizeof text, "%s = ", key);
    if (strstr(more, text) != NULL)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(file, "%s = %s\n", key, text);
}

void world_configure(const struct world *world, int resolver_port, const char *more)
{
    FILE *file = fopen(world->config, "w");
    if (file == NULL)
        fail(world->config);
    fprintf(file, "[check]\n");
    set(file, more, "resolver", "127.0.0.1@%d", resolver_port);
    set(file, more, "trust-anchor", "%s/anchor", world->folder);
    set(file, more, "ca-file", "%s/ca.pem", world->folder);
    set(file, more, "connect-to", "mta-sts.refused.example:443:127.0.0.1:1, :443:127.0.0.1:%d",
        world->web.port);
    set(file, more, "smtp-port", "%d", world->mail.port);
    fputs(more, file);
    if (fclose(file) != 0)
        fail(world->config);
}

void world_start(struct world *world, const char *folder, const char *table,
                 const struct dns_relay_wishes *wishes)
{
    char path[WORLD_PATH];
    *world = (struct world){.text = must(strdup(table))};
    snprintf(world->folder, sizeof world->folder, "%s", folder);
    snprintf(world->config, sizeof world->config, "%s/config", folder);
    snprintf(path, sizeof path, "%s/ca.pem", folder);
    world->root = certificate_issuer(NULL, "The root of the tests");
    world->issuer = certificate_issuer(world->root, "The authority of the tests");
    certificate_write(world->root, path);
    read_table(world);
    for (size_t i = 0; i < world->case_count; i++) {
        struct world_case *filled = &world->cases[i];
        make_certificate(world, &filled->https, "mta-sts.", filled->name);
        make_certificate(world, &filled->smtp, "", filled->name);
        fill_in(filled);
    }
    fill_zones(world);
    world->dns = name_server_start(folder, world->zones, world->zone_count);
    world->relay = dns_relay_start(world->dns.port, wishes);
    start_servers(world);
    world_configure(world, world->relay.port, "");
}

void world_stop(struct world *world)
{
    tls_server_stop(&world->web);
    tls_server_stop(&world->mail);
    dns_relay_stop(&world->relay);
    name_server_stop(&world->dns);
    for (size_t i = 0; i < world->zone_count; i++)
        free((char *)world->zones[i].records);
    for (size_t i = 0; i < world->case_count; i++) {
        free(world->cases[i].dns);
        free(world->cases[i].policy);
        certificate_free(world->cases[i].https.certificate);
        certificate_free(world->cases[i].smtp.certificate);
    }
    certificate_free(world->issuer);
    certificate_free(world->root);
    free(world->zones);
    free(world->cases);
    free(world->text);
}
