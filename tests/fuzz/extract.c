/* Whatever comes in, what comes out is a sound report or a reason. */
#include <string.h>

#include "../../importers/extract.h"
#include "fuzz.h"

static const struct limits limits = {
    .message_max = 1024 * 1024,
    .document_max = 1024 * 1024,
    .parts_max = 100,
    .nesting_max = 8,
    .json_depth_max = 16,
};

static void expect_text(const char *text, size_t max)
{
    EXPECT(text != NULL && strlen(text) <= max);
}

static void expect_sound_policy(const struct policy *policy)
{
    expect_text(policy->type, REPORT_TEXT_MAX);
    expect_text(policy->domain, 253);
    EXPECT(policy->counts_for[0] != '\0');
    EXPECT(policy->successful >= 0 && policy->successful <= SESSIONS_MAX);
    EXPECT(policy->failed >= 0 && policy->failed <= SESSIONS_MAX);
    for (size_t i = 0; i < policy->failure_count; i++) {
        const struct failure *failure = &policy->failures[i];
        EXPECT(failure->result_type[0] != '\0');
        EXPECT(failure->failed >= 0 && failure->failed <= SESSIONS_MAX);
        expect_text(failure->sending_mta_ip, REPORT_TEXT_MAX);
        expect_text(failure->additional_info, REPORT_TEXT_MAX);
    }
}

static int see(void *context, struct extracted *found)
{
    unsigned *count = context;
    EXPECT(found->part == *count);
    ++*count;
    EXPECT((found->outcome == OUTCOME_IMPORTED) == (found->report != NULL));
    EXPECT((found->outcome == OUTCOME_IMPORTED) == (found->reason[0] == '\0'));
    if (found->report == NULL)
        return 0;
    EXPECT(found->size > 0);
    expect_text(found->report->organization, REPORT_TEXT_MAX);
    expect_text(found->report->report_id, REPORT_TEXT_MAX);
    EXPECT(found->report->begin >= 0 && found->report->end >= 0);
    for (size_t i = 0; i < found->report->policy_count; i++)
        expect_sound_policy(&found->report->policies[i]);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct extractor *extractor;
    unsigned count = 0;
    if (extractor == NULL)
        extractor = extractor_new(&limits);
    EXPECT(extractor != NULL);
    EXPECT(extract(extractor, NULL, (const char *)bytes, size, see, &count) == 0);
    EXPECT(count > 0);
    return 0;
}
