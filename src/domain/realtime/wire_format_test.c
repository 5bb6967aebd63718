/* Each format's frame around one message, around several, around none; and that its length is found
 * again from its first bytes. */
#include "check_test.h"

#include "base/limits.h"
#include "domain/realtime/wire_format.h"

static void put_pings(WireFormat format, int count, Buf *out)
{
    CfOut o = wire_begin(format, out);
    for (int i = 0; i < count; i++) wire_codec(format)->ping(&o);
    assert_int_equal(wire_end(format, &o), count > 0);
}

static void assert_pings(WireFormat format, int count, Str expected)
{
    Buf out;
    buf_init(&out, KIB(4));
    put_pings(format, count, &out);
    assert_int_equal(buf_len(&out), expected.len);
    assert_memory_equal(buf_view(&out).at, expected.at, expected.len);
    if (count)
        assert_int_equal(wire_frame_len(format, (const uint8_t *)buf_view(&out).at), expected.len);
    buf_done(&out);
}

TEST(one_message)
{
    assert_pings(WIRE_JSON_WS, 1, S("\x81\x02{}"));
    assert_pings(WIRE_PROTOBUF_WS, 1, S("\x82\x01\x00"));
    assert_pings(WIRE_JSON_STREAM, 1, S("000003\r\n{}\n\r\n"));
    assert_pings(WIRE_PROTOBUF_STREAM, 1, S("000001\r\n\x00\r\n"));
    assert_pings(WIRE_JSON_SSE, 1, S("00000a\r\ndata: {}\n\n\r\n"));
}

TEST(several_messages_in_a_frame)
{
    assert_pings(WIRE_JSON_WS, 2, S("\x81\x05{}\n{}"));
    assert_pings(WIRE_PROTOBUF_WS, 2, S("\x82\x02\x00\x00"));
    assert_pings(WIRE_JSON_STREAM, 2, S("000006\r\n{}\n{}\n\r\n"));
    assert_pings(WIRE_JSON_SSE, 2, S("000014\r\ndata: {}\n\ndata: {}\n\n\r\n"));
}

TEST(no_message_no_frame)
{
    for (int f = 0; f < WIRE_WORKSPACE; f++) assert_pings((WireFormat)f, 0, S(""));
}

/* Around every size at which a header changes, and behind another frame. */
TEST(frames_of_every_size_tile)
{
    static char text[70000];
    static const size_t sizes[] = {1, 60, 90, 125, 126, 127, 4096, 65470, 65535, 65536, 69000};
    memset(text, 'x', sizeof text);
    text[0] = '"';
    for (int f = 0; f < WIRE_WORKSPACE; f++) /* the other two have no codec */
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            Buf out;
            Publication p = {.data = str_make(text, sizes[i]), .offset = 7};
            buf_init(&out, MIB(1));
            put_pings((WireFormat)f, 1, &out);
            size_t first = buf_len(&out);
            wire_publication((WireFormat)f, S("a#b"), &p, &out);
            const uint8_t *at = (const uint8_t *)buf_view(&out).at;
            assert_status(buf_status(&out), ST_OK);
            assert_int_equal(wire_frame_len((WireFormat)f, at), first);
            assert_int_equal(wire_frame_len((WireFormat)f, at + first), buf_len(&out) - first);
            buf_done(&out);
        }
}

TEST(the_last_chunk_is_a_frame_too)
{
    Str end = wire_stream_end();
    assert_int_equal(wire_frame_len(WIRE_JSON_STREAM, (const uint8_t *)end.at), end.len);
}

TEST(a_frame_over_the_ceiling_is_no_frame)
{
    static char text[KIB(8)];
    Buf out;
    memset(text, 'x', sizeof text);
    buf_init(&out, KIB(4));
    wire_publication(WIRE_JSON_SSE, S("a"), &(Publication){.data = str_make(text, sizeof text)},
                     &out);
    assert_status(buf_status(&out), ST_TOO_BIG);
    buf_done(&out);
}

TEST_MAIN()
