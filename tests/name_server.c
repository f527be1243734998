#include "name_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATH_BYTES = 512,
    COMMAND_BYTES = 2048,
    KEY_NAME = 300,
    READY_TRIES = 400 /* of 50 ms */
};

struct building {
    const char *folder;
    const struct zone *zones;
    size_t count;
    char **delegations; /* of each zone: records that its children need in it */
};

static void fail(const char *what)
{
    fprintf(stderr, "name_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Runs a command of the shell in FOLDER; LINE gets the first line it writes. */
__attribute__((format(printf, 3, 4))) static void run(const char *folder, char line[KEY_NAME],
                                                      const char *format, ...)
{
    char command[COMMAND_BYTES], rest[KEY_NAME];
    int used = snprintf(command, sizeof command, "cd '%s' && ", folder);
    va_list args;
    va_start(args, format);
    vsnprintf(command + used, sizeof command - (size_t)used, format, args);
    va_end(args);
    FILE *pipe = popen(command, "re");
    if (pipe == NULL)
        fail(command);
    if (line != NULL && fgets(line, KEY_NAME, pipe) != NULL)
        line[strcspn(line, "\n")] = '\0';
    while (fgets(rest, sizeof rest, pipe) != NULL)
        ;
    if (pclose(pipe) != 0)
        fail(command);
}

static FILE *create(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        fail(path);
    return file;
}

/* The name of a zone's files; the root's has no name of its own. */
static const char *file_name(const struct zone *zone)
{
    return strcmp(zone->name, ".") == 0 ? "root" : zone->name;
}

/* NAME with its final dot. */
static const char *absolute(const struct zone *zone)
{
    static char text[KEY_NAME];
    snprintf(text, sizeof text, "%s%s", zone->name, strcmp(zone->name, ".") == 0 ? "" : ".");
    return text;
}

static bool is_parent(const struct zone *parent, const struct zone *zone)
{
    size_t length = strlen(parent->name), zone_length = strlen(zone->name);
    if (strcmp(parent->name, ".") == 0)
        return true;
    return zone_length > length + 1 && zone->name[zone_length - length - 1] == '.' &&
           strcmp(zone->name + zone_length - length, parent->name) == 0;
}

/* The nearest zone behind zone I that it lies in; the root is the last. */
static size_t parent_of(const struct building *building, size_t i)
{
    for (size_t j = i + 1; j < building->count; j++) {
        if (is_parent(&building->zones[j], &building->zones[i]))
            return j;
    }
    fail("a zone without a parent");
    return 0;
}

static void append(char **text, const char *more)
{
    char *joined;
    if (asprintf(&joined, "%s%s", *text != NULL ? *text : "", more) < 0)
        fail("memory");
    free(*text);
    *text = joined;
}

/* --- zones --- */

static void write_zone(const struct building *building, size_t i)
{
    const struct zone *zone = &building->zones[i];
    FILE *file = create(building->folder, file_name(zone));
    fprintf(file,
            "$ORIGIN %s\n$TTL 300\n"
            "@ SOA ns.example. hostmaster.example. 1 3600 600 86400 300\n@ NS ns.example.\n",
            absolute(zone));
    fprintf(file, "%s\n%s\n", zone->records,
            building->delegations[i] != NULL ? building->delegations[i] : "");
    if (fclose(file) != 0)
        fail(zone->name);
}

static void make_key(const struct building *building, const struct zone *zone, char key[KEY_NAME])
{
    run(building->folder, key, "ldns-keygen -a ECDSAP256SHA256 -k '%s'", absolute(zone));
}

static void read_record(const struct building *building, const char *key, const char *ending,
                        char line[COMMAND_BYTES])
{
    char path[PATH_BYTES + KEY_NAME];
    snprintf(path, sizeof path, "%s/%s.%s", building->folder, key, ending);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(line, COMMAND_BYTES, file) == NULL)
        fail(path);
    fclose(file);
}

/* What the parent says of zone I: for a root that is the anchor. */
static void vouch(const struct building *building, size_t i, const char *key)
{
    char record[COMMAND_BYTES];
    read_record(building, key, "ds", record);
    if (i + 1 == building->count) {
        FILE *file = create(building->folder, "anchor");
        fputs(record, file);
        fclose(file);
    } else {
        append(&building->delegations[parent_of(building, i)], record);
    }
}

static void sign_zone(const struct building *building, size_t i)
{
    char key[KEY_NAME], other[KEY_NAME];
    const struct zone *zone = &building->zones[i];
    make_key(building, zone, key);
    run(building->folder, NULL, "ldns-signzone %s -f '%s.signed' -o '%s' '%s' '%s'",
        zone->kind == ZONE_EXPIRED ? "-i 20200101 -e 20200201" : "", file_name(zone),
        absolute(zone), file_name(zone), key);
    if (zone->kind == ZONE_FORGED)
        run(building->folder, NULL, "sed -i 's/TLSA\t3 1 1 /TLSA\t3 0 1 /' '%s.signed'",
            file_name(zone));
    if (zone->kind == ZONE_BOGUS)
        make_key(building, zone, other);
    vouch(building, i, zone->kind == ZONE_BOGUS ? other : key);
}

static void build(const struct building *building)
{
    for (size_t i = 0; i < building->count; i++) {
        const struct zone *zone = &building->zones[i];
        char delegation[2 * KEY_NAME];
        if (zone->kind != ZONE_MISSING)
            write_zone(building, i);
        if (zone->kind != ZONE_MISSING && zone->kind != ZONE_UNSIGNED)
            sign_zone(building, i);
        if (i + 1 == building->count)
            return;
        snprintf(delegation, sizeof delegation, "%s NS ns.example.\n", absolute(zone));
        append(&building->delegations[parent_of(building, i)], delegation);
    }
}

/* --- nsd --- */

/* A port that is free for UDP and TCP, if nobody takes it meanwhile. */
static int find_port(void)
{
    for (int tries = 0; tries < 100; tries++) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        socklen_t size = sizeof address;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
        bool is_free = bind(udp, (struct sockaddr *)&address, size) == 0 &&
                       getsockname(udp, (struct sockaddr *)&address, &size) == 0 &&
                       bind(tcp, (struct sockaddr *)&address, size) == 0;
        close(udp);
        close(tcp);
        if (is_free)
            return ntohs(address.sin_port);
    }
    fail("no port is free");
    return 0;
}

