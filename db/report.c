#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "sts_policy.h"

void report_init(struct report *report, size_t limit)
{
    *report = (struct report){
        .organization = "", .report_id = "", .contact = "", .recipient = "", .signed_by = ""};
    arena_init(&report->arena, limit);
}

void report_free(struct report *report)
{
    arena_free(&report->arena);
}

/* The first policy domain that is not of a tlsa policy, else the first. */
static const char *guess_recipient(const struct report *report)
{
    const char *guess = "";
    for (size_t i = 0; i < report->policy_count; i++) {
        const struct policy *policy = &report->policies[i];
        if (policy->domain[0] == '\0')
            continue;
        if (policy_type_find(policy->type) != POLICY_TLSA)
            return policy->domain;
        if (guess[0] == '\0')
            guess = policy->domain;
    }
    return guess;
}

/* Whose sessions these are: a tlsa policy may be named after the MX host, the
 * TLSA base domain of RFC 8460 section 4.2. */
static void resolve_policy(struct policy *policy, const char *recipient)
{
    int type = policy_type_find(policy->type);
    policy->counts_for = policy->domain;
    policy->mx_host = "";
    if (policy->domain[0] == '\0') {
        policy->counts_for = recipient;
    } else if (type == POLICY_TLSA && strcmp(policy->domain, recipient) != 0) {
        policy->counts_for = recipient;
        policy->mx_host = policy->domain;
    }
    policy->mode = STS_UNREADABLE;
    if (type == POLICY_STS && policy->text[0] != '\0') {
        struct sts_policy sts;
        sts_policy_read(policy->text, strlen(policy->text), &sts);
        policy->mode = sts.mode;
    }
}

/* 64-bit FNV-1a. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

/* The half that all bytes have a share in; the database keeps no more. */
static int32_t upper_half(uint64_t hash)
{
    return (int32_t)(hash >> 32);
}

static void hash_number(uint64_t *hash, uint64_t number)
{
    for (int shift = 0; shift < 64; shift += 8)
        *hash = (*hash ^ (number >> shift & 0xff)) * HASH_PRIME;
}

/* Its length goes first, so that no two lists of texts run into one another. */
static void hash_text(uint64_t *hash, const char *text)
{
    size_t length = strlen(text);
    hash_number(hash, length);
    for (size_t i = 0; i < length; i++)
        *hash = (*hash ^ (unsigned char)text[i]) * HASH_PRIME;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int hash_identity(struct report *report)
{
    uint64_t hash = HASH_START;
    hash_text(&hash, report->organization);
    hash_text(&hash, report->report_id);
    if (report->report_id[0] == '\0') /* only its time tells it from the next one */
        hash_number(&hash, (uint64_t)report->begin);
    const char **domains = arena_alloc(&report->arena, report->policy_count * sizeof *domains);
    if (domains == NULL)
        return -1;
    for (size_t i = 0; i < report->policy_count; i++)
        domains[i] = report->policies[i].counts_for;
    if (report->policy_count > 1)
        qsort(domains, report->policy_count, sizeof *domains, compare_texts);
    for (size_t i = 0; i < report->policy_count; i++) {
        if (i == 0 || strcmp(domains[i - 1], domains[i]) != 0)
            hash_text(&hash, domains[i]);
    }
    report->identity = upper_half(hash);
    return 0;
}

static void hash_policy(uint64_t *hash, const struct policy *policy)
{
    hash_text(hash, policy->type);
    hash_text(hash, policy->domain);
    hash_text(hash, policy->text);
    hash_text(hash, policy->mx);
    hash_number(hash, (uint64_t)policy->successful);
    hash_number(hash, (uint64_t)policy->failed);
    hash_number(hash, policy->failure_count);
    for (size_t i = 0; i < policy->failure_count; i++) {
        const struct failure *failure = &policy->failures[i];
        hash_text(hash, failure->result_type);
        hash_text(hash, failure->sending_mta_ip);
        hash_text(hash, failure->receiving_mx_hostname);
        hash_text(hash, failure->receiving_mx_helo);
        hash_text(hash, failure->receiving_ip);
        hash_text(hash, failure->reason_code);
        hash_text(hash, failure->additional_info);
        hash_number(hash, (uint64_t)failure->failed);
    }
}

static void hash_content(struct report *report)
{
    uint64_t hash = HASH_START;
    hash_text(&hash, report->organization);
    hash_text(&hash, report->report_id);
    hash_text(&hash, report->contact);
    hash_number(&hash, (uint64_t)report->begin);
    hash_number(&hash, (uint64_t)report->end);
    for (size_t i = 0; i < report->policy_count; i++)
        hash_policy(&hash, &report->policies[i]);
    report->content = upper_half(hash);
}

int report_resolve(struct report *report, const char **why)
{
    if (report->recipient[0] == '\0')
        report->recipient = guess_recipient(report);
    if (report->recipient[0] == '\0') {
        *why = "neither the report nor its mail names a domain it is about";
        return -1;
    }
    for (size_t i = 0; i < report->policy_count; i++)
        resolve_policy(&report->policies[i], report->recipient);
    if (hash_identity(report) != 0) {
        *why = "there is not enough memory for its policies";
        return -1;
    }
    hash_content(report);
    return 0;
}

int report_day(const struct report *report)
{
    return day_of(report->begin);
}
