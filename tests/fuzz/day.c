/* What is read as an instant can be written, and comes back as the same. */
#include <string.h>

#include "../../db/day.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char text[INSTANT_TEXT];
    int64_t instant, again;
    int day;
    char *copy = malloc(size + 1);
    EXPECT(copy != NULL);
    memcpy(copy, bytes, size);
    copy[size] = '\0';
    if (instant_parse(copy, &instant) == 0)
        EXPECT(instant_parse(instant_format(instant, text), &again) == 0 && again == instant);
    if (day_parse(copy, &day) == 0)
        EXPECT(strcmp(day_format(day, text), copy) == 0);
    free(copy);
    return 0;
}
