/*
 * advice.h - the way of a domain from opportunistic TLS to enforced, and the
 * next step on it.
 *
 *   opportunistic -> TLS reporting -> MTA-STS testing -> review -> enforce, or DANE
 *
 * Pure functions over what evidence.h gathers: the standing of a domain, which
 * is cheap enough for a list of all, and the evidence about one.  Reports come from
 * anybody, so no figure proves much alone; thresholds say how much is asked for.
 */
#ifndef TLSRPTOP_DB_ADVICE_H
#define TLSRPTOP_DB_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "config.h"
#include "evidence.h"

/* --- the next step --- */

enum advice_step {
    STEP_OPPORTUNISTIC, /* no report has come yet */
    STEP_REPORTING,     /* reports come, and there is no policy */
    STEP_TESTING,       /* MTA-STS testing, and too early to tell */
    STEP_REVIEW,        /* testing has run for long enough: can it be enforced? */
    STEP_ENFORCE,       /* MTA-STS enforce */
    STEP_DANE,
    STEPS
};

/* "Opportunistic TLS", "TLS reporting", "MTA-STS testing"... */
const char *advice_step_label(enum advice_step step);

/* The most urgent first: the order in which a postmaster wants to know. */
enum next_step {
    NEXT_FIX_FAILURES,
    NEXT_FIND_NAME,    /* the check was told that the domain does not exist */
    NEXT_RESTORE_STS,  /* there is none, by the check or by reports, and there had been */
    NEXT_FIX_PROBLEMS, /* that the live check found */
    NEXT_FIND_REPORTS, /* they came once, and do not any more */
    NEXT_ENFORCE,
    NEXT_START_TESTING,
    NEXT_PUBLISH_TLSRPT,
    NEXT_MORE_REPORTS, /* not enough of them to tell */
    NEXT_KEEP_TESTING,
    NEXT_WAIT, /* for the first report */
    NEXT_NOTHING
};

/* Where a domain is, and what it is to do now. */
enum advice_step advice_step(const struct standing *standing,
                             const struct advice_settings *settings);
enum next_step advice_next(const struct standing *standing, const struct advice_settings *settings);

/* "fix-failures", "enforce"...: for scripts, whatever the words on the screen. */
const char *advice_next_name(enum next_step next);

/* How soon that is to be done, the smallest first: by the step, and before all others
 * what fails in a mode that refuses. */
int advice_urgency(const struct standing *standing, const struct advice_settings *settings);

/* Where it is, in words: the label of its step, or what that leaves out, "DANE +
 * enforce" and "MTA-STS broken". */
const char *advice_place(const struct standing *standing, const struct advice_settings *settings);

/* The next step in 18 columns, if the windows are under 100 days: "publish TLS-RPT",
 * "testing: day 9/14", "fix 312 in 7 days" (failures), "keep watching"... */
enum { ADVICE_LABEL = 25 };
const char *advice_label(const struct standing *standing, const struct advice_settings *settings,
                         char label[static ADVICE_LABEL]);

/* The thresholds of [advice], and as the address for reports the user of the
 * first [imap] account, if it is an address.  CONFIG must outlive SETTINGS. */
void advice_read_settings(const struct config *config, struct advice_settings *settings);

/* --- all of the advice --- */

enum { ADVICE_SENTENCES = 24, ADVICE_TEXTS = 4 };

struct sentences {
    const char *text[ADVICE_SENTENCES];
    size_t count;
};

/* Something to be published, to the letter. */
struct publication {
    const char *kind;  /* "TXT record", "policy file"... */
    const char *where; /* "_mta-sts.example.com", "https://mta-sts.example.com/..." */
    const char *text;  /* '\n' behind each line of a file */
};

struct advice {
    enum advice_step step;
    enum next_step next;
    char label[ADVICE_LABEL];
    const char *summary;        /* one sentence: may it move on? */
    struct sentences evidence;  /* what was counted */
    struct sentences held_back; /* by what, each with its number; none: by nothing */
    struct sentences to_do;
    struct sentences ways; /* "DANE or MTA-STS?": which is open, and what it takes */
    struct publication texts[ADVICE_TEXTS];
    size_t text_count;
};

/* Fills in ADVICE from EVIDENCE at the instant NOW, which the id of a changed
 * policy is made from.  Strings belong to ARENA or EVIDENCE.  Returns 0, or -1
 * when memory is short. */
int advice_make(const struct evidence *evidence, const struct advice_settings *settings,
                int64_t now, struct arena *arena, struct advice *advice);

#endif
