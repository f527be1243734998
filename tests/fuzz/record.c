/* Records of strangers: what comes out lies within what went in, and is of its bounds. */
#include <string.h>

#include "../../importers/dane.h"
#include "../../importers/rdata.h"
#include "../../importers/txt_record.h"
#include "fuzz.h"

static void expect_within(struct slice part, struct slice whole)
{
    EXPECT(part.length == 0 ||
           (part.start >= whole.start && part.start + part.length <= whole.start + whole.length));
}

static void read_txt(const unsigned char *bytes, size_t size)
{
    struct sts_record sts;
    struct tlsrpt_record tlsrpt;
    char *text = malloc(size + 1);
    struct slice whole = {text, 0};
    EXPECT(text != NULL);
    if (rdata_txt(bytes, size, text, &whole.length) == 0) {
        EXPECT(whole.length <= size);
        if (txt_kind_sts(whole) == TXT_RECORD) {
            sts_record_read(whole, &sts);
            expect_within(sts.id, whole);
            EXPECT(sts.id.length <= STS_ID_MAX);
            EXPECT(sts.id.length > 0 || sts.problems != 0);
        }
        if (txt_kind_tlsrpt(whole) == TXT_RECORD) {
            tlsrpt_record_read(whole, &tlsrpt);
            EXPECT(tlsrpt.rua_count <= RUA_MAX);
            EXPECT(tlsrpt.rua_count > 0 || tlsrpt.problems != 0);
            for (size_t i = 0; i < tlsrpt.rua_count; i++)
                expect_within(tlsrpt.rua[i], whole);
        }
    }
    free(text);
}

/* The name is all of printable characters, so that it can stand anywhere. */
static void expect_printable(const char *name)
{
    EXPECT(strlen(name) < RDATA_NAME);
    for (; *name != '\0'; name++)
        EXPECT(*name > ' ' && *name < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char name[RDATA_NAME], address[RDATA_ADDRESS];
    unsigned preference;
    struct tlsa tlsa;
    read_txt(bytes, size);
    if (rdata_name(bytes, size, name) == 0)
        expect_printable(name);
    if (rdata_mx(bytes, size, &preference, name) == 0)
        expect_printable(name);
    if (rdata_address(bytes, size, address) == 0)
        EXPECT(strlen(address) < RDATA_ADDRESS);
    if (rdata_tlsa(bytes, size, &tlsa) == 0 && tlsa_fault(&tlsa) == NULL)
        EXPECT(tlsa.length > 0 && tlsa.data + tlsa.length == bytes + size);
    return 0;
}
