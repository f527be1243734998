#include "key_reader.h"

#include <curses.h>
#include <string.h>

#include "keys.h"

enum {
    ESCAPE = '\033',
    SEQUENCE_MAX = 64, /* characters; none that a terminal sends is as long */
    WAITING_MAX = 4    /* an introducer, the key that broke its sequence off, two resizes */
};

static const wint_t resize = (wint_t)KEY_RESIZE | KEY_FLAG;

/* Read already, but behind what was returned. */
static struct {
    wint_t keys[WAITING_MAX];
    size_t count;
} waiting;

void key_reader_begin(void)
{
    static const struct {
        const char *sequence;
        int key;
    } usual[] = {
        {"\033[A", KEY_UP},     {"\033OA", KEY_UP},     {"\033[B", KEY_DOWN}, {"\033OB", KEY_DOWN},
        {"\033[C", KEY_RIGHT},  {"\033OC", KEY_RIGHT},  {"\033[D", KEY_LEFT}, {"\033OD", KEY_LEFT},
        {"\033[1~", KEY_HOME},  {"\033[7~", KEY_HOME},  {"\033[H", KEY_HOME}, {"\033OH", KEY_HOME},
        {"\033[4~", KEY_END},   {"\033[8~", KEY_END},   {"\033[F", KEY_END},  {"\033OF", KEY_END},
        {"\033[5~", KEY_PPAGE}, {"\033[6~", KEY_NPAGE}, {"\033[3~", KEY_DC},  {"\033[Z", KEY_BTAB},
        {"\033OM", KEY_ENTER},  {"\033[11~", KEY_F(1)}, {"\033OP", KEY_F(1)},
    };
    waiting.count = 0;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        define_key(usual[i].sequence, usual[i].key);
}

static void keep(wint_t key)
{
    if (waiting.count < WAITING_MAX)
        waiting.keys[waiting.count++] = key;
}

/* Takes out the key that has waited as the Nth. */
static wint_t take(size_t n)
{
    wint_t key = waiting.keys[n];
    memmove(waiting.keys + n, waiting.keys + n + 1, (--waiting.count - n) * sizeof key);
    return key;
}

static bool read_within(int milliseconds, wint_t *key)
{
    timeout(milliseconds);
    int kind = get_wch(key);
    timeout(0);
    if (kind == KEY_CODE_YES)
        *key |= KEY_FLAG;
    return kind != ERR;
}

/* A sequence from ESC on that is being read. */
struct sequence {
    char text[SEQUENCE_MAX + 1];
    size_t length;
};

/* Reads a sequence to its end (ECMA-48 5.4), or to what breaks it off. */
static void read_sequence(struct sequence *sequence)
{
    enum { START = 2 /* ESC and the introducer */ };
    bool ended = false, resized = false;
    wint_t key;
    while (!ended && sequence->length < SEQUENCE_MAX && read_within(ESCAPE_MILLISECONDS, &key)) {
        if (key == resize) { /* comes at any time */
            resized = true;
            continue;
        }
        if (key < ' ' || key > '~') {
            keep(key);
            break;
        }
        bool more = key == '[' && sequence->length == START; /* of the Linux console */
        ended = key >= '@' && !more;
        sequence->text[sequence->length++] = (char)key;
    }
    if (resized)
        keep(resize);
}

/* What follows ESC, if that is no key of its own: the key of a sequence that came in parts;
 * 0 where there is none.  False when ESC was typed. */
static bool read_behind_escape(wint_t *key)
{
    struct sequence sequence = {.text = {ESCAPE}, .length = 1};
    wint_t next;
    if (!read_within(0, &next))
        return false;
    size_t place = waiting.count;
    keep(next);
    if (next != '[' && next != 'O')
        return false;
    sequence.text[sequence.length++] = (char)next;
    read_sequence(&sequence);
    if (sequence.length == 2)
        return false;
    take(place);
    int known = key_defined(sequence.text);
    *key = known > 0 ? (wint_t)known | KEY_FLAG : 0;
    return true;
}

bool key_read(wint_t *key)
{
    do {
        if (waiting.count > 0)
            *key = take(0);
        else if (!read_within(0, key))
            return false;
    } while (*key == ESCAPE && read_behind_escape(key) && *key == 0);
    return true;
}
