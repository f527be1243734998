#include "findings.h"

#include <stdlib.h>
#include <string.h>

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_slices(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static int compare_tlsa(const void *a, const void *b)
{
    const struct tlsa *x = a, *y = b;
    int order = x->usage != y->usage         ? x->usage - y->usage
                : x->selector != y->selector ? x->selector - y->selector
                                             : x->matching - y->matching;
    struct slice x_data = {(const char *)x->data, x->length};
    struct slice y_data = {(const char *)y->data, y->length};
    return order != 0 ? order : slice_compare(x_data, y_data);
}

void findings_sort(struct findings *findings)
{
    struct txt_look *texts[] = {&findings->tlsrpt, &findings->sts};
    for (size_t i = 0; i < 2; i++) {
        size_t kept = texts[i]->count < TXT_RECORDS_MAX ? texts[i]->count : TXT_RECORDS_MAX;
        qsort(texts[i]->records, kept, sizeof *texts[i]->records, compare_slices);
    }
    for (size_t i = 0; i < findings->mx_count; i++) {
        struct mx_host *host = findings->mx[i].host;
        qsort(host->addresses.list, host->addresses.count, sizeof *host->addresses.list,
              compare_texts);
        qsort(host->tlsa.records, host->tlsa.count, sizeof *host->tlsa.records, compare_tlsa);
        qsort(host->tlsa_alias.records, host->tlsa_alias.count, sizeof *host->tlsa.records,
              compare_tlsa);
    }
}
