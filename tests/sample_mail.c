#include "sample_mail.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../db/day.h"

enum {
    BASE64_LINE = 76,
    NAME_SECTION = 50, /* characters of a file name in a parameter section of RFC 2231 */
    GZIP_LEVEL = 6,
    GZIP_BITS = 15 + 16,
    RAW_BITS = -15,
    GZIP_MEMORY = 6, /* less to clear for each report than the default, 8 */
    ZIP_OVERHEAD = 256,
};

/* A stream that writes to memory. */
struct memory {
    FILE *file;
    char *bytes;
    size_t size;
};

struct mailer {
    struct memory mail, inner, json;
    z_stream gzip, raw;
    char *packed;
    size_t packed_size, packed_capacity;
    bool failed;
};

/* --- memory --- */

static int memory_open(struct memory *memory)
{
    memory->file = open_memstream(&memory->bytes, &memory->size);
    return memory->file == NULL ? -1 : 0;
}

static void memory_close(struct memory *memory)
{
    if (memory->file != NULL)
        fclose(memory->file);
    free(memory->bytes);
}

/* What was written since it was rewound. */
static void memory_end(struct mailer *mailer, struct memory *memory)
{
    if (fflush(memory->file) != 0 || ferror(memory->file))
        mailer->failed = true;
}

