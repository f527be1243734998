#include "sample_story.h"

#include <stdio.h>
#include <string.h>

#include "../db/day.h"

enum {
    DAY = SECONDS_PER_DAY,
    ALL = (1 << REPORTERS) - 1,
    NOT_FOUND = 1 << POLICY_NOT_FOUND,
    STS = 1 << POLICY_STS,
    TLSA = 1 << POLICY_TLSA,
    ANY = NOT_FOUND | STS | TLSA,
    MX_FIRST = 1 << 0,
    MX_BOTH = 1 << 0 | 1 << 1,
    CHANGE_DAYS = 12,     /* for which a change is of interest */
    OUTAGE_DAYS_MAX = 10, /* an incident of which every report matters */
    FREQUENT = 20,        /* presence of a reporter that saw it */
    STORY_DAYS = 365,
    SHIFT_MAX = 200,
};

#define IN_AN_OUTAGE 6.0
#define AT_CHANGE    5.0

const struct phase story_beginning = {.published = PUBLISHED_NOTHING};

static const struct story stories[] = {
    /* Opportunistic, and nothing happens. */
    [STORY_CALM] = {.domain = "parked.example", .mx = {"mx.%s"}, .volume = 12, .activity = 25},
    /* From nothing to testing, where the second MX was forgotten in the policy and had a wrong
     * certificate, to enforce; some reporters keep testing for days. */
    {.domain = "example.com",
     .mx = {"mx1.%s", "mx2.%s"},
     .volume = 4200,
     .activity = 300,
     .phases = {{255, PUBLISHED_TESTING, DAY, MX_FIRST},
                {215, PUBLISHED_TESTING, 10 * DAY, MX_BOTH},
                {6, PUBLISHED_ENFORCE, 10 * DAY, MX_BOTH}},
     .incidents = {{214, 171, STS, ALL, 1, 250, "certificate-host-mismatch", "", ""},
                   {150, 150, STS, 1 << GOOGLE, 0, 4, "validation-failure", "", ""}}},
    /* DANE and MTA-STS together. */
    {.domain = "example.net",
     .mx = {"mx1.%s", "mx2.%s"},
     .volume = 2600,
     .activity = 220,
     .phases = {{200, PUBLISHED_TESTING, 7 * DAY, MX_BOTH},
                {120, PUBLISHED_ENFORCE, 14 * DAY, MX_BOTH}},
     .dane_since = 310,
     .incidents = {{88, 88, TLSA, 1 << COMCAST | 1 << GMX, 0, 60, "dnssec-invalid", "SERVFAIL",
                    "no answer to the TLSA query validated"}}},
    /* Enforce, and the certificate of one MX expired for three days. */
    {.domain = "shop.example.com",
     .mx = {"mx1.%s", "mx2.%s"},
     .volume = 1800,
     .activity = 160,
     .phases = {{365, PUBLISHED_ENFORCE, 7 * DAY, MX_BOTH}},
     .incidents = {{26, 24, STS, ALL, 1, 1000, "certificate-expired",
                    "x509: certificate has expired or is not yet valid", ""}}},
    /* Testing, and one MX is a backup of the provider, whose certificate has another name. */
    {.domain = "example.org",
     .mx = {"mx.%s", "backup.%s"},
     .volume = 900,
     .activity = 140,
     .phases = {{180, PUBLISHED_TESTING, DAY, MX_BOTH}},
     .incidents = {{165, 1, STS, 1 << GOOGLE | 1 << YAHOO | 1 << GMX, 1, 180,
                    "certificate-host-mismatch", "", "certificate is for mail.provider.example"}}},
    /* Opportunistic, and an old MX has no STARTTLS. */
    {.domain = "xn--mnchen-3ya.example",
     .mx = {"mail.%s", "alt.%s"},
     .volume = 300,
     .activity = 80,
     .incidents = {{365, 1, ANY, ALL, 1, 400, "starttls-not-supported", "", ""}}},
    /* Testing, until the policy host's certificate was not renewed. */
    {.domain = "brewery.example",
     .mx = {"mx.%s"},
     .volume = 240,
     .activity = 80,
     .phases = {{300, PUBLISHED_TESTING, 7 * DAY, MX_FIRST}, {40, PUBLISHED_BROKEN, 0, 0}}},
    /* Too little mail to tell anything. */
    {.domain = "quiet.example",
     .mx = {"mx.%s"},
     .volume = 40,
     .activity = 14,
     .phases = {{75, PUBLISHED_TESTING, DAY, MX_FIRST}}},
    /* Somebody else's domain, whose reports come here. */
    {.domain = "stranger.example", .mx = {"mx.%s"}, .volume = 30, .activity = 25},
    /* DANE, and the TLSA record was forgotten when the key changed. */
    {.domain = "bank.example",
     .mx = {"mx1.%s", "mx2.%s"},
     .volume = 1500,
     .activity = 110,
     .dane_since = 365,
     .incidents = {{5, 1, TLSA, 1 << COMCAST | 1 << GMX | 1 << WEBDE | 1 << COLLEGE | 1 << CLUB, 0,
                    1000, "tlsa-invalid", "", "no TLSA record matches the certificate"},
                   {5, 1, TLSA, 1 << MICROSOFT, 0, 1000, "validation-failure", "", ""}}},
    /* Enforce given up again: mode none, on the way out. */
    {.domain = "club.example",
     .mx = {"mx.%s"},
     .volume = 60,
     .activity = 40,
     .phases = {{330, PUBLISHED_ENFORCE, 7 * DAY, MX_FIRST}, {20, PUBLISHED_NONE, DAY, 0}}},
    /* Long in testing without a failure: ready for enforce. */
    {.domain = "wiki.example.net",
     .mx = {"mx1.%s", "mx2.%s"},
     .volume = 700,
     .activity = 90,
     .phases = {{150, PUBLISHED_TESTING, DAY, MX_BOTH}}},
};

