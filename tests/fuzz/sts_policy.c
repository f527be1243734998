/* MX patterns lie within the text, and only good values come out. */
#include "../../db/sts_policy.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct sts_policy policy;
    const char *start = (const char *)bytes, *end = start + size;
    sts_policy_read(start, size, &policy);
    EXPECT(policy.mx_count <= STS_MX_MAX);
    for (size_t i = 0; i < policy.mx_count; i++) {
        EXPECT(policy.mx[i].start >= start && policy.mx[i].start < end);
        EXPECT(policy.mx[i].length > 0 &&
               policy.mx[i].length <= (size_t)(end - policy.mx[i].start));
    }
    EXPECT(policy.max_age >= -1 && policy.max_age <= 31557600);
    EXPECT(policy.mode != STS_UNREADABLE || (policy.problems & (STS_NO_MODE | STS_BAD_MODE)) != 0);
    return 0;
}