static void write_config(const struct building *building, int port)
{
    FILE *file = create(building->folder, "nsd.conf");
    fprintf(file,
            "server:\n  ip-address: 127.0.0.1@%d\n  username: \"\"\n  chroot: \"\"\n"
            "  zonesdir: \"%s\"\n  database: \"\"\n  pidfile: \"\"\n  logfile: \"%s/nsd.log\"\n"
            "  xfrdfile: \"%s/xfrd\"\n  xfrdir: \"%s\"\n  zonelistfile: \"%s/zones\"\n"
            "  server-count: 1\n  rrl-ratelimit: 0\n  zonefiles-write: 0\n"
            "remote-control:\n  control-enable: no\n",
            port, building->folder, building->folder, building->folder, building->folder,
            building->folder);
    for (size_t i = 0; i < building->count; i++) {
        const struct zone *zone = &building->zones[i];
        fprintf(file, "zone:\n  name: \"%s\"\n  zonefile: \"%s%s\"\n", zone->name, file_name(zone),
                zone->kind == ZONE_MISSING || zone->kind == ZONE_UNSIGNED ? "" : ".signed");
    }
    if (fclose(file) != 0)
        fail("nsd.conf");
}

/* Asks for the root's SOA until there is an answer. */
static void wait_until_ready(int port)
{
    static const unsigned char query[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ready = false;
    for (int tries = 0; tries < READY_TRIES && !ready; tries++) {
        unsigned char answer[512];
        sendto(fd, query, sizeof query, 0, (struct sockaddr *)&address, sizeof address);
        struct pollfd watched = {.fd = fd, .events = POLLIN};
        ready = poll(&watched, 1, 50) == 1 && recv(fd, answer, sizeof answer, 0) > 0;
        if (!ready)
            usleep(50 * 1000);
    }
    close(fd);
    if (!ready)
        fail("nsd does not answer");
}

struct name_server name_server_start(const char *folder, const struct zone *zones, size_t count)
{
    struct building building = {.folder = folder, .zones = zones, .count = count};
    struct name_server server = {.port = find_port()};
    char config[PATH_BYTES];
    building.delegations = calloc(count, sizeof *building.delegations);
    if (building.delegations == NULL)
        fail("memory");
    build(&building);
    write_config(&building, server.port);
    snprintf(config, sizeof config, "%s/nsd.conf", folder);
    for (size_t i = 0; i < count; i++)
        free(building.delegations[i]);
    free(building.delegations);
    server.pid = fork();
    if (server.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execlp("nsd", "nsd", "-d", "-c", config, (char *)NULL);
        execl("/usr/sbin/nsd", "nsd", "-d", "-c", config, (char *)NULL);
        _exit(127);
    }
    wait_until_ready(server.port);
    return server;
}

void name_server_stop(const struct name_server *server)
{
    kill(server->pid, SIGTERM);
    waitpid(server->pid, NULL, 0);
}