struct mailer *mailer_new(void)
{
    struct mailer *mailer = calloc(1, sizeof *mailer);
    if (mailer == NULL)
        return NULL;
    if (memory_open(&mailer->mail) != 0 || memory_open(&mailer->inner) != 0 ||
        memory_open(&mailer->json) != 0 ||
        deflateInit2(&mailer->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_BITS, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK ||
        deflateInit2(&mailer->raw, GZIP_LEVEL, Z_DEFLATED, RAW_BITS, GZIP_MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        mailer_free(mailer);
        return NULL;
    }
    return mailer;
}

void mailer_free(struct mailer *mailer)
{
    if (mailer == NULL)
        return;
    memory_close(&mailer->mail);
    memory_close(&mailer->inner);
    memory_close(&mailer->json);
    deflateEnd(&mailer->gzip);
    deflateEnd(&mailer->raw);
    free(mailer->packed);
    free(mailer);
}

const char *mailer_bytes(struct mailer *mailer, size_t *size)
{
    *size = mailer->mail.size;
    return mailer->failed ? NULL : mailer->mail.bytes;
}

/* --- packing --- */

/* Deflates BYTES to OFFSET of mailer->packed, and leaves room behind it. */
static void deflate_to(struct mailer *mailer, z_stream *stream, const char *bytes, size_t size,
                       size_t offset)
{
    size_t capacity = offset + deflateBound(stream, (uLong)size) + ZIP_OVERHEAD;
    if (capacity > mailer->packed_capacity) {
        char *larger = realloc(mailer->packed, capacity);
        if (larger == NULL) {
            mailer->failed = true;
            return;
        }
        mailer->packed = larger;
        mailer->packed_capacity = capacity;
    }
    deflateReset(stream);
    stream->next_in = (Bytef *)(uintptr_t)bytes;
    stream->avail_in = (uInt)size;
    stream->next_out = (Bytef *)mailer->packed + offset;
    stream->avail_out = (uInt)(capacity - offset);
    if (deflate(stream, Z_FINISH) != Z_STREAM_END)
        mailer->failed = true;
    mailer->packed_size = offset + stream->total_out;
}

static char *put_little(char *at, uint32_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *at++ = (char)(number >> 8 * i);
    return at;
}

/* What the two headers of a zip entry have in common, from "version needed". */
static char *put_zip_entry(char *at, uint32_t checksum, size_t packed, size_t size, size_t name)
{
    enum { NEEDED = 20, DEFLATED = 8, TIME = 0, DATE = 0x5961 /* 2024-11-01 */ };
    at = put_little(at, NEEDED, 2);
    at = put_little(at, 0, 2);
    at = put_little(at, DEFLATED, 2);
    at = put_little(at, TIME, 2);
    at = put_little(at, DATE, 2);
    at = put_little(at, checksum, 4);
    at = put_little(at, (uint32_t)packed, 4);
    at = put_little(at, (uint32_t)size, 4);
    at = put_little(at, (uint32_t)name, 2);
    return put_little(at, 0, 2);
}

/* A zip archive of one file. */
static void zip(struct mailer *mailer, const char *bytes, size_t size)
{
    static const char name[] = "report.json";
    enum { NAME = sizeof name - 1, LOCAL = 30 + NAME, CENTRAL = 46 + NAME };
    deflate_to(mailer, &mailer->raw, bytes, size, LOCAL);
    if (mailer->failed)
        return;
    uint32_t checksum = (uint32_t)crc32(0, (const Bytef *)bytes, (uInt)size);
    size_t packed = mailer->packed_size - LOCAL;
    char *at = put_little(mailer->packed, 0x04034b50, 4);
    memcpy(put_zip_entry(at, checksum, packed, size, NAME), name, NAME);
    at = put_little(mailer->packed + mailer->packed_size, 0x02014b50, 4);
    at = put_zip_entry(put_little(at, 20, 2), checksum, packed, size, NAME);
    at = put_little(at, 0, 4); /* comment, disk */
    at = put_little(at, 0, 4);
    at = put_little(at, 0, 4);
    at = put_little(at, 0, 2); /* attributes, offset */
    memcpy(at, name, NAME);
    at = put_little(at + NAME, 0x06054b50, 4);
    at = put_little(at, 0, 4);
    at = put_little(at, 1, 2);
    at = put_little(at, 1, 2);
    at = put_little(at, CENTRAL, 4);
    at = put_little(at, (uint32_t)mailer->packed_size, 4);
    at = put_little(at, 0, 2);
    mailer->packed_size = (size_t)(at - mailer->packed);
}

/* --- what mails are written with --- */

static void put_base64(FILE *file, const char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = (const unsigned char *)bytes;
    for (size_t i = 0; i < size; i += 3) {
        unsigned left = size - i < 3 ? (unsigned)(size - i) : 3;
        unsigned group = (unsigned)in[i] << 16;
        group |= left > 1 ? (unsigned)in[i + 1] << 8 : 0;
        group |= left > 2 ? in[i + 2] : 0;
        putc_unlocked(digits[group >> 18], file);
        putc_unlocked(digits[group >> 12 & 63], file);
        putc_unlocked(left > 1 ? digits[group >> 6 & 63] : '=', file);
        putc_unlocked(left > 2 ? digits[group & 63] : '=', file);
        if ((i + 3) % (BASE64_LINE / 4 * 3) == 0 || i + 3 >= size)
            putc_unlocked('\n', file);
    }
}

static void put_quoted(FILE *file, const char *bytes, size_t size)
{
    int column = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        bool plain = c >= ' ' && c < 0x7f && c != '=';
        if (column > BASE64_LINE - 4) {
            fputs("=\n", file);
            column = 0;
        }
        column += fprintf(file, plain ? "%c" : "=%02X", c);
    }
    putc_unlocked('\n', file);
}

/* A signature, as far as anybody sees: SIZE base64 digits in folded lines. */
static void put_signature(FILE *file, struct luck *luck, size_t size)
{
    char raw[512];
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (char)luck_next(luck);
    for (size_t done = 0; done < size; done += 54) {
        putc_unlocked('\t', file);
        put_base64(file, raw + done % 432, size - done < 54 ? size - done : 54);
    }
}

/* RFC 5322 section 3.3, as local time of a zone of whole hours. */
static void put_date(FILE *file, int64_t instant, int zone)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int year, month, day;
    instant += zone * 3600;
    int seconds = (int)(instant % SECONDS_PER_DAY);
    day_split(day_of(instant), &year, &month, &day);
    fprintf(file, "%s, %02d %s %d %02d:%02d:%02d %c%02d00", days[day_of_week(day_of(instant))], day,
            months[month - 1], year, seconds / 3600, seconds / 60 % 60, seconds % 60,
            zone < 0 ? '-' : '+', abs(zone));
}