const unsigned story_count = sizeof stories / sizeof *stories;

struct sample_domain sample_domain(unsigned index)
{
    struct sample_domain domain = {.story = &stories[index % story_count]};
    domain.volume = domain.story->volume;
    if (index < story_count) {
        snprintf(domain.name, sizeof domain.name, "%s", domain.story->domain);
        return domain;
    }
    struct luck luck = luck_of(index, 0, 0, 0);
    snprintf(domain.name, sizeof domain.name, "customer-%04u.example", index - story_count + 1);
    domain.shift = (int)luck_pick(&luck, SHIFT_MAX);
    domain.volume = 1 + domain.volume * (luck_pick(&luck, 100) + 1) / 100;
    return domain;
}

const char *sample_mx(const struct sample_domain *domain, unsigned mx,
                      char name[static DOMAIN_TEXT])
{
    const char *pattern = mx < STORY_MX_MAX ? domain->story->mx[mx] : NULL;
    if (pattern == NULL)
        return NULL;
    int host = (int)strcspn(pattern, "%");
    snprintf(name, DOMAIN_TEXT, "%.*s%.200s", host, pattern, domain->name);
    return name;
}

unsigned sample_mx_share(const struct sample_domain *domain, unsigned mx)
{
    if (domain->story->mx[1] == NULL)
        return mx == 0 ? 1000 : 0;
    return mx == 0 ? 720 : 280;
}

static const struct phase *published(const struct sample_domain *domain, int ago)
{
    const struct phase *found = &story_beginning;
    for (int i = 0; i < STORY_PHASES_MAX; i++) {
        const struct phase *phase = &domain->story->phases[i];
        if (phase->since > 0 && ago <= phase->since - domain->shift)
            found = phase;
    }
    return found;
}

const struct phase *sample_policy_seen(const struct sample_domain *domain,
                                       const struct reporter *reporter, int ago)
{
    const struct phase *now = published(domain, ago);
    int rest = (ago + reporter->hour + domain->shift) % reporter->refetch;
    int looked = rest == 0 ? ago : ago + reporter->refetch - rest; /* when it did */
    const struct phase *kept = published(domain, looked);
    bool is_policy = kept->published != PUBLISHED_NOTHING && kept->published != PUBLISHED_BROKEN;
    return is_policy && (unsigned)(looked - ago) * DAY < kept->max_age ? kept : now;
}

bool sample_has_dane(const struct sample_domain *domain, int ago)
{
    return ago <= domain->story->dane_since - domain->shift && domain->story->dane_since > 0;
}

static bool is_between(const struct sample_domain *domain, const struct incident *incident, int ago)
{
    return ago <= incident->first - domain->shift && ago >= incident->last - domain->shift;
}

bool sample_incident_on(const struct sample_domain *domain, const struct incident *incident,
                        enum reporter_number reporter, enum policy_type type, int ago)
{
    return incident->result_type != NULL && is_between(domain, incident, ago) &&
           (incident->policies >> type & 1) && (incident->reporters >> reporter & 1);
}

double sample_interest(const struct sample_domain *domain, enum reporter_number reporter, int ago)
{
    for (int i = 0; i < STORY_INCIDENTS_MAX; i++) {
        const struct incident *incident = &domain->story->incidents[i];
        if (incident->result_type != NULL && incident->first - incident->last < OUTAGE_DAYS_MAX &&
            is_between(domain, incident, ago) && (incident->reporters >> reporter & 1) &&
            sample_reporters[reporter].presence >= FREQUENT)
            return IN_AN_OUTAGE;
    }
    for (int i = 0; i < STORY_PHASES_MAX; i++) {
        int since = domain->story->phases[i].since - domain->shift;
        if (since < STORY_DAYS && ago <= since && ago > since - CHANGE_DAYS)
            return AT_CHANGE;
    }
    return 1;
}
