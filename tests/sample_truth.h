/*
 * sample_truth.h - what an importer should make of the sample.
 *
 * Counted where the reports are made, without any code of the programs.
 */
#ifndef TLSRPTOP_TESTS_SAMPLE_TRUTH_H
#define TLSRPTOP_TESTS_SAMPLE_TRUTH_H

#include <stdint.h>
#include <stdio.h>

#include "../db/vocab.h"
#include "sample_report.h"

struct sample_totals {
    int64_t reports;
    int64_t successful[POLICY_TLSA + 1]; /* by enum policy_type */
    int64_t failed[POLICY_TLSA + 1];
};

struct sample_truth {
    struct sample_totals *domains; /* by their number */
    unsigned count;
    int64_t outcomes[OUTCOME_END];
};

/* Returns 0, or -1 when memory is short. */
int truth_init(struct sample_truth *truth, unsigned domains);
void truth_free(struct sample_truth *truth);

/* REPORT, on domain number DOMAIN, is to be imported. */
void truth_count(struct sample_truth *truth, unsigned domain, const struct sample_report *report);

/* Writes lines of fields with a tab between:
 *   reports   DOMAIN  NUMBER
 *   sessions  DOMAIN  POLICY-TYPE  SUCCESSFUL  FAILED
 *   outcome   OUTCOME NUMBER
 * DOMAIN in A-labels; domains and types without any are left out. */
void truth_write(const struct sample_truth *truth, FILE *file);

#endif
