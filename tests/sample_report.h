/*
 * sample_report.h - one report of the sample: its figures, and its JSON.
 */
#ifndef TLSRPTOP_TESTS_SAMPLE_REPORT_H
#define TLSRPTOP_TESTS_SAMPLE_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "sample_story.h"

enum { SAMPLE_POLICIES_MAX = 4, SAMPLE_FAILURES_MAX = 12 };

/* What a report is about.  The same occasion gives the same report. */
struct occasion {
    uint64_t seed;
    unsigned domain;
    enum reporter_number reporter;
    int day;  /* the last one covered */
    int last; /* the last day of the whole sample: 1 day before the end */
};

struct sample_failure {
    const char *result_type, *reason_code, *information; /* "" is left out */
    char sender[IP_TEXT];                                /* "" is left out, with the next two */
    char mx[DOMAIN_TEXT];
    char receiver[IP_TEXT];
    int64_t failed;
};

struct sample_policy {
    enum policy_type type;
    const struct phase *phase; /* of an sts policy; NULL: it could not be fetched */
    int mx;                    /* a tlsa policy's MX; -1: all of them */
    int64_t successful, failed;
    struct sample_failure failures[SAMPLE_FAILURES_MAX];
    unsigned failure_count;
};

struct sample_report {
    const struct reporter *reporter;
    const char *organization;
    struct sample_domain domain;
    char id[REPORT_ID_TEXT];
    struct reporter_range range;
    struct sample_policy policies[SAMPLE_POLICIES_MAX];
    unsigned policy_count;
    uint64_t luck; /* for what belongs to it */
};

/* The figures. */
void sample_report_make(const struct occasion *occasion, struct sample_report *report);

/* The recipient domain as its reporter writes it. */
void sample_report_domain(const struct sample_report *report, char name[static DOMAIN_TEXT]);

/* Writes its JSON in its reporter's manner. */
void sample_report_write(const struct sample_report *report, FILE *file);

#endif
