#include "sample_odd.h"

#include <string.h>

#define LONG_NAME_64 "Very Long Organization Name That Does Not Fit Into Any Column Ever "

enum { LONG_NAME_BYTES = 10000 };

/* Text that is attached has no limit to its count of sessions. */
static const char absurd[] =
    "{\"organization-name\":\"Counting House\",\"date-range\":{\"start-datetime\":"
    "\"2026-01-01T00:00:00Z\",\"end-datetime\":\"2026-01-01T23:59:59Z\"},\"contact-info\":"
    "\"abacus@counting.example\",\"report-id\":\"1\",\"policies\":[{\"policy\":{\"policy-type\":"
    "\"no-policy-found\",\"policy-domain\":\"example.com\"},\"summary\":{"
    "\"total-successful-session-count\":1000000000000000000000000000000,"
    "\"total-failure-session-count\":0}}]}";

static const char dmarc[] =
    "<?xml version=\"1.0\"?>\n<feedback><report_metadata><org_name>sender.example</org_name>"
    "<report_id>7</report_id></report_metadata><policy_published><domain>example.com</domain>"
    "<p>reject</p></policy_published></feedback>\n";

static char long_name[LONG_NAME_BYTES + 1];

const struct odd odds[] = {
    {.ago = 340,
     .kind = ODD_MAIL,
     .outcome = OUTCOME_NOT_A_REPORT,
     .from = "news@magazine.example",
     .subject = "=?windows-1252?Q?This_week=92s_best_offers?=",
     .text = "MIME-Version: 1.0\nContent-Type: text/plain; charset=windows-1252\n"
             "Content-Transfer-Encoding: 8bit\n\nDon\x92t miss it: only 5 \x80!\n"},
    {.ago = 300, .kind = ODD_DUPLICATE},
    {.ago = 280, .kind = ODD_FORWARDED},
    {.ago = 251,
     .kind = ODD_MAIL,
     .outcome = OUTCOME_NOT_A_REPORT,
     .from = "gr\xc3\xbc"
             "tze@example.org",
     .subject = "=?iso-8859-1?Q?Re:_Abwesenheit_=28au=DFer_Haus=29?=",
     .text = "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
             "Content-Type: text/plain; charset=iso-8859-1\n"
             "Content-Transfer-Encoding: quoted-printable\n\n"
             "Ich bin bis zum 14. au=DFer Haus. Ihre Nachricht wird nicht weitergeleitet.\n"},
    {.ago = 214, .kind = ODD_CUT},
    {.ago = 200, .kind = ODD_CONFLICT},
    {.ago = 183,
     .kind = ODD_MAIL,
     .outcome = OUTCOME_NOT_A_REPORT,
     .from = "dmarc@sender.example",
     .subject = "Report Domain: example.com Submitter: sender.example Report-ID: 7",
     .text = dmarc,
     .attached = "sender.example!example.com!1!2.xml.gz"},
    {.ago = 160,
     .kind = ODD_REPORTER,
     .organization = "\xe6\xa0\xaa\xe5\xbc\x8f\xe4\xbc\x9a"
                     "\xe7\xa4\xbe\xe3\x82\xb5\xe3\x83\xb3"
                     "\xe3\x83\x97\xe3\x83\xab"},
    {.ago = 141,
     .kind = ODD_MAIL,
     .outcome = OUTCOME_NOT_A_REPORT,
     .from = "mailer-daemon@mail.example.com",
     .subject = "Undelivered Mail Returned to Sender",
     .text = "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;\n"
             "\tboundary=\"dsn\"\n\n--dsn\nContent-Type: text/plain\n\nIt could not be delivered.\n"
             "--dsn\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; "
             "mail.example.com\n\nFinal-Recipient: rfc822; nobody@example.net\nAction: failed\n"
             "Status: 5.1.1\n--dsn--\n"},
    {.ago = 120, .kind = ODD_FLIPPED},
    {.ago = 97, .kind = ODD_REPORTER, .organization = "\033]0;owned\a\033[2J\033[31mRed Hat Trick"},
    {.ago = 80,
     .kind = ODD_REPORTER,
     .organization = "Right \xe2\x80\xaetfeL ot\xe2\x80\xac & <b>"},
    {.ago = 71, .kind = ODD_REPORTER, .organization = "=HYPERLINK(\"http://evil.example\")"},
    {.ago = 64, .kind = ODD_REPORTER, .organization = long_name},
    {.ago = 52,
     .kind = ODD_MAIL,
     .outcome = OUTCOME_DAMAGED,
     .from = "abacus@counting.example",
     .subject = "Report Domain: example.com Submitter: counting.example Report-ID: <1>",
     .text = absurd,
     .attached = "counting.example!example.com!1767225600!1767311999.json.gz"},
    {.ago = 33, .kind = ODD_DUPLICATE},
    {.ago = 19,
     .kind = ODD_MAIL,
     .outcome = OUTCOME_NOT_A_REPORT,
     .from = "curious@example.net",
     .subject = "",
     .text = "\n"},
    {.ago = 12, .kind = ODD_CUT},
};

const unsigned odd_count = sizeof odds / sizeof *odds;

unsigned odd_mails(unsigned days)
{
    unsigned count = 0;
    for (unsigned i = 0; i < odd_count; i++)
        count += odds[i].ago <= (int)days && odds[i].kind <= ODD_CONFLICT;
    return count;
}

void odd_mail(const struct odd *odd, struct mailer *mailer, int64_t sent)
{
    if (odd->attached != NULL)
        mailer_attach(mailer, odd->from, odd->subject, sent, odd->attached, odd->text);
    else
        mailer_other(mailer, odd->from, odd->subject, sent, odd->text);
}

void odd_report(const struct odd *odd, const struct occasion *occasion,
                struct sample_report *report)
{
    for (size_t i = 0; i < LONG_NAME_BYTES; i++)
        long_name[i] = LONG_NAME_64[i % (sizeof LONG_NAME_64 - 1)];
    sample_report_make(occasion, report);
    report->organization = odd->organization;
}
