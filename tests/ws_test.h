/* ws_test.h: what the WebSocket decoder says about a connection's bytes, as one line of text.
 *
 *   TEXT hello, PING, CLOSE 1000 bye, FAIL 1002        bytes not printable are \xHH; many x are *LEN
 *
 * The line does not say how the bytes were cut, so whatever the cut, it must be the same line. Each
 * piece is copied to a block of its own size: a read beyond it is the sanitizer's. */
#ifndef ORQ_TESTS_WS_TEST_H
#define ORQ_TESTS_WS_TEST_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "proto/ws_frame.h"

enum { XS_SHOWN_MAX = 300 };

typedef struct WsTranscript {
    WsDecoder decoder;
    Buf text;
    bool failed;
} WsTranscript;

static inline void ws_transcript_init(WsTranscript *t)
{
    *t = (WsTranscript){0};
    ws_decoder_init(&t->decoder);
    buf_init(&t->text, MIB(16));
}

static inline void ws_transcript_done(WsTranscript *t)
{
    ws_decoder_done(&t->decoder);
    buf_done(&t->text);
}

static inline bool ws_is_many_x(Str payload)
{
    size_t i = 0;
    while (i < payload.len && payload.at[i] == 'x') i++;
    return payload.len > XS_SHOWN_MAX && i == payload.len;
}

static inline void ws_show_payload(Buf *text, Str payload)
{
    if (payload.len) buf_lit(text, " ");
    if (ws_is_many_x(payload)) {
        buf_lit(text, "*");
        buf_add_u64(text, payload.len);
        return;
    }
    for (size_t i = 0; i < payload.len; i++) {
        uint8_t c = (uint8_t)payload.at[i];
        if (c >= ' ' && c < 127)
            buf_add_byte(text, c);
        else
            buf_format(text, "\\x%02x", c);
    }
}

static inline void ws_show(WsTranscript *t, WsEvent event, const WsOut *out)
{
    static const char *const names[] = {"MORE", "TEXT", "BINARY", "PING", "PONG", "CLOSE", "FAIL"};
    bool coded = event == WS_CLOSE || event == WS_FAILED;
    if (buf_len(&t->text)) buf_lit(&t->text, ", ");
    buf_add(&t->text, str_of(names[event]));
    if (coded) buf_format(&t->text, " %u", out->close_code);
    ws_show_payload(&t->text, out->payload);
    CHECK((event == WS_FAILED) == (out->reason != NULL));
    CHECK(event != WS_TEXT || utf8_is_valid(out->payload));
    CHECK(out->payload.len <= WS_MESSAGE_MAX);
}

static inline void ws_transcript_feed(WsTranscript *t, Str piece)
{
    uint8_t *own = mem_alloc(piece.len + 1),
            *at = own + 1; /* odd on purpose: unmask must not care */
    size_t left = piece.len;
    if (left) memcpy(at, piece.at, left);
    for (WsEvent event = WS_TEXT; event != WS_MORE && !t->failed;) {
        WsOut out;
        size_t used = 0;
        event = ws_decode(&t->decoder, at, left, &used, &out);
        CHECK(used <= left && (event != WS_MORE || used == left));
        if (event != WS_MORE) ws_show(t, event, &out);
        t->failed = event == WS_FAILED;
        at += used;
        left -= used;
    }
    mem_free(own);
}

/* Feeds `first` bytes, then pieces of `step` bytes. */
static inline void ws_transcript_run(WsTranscript *t, Str in, size_t first, size_t step)
{
    ws_transcript_init(t);
    Str head = str_head(in, first);
    ws_transcript_feed(t, head);
    for (size_t at = head.len; at < in.len; at += step)
        ws_transcript_feed(t, str_head(str_from(in, at), step));
}

#endif
