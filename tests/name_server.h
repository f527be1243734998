/*
 * name_server.h - a small DNS of our own: a signed root and zones below it.
 *
 * One nsd serves them all; what is delegated is delegated to itself.  Needs nsd and
 * ldnsutils.  Whatever cannot be done ends the program with a sentence.
 */
#ifndef TLSRPTOP_TESTS_NAME_SERVER_H
#define TLSRPTOP_TESTS_NAME_SERVER_H

#include <stddef.h>
#include <sys/types.h>

enum zone_kind {
    ZONE_SIGNED,
    ZONE_UNSIGNED,
    ZONE_EXPIRED, /* its signatures are of 2020 */
    ZONE_BOGUS,   /* the parent vouches for another key */
    ZONE_FORGED,  /* its TLSA records were changed after signing */
    ZONE_MISSING  /* SERVFAIL */
};

struct zone {
    const char *name; /* "example"; "." for the root, which must be the last */
    enum zone_kind kind;
    const char *records; /* all but SOA, NS and DNSSEC, in the format of RFC 1035 section 5 */
};

struct name_server {
    pid_t pid;
    int port; /* of 127.0.0.1 */
};

/* Signs and serves COUNT ZONES, children before their parents, with all files in FOLDER:
 * among them "anchor", which vouches for the root. */
struct name_server name_server_start(const char *folder, const struct zone *zones, size_t count);
void name_server_stop(const struct name_server *server);

#endif