/* What the receiving side puts before the mail. */
static void put_trace(FILE *file, const char *from, const char *host, const char *ip,
                      struct luck *luck, int64_t received)
{
    fprintf(file,
            "Return-Path: <%s>\nDelivered-To: tlsrpt@example.com\n"
            "Received: from mx1.example.com by mail.example.com with LMTP\n\tid %012" PRIX64 "; ",
            from, luck_next(luck) >> 16);
    put_date(file, received + 1, 0);
    fprintf(file,
            "\nReceived: from %s (%s [%s])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"
            " (256/256 bits)\n\t key-exchange X25519 server-signature RSA-PSS (2048 bits))\n"
            "\t(No client certificate requested)\n"
            "\tby mx1.example.com (Postfix) with ESMTPS id %010" PRIX64
            "\n\tfor <tlsrpt@example.com>; ",
            host, host, ip, luck_next(luck) >> 24);
    put_date(file, received, 0);
    putc_unlocked('\n', file);
}

static void put_dkim(FILE *file, const char *field, const char *domain, struct luck *luck)
{
    fprintf(file,
            "%s: v=1; a=rsa-sha256; c=relaxed/relaxed;\n\td=%s; s=tls%u; h=to:from:subject:"
            "message-id:tls-report-submitter\n\t :tls-report-domain:date:mime-version;\n\tbh=",
            field, domain, 2020 + luck_pick(luck, 6));
    put_signature(file, luck, 32);
    fputs("\t; b=\n", file);
    put_signature(file, luck, 256);
}

/* Fields that only the largest reporters have. */
static void put_house_fields(FILE *file, const struct sample_report *report, struct luck *luck)
{
    if (report->reporter == &sample_reporters[GOOGLE]) {
        put_dkim(file, "X-Google-DKIM-Signature", "1e100.example", luck);
        fputs("X-Gm-Message-State:", file);
        put_signature(file, luck, 120);
    } else if (report->reporter == &sample_reporters[MICROSOFT]) {
        fputs("ARC-Seal: i=1; a=rsa-sha256; s=arcselector10001; d=microsoft.example; cv=none;\n"
              "\tb=\n",
              file);
        put_signature(file, luck, 256);
        fputs("X-MS-PublicTrafficType: Email\nX-MS-Exchange-SenderADCheck: 1\n"
              "X-MS-Exchange-AntiSpam-MessageData-0:\n",
              file);
        put_signature(file, luck, 400);
        fputs("X-OriginatorOrg: microsoft.example\n", file);
    }
}

/* --- a report --- */

/* Where it is put into a mail. */
struct post {
    const struct sample_report *report;
    FILE *file;
    struct luck luck;
    int64_t sent;
    char domain[DOMAIN_TEXT]; /* as the reporter writes it */
    char name[2 * DOMAIN_TEXT + 64];
    char boundary[48];
};

int64_t mailer_time(const struct sample_report *report)
{
    struct luck luck = {report->luck};
    const struct reporter *reporter = report->reporter;
    int64_t day = (report->range.end - 1) / SECONDS_PER_DAY + 1;
    return day * SECONDS_PER_DAY + reporter->hour * 3600 + luck_pick(&luck, 3000);
}

static void name_file(struct post *post)
{
    static const char *const endings[] = {
        [ATTACHED_TLSRPT_GZIP] = ".json.gz", [ATTACHED_GZIP] = ".json.gz",
        [ATTACHED_OCTETS] = ".json",         [ATTACHED_JSON] = ".json",
        [ATTACHED_QUOTED] = ".json.gz",      [ATTACHED_ZIP] = ".zip"};
    const struct reporter *reporter = post->report->reporter;
    snprintf(post->name, sizeof post->name, "%s!%s!%" PRId64 "!%" PRId64 "%s%s",
             reporter->submitter, post->report->domain.name, post->report->range.begin,
             post->report->range.end, reporter == &sample_reporters[GOOGLE] ? "!001" : "",
             endings[reporter->attachment]);
}

static void put_file_name(struct post *post)
{
    if (!post->report->reporter->split_name) {
        fprintf(post->file, "Content-Disposition: attachment;\n\tfilename=\"%s\"\n", post->name);
        return;
    }
    fputs("Content-Disposition: attachment", post->file);
    size_t length = strlen(post->name);
    for (unsigned i = 0; i * NAME_SECTION < length; i++)
        fprintf(post->file, ";\n filename*%u=\"%.*s\"", i, NAME_SECTION,
                post->name + i * NAME_SECTION);
    putc_unlocked('\n', post->file);
}

