#include "console_scan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../db/visible.h"
#include "../importers/decode.h"

enum { BEL = 7, ESC = 0x1b, CSI_PARAMETERS_MAX = 64 };

/* Private modes of ECMA-48's `CSI ? n h`, and whether a terminal begins in them. */
static const struct {
    unsigned number;
    bool on;
    const char *what;
} modes[] = {
    {1, false, "cursor keys still send application codes"},
    {7, true, "lines no longer wrap"},
    {25, true, "the cursor is still invisible"},
    {47, false, "the alternate screen is still on"},
    {1000, false, "mouse clicks are still reported"},
    {1002, false, "mouse drags are still reported"},
    {1003, false, "mouse moves are still reported"},
    {1004, false, "the focus is still reported"},
    {1005, false, "mouse positions are still encoded as UTF-8"},
    {1006, false, "mouse positions are still encoded as SGR"},
    {1015, false, "mouse positions are still encoded as by urxvt"},
    {1047, false, "the alternate screen is still on"},
    {1049, false, "the alternate screen is still on"},
    {2004, false, "pastes are still bracketed"},
};
enum { MODES = sizeof modes / sizeof *modes };

int scan_init(struct console_scan *scan, bool utf8)
{
    *scan = (struct console_scan){.utf8 = utf8, .sequence = malloc(SCAN_SEQUENCE_MAX + 1)};
    return scan->sequence == NULL ? -1 : 0;
}

void scan_free(struct console_scan *scan)
{
    free(scan->sequence);
    free(scan->clipboard);
}

/* The first one is the cause of what follows. */
__attribute__((format(printf, 2, 3))) static void harm(struct console_scan *scan,
                                                       const char *format, ...)
{
    if (scan->harm[0] != '\0')
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(scan->harm, sizeof scan->harm, format, args);
    va_end(args);
}

static void sequence_harm(struct console_scan *scan, const char *kind)
{
    char shown[64];
    scan->sequence[scan->length] = '\0';
    text_visible(scan->sequence, shown, sizeof shown);
    harm(scan, "%s %s", kind, shown);
}

/* --- characters --- */

/* Unicode's Bidi_Control, separators, invisible characters and tags; listed
 * here and not asked of db/visible.h, which this is to judge. */
static bool is_harmful(uint32_t code)
{
    static const uint32_t ranges[][2] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200b, 0x200f},   {0x2028, 0x202e},
        {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    }
    return false;
}

static void scan_character(struct console_scan *scan, unsigned char byte)
{
    if (!scan->utf8) {
        if (is_harmful(byte))
            harm(scan, "control byte 0x%02x", byte);
        return;
    }
    size_t length = scan->missing > 0 ? strlen(scan->character) : 0;
    if (length == 0)
        scan->missing = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    scan->character[length] = (char)byte;
    scan->character[length + 1] = '\0';
    scan->missing--;
    uint32_t code;
    bool misplaced = length == 0 ? (byte & 0xc0) == 0x80 || byte >= 0xf8 : (byte & 0xc0) != 0x80;
    if (misplaced || (scan->missing == 0 && utf8_read(scan->character, &code) != length + 1)) {
        harm(scan, "bytes that are not UTF-8, the last of them 0x%02x", byte);
        scan->missing = 0;
    } else if (scan->missing == 0 && is_harmful(code)) {
        harm(scan, "character U+%04" PRIX32, code);
    }
}

/* --- control sequences --- */

static void set_mode(struct console_scan *scan, unsigned number, bool on)
{
    for (size_t i = 0; i < MODES; i++) {
        if (modes[i].number != number)
            continue;
        if (on == modes[i].on)
            scan->modes &= ~(UINT64_C(1) << i);
        else
            scan->modes |= UINT64_C(1) << i;
    }
}

