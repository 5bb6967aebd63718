/* A small automaton. Between two characters the state is ACCEPT; inside one it says which bytes may
 * come next. Four lead bytes narrow the range of the byte after them, and that alone rules out
 * overlong forms (E0, F0), surrogates (ED) and code points past U+10FFFF (F4). RFC 3629 4. */
#include "base/utf8.h"

enum {
    TAIL_1 = 1, /* one continuation byte is missing */
    TAIL_2,
    TAIL_3,
    AFTER_E0,
    AFTER_ED,
    AFTER_F0,
    AFTER_F4
};

/* What a state accepts, and where that leads. */
static const struct {
    uint8_t low, high, next;
} moves[] = {
    [TAIL_1] = {0x80, 0xbf, UTF8_ACCEPT}, [TAIL_2] = {0x80, 0xbf, TAIL_1},
    [TAIL_3] = {0x80, 0xbf, TAIL_2},      [AFTER_E0] = {0xa0, 0xbf, TAIL_1},
    [AFTER_ED] = {0x80, 0x9f, TAIL_1},    [AFTER_F0] = {0x90, 0xbf, TAIL_2},
    [AFTER_F4] = {0x80, 0x8f, TAIL_2},
};

static uint8_t lead(uint8_t byte)
{
    if (byte < 0x80) return UTF8_ACCEPT;
    if (byte < 0xc2) return UTF8_REJECT; /* a stray continuation, or an overlong pair */
    if (byte < 0xe0) return TAIL_1;
    if (byte == 0xe0) return AFTER_E0;
    if (byte == 0xed) return AFTER_ED;
    if (byte < 0xf0) return TAIL_2;
    if (byte == 0xf0) return AFTER_F0;
    if (byte < 0xf4) return TAIL_3;
    return byte == 0xf4 ? AFTER_F4 : UTF8_REJECT;
}

static uint8_t step(uint8_t state, uint8_t byte)
{
    if (state == UTF8_ACCEPT) return lead(byte);
    if (byte < moves[state].low || byte > moves[state].high) return UTF8_REJECT;
    return moves[state].next;
}

/* Most text is ASCII: eight bytes a look. */
static size_t ascii_words(Str bytes)
{
    size_t i = 0;
    for (uint64_t word; bytes.len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, bytes.at + i, sizeof word);
        if (word & 0x8080808080808080u) break;
    }
    return i;
}

uint8_t utf8_feed(uint8_t state, Str bytes)
{
    for (size_t i = 0; i < bytes.len && state != UTF8_REJECT; i++) {
        if (state == UTF8_ACCEPT) {
            i += ascii_words(str_from(bytes, i));
            if (i == bytes.len) break;
        }
        state = step(state, (uint8_t)bytes.at[i]);
    }
    return state;
}

bool utf8_is_valid(Str text)
{
    return utf8_feed(UTF8_ACCEPT, text) == UTF8_ACCEPT;
}

size_t utf8_char_len(Str text)
{
    uint8_t state = UTF8_ACCEPT;
    for (size_t i = 0; i < text.len; i++) {
        state = step(state, (uint8_t)text.at[i]);
        if (state == UTF8_ACCEPT) return i + 1;
        if (state == UTF8_REJECT) return 0;
    }
    return 0;
}

static char tail(uint32_t code_point, int shift)
{
    return (char)(0x80 | (code_point >> shift & 0x3f));
}

size_t utf8_encode(uint32_t code_point, char ret[4])
{
    if (code_point < 0x80) {
        ret[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        ret[0] = (char)(0xc0 | code_point >> 6);
        ret[1] = tail(code_point, 0);
        return 2;
    }
    if (code_point < 0x10000) {
        ret[0] = (char)(0xe0 | code_point >> 12);
        ret[1] = tail(code_point, 6);
        ret[2] = tail(code_point, 0);
        return 3;
    }
    ret[0] = (char)(0xf0 | code_point >> 18);
    ret[1] = tail(code_point, 12);
    ret[2] = tail(code_point, 6);
    ret[3] = tail(code_point, 0);
    return 4;
}
