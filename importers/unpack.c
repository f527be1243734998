#include "unpack.h"

#define ZLIB_CONST /* next_in points to const */
#include <libdeflate.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zip.h>
#include <zlib.h>

#include "buffer.h"

enum {
    GROWTH_START = 64 * 1024,
    WINDOW_GZIP = 15 + 16,      /* inflateInit2: gzip only */
    ZIP_TAIL = 65535 + 22,      /* the end record and the longest comment */
    ZIP_END_RECORD = 22,        /* APPNOTE 4.3.16 */
    ZIP_END_MEMBERS_OFFSET = 10 /* of "total number of entries" in it */
};

struct unpacker {
    const struct limits *limits;
    uint64_t left; /* bytes the present message may still unpack to */
    struct libdeflate_decompressor *decompressor;
    z_stream inflater;
    struct buffer document; /* out of gzip */
    struct buffer member;   /* out of zip */
};

static int has_magic(struct slice bytes, const char *magic)
{
    size_t length = strlen(magic);
    return bytes.length >= length && memcmp(bytes.start, magic, length) == 0;
}

enum format format_of(struct slice bytes)
{
    if (has_magic(bytes, "\x1f\x8b"))
        return FORMAT_GZIP;
    if (has_magic(bytes, "PK\3\4"))
        return FORMAT_ZIP;
    bytes = slice_skip_mark(bytes);
    if (bytes.length > 0 && *bytes.start == '[') /* a list of documents */
        bytes = slice_skip_space(slice_between(bytes.start + 1, bytes.start + bytes.length));
    return bytes.length > 0 && *bytes.start == '{' ? FORMAT_JSON : FORMAT_OTHER;
}

struct unpacker *unpacker_new(const struct limits *limits)
{
    struct unpacker *unpacker = calloc(1, sizeof *unpacker);
    if (unpacker == NULL)
        return NULL;
    unpacker->limits = limits;
    unpacker->decompressor = libdeflate_alloc_decompressor();
    if (unpacker->decompressor == NULL || inflateInit2(&unpacker->inflater, WINDOW_GZIP) != Z_OK) {
        libdeflate_free_decompressor(unpacker->decompressor);
        free(unpacker);
        return NULL;
    }
    unpacker_begin(unpacker);
    return unpacker;
}

void unpacker_free(struct unpacker *unpacker)
{
    if (unpacker == NULL)
        return;
    libdeflate_free_decompressor(unpacker->decompressor);
    inflateEnd(&unpacker->inflater);
    buffer_free(&unpacker->document);
    buffer_free(&unpacker->member);
    free(unpacker);
}

void unpacker_begin(struct unpacker *unpacker)
{
    unpacker->left = (uint64_t)unpacker->limits->document_max * UNPACK_DOCUMENTS_MAX;
    buffer_trim(&unpacker->document);
    buffer_trim(&unpacker->member);
}

/* Makes room in OUT behind its first LENGTH bytes; returns how much, or 0 with
 * a sentence.  It is one byte more than the bounds, so that a document of just
 * that size can be told from a larger one. */
static size_t make_room(const struct unpacker *unpacker, struct buffer *out, size_t length,
                        char reason[static UNPACK_REASON])
{
    size_t max = unpacker->limits->document_max;
    if (length > unpacker->left) {
        snprintf(reason, UNPACK_REASON, "the message unpacks to more than %d times %zu bytes",
                 UNPACK_DOCUMENTS_MAX, max);
        return 0;
    }
    if (length > max) {
        snprintf(reason, UNPACK_REASON, "it unpacks to more than %zu bytes", max);
        return 0;
    }
    size_t wanted = length < GROWTH_START / 2 ? GROWTH_START : length * 2;
    if (length >= out->capacity && buffer_reserve(out, wanted <= max ? wanted : max + 1) != 0) {
        reason[0] = '\0';
        return 0;
    }
    uint64_t room = out->capacity - length, left = unpacker->left - length + 1;
    return (size_t)(room < left ? room : left);
}

/* Takes LENGTH bytes from what the message may unpack to. */
static void spend(struct unpacker *unpacker, size_t length)
{
    unpacker->left -= length < unpacker->left ? length : unpacker->left;
}

/* Does another gzip member begin where the last one ended? */
static int next_member(z_stream *inflater)
{
    return inflater->avail_in >= 2 && inflater->next_in[0] == 0x1f &&
           inflater->next_in[1] == 0x8b && inflateReset(inflater) == Z_OK;
}

/* Inflates all members into unpacker->document; *LENGTH bytes are there even
 * if it fails. */
static int inflate_all(struct unpacker *unpacker, size_t *length, char reason[static UNPACK_REASON])
{

    z_stream *inflater = &unpacker->inflater;
    struct buffer *out = &unpacker->document;
    const Bytef *start = inflater->next_in;
    int code = inflateReset(inflater);
    *length = 0;
    while (code == Z_OK) {
        size_t room = make_room(unpacker, out, *length, reason);
        if (room == 0)
            return -1;
        inflater->next_out = (Bytef *)out->bytes + *length;
        inflater->avail_out = (uInt)(room < UINT_MAX ? room : UINT_MAX);
        code = inflate(inflater, Z_NO_FLUSH);
        *length = (size_t)((char *)inflater->next_out - out->bytes);
        if (code == Z_STREAM_END && next_member(inflater))
            code = Z_OK;
    }
    size_t at = (size_t)(inflater->next_in - start);
    if (code == Z_STREAM_END)
        return make_room(unpacker, out, *length, reason) > 0 ? 0 : -1;
    if (code == Z_MEM_ERROR)
        reason[0] = '\0';
    else if (code == Z_BUF_ERROR)
        snprintf(reason, UNPACK_REASON, "its gzip ends too early, after %zu bytes", at);
    else
        snprintf(reason, UNPACK_REASON, "its gzip is damaged at byte %zu: %s", at,
                 inflater->msg != NULL ? inflater->msg : "it needs a dictionary");
    return -1;
}

