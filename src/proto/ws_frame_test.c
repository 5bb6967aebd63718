#include "ws_cases_test.h"

static const WsCase good[] = {
    {"nothing", "", ""},
    {"text", "81:hello", "TEXT hello"},
    {"text of nothing", "81:", "TEXT"},
    {"binary", "82:hello", "BINARY hello"},
    {"binary of nothing", "82:", "BINARY"},
    {"binary is any byte", "82#00ff80", "BINARY \\x00\\xff\\x80"},
    {"two texts", "81:a 81:b", "TEXT a, TEXT b"},
    {"many", "81:a 82:b 89:c 8a:d 81:", "TEXT a, BINARY b, PING c, PONG d, TEXT"},
    {"1 byte", "82*1", "BINARY x"},
    {"7 bytes", "82*7", "BINARY xxxxxxx"},
    {"8 bytes", "82*8", "BINARY xxxxxxxx"},
    {"9 bytes", "82*9", "BINARY xxxxxxxxx"},
    {"17 bytes", "82*17", "BINARY xxxxxxxxxxxxxxxxx"},
    {"125 bytes", "82*125 89:",
     "BINARY " /* 125 */
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxx, PING"},
    {"400 bytes", "82*400 89:", "BINARY *400, PING"},
    {"65535 bytes", "81*65535 89:", "TEXT *65535, PING"},
    {"mask of zeros", "=81850000000068656c6c6f", "TEXT hello"},
    {"the RFC's own", "=818537fa213d7f9f4d5158", "TEXT Hello"},
    {"half a frame", "81:a =81", "TEXT a"},
    {"a frame but for a byte", "81:a =818537fa213d7f9f4d51", "TEXT a"},

    {"ping", "89:hi", "PING hi"},
    {"ping of nothing", "89:", "PING"},
    {"ping of zeros", "89#0000", "PING \\x00\\x00"},
    {"pong", "8a:hi", "PONG hi"},
    {"ping at its ceiling", "89*125 81:a",
     "PING xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, TEXT a"},

    {"in two", "01:he 80:llo", "TEXT hello"},
    {"binary in two", "02:he 80:llo", "BINARY hello"},
    {"in five", "01:h 00:e 00:l 00:l 80:o", "TEXT hello"},
    {"empty parts", "01: 00: 00:a 00: 80:", "TEXT a"},
    {"nothing but empty parts", "01: 80:", "TEXT"},
    {"two in two", "01:a 80:b 02:c 80:d", "TEXT ab, BINARY cd"},
    {"parts, then whole", "01:a 80:b 81:c", "TEXT ab, TEXT c"},
    {"whole, then parts", "81:c 01:a 80:b", "TEXT c, TEXT ab"},
    {"ping between parts", "01:a 89:p 80:b", "PING p, TEXT ab"},
    {"pings between parts", "01:a 89:p 89: 00:b 8a:q 80:c", "PING p, PING, PONG q, TEXT abc"},
    {"ping between empty parts", "01: 89:p 80:", "PING p, TEXT"},
    {"long ping between parts", "01:a 89#" /* 20 */ "6162636465666768696a6162636465666768696a 80:b",
     "PING abcdefghijabcdefghij, TEXT ab"},
    {"close between parts", "01:a 88#03e8", "CLOSE 1000"},
    {"large parts", "02*30000 00*5536 80*30000", "BINARY *65536"},
    {"message left open", "01:a 89:p", "PING p"},
};

static const WsCase closes[] = {
    {"no payload", "88:", "CLOSE 1005"},
    {"a code", "88#03e8", "CLOSE 1000"},
    {"a code and a reason", "88#03e8627965", "CLOSE 1000 bye"},
    {"a reason in UTF-8", "88#03e8e282ac", "CLOSE 1000 \\xe2\\x82\\xac"},
    {"1001", "88#03e9", "CLOSE 1001"},
    {"1002", "88#03ea", "CLOSE 1002"},
    {"1003", "88#03eb", "CLOSE 1003"},
    {"1007", "88#03ef", "CLOSE 1007"},
    {"1008", "88#03f0", "CLOSE 1008"},
    {"1009", "88#03f1", "CLOSE 1009"},
    {"1010", "88#03f2", "CLOSE 1010"},
    {"1011", "88#03f3", "CLOSE 1011"},
    {"1012", "88#03f4", "CLOSE 1012"},
    {"1013", "88#03f5", "CLOSE 1013"},
    {"1014", "88#03f6", "CLOSE 1014"},
    {"3000", "88#0bb8", "CLOSE 3000"},
    {"3999", "88#0f9f", "CLOSE 3999"},
    {"4000", "88#0fa0", "CLOSE 4000"},
    {"4999", "88#1387", "CLOSE 4999"},

    {"half a code", "88#03", "FAIL 1002"},
    {"0", "88#0000", "FAIL 1002"},
    {"999", "88#03e7", "FAIL 1002"},
    {"1004", "88#03ec", "FAIL 1002"},
    {"1005 on the wire", "88#03ed", "FAIL 1002"},
    {"1006 on the wire", "88#03ee", "FAIL 1002"},
    {"1015 on the wire", "88#03f7", "FAIL 1002"},
    {"1016", "88#03f8", "FAIL 1002"},
    {"1100", "88#044c", "FAIL 1002"},
    {"2000", "88#07d0", "FAIL 1002"},
    {"2999", "88#0bb7", "FAIL 1002"},
    {"5000", "88#1388", "FAIL 1002"},
    {"65535", "88#ffff", "FAIL 1002"},
    {"broken reason", "88#03e8ff", "FAIL 1007"},
    {"cut reason", "88#03e8e282", "FAIL 1007"},
    {"bad code and reason", "88#03edff", "FAIL 1002"},
};

static const WsCase refused[] = {
    {"RSV1", "c1:a", "FAIL 1002"},
    {"RSV2", "a1:a", "FAIL 1002"},
    {"RSV3", "91:a", "FAIL 1002"},
    {"all RSV", "f1:a", "FAIL 1002"},
    {"RSV1 on a ping", "c9:a", "FAIL 1002"},
    {"RSV2 on a close", "a8:", "FAIL 1002"},
    {"RSV1 on a part", "01:a c0:b", "FAIL 1002"},
    {"RSV after good ones", "81:a 89:b c1:c", "TEXT a, PING b, FAIL 1002"},
    {"opcode 3", "83:a", "FAIL 1002"},
    {"opcode 4", "84:a", "FAIL 1002"},
    {"opcode 5", "85:a", "FAIL 1002"},
    {"opcode 6", "86:a", "FAIL 1002"},
    {"opcode 7", "87:a", "FAIL 1002"},
    {"opcode 11", "8b:a", "FAIL 1002"},
    {"opcode 12", "8c:a", "FAIL 1002"},
    {"opcode 13", "8d:a", "FAIL 1002"},
    {"opcode 14", "8e:a", "FAIL 1002"},
    {"opcode 15", "8f:a", "FAIL 1002"},
    {"opcode 3, not final", "03:a", "FAIL 1002"},

    {"text unmasked", "=810568656c6c6f", "FAIL 1002"},
    {"ping unmasked", "=8900", "FAIL 1002"},
    {"close unmasked", "=8800", "FAIL 1002"},
    {"part unmasked", "01:a =8000", "FAIL 1002"},

    {"ping in parts", "09:a", "FAIL 1002"},
    {"pong in parts", "0a:a", "FAIL 1002"},
    {"close in parts", "08#03e8", "FAIL 1002"},
    {"ping of 126", "89*126", "FAIL 1002"},
    {"pong of 126", "8a*126", "FAIL 1002"},
    {"close of 126", "88*126", "FAIL 1002"},
    {"ping of 64 KiB", "89*65536", "FAIL 1002"},
    {"ping with a long length", "=89fe0001", "FAIL 1002"},

    {"continues nothing", "80:a", "FAIL 1002"},
    {"continues nothing, not final", "00:a", "FAIL 1002"},
    {"continues what ended", "01:a 80:b 80:c", "TEXT ab, FAIL 1002"},
    {"continues what was whole", "81:a 80:b", "TEXT a, FAIL 1002"},
    {"text inside a text", "01:a 81:b", "FAIL 1002"},
    {"part inside a text", "01:a 01:b", "FAIL 1002"},
    {"binary inside a text", "01:a 82:b", "FAIL 1002"},
    {"text inside, after a ping", "01:a 89:p 81:b", "PING p, FAIL 1002"},

    {"0 in 16 bits", "=81fe0000", "FAIL 1002"},
    {"125 in 16 bits", "=82fe007d", "FAIL 1002"},
    {"0 in 64 bits", "=81ff0000000000000000", "FAIL 1002"},
    {"125 in 64 bits", "=81ff000000000000007d", "FAIL 1002"},
    {"65535 in 64 bits", "=81ff000000000000ffff", "FAIL 1002"},
    {"highest bit", "=81ff8000000000000000", "FAIL 1002"},
    {"all bits", "=81ffffffffffffffffff", "FAIL 1002"},
    {"2^63 - 1", "=81ff7fffffffffffffff", "FAIL 1009"},
    {"4 GiB", "=81ff0000000100000000", "FAIL 1009"},

    {"65536 bytes", "81*65536 89:", "TEXT *65536, PING"},
    {"65537 bytes", "81*65537 89:", "FAIL 1009"},
    {"65537 announced", "=82ff0000000000010001", "FAIL 1009"},
    {"65536 in parts", "01*65535 80:x", "TEXT *65536"},
    {"65537 in parts", "01*65535 80:xx", "FAIL 1009"},
    {"65537 in parts, the first full", "01*65536 80:x", "FAIL 1009"},
    {"full, then an empty part", "01*65536 80:", "TEXT *65536"},
    {"full with a ping inside", "02*65535 89:ping 80:x", "PING ping, BINARY *65536"},
    {"first part too long", "01*65537", "FAIL 1009"},
};

static const WsCase texts[] = {
    {"2 bytes", "81#c3a9", "TEXT \\xc3\\xa9"},
    {"3 bytes", "81#e282ac", "TEXT \\xe2\\x82\\xac"},
    {"4 bytes", "81#f09f9880", "TEXT \\xf0\\x9f\\x98\\x80"},
    {"the last code point", "81#f48fbfbf", "TEXT \\xf4\\x8f\\xbf\\xbf"},
    {"NUL", "81#00", "TEXT \\x00"},
    {"character in two parts", "01#c3 80#a9", "TEXT \\xc3\\xa9"},
    {"character in four parts", "01#f0 00#9f 00#98 80#80", "TEXT \\xf0\\x9f\\x98\\x80"},
    {"character around a ping", "01#e282 89#ff 80#ac", "PING \\xff, TEXT \\xe2\\x82\\xac"},
    {"character around empty parts", "01#e2 00: 00#82 00: 80#ac", "TEXT \\xe2\\x82\\xac"},
    {"character around a close", "01#e2 88#03e8", "CLOSE 1000"},
    {"binary needs none", "02#ff 80#c3", "BINARY \\xff\\xc3"},
    {"ping needs none", "89#c3", "PING \\xc3"},

    {"stray continuation", "81#80", "FAIL 1007"},
    {"0xff", "81#ff", "FAIL 1007"},
    {"0xfe", "81#6162fe", "FAIL 1007"},
    {"overlong slash", "81#c0af", "FAIL 1007"},
    {"overlong in 3", "81#e080af", "FAIL 1007"},
    {"overlong in 4", "81#f08080af", "FAIL 1007"},
    {"low surrogate", "81#edb080", "FAIL 1007"},
    {"high surrogate", "81#eda080", "FAIL 1007"},
    {"past the last", "81#f4908080", "FAIL 1007"},
    {"cut at the end", "81#c3", "FAIL 1007"},
    {"3 cut to 2", "81#6162e282", "FAIL 1007"},
    {"4 cut to 3", "81#f09f98", "FAIL 1007"},
    {"cut by a letter", "81#c341", "FAIL 1007"},
    {"bad in the first part", "01#ff 89:p", "FAIL 1007"},
    {"bad in the last part", "01:a 80#ff", "FAIL 1007"},
    {"bad behind a ping", "01:a 89:p 00#ff 81:b", "PING p, FAIL 1007"},
    {"cut at the message's end", "01:a 80#e282", "FAIL 1007"},
    {"cut, ended by an empty part", "01#e282 80:", "FAIL 1007"},
    {"character over two messages", "81#e2 81#82", "FAIL 1007"},
    {"second byte of another", "01#f4 80#90", "FAIL 1007"},
    {"the first text is good", "81#e282ac 81#e2", "TEXT \\xe2\\x82\\xac, FAIL 1007"},
};

TEST(frames_become_events_whatever_the_cut)
{
    ws_cases_run(good, CASE_COUNT(good));
}

TEST(closes_carry_a_code_and_a_reason)
{
    ws_cases_run(closes, CASE_COUNT(closes));
}

TEST(what_breaks_the_protocol_is_refused)
{
    ws_cases_run(refused, CASE_COUNT(refused));
}

TEST(text_is_utf8)
{
    ws_cases_run(texts, CASE_COUNT(texts));
}

TEST(bad_text_is_refused_before_its_frame_ends)
{
    WsTranscript t;
    ws_transcript_init(&t);
    ws_transcript_feed(&t, S("\x81\x85\0\0\0\0a\xff"));
    assert_str(buf_view(&t.text), "FAIL 1007");
    ws_transcript_done(&t);
}

static void fragments_say(size_t count, const char *said)
{
    Buf frames;
    buf_init(&frames, MIB(1));
    buf_lit(&frames, "01:");
    for (size_t i = 2; i < count; i++) buf_lit(&frames, " 00:x");
    buf_lit(&frames, " 80:");
    buf_add_byte(&frames, 0);
    WsCase c = {"fragments", buf_view(&frames).at, said};
    assert_true(ws_case_run(&c));
    buf_done(&frames);
}

TEST(fragments_are_counted)
{
    fragments_say(WS_FRAGMENTS_MAX, "TEXT *998");
    fragments_say(WS_FRAGMENTS_MAX + 1, "FAIL 1008");
}

TEST(an_idle_decoder_holds_nothing)
{
    WsDecoder d;
    WsOut out;
    size_t used = 0;
    uint8_t parts[] = "\x01\x81\0\0\0\0a\x80\x81\0\0\0\0b";
    ws_decoder_init(&d);
    assert_int_equal(ws_decode(&d, parts, sizeof parts - 1, &used, &out), WS_TEXT);
    assert_str(out.payload, "ab");
    assert_int_equal(used, sizeof parts - 1);
    assert_int_equal(ws_decode(&d, parts, 0, &used, &out), WS_MORE);
    assert_null(d._assembly);
    ws_decoder_done(&d);
}

TEST(a_whole_message_is_a_view_of_the_input)
{
    WsDecoder d;
    WsOut out;
    size_t used = 0;
    uint8_t whole[] = "\x81\x82\1\2\3\4`` ";
    ws_decoder_init(&d);
    assert_int_equal(ws_decode(&d, whole, sizeof whole - 1, &used, &out), WS_TEXT);
    assert_ptr_equal(out.payload.at, whole + 6);
    assert_str(out.payload, "ab");
    assert_int_equal(used, 8);
    assert_null(d._assembly);
    ws_decoder_done(&d);
}

TEST(after_a_failure_nothing_is_accepted)
{
    WsDecoder d;
    WsOut out;
    size_t used = 1;
    uint8_t bad[] = "\xf1", ping[] = "\x89\x80\0\0\0\0";
    ws_decoder_init(&d);
    assert_int_equal(ws_decode(&d, bad, 1, &used, &out), WS_FAILED);
    assert_int_equal(ws_decode(&d, ping, 6, &used, &out), WS_FAILED);
    assert_int_equal(used, 0);
    assert_int_equal(out.close_code, 1002);
    assert_non_null(out.reason);
    ws_decoder_done(&d);
}

TEST_MAIN()
