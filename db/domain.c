#include "domain.h"

#include <idn2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    NAME_MAX_OCTETS = 253, /* RFC 1035 section 2.3.4, without the root's dot */
    LABEL_MAX_OCTETS = 63,
    UNICODE_NAME_MAX = 1024 /* bytes of UTF-8 given to libidn2 */
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Of the octets that DNS would take, those of host names and of names like _25._tcp: what
 * else is sent is no domain, and would be dangerous in a command to be typed. */
static bool is_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Copies NAME, all ASCII, in lower case; checks what DNS demands of lengths. */
static int normalise_ascii(const char *name, size_t length, char normalised[static DOMAIN_TEXT])
{
    if (length > 0 && name[length - 1] == '.')
        length--;
    if (length == 0 || length > NAME_MAX_OCTETS)
        return -1;
    size_t label = 0;
    for (size_t i = 0; i < length; i++) {
        char c = lower(name[i]);
        if (c != '.' && !is_of_name(c))
            return -1;
        if (c != '.')
            label++;
        else if (label == 0)
            return -1;
        else
            label = 0;
        if (label > LABEL_MAX_OCTETS)
            return -1;
        normalised[i] = c;
    }
    normalised[length] = '\0';
    return label > 0 ? 0 : -1;
}

static int normalise_unicode(const char *name, size_t length, char normalised[static DOMAIN_TEXT])
{
    char text[UNICODE_NAME_MAX + 1];
    if (length > UNICODE_NAME_MAX || memchr(name, '\0', length) != NULL)
        return -1;
    memcpy(text, name, length);
    text[length] = '\0';
    char *ascii = NULL;
    if (idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
        return -1;
    int result = normalise_ascii(ascii, strlen(ascii), normalised);
    idn2_free(ascii);
    return result;
}

int domain_normalise(const char *name, size_t length, char normalised[static DOMAIN_TEXT])
{
    while (length > 0 && is_space(*name)) {
        name++;
        length--;
    }
    while (length > 0 && is_space(name[length - 1]))
        length--;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] >= 0x80)
            return normalise_unicode(name, length, normalised);
    }
    return normalise_ascii(name, length, normalised);
}

int domain_is_host(const char *name)
{
    char normalised[DOMAIN_TEXT];
    return domain_normalise(name, strlen(name), normalised) == 0 &&
           strcasecmp(name, normalised) == 0 && strchr(name, '.') != NULL &&
           strchr(name, '_') == NULL;
}

int domain_is_within(const char *name, const char *domain)
{
    size_t length = strlen(name), above = strlen(domain);
    return length >= above && strcmp(name + length - above, domain) == 0 &&
           (length == above || name[length - above - 1] == '.');
}

void domain_display(const char *name, char *shown, size_t size)
{
    char *unicode = NULL;
    char back[DOMAIN_TEXT];
    const char *best = name;
    if (strstr(name, "xn--") != NULL && idn2_to_unicode_8z8z(name, &unicode, 0) == IDN2_OK &&
        strlen(unicode) < size && domain_normalise(unicode, strlen(unicode), back) == 0 &&
        strcmp(back, name) == 0)
        best = unicode;
    snprintf(shown, size, "%s", best);
    idn2_free(unicode);
}

static bool is_wildcard(const char *pattern, size_t length)
{
    return length > 2 && pattern[0] == '*' && pattern[1] == '.';
}

/* Does NAME match the one PATTERN, whose "*." takes any number of labels? */
static bool matches_mine(const char *name, const char *pattern, size_t length)
{
    char wanted[DOMAIN_TEXT];
    bool wildcard = is_wildcard(pattern, length);
    size_t skip = wildcard ? 2 : 0;
    if (domain_normalise(pattern + skip, length - skip, wanted) != 0)
        return false;
    if (!wildcard)
        return strcmp(name, wanted) == 0;
    size_t name_length = strlen(name), wanted_length = strlen(wanted);
    return name_length > wanted_length + 1 && name[name_length - wanted_length - 1] == '.' &&
           strcmp(name + name_length - wanted_length, wanted) == 0;
}

/* Moves *PATTERNS to its first pattern; returns the length, 0 at the end of the list. */
static size_t find_pattern(const char **patterns)
{
    static const char separators[] = ", \t\r\n";
    *patterns += strspn(*patterns, separators);
    return strcspn(*patterns, separators);
}

int domain_is_mine(const char *name, const char *patterns)
{
    size_t length = find_pattern(&patterns);
    if (length == 0)
        return 1;
    for (; length > 0; length = find_pattern(&patterns)) {
        if (matches_mine(name, patterns, length))
            return 1;
        patterns += length;
    }
    return 0;
}

static bool can_be_mine(const char *pattern, size_t length)
{
    char name[DOMAIN_TEXT];
    size_t skip = is_wildcard(pattern, length) ? 2 : 0;
    return domain_normalise(pattern + skip, length - skip, name) == 0;
}

const char *domain_wrong_pattern(const char *patterns, size_t *length)
{
    while ((*length = find_pattern(&patterns)) > 0) {
        if (!can_be_mine(patterns, *length))
            return patterns;
        patterns += *length;
    }
    return NULL;
}

int domain_matches_mx(const char *pattern, const char *host)
{
    char wanted[DOMAIN_TEXT], name[DOMAIN_TEXT];
    size_t length = strlen(pattern);
    bool wildcard = is_wildcard(pattern, length);
    size_t skip = wildcard ? 2 : 0;
    if (domain_normalise(pattern + skip, length - skip, wanted) != 0 ||
        domain_normalise(host, strlen(host), name) != 0)
        return 0;
    if (!wildcard)
        return strcmp(name, wanted) == 0;
    const char *dot = strchr(name, '.');
    return dot != NULL && strcmp(dot + 1, wanted) == 0;
}
