/* ws_cases_test.h: cases of the WebSocket decoder, run whole, byte by byte and split at every point.
 *
 * The input is written as frames, masked by us, separated by spaces:
 *   81:hello   first byte in hex, payload as text        88#03e8   payload in hex
 *   82*65536   that many 'x'                             =8105     raw bytes in hex, nothing added */
#ifndef ORQ_TESTS_WS_CASES_TEST_H
#define ORQ_TESTS_WS_CASES_TEST_H

#include "check_test.h"
#include "ws_test.h"

typedef struct WsCase {
    const char *name;
    const char *frames;
    const char *said; /* a transcript (ws_test.h) */
} WsCase;

#define CASE_COUNT(table) (sizeof(table) / sizeof(table)[0])

static inline uint8_t hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
    CHECK(at != NULL);
    return (uint8_t)(at - digits);
}

static inline void add_hex(Buf *b, Str hex)
{
    CHECK(hex.len % 2 == 0);
    for (size_t i = 0; i < hex.len; i += 2)
        buf_add_byte(b, (uint8_t)(hex_digit(hex.at[i]) << 4 | hex_digit(hex.at[i + 1])));
}

static inline void add_length(Buf *b, size_t len)
{
    size_t bytes = len < 126 ? 0 : len <= UINT16_MAX ? 2 : 8;
    buf_add_byte(b, (uint8_t)(0x80 | (bytes == 0 ? len : bytes == 2 ? 126 : 127)));
    while (bytes--) buf_add_byte(b, (uint8_t)((uint64_t)len >> 8 * bytes));
}

static inline void add_frame(Buf *b, uint8_t first, Str payload)
{
    uint8_t mask[4] = {0x37, 0xfa, 0x21, (uint8_t)buf_len(b)};
    buf_add_byte(b, first);
    add_length(b, payload.len);
    buf_add(b, str_make(mask, 4));
    for (size_t i = 0; i < payload.len; i++) buf_add_byte(b, (uint8_t)payload.at[i] ^ mask[i & 3]);
}

static inline void add_payload(Buf *payload, char kind, Str rest)
{
    uint64_t count = 0;
    switch (kind) {
    case ':':
        buf_add(payload, rest);
        break;
    case '#':
        add_hex(payload, rest);
        break;
    default:
        CHECK(kind == '*' && str_to_u64(rest, &count));
        for (uint64_t i = 0; i < count; i++) buf_add_byte(payload, 'x');
    }
}

static inline void add_word(Buf *b, Str word)
{
    if (word.at[0] == '=') {
        add_hex(b, str_from(word, 1));
        return;
    }
    Buf payload;
    buf_init(&payload, MIB(1));
    CHECK(word.len >= 3);
    add_payload(&payload, word.at[2], str_from(word, 3));
    add_frame(b, (uint8_t)(hex_digit(word.at[0]) << 4 | hex_digit(word.at[1])), buf_view(&payload));
    buf_done(&payload);
}

static inline void add_words(Buf *b, Str words)
{
    while (words.at) {
        Str word = str_cut(&words, ' ');
        if (word.len) add_word(b, word);
    }
    CHECK(buf_status(b) == ST_OK);
}

static inline bool ws_cut(const WsCase *c, Str in, size_t first, size_t step)
{
    WsTranscript t;
    ws_transcript_run(&t, in, first, step);
    Str said = buf_view(&t.text);
    bool as_expected = str_is(said, c->said);
    if (!as_expected)
        print_error("%s, first %zu bytes, then by %zu: said\n  %.*s\ninstead of\n  %s\n", c->name,
                    first, step, STR_FMT(said), c->said);
    ws_transcript_done(&t);
    return as_expected;
}

/* Every point of a short input; of a long one the ends and some between. */
static inline bool ws_case_run(const WsCase *c)
{
    Buf b;
    buf_init(&b, MIB(2));
    add_words(&b, str_of(c->frames));
    Str in = buf_view(&b);
    bool as_expected = ws_cut(c, in, in.len, 1) && ws_cut(c, in, 1, 1) && ws_cut(c, in, 3, 7);
    for (size_t at = 1; as_expected && at < in.len;) {
        as_expected = ws_cut(c, in, at, in.len);
        at += in.len < 2000 || at < 20 || at + 20 > in.len ? 1 : at + 1020 > in.len ? 20 : 997;
    }
    buf_done(&b);
    return as_expected;
}

/* All of them, so that one run names every case that fails. */
static inline void ws_cases_run(const WsCase *cases, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) failed += !ws_case_run(&cases[i]);
    assert_int_equal(failed, 0);
}

#endif
