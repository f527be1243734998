/* Signatures of strangers: the first line is a key record, the rest a mail.  What comes out
 * lies within the mail, and a flaw is told of what cannot be valid. */
#include <string.h>

#include "../../importers/dkim.h"
#include "fuzz.h"

static void expect_within(struct slice part, struct slice whole)
{
    EXPECT(part.length == 0 ||
           (part.start >= whole.start && part.start + part.length <= whole.start + whole.length));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct dkim_signature signatures[DKIM_SIGNATURES_MAX];
    char *copy = malloc(size + 1), author[DOMAIN_TEXT];
    EXPECT(copy != NULL);
    memcpy(copy, bytes, size);
    const char *newline = memchr(copy, '\n', size);
    struct slice key = {copy, newline != NULL ? (size_t)(newline - copy) : 0};
    struct slice mail = {copy + key.length, size - key.length};
    size_t count = dkim_find(mail, signatures);
    EXPECT(count <= DKIM_SIGNATURES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct dkim_signature *signature = &signatures[i];
        expect_within(signature->field, mail);
        expect_within(signature->signature, signature->field);
        expect_within(signature->names, signature->field);
        EXPECT(strlen(signature->key) < DKIM_KEY_NAME);
        EXPECT((signature->flaw == NULL) == (signature->key[0] != '\0'));
        if (signature->flaw == NULL)
            dkim_verify(signature, mail, key);
    }
    if (dkim_author(mail, author))
        EXPECT(strlen(author) < DOMAIN_TEXT);
    free(copy);
    return 0;
}