/* Inflates what is small, of one member and sound, as nearly all are, in half of
 * zlib's time; false leaves BYTES to zlib, which can be bounded and tells why. */
static bool inflate_small(struct unpacker *unpacker, struct slice bytes, size_t *length)
{
    struct buffer *out = &unpacker->document;
    size_t used, max = unpacker->limits->document_max;
    if (out->capacity == 0 && buffer_reserve(out, GROWTH_START) != 0)
        return false;
    size_t room = out->capacity < max ? out->capacity : max;
    if (room > unpacker->left)
        room = (size_t)unpacker->left;
    return libdeflate_gzip_decompress_ex(unpacker->decompressor, bytes.start, bytes.length,
                                         out->bytes, room, &used, length) == LIBDEFLATE_SUCCESS &&
           used == bytes.length;
}

int unpack_gzip(struct unpacker *unpacker, struct slice bytes, struct slice *document,
                char reason[static UNPACK_REASON])
{
    size_t length;
    int result = 0;
    if (!inflate_small(unpacker, bytes, &length)) {
        unpacker->inflater.next_in = (const Bytef *)bytes.start;
        unpacker->inflater.avail_in = (uInt)(bytes.length < UINT_MAX ? bytes.length : UINT_MAX);
        result = inflate_all(unpacker, &length, reason);
    }
    spend(unpacker, length);
    *document = (struct slice){unpacker->document.bytes, length};
    return result;
}

/* libzip reads whole directories, and one for each end record that it finds:
 * so how many members all of them claim is bounded before it looks. */
static int check_directory(struct slice bytes, unsigned members_max,
                           char reason[static UNPACK_REASON])
{
    const char *end = bytes.start + bytes.length;
    const char *at = bytes.length > ZIP_TAIL ? end - ZIP_TAIL : bytes.start;
    if (memmem(at, (size_t)(end - at), "PK\6\7", 4) != NULL) {
        snprintf(reason, UNPACK_REASON, "it is a zip64 archive, which no report needs");
        return -1;
    }
    unsigned members = 0;
    while ((at = memmem(at, (size_t)(end - at), "PK\5\6", 4)) != NULL) {
        if (end - at < ZIP_END_RECORD)
            break;
        const unsigned char *count = (const unsigned char *)at + ZIP_END_MEMBERS_OFFSET;
        members += count[0] | (unsigned)count[1] << 8;
        if (members > members_max) {
            snprintf(reason, UNPACK_REASON, "its zip archive has more than %u members",
                     members_max);
            return -1;
        }
        at++;
    }
    return 0;
}

/* Reads the member whole; returns its length, or -1 with a sentence. */
static zip_int64_t read_member(struct unpacker *unpacker, zip_t *archive, zip_uint64_t index,
                               char reason[static UNPACK_REASON])
{
    zip_file_t *file = zip_fopen_index(archive, index, 0);
    if (file == NULL) {
        snprintf(reason, UNPACK_REASON, "its zip archive cannot be read: %s",
                 zip_strerror(archive));
        return -1;
    }
    struct buffer *out = &unpacker->member;
    size_t length = 0, room;
    zip_int64_t got = -1;
    while ((room = make_room(unpacker, out, length, reason)) > 0) {
        got = zip_fread(file, out->bytes + length, room);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    if (room > 0 && got < 0)
        snprintf(reason, UNPACK_REASON, "its zip archive is damaged: %s", zip_file_strerror(file));
    zip_fclose(file);
    spend(unpacker, length);
    return room > 0 && got == 0 ? (zip_int64_t)length : -1;
}

static int read_members(struct unpacker *unpacker, zip_t *archive, unpack_member_fn *member,
                        void *context, int *stopped, char reason[static UNPACK_REASON])
{
    zip_int64_t count = zip_get_num_entries(archive, 0);
    for (zip_int64_t i = 0; i < count && *stopped == 0; i++) {
        const char *name = zip_get_name(archive, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (name == NULL || (*name != '\0' && name[strlen(name) - 1] == '/'))
            continue; /* a folder */
        zip_int64_t length = read_member(unpacker, archive, (zip_uint64_t)i, reason);
        if (length < 0)
            return -1;
        *stopped = member(context, name, (struct slice){unpacker->member.bytes, (size_t)length});
    }
    return 0;
}

int unpack_zip(struct unpacker *unpacker, struct slice bytes, unpack_member_fn *member,
               void *context, int *stopped, char reason[static UNPACK_REASON])
{
    *stopped = 0;
    if (check_directory(bytes, unpacker->limits->parts_max, reason) != 0)
        return -1;
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(bytes.start, bytes.length, 0, &error);
    zip_t *archive = source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY, &error);
    int result = -1;
    if (archive != NULL) {
        result = read_members(unpacker, archive, member, context, stopped, reason);
        zip_discard(archive);
    } else {
        snprintf(reason, UNPACK_REASON, "its zip archive is damaged: %s",
                 zip_error_strerror(&error));
        zip_source_free(source);
    }
    zip_error_fini(&error);
    return result;
}
