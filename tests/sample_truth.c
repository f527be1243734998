#include "sample_truth.h"

#include <inttypes.h>
#include <stdlib.h>

int truth_init(struct sample_truth *truth, unsigned domains)
{
    *truth = (struct sample_truth){.count = domains};
    truth->domains = calloc(domains, sizeof *truth->domains);
    return truth->domains == NULL ? -1 : 0;
}

void truth_free(struct sample_truth *truth)
{
    free(truth->domains);
}

void truth_count(struct sample_truth *truth, unsigned domain, const struct sample_report *report)
{
    struct sample_totals *totals = &truth->domains[domain];
    totals->reports++;
    truth->outcomes[OUTCOME_IMPORTED]++;
    for (unsigned i = 0; i < report->policy_count; i++) {
        const struct sample_policy *policy = &report->policies[i];
        totals->successful[policy->type] += policy->successful;
        totals->failed[policy->type] += policy->failed;
    }
}

void truth_write(const struct sample_truth *truth, FILE *file)
{
    for (unsigned i = 0; i < truth->count; i++) {
        const struct sample_totals *totals = &truth->domains[i];
        struct sample_domain domain = sample_domain(i);
        if (totals->reports == 0)
            continue;
        fprintf(file, "reports\t%s\t%" PRId64 "\n", domain.name, totals->reports);
        for (int type = POLICY_NOT_FOUND; type <= POLICY_TLSA; type++) {
            if (totals->successful[type] + totals->failed[type] > 0)
                fprintf(file, "sessions\t%s\t%s\t%" PRId64 "\t%" PRId64 "\n", domain.name,
                        policy_type_name(type), totals->successful[type], totals->failed[type]);
        }
    }
    for (int outcome = OUTCOME_IMPORTED; outcome < OUTCOME_END; outcome++)
        fprintf(file, "outcome\t%s\t%" PRId64 "\n", outcome_name((enum outcome)outcome),
                truth->outcomes[outcome]);
}
