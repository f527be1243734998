/*
 * check_world.h - a world for the live check: DNS, web and mail servers on this machine,
 * built from a table of cases.
 *
 * The table is text.  What begins a line is a word of these; what is indented below it
 * belongs to it:
 *
 *   zone NAME KIND      signed, unsigned, expired, bogus, forged or missing
 *   host NAME           an MX host or whatever is no case of its own
 *   domain NAME         a case; indented, in words, what it is about
 *   dns                 records, relative to the name above; $address is an address of
 *                       127.0.0.0/8 of its own, and $key, $key512, $cert, $full, $issuer,
 *                       $issuer-key and $issuer-full are data for TLSA records
 *   https MANNER [CERTIFICATE [NAME]]   its policy, which is indented; \r \0 \e stand
 *                       for such bytes, and \n for one more line
 *   smtp MANNER [CERTIFICATE [NAME]]
 *   mode MODE           that the check has to find
 *   problems CODE...    all of them, notes as well, in any order
 *   with-mx CODE...     the same with --mx, where it differs
 *
 * MANNER is a word of tls_server.c, CERTIFICATE one of good, expired, ending, nameless
 * and unknown, for NAME if it is given.
 */
#ifndef TLSRPTOP_TESTS_CHECK_WORLD_H
#define TLSRPTOP_TESTS_CHECK_WORLD_H

#include <stdbool.h>

#include "certificate.h"
#include "dns_relay.h"
#include "name_server.h"
#include "tls_server.h"

enum { WORLD_PATH = 512 };

struct world_server {
    const char *manner; /* NULL: there is none */
    const char *certificate_name;
    enum certificate_kind kind;
    struct certificate *certificate;
};

struct world_case {
    const char *name;
    bool is_domain; /* a case of its own */
    char *dns;
    struct world_server https, smtp;
    char *policy;
    char address[32];
    const char *mode;
    const char *problems; /* codes with a space between; NULL: none */
    const char *with_mx;  /* NULL: as `problems` */
};

struct world {
    char folder[64];
    char config[WORLD_PATH];
    char *text; /* of the table, cut up */
    struct zone *zones;
    size_t zone_count;
    struct world_case *cases;
    size_t case_count;
    struct certificate *root;   /* that is trusted */
    struct certificate *issuer; /* of all servers' */
    struct name_server dns;
    struct dns_relay relay; /* between the check and `dns` */
    struct tls_server web, mail;
};

/* Builds the world of TABLE, with all files in FOLDER, and a relay that does as WISHES say. */
void world_start(struct world *world, const char *folder, const char *table,
                 const struct dns_relay_wishes *wishes);
void world_stop(struct world *world);

/* Writes the configuration anew: with RESOLVER_PORT, and MORE lines of [check], which
 * replace those that there would be. */
void world_configure(const struct world *world, int resolver_port, const char *more);

/* The file of the policy of DOMAIN, which may be changed at any time. */
void world_policy_path(const struct world *world, const char *domain, char path[WORLD_PATH]);

#endif
