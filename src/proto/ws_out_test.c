#include "base/utf8.h"
#include "check_test.h"
#include "proto/ws_frame.h"

static void header_is(uint64_t len, const char *bytes, size_t count)
{
    uint8_t header[WS_HEADER_MAX];
    assert_int_equal(ws_header(header, WS_OP_BINARY, len), count);
    assert_memory_equal(header, bytes, count);
}

TEST(headers_use_the_shortest_length)
{
    header_is(0, "\x82\x00", 2);
    header_is(125, "\x82\x7d", 2);
    header_is(126, "\x82\x7e\x00\x7e", 4);
    header_is(65535, "\x82\x7e\xff\xff", 4);
    header_is(65536, "\x82\x7f\0\0\0\0\0\1\0\0", 10);
    header_is(0x0102030405060708, "\x82\x7f\1\2\3\4\5\6\7\x8", 10);
    uint8_t header[WS_HEADER_MAX];
    ws_header(header, WS_OP_TEXT, 1);
    assert_int_equal(header[0], 0x81);
}

TEST(close_frames_carry_code_and_reason)
{
    uint8_t frame[2 + 125];
    assert_int_equal(ws_close_frame(frame, 4001, S("no")), 6);
    assert_memory_equal(frame, "\x88\x04\x0f\xa1no", 6);
    assert_int_equal(ws_close_frame(frame, 1000, (Str){0}), 4);
    assert_memory_equal(frame, "\x88\x02\x03\xe8", 4);
    assert_int_equal(ws_close_frame(frame, 1005, S("ignored")), 2);
    assert_memory_equal(frame, "\x88\x00", 2);
}

/* Characters of every width, at every place around the ceiling. */
TEST(a_reason_is_cut_between_characters)
{
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t width = 1; width <= 4; width++)
        for (size_t before = 110; before <= 130; before++) {
            char reason[200];
            uint8_t frame[2 + 125];
            memset(reason, 'x', before);
            size_t at = before;
            for (; at + width <= sizeof reason; at += width)
                memcpy(reason + at, characters[width - 1], width);
            size_t len = ws_close_frame(frame, 1000, str_make(reason, at));
            assert_true(len <= sizeof frame && len + width > sizeof frame);
            assert_int_equal(frame[1], len - 2);
            assert_true(utf8_is_valid(str_make(frame + 4, len - 4)));
        }
}

TEST(valid_codes_are_those_that_travel)
{
    size_t count = 0;
    for (unsigned code = 0; code <= UINT16_MAX; code++)
        count += ws_close_code_is_valid((uint16_t)code);
    assert_int_equal(count, 2000 + 12);
    assert_false(ws_close_code_is_valid(1005));
    assert_false(ws_close_code_is_valid(1015));
}

TEST_MAIN()