/* What terminfo's entries for curses programs use, `CSI ... FINAL`. */
static void scan_csi(struct console_scan *scan)
{
    static const char usual[] = "@ABCDEFGHIJKLMPSTXZbdfghlmrt";
    char final = scan->sequence[scan->length - 1];
    bool cursor = final == 'c' && scan->sequence[0] == '?'; /* its size, on the Linux console */
    if (strchr(usual, final) == NULL && !cursor)
        sequence_harm(scan, "control sequence");
    if (scan->sequence[0] != '?' || (final != 'h' && final != 'l'))
        return;
    scan->sequence[scan->length] = '\0';
    for (const char *at = scan->sequence; *at == '?' || *at == ';';) {
        char *end;
        unsigned long number = strtoul(at + 1, &end, 10);
        set_mode(scan, (unsigned)number, final == 'h');
        at = end;
    }
}

/* OSC 52 ; SELECTION ; BASE64 puts a text into the clipboard. */
static void scan_string(struct console_scan *scan)
{
    scan->sequence[scan->length] = '\0';
    const char *text = NULL;
    if (scan->introducer == ']' && strncmp(scan->sequence, "52;", 3) == 0)
        text = strchr(scan->sequence + 3, ';');
    if (text == NULL || scan->length == SCAN_SEQUENCE_MAX) {
        sequence_harm(scan, "string sequence");
        return;
    }
    struct slice base64 = {text + 1, strlen(text + 1)};
    const char *flaw;
    free(scan->clipboard);
    scan->clipboard = malloc(base64.length + 1);
    if (scan->clipboard == NULL)
        return;
    scan->clipboard[decode_base64(base64, scan->clipboard, &flaw)] = '\0';
    if (*flaw != '\0')
        harm(scan, "OSC 52: %s", flaw);
}

static void scan_escape(struct console_scan *scan, char c)
{
    scan->length = 0;
    if (c == '[') {
        scan->state = SCAN_CSI;
    } else if (strchr("]P_^X", c) != NULL) {
        scan->introducer = c;
        scan->state = SCAN_STRING;
    } else if (strchr("()*+", c) != NULL) {
        scan->state = SCAN_CHARSET;
    } else {
        scan->state = SCAN_TEXT;
        if (strchr("78=>MDE\\", c) == NULL)
            harm(scan, "escape sequence with 0x%02x", (unsigned char)c);
    }
}

static void gather(struct console_scan *scan, char c)
{
    if (scan->length < SCAN_SEQUENCE_MAX)
        scan->sequence[scan->length++] = c;
}

static void scan_text(struct console_scan *scan, unsigned char c)
{
    if (scan->missing == 0 && c == ESC)
        scan->state = SCAN_ESCAPE;
    else if (scan->missing > 0 || strchr("\b\t\n\r\x0e\x0f", c) == NULL || c == '\0')
        scan_character(scan, c); /* 0x0e and 0x0f switch to line drawing and back */
}

void scan_bytes(struct console_scan *scan, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = bytes[i];
        switch (scan->state) {
        case SCAN_TEXT:
            scan_text(scan, (unsigned char)c);
            break;
        case SCAN_ESCAPE:
            scan_escape(scan, c);
            break;
        case SCAN_CHARSET:
            scan->state = SCAN_TEXT;
            break;
        case SCAN_CSI:
            gather(scan, c);
            if ((c >= '@' && c <= '~') || scan->length > CSI_PARAMETERS_MAX) {
                scan_csi(scan);
                scan->state = SCAN_TEXT;
            }
            break;
        case SCAN_STRING:
            if (c == ESC) {
                scan->state = SCAN_STRING_ESCAPE;
            } else if (c == BEL) {
                scan_string(scan);
                scan->state = SCAN_TEXT;
            } else {
                gather(scan, c);
            }
            break;
        case SCAN_STRING_ESCAPE: /* the '\' of ESC \ */
            scan_string(scan);
            scan->state = SCAN_TEXT;
            break;
        }
    }
}

const char *scan_harm(const struct console_scan *scan)
{
    return scan->harm;
}

const char *scan_leftover(const struct console_scan *scan)
{
    for (size_t i = 0; i < MODES; i++) {
        if (scan->modes >> i & 1)
            return modes[i].what;
    }
    return scan->state == SCAN_TEXT ? "" : "an escape sequence is unfinished";
}