static void put_fields(struct post *post, unsigned delivery)
{
    const struct sample_report *report = post->report;
    const struct reporter *reporter = report->reporter;
    char ip[IP_TEXT], host[DOMAIN_TEXT];
    struct luck trace = luck_of(report->luck, delivery, 0, 0);
    reporter_ip(reporter, &post->luck, ip);
    snprintf(host, sizeof host, "out%u.%.200s", 1 + luck_pick(&post->luck, 9), reporter->submitter);
    put_trace(post->file, reporter->from, host, ip, &trace, post->sent + 2 + 600 * delivery);
    put_dkim(post->file, "DKIM-Signature", reporter->submitter, &post->luck);
    put_house_fields(post->file, report, &post->luck);
    fputs("Date: ", post->file);
    put_date(post->file, post->sent, reporter->zone);
    fprintf(post->file, "\nFrom: <%s>\nTo: <tlsrpt@example.com>\n", reporter->from);
    if (reporter->subject)
        fprintf(post->file, "Subject: Report Domain: %s Submitter: %s\n Report-ID: <%s>\n",
                post->report->domain.name, reporter->submitter, report->id);
    else
        fprintf(post->file, "Subject: TLS report of %s\n", reporter->submitter);
    if (reporter->fields)
        fprintf(post->file, "TLS-Report-Domain: %s\nTLS-Report-Submitter: %s\n", post->domain,
                reporter->submitter);
    fprintf(post->file, "Message-ID: <%016" PRIx64 ".tls@%s>\nMIME-Version: 1.0\n",
            luck_next(&post->luck), reporter->submitter);
}

static void put_document(struct post *post, const char *bytes, size_t size)
{
    static const char *const types[] = {[ATTACHED_TLSRPT_GZIP] = "application/tlsrpt+gzip",
                                        [ATTACHED_GZIP] = "application/gzip",
                                        [ATTACHED_OCTETS] = "application/octet-stream",
                                        [ATTACHED_JSON] = "application/tlsrpt+json",
                                        [ATTACHED_QUOTED] = "application/json",
                                        [ATTACHED_ZIP] = "application/zip"};
    enum attachment attachment = post->report->reporter->attachment;
    bool quoted = attachment == ATTACHED_QUOTED;
    fprintf(post->file, "Content-Type: %s\n", types[attachment]);
    put_file_name(post);
    fprintf(post->file, "Content-Transfer-Encoding: %s\n\n",
            quoted ? "quoted-printable" : "base64");
    if (quoted)
        put_quoted(post->file, bytes, size);
    else
        put_base64(post->file, bytes, size);
}

static void put_words(struct post *post)
{
    const struct reporter *reporter = post->report->reporter;
    if (reporter == &sample_reporters[MICROSOFT])
        fprintf(post->file,
                "--%s\nContent-Type: text/html; charset=\"us-ascii\"\n"
                "Content-Transfer-Encoding: quoted-printable\n\n<html>\n<head>\n<meta "
                "http-equiv=3D\"Content-Type\" content=3D\"text/html; charset=3Dus-ascii\"=\n>\n"
                "</head>\n<body>\n<div>%s</div>\n</body>\n</html>\n\n",
                post->boundary, reporter->text);
    else
        fprintf(post->file, "--%s\nContent-Type: text/plain; charset=\"utf-8\"\n\n%s\n\n",
                post->boundary, reporter->text);
}

static void put_mail(struct post *post, unsigned delivery, const char *bytes, size_t size)
{
    put_fields(post, delivery);
    if (post->report->reporter->attachment == ATTACHED_JSON) {
        put_document(post, bytes, size);
        return;
    }
    fprintf(post->file,
            "Content-Type: multipart/report; report-type=tlsrpt;\n\tboundary=\"%s\"\n\n",
            post->boundary);
    put_words(post);
    fprintf(post->file, "--%s\n", post->boundary);
    put_document(post, bytes, size);
    fprintf(post->file, "\n--%s--\n", post->boundary);
}

