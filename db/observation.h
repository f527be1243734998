/*
 * observation.h - what the live check saw, and host names of senders.
 *
 * Functions return enum db_status as db.h says.
 *
 * PROBLEMS is a JSON array, worst first, of objects with five strings:
 *   severity   "error" (mail or its protection is lost), "warning" (to be put
 *              right) or "note" (worth knowing)
 *   code       names the kind of problem for scripts: "sts-mx-not-covered"
 *   text       one sentence: what is wrong
 *   remedy     one sentence: what to do about it
 *   reference  "RFC 8461 section 4.1"
 *
 * EVIDENCE is a JSON object.  What does not apply is left out.  Times are
 * strings as instant_format() writes them, and no text holds a control character
 * but the '\n' between lines of a policy.
 *   dnssec    of the domain's own zone: "secure", "insecure", "bogus",
 *             "unverifiable" (behind this resolver), "unknown" (no answer)
 *   mx        {state, alias, hosts}: state is "found", "implicit" (no MX: the
 *             domain's own address), "null" (accepts no mail: no mode matters),
 *             "missing", "nxdomain", "bogus" or "unknown"; alias is where a CNAME led.
 *             hosts, by preference: {name, preference, alias, addresses,
 *             dnssec, tlsa, covered, certificate}.
 *     tlsa         {state, base, records}: state is "usable", "unusable" (no
 *                  record a sender can use), "insecure" (there, but not signed),
 *                  "none", "bogus", "unverifiable" or "unknown"; base is the name
 *                  they stand at; records are "3 1 1 0d6f..."
 *     covered      by an mx pattern of the policy: true or false
 *     certificate  with --mx: {state, subject, issuer, names, expires, webpki,
 *                  dane}: state is "seen", "no-starttls", "failed" (TLS did not
 *                  come about), "no-smtp" (or no TLS for now) or "unreached"; webpki
 *                  is "valid", or what is wrong ("expired on 2026-11-23"); dane is
 *                  "match", "mismatch", "wrong-name", "invalid" (the chain), or "none"
 *   tlsrpt    {state, alias, records, rua}: state is "found", "absent",
 *             "several", "invalid", "bogus" or "unknown"
 *   sts       {state, alias, records, id, fetch, policy, previous}: state is
 *             "found" (a policy is in force), "absent", "several" or "invalid"
 *             (of the record), "failed" (the policy cannot be had), "bogus" or
 *             "unknown" (no answer for now)
 *     fetch        {result, status, content_type, expires}: result is "ok" or what
 *                  is wrong; expires, when ok, of the policy host's certificate
 *     policy       {text, id, mode, max_age, mx, since, seen}: in force; first seen
 *                  so at `since` and last at `seen` (left out when just now).  Where none
 *                  can be had, the one that senders keep.
 *     previous     {text, id, mode, max_age, since, seen, until}: the one before it,
 *                  last seen at `seen`: senders may go on using it until `until`.  Left
 *                  out after that.
 *   dane      {state, hosts, of}: state is "all", "some" (`hosts` of `of` MX hosts),
 *             "unusable", "insecure-mx" (the hosts have TLSA records, the domain
 *             is not signed), "none", "bogus", "unverifiable" or "unknown"
 *   kept      {dane, sts}: of which mechanism the mode is the last one known,
 *             because asking failed, and when it was last seen
 *   ways      {dane, sts}: {state, needs}: state is "done", "open", "closed"
 *             (others must move first) or "unknown"; needs is a list of sentences
 *             with OBSERVATION_ID in them
 */
#ifndef TLSRPTOP_DB_OBSERVATION_H
#define TLSRPTOP_DB_OBSERVATION_H

#include <stddef.h>
#include <stdint.h>

#include "db.h"

/* Stands in a need for an id that no sender has kept: what is stored stays the same from look
 * to look. */
#define OBSERVATION_ID "id=TIME"

/* Writes NEED with an id of the instant NOW in its place. */
void observation_need(const char *need, int64_t now, char *text, size_t size);
#include "vocab.h"

/* A live check counts as "now" for so long. */
enum { OBSERVATION_FRESH_DAYS = 7 };

/* One look at a domain by DNS, HTTPS and, where asked for, SMTP. */
struct observation {
    int64_t first_time; /* the same has been seen since then... */
    int64_t last_time;  /* ...until then */
    enum tls_mode mode;
    const char *evidence; /* a JSON object, above */
    const char *problems; /* a JSON array, above */
};

/* Stores what was seen of DOMAIN (normalised) at last_time: a new row when
 * anything but addresses differs from the newest or that is not fresh any more, else
 * its last_time moves on.  *CHANGED tells which.  What was stored for a time to come is
 * brought back to last_time. */
enum db_status observation_store(struct db *db, const char *domain, const char *mine,
                                 const struct observation *observation, bool *changed);

/* Observations of a domain, newest first, LIMIT at the most (0: all). */
typedef int observation_row_fn(void *context, const struct observation *observation);
enum db_status observation_each(struct db *db, int64_t domain, int64_t limit,
                                observation_row_fn *row, void *context);

/* Sending addresses whose name was never asked, then those that gave no answer, or gave it
 * before BEFORE: what was asked the longest ago comes first. */
typedef int address_fn(void *context, const char *ip);
enum db_status observation_unnamed(struct db *db, int64_t before, address_fn *row, void *context);

/* NAME is the confirmed host name of IP at TIME; "" when there is none.  NULL: nobody
 * answered, and the name of before stays. */
enum db_status observation_name(struct db *db, const char *ip, const char *name, int64_t time);

#endif
