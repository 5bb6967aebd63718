/* Compressed messages there and back, the ceiling on what they become, and every shape of an offer. */
#include "check_test.h"

#include "base/limits.h"
#include "proto/ws_deflate.h"
#include "proto/ws_frame.h"

static Status inflate_to(Str deflated, size_t max, size_t *ret_len)
{
    Buf out;
    buf_init(&out, max);
    Status st = ws_inflate(deflated, &out);
    *ret_len = buf_len(&out);
    assert_true(out._cap <= max);
    buf_done(&out);
    return st;
}

TEST(what_is_deflated_inflates_to_the_same)
{
    static char plain[KIB(64)];
    static uint8_t room[KIB(64)];
    for (size_t len = WS_DEFLATE_BYTES_MIN; len <= sizeof plain; len = len * 3 / 2) {
        Buf out;
        size_t deflated = 0;
        for (size_t i = 0; i < len; i++) plain[i] = (char)('a' + i * i % 7);
        buf_init(&out, len); /* exactly enough */
        assert_true(ws_deflate(str_make(plain, len), room, len, &deflated));
        assert_true(deflated < len);
        assert_status(ws_inflate(str_make(room, deflated), &out), ST_OK);
        assert_int_equal(buf_len(&out), len);
        assert_memory_equal(buf_view(&out).at, plain, len);
        size_t got;
        assert_status(inflate_to(str_make(room, deflated), len - 1, &got), ST_TOO_BIG);
        buf_done(&out);
    }
}

TEST(what_would_not_be_shorter_stays_as_it_is)
{
    uint8_t noise[512], room[512];
    size_t len = 0;
    for (uint32_t i = 0, x = 1; i < sizeof noise; i++, x = x * 1664525 + 1013904223)
        noise[i] = (uint8_t)(x >> 24);
    assert_false(ws_deflate(str_make(noise, sizeof noise), room, sizeof noise, &len));
}