/* Puts the document as it is sent to mailer->packed. */
static void pack(struct mailer *mailer, const struct sample_report *report, enum flaw flaw)
{
    const struct memory *json = &mailer->json;
    rewind(json->file);
    sample_report_write(report, json->file);
    memory_end(mailer, &mailer->json);
    enum attachment attachment = report->reporter->attachment;
    if (attachment == ATTACHED_ZIP)
        zip(mailer, json->bytes, json->size);
    else
        deflate_to(mailer, &mailer->gzip, json->bytes, json->size, 0);
    if (mailer->failed)
        return;
    if (attachment == ATTACHED_JSON || attachment == ATTACHED_QUOTED) {
        memcpy(mailer->packed, json->bytes, json->size); /* deflating took more room */
        mailer->packed_size = json->size;
    }
    if (flaw == FLAW_CUT)
        mailer->packed_size = mailer->packed_size * 2 / 3;
    else if (flaw == FLAW_FLIPPED)
        mailer->packed[mailer->packed_size / 2] ^= 0x20;
}

static void forward(struct mailer *mailer, int64_t sent)
{
    FILE *file = mailer->mail.file;
    struct luck luck = {(uint64_t)sent};
    put_trace(file, "postmaster@example.com", "office.example.com", "192.0.2.80", &luck, sent);
    fputs("Date: ", file);
    put_date(file, sent, 1);
    fputs("\nFrom: Postmaster <postmaster@example.com>\nTo: <tlsrpt@example.com>\n"
          "Subject: Fwd: this one came to me\nMIME-Version: 1.0\n"
          "Content-Type: multipart/mixed; boundary=\"=_fwd\"\n\n--=_fwd\n"
          "Content-Type: text/plain\n\nSee below.\n\n--=_fwd\nContent-Type: message/rfc822\n\n",
          file);
    fwrite(mailer->inner.bytes, 1, mailer->inner.size, file);
    fputs("\n--=_fwd--\n", file);
}

void mailer_report(struct mailer *mailer, const struct sample_report *report,
                   const struct delivery *delivery)
{
    struct memory *target = delivery->forwarded ? &mailer->inner : &mailer->mail;
    struct post post = {.report = report,
                        .file = target->file,
                        .luck = luck_of(report->luck, 1, 0, 0),
                        .sent = mailer_time(report)};
    pack(mailer, report, delivery->flaw);
    if (mailer->failed)
        return;
    rewind(mailer->mail.file);
    rewind(mailer->inner.file);
    sample_report_domain(report, post.domain);
    name_file(&post);
    snprintf(post.boundary, sizeof post.boundary, "=_%016" PRIx64, luck_next(&post.luck));
    put_mail(&post, delivery->number, mailer->packed, mailer->packed_size);
    memory_end(mailer, target);
    if (delivery->forwarded) {
        forward(mailer, post.sent + 3600);
        memory_end(mailer, &mailer->mail);
    }
}

/* --- other mails --- */

static void put_other_fields(FILE *file, const char *from, const char *subject, int64_t sent)
{
    struct luck luck = {(uint64_t)sent};
    put_trace(file, from, "mail.sender.example", "198.51.100.200", &luck, sent + 2);
    fputs("Date: ", file);
    put_date(file, sent, 0);
    fprintf(file,
            "\nFrom: <%s>\nTo: <tlsrpt@example.com>\nSubject: %s\n"
            "Message-ID: <%016" PRIx64 "@sender.example>\n",
            from, subject, luck_next(&luck));
}

void mailer_other(struct mailer *mailer, const char *from, const char *subject, int64_t sent,
                  const char *fields_and_body)
{
    rewind(mailer->mail.file);
    put_other_fields(mailer->mail.file, from, subject, sent);
    fputs(fields_and_body, mailer->mail.file);
    memory_end(mailer, &mailer->mail);
}

void mailer_attach(struct mailer *mailer, const char *from, const char *subject, int64_t sent,
                   const char *file_name, const char *bytes)
{
    FILE *file = mailer->mail.file;
    deflate_to(mailer, &mailer->gzip, bytes, strlen(bytes), 0);
    if (mailer->failed)
        return;
    rewind(file);
    put_other_fields(file, from, subject, sent);
    fprintf(file,
            "MIME-Version: 1.0\nContent-Type: application/gzip; name=\"%s\"\n"
            "Content-Disposition: attachment; filename=\"%s\"\n"
            "Content-Transfer-Encoding: base64\n\n",
            file_name, file_name);
    put_base64(file, mailer->packed, mailer->packed_size);
    memory_end(mailer, &mailer->mail);
}
