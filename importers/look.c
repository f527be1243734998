#include "look.h"

#include <arpa/nameser.h>
#include <string.h>

#include "rdata.h"

static const char *keep_text(struct arena *arena, const char *text)
{
    const char *copy = arena_strdup(arena, text);
    return copy != NULL ? copy : "";
}

/* NAME without its final dot; "" when it is the name that was asked for. */
static const char *keep_alias(struct arena *arena, const char *name, const char *asked)
{
    size_t length = strlen(name);
    if (length > 1 && name[length - 1] == '.')
        length--;
    if (length == 0 || (length == strlen(asked) && strncasecmp(name, asked, length) == 0))
        return "";
    char *copy = arena_strndup(arena, name, length);
    for (char *c = copy; c != NULL && *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    return copy != NULL ? copy : "";
}

/* Why it is bogus, without the name server that said it: that may be another next time. */
static const char *keep_reason(struct arena *arena, const char *why)
{
    const char *end = strstr(why, " from ");
    const char *copy = arena_strndup(arena, why, end != NULL ? (size_t)(end - why) : strlen(why));
    return copy != NULL ? copy : "";
}

void look_note(struct look *look, struct arena *arena, const struct question *question,
               const struct dns_answer *answer)
{
    look->result = answer->result;
    look->dnssec = answer->dnssec;
    look->alias = keep_alias(arena, answer->canonical, question->name);
    look->why = keep_reason(arena, answer->why);
}

bool look_is_told(const struct look *look)
{
    return look->result == DNS_FOUND || look->result == DNS_NO_DATA || look->result == DNS_NO_NAME;
}

bool look_failed(const struct look *look)
{
    return look->result == DNS_FAILED || look->result == DNS_TIMEOUT;
}

/* --- addresses --- */

void addresses_note(struct addresses *addresses, struct arena *arena,
                    const struct question *question, const struct dns_answer *answer)
{
    struct look *look = question->type == ns_t_a ? &addresses->v4 : &addresses->v6;
    look_note(look, arena, question, answer);
    for (size_t i = 0; i < answer->count && i < ADDRESSES_MAX; i++) {
        char text[RDATA_ADDRESS];
        const unsigned char *bytes = (const unsigned char *)answer->records[i];
        if (rdata_address(bytes, (size_t)answer->lengths[i], text) == 0)
            addresses->list[addresses->count++] = keep_text(arena, text);
    }
}

const char *addresses_alias(const struct addresses *addresses)
{
    return addresses->v4.alias[0] != '\0' ? addresses->v4.alias : addresses->v6.alias;
}

void addresses_join(const struct addresses *addresses, char text[static TRANSFER_ADDRESSES])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < addresses->count; i++) {
        size_t length = strlen(addresses->list[i]);
        if (used + length + 2 > TRANSFER_ADDRESSES)
            return;
        if (used > 0)
            text[used++] = ',';
        memcpy(text + used, addresses->list[i], length + 1);
        used += length;
    }
}