TEST(the_examples_of_rfc_7692)
{
    static const Str cases[] = {
        STR_INIT("\xf2\x48\xcd\xc9\xc9\x07\x00"),                 /* 7.2.3.1 */
        STR_INIT("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), /* 7.2.3.3: no compression */
        STR_INIT("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),             /* 7.2.3.4: BFINAL is set */
        STR_INIT("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), /* 7.2.3.5: two blocks */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Buf out;
        buf_init(&out, 64);
        assert_status(ws_inflate(cases[i], &out), ST_OK);
        assert_str(buf_view(&out), "Hello");
        buf_done(&out);
    }
}

TEST(what_is_not_deflated_is_refused)
{
    size_t len;
    assert_status(inflate_to(S("\x07hello"), 64, &len), ST_INVALID);
    assert_status(inflate_to(S("\xff\xff\xff\xff"), 64, &len), ST_INVALID);
    assert_status(inflate_to(S("\x00\x05\x00\xfa\xffHel"), 64, &len), ST_INVALID);
}

/* RELIABILITY 8: the ceiling holds while inflating. */
TEST(a_bomb_stops_at_the_ceiling)
{
    static char zeros[KIB(60)];
    static uint8_t once[KIB(2)], bomb[KIB(64)];
    size_t part = 0, len = 0, got;
    assert_true(ws_deflate(str_make(zeros, sizeof zeros), once, sizeof once, &part));
    for (; len + part + 4 <= sizeof bomb; len += part + 4) { /* some 40 MiB in all */
        memcpy(bomb + len, once, part);
        memcpy(bomb + len + part, "\x00\x00\xff\xff", 4);
    }
    assert_true(len / (part + 4) * sizeof zeros > MIB(20));
    assert_status(inflate_to(str_make(bomb, len), WS_MESSAGE_MAX, &got), ST_TOO_BIG);
    assert_int_equal(got, WS_MESSAGE_MAX);
}

/* ---- the decoder ---- */

static WsEvent decode(const char *bytes, size_t len, bool deflate, size_t piece, WsOut *ret_out,
                      WsDecoder *d)
{
    uint8_t copy[256];
    WsEvent event = WS_MORE;
    memcpy(copy, bytes, len);
    ws_decoder_init(d);
    if (deflate) ws_decoder_inflate(d);
    for (size_t at = 0; at < len && event == WS_MORE; at += piece) {
        size_t used, n = len - at < piece ? len - at : piece;
        event = ws_decode(d, copy + at, n, &used, ret_out);
    }
    return event;
}

TEST(a_deflated_message_is_handed_out_inflated_whatever_the_cut)
{
    static const char whole[] = "\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00";
    static const char two[] = "\x41\x83\0\0\0\0\xf2\x48\xcd\x80\x84\0\0\0\0\xc9\xc9\x07\x00";
    for (size_t piece = 1; piece < sizeof two; piece++) {
        WsDecoder d;
        WsOut out;
        assert_int_equal(decode(whole, sizeof whole - 1, true, piece, &out, &d), WS_TEXT);
        assert_str(out.payload, "Hello");
        ws_decoder_done(&d);
        assert_int_equal(decode(two, sizeof two - 1, true, piece, &out, &d), WS_TEXT);
        assert_str(out.payload, "Hello");
        ws_decoder_done(&d);
    }
}

TEST(rsv1_is_refused_where_it_has_no_meaning)
{
    static const struct {
        Str bytes;
        bool deflate;
        int code;
    } cases[] = {
        {STR_INIT("\xc1\x80\0\0\0\0"), false, 1002},                /* not agreed on */
        {STR_INIT("\xc9\x80\0\0\0\0"), true, 1002},                 /* on a control frame */
        {STR_INIT("\x01\x80\0\0\0\0\xc0\x80\0\0\0\0"), true, 1002}, /* on a continuation */
        {STR_INIT("\xe1\x80\0\0\0\0"), true, 1002},                 /* with another bit */
        {STR_INIT("\xc1\x81\0\0\0\0\xff"), true, 1007},             /* no deflated bytes */
        {STR_INIT("\xc1\x87\0\0\0\0\x00\x01\x00\xfe\xff\xff\x00"), true, 1007}, /* no UTF-8 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        WsDecoder d;
        WsOut out;
        size_t len = cases[i].bytes.len;
        assert_int_equal(decode(cases[i].bytes.at, len, cases[i].deflate, len, &out, &d),
                         WS_FAILED);
        assert_int_equal(out.close_code, cases[i].code);
        ws_decoder_done(&d);
    }
}

/* ---- negotiation ---- */

TEST(offers)
{
#define BOTH "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    static const struct {
        const char *offer, *answer;
    } cases[] = {
        {"permessage-deflate", BOTH},
        {"permessage-deflate; client_max_window_bits", BOTH},
        {"permessage-deflate;client_max_window_bits=\"10\"", BOTH},
        {"PerMessage-Deflate; server_no_context_takeover; client_no_context_takeover", BOTH},
        {"permessage-deflate; server_max_window_bits=15", BOTH "; server_max_window_bits=15"},
        {"permessage-deflate; server_max_window_bits=10, permessage-deflate", BOTH},
        {"x-other, permessage-deflate; client_max_window_bits", BOTH},
        {"", ""},
        {"x-webkit-deflate-frame", ""},
        {"permessage-deflate; server_max_window_bits=10", ""},
        {"permessage-deflate; server_max_window_bits", ""},
        {"permessage-deflate; client_max_window_bits=7", ""},
        {"permessage-deflate; client_max_window_bits=16", ""},
        {"permessage-deflate; client_max_window_bits=010", ""},
        {"permessage-deflate; client_max_window_bits; client_max_window_bits", ""},
        {"permessage-deflate; server_no_context_takeover=1", ""},
        {"permessage-deflate; unknown", ""},
        {"permessage-deflate;", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        HttpHeader header = {S("Sec-WebSocket-Extensions"), str_of(cases[i].offer)};
        HttpHead head = {.headers = &header, .header_count = 1};
        assert_str(ws_deflate_answer(&head), cases[i].answer);
    }
}

TEST_MAIN()
