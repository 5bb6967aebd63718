/* Bytes that the protocol's documentation and its clients agree on, and what is no command. */
#include "check_test.h"

#include "base/limits.h"
#include "proto/centrifuge_pb.h"

typedef struct Wrote {
    Buf buf;
    CfOut out;
} Wrote;

static Wrote *begin(void)
{
    static Wrote w;
    buf_init(&w.buf, MIB(1));
    w.out = (CfOut){.buf = &w.buf};
    return &w;
}

static void assert_wrote(Wrote *w, const char *hex)
{
    char text[512] = "";
    Str bytes = buf_view(&w->buf);
    for (size_t i = 0; i < bytes.len && i < sizeof text / 3 - 1; i++)
        snprintf(text + 3 * i, 4, "%02X ", (uint8_t)bytes.at[i]);
    if (bytes.len) text[3 * bytes.len - 1] = 0;
    assert_string_equal(text, hex);
    buf_done(&w->buf);
}

TEST(an_empty_connect_is_four_bytes)
{
    Arena arena;
    CfCommand c;
    Str frame = S("\x04\x08\x01\x22\x00"), message;
    arena_init(&arena, KIB(64));
    assert_true(cf_pb_next(&frame, &message));
    assert_status(cf_pb_read(message, &arena, &c, NULL), ST_OK);
    assert_int_equal(c.id, 1);
    assert_int_equal(c.method, CF_CONNECT);
    assert_int_equal(c.token.len, 0);
    assert_false(cf_pb_next(&frame, &message));
    arena_done(&arena);
}

TEST(the_answer_to_connect)
{
    Wrote *w = begin();
    cf_protobuf.connected(&w->out, 1, &(CfSession){.client = S("a"), .ping_s = 25});
    assert_wrote(w, "0B 08 01 2A 07 0A 01 61 38 19 40 01");
}

TEST(a_ping_is_one_byte_and_so_is_a_pong)
{
    Arena arena;
    CfCommand c;
    Str frame = S("\x00"), message;
    Wrote *w = begin();
    cf_protobuf.ping(&w->out);
    assert_wrote(w, "00");
    arena_init(&arena, KIB(64));
    assert_true(cf_pb_next(&frame, &message));
    assert_status(cf_pb_read(message, &arena, &c, NULL), ST_OK);
    assert_int_equal(c.method, CF_EMPTY);
    assert_int_equal(c.id, 0);
    arena_done(&arena);
}

TEST(a_publication_is_pushed)
{
    Wrote *w = begin();
    cf_protobuf.push_publication(&w->out, S("n"), &(CfPublication){.data = S("{}")});
    assert_wrote(w, "0B 22 09 12 01 6E 22 04 22 02 7B 7D");
}

TEST(an_empty_result_is_there)
{
    Wrote *w = begin();
    cf_protobuf.empty(&w->out, 2, CF_SUBSCRIBE);
    assert_wrote(w, "04 08 02 32 00");
    w = begin();
    cf_protobuf.empty(&w->out, 300, CF_SUB_REFRESH);
    assert_wrote(w, "05 08 AC 02 7A 00");
    w = begin();
    cf_protobuf.subscribed(&w->out, 2, &(CfSubscribed){.delta = false});
    assert_wrote(w, "04 08 02 32 00");
}

TEST(ends_carry_code_and_reason)
{
    Wrote *w = begin();
    cf_protobuf.push_disconnect(&w->out, 3001, S("bye"));
    assert_wrote(w, "0C 22 0A 5A 08 08 B9 17 12 03 62 79 65");
    w = begin();
    cf_protobuf.error(&w->out, 1, CF_ERR_ALREADY_SUBSCRIBED);
    assert_wrote(
        w, "1A 08 01 12 16 08 69 12 12 61 6C 72 65 61 64 79 20 73 75 62 73 63 72 69 62 65 64");
}

TEST(a_page_of_history_and_who_is_there)
{
    const CfClientInfo who = {.user = S("u"), .client = S("c")};
    const CfPublication two[] = {{.data = S("1"), .offset = 1, .info = &who},
                                 {.data = S("2"), .offset = 2}};
    Wrote *w = begin();
    cf_protobuf.history(&w->out, 1, two, 2, &(CfPosition){2, S("e")});
    assert_wrote(w, "1F 08 01 5A 1B 0A 0D 22 01 31 2A 06 0A 01 75 12 01 63 30 01 "
                    "0A 05 22 01 32 30 02 12 01 65 18 02");
    w = begin();
    cf_protobuf.presence(&w->out, 1, &who, 1);
    assert_wrote(w, "11 08 01 4A 0D 0A 0B 0A 01 63 12 06 0A 01 75 12 01 63");
}

TEST(a_negative_limit_takes_ten_bytes)
{
    Arena arena;
    CfCommand c;
    Str message = S("\x08\x07\x52\x0E\x0A\x01x\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    arena_init(&arena, KIB(64));
    assert_status(cf_pb_read(message, &arena, &c, NULL), ST_OK);
    assert_int_equal(c.method, CF_HISTORY);
    assert_str(c.channel, "x");
    assert_int_equal(c.limit, -1);
    assert_false(c.has_since);
    arena_done(&arena);
}

/* What stood before the break in a frame is a message all the same. */
TEST(a_broken_length_is_a_message_that_cannot_be_read)
{
    static const struct {
        Str frame;
        int good;
    } cases[] = {
        {STR_INIT("\x05\x08\x01"), 0},             /* longer than the frame */
        {STR_INIT("\x80"), 0},                     /* cut in the middle */
        {STR_INIT("\x80\x80\x80\x80\x80\x01"), 0}, /* no length is that long */
        {STR_INIT("\xff\xff\xff\xff\x7f"), 0},
        {STR_INIT("\x00\x02\x08"), 1},
        {STR_INIT("\x02\x08\x01\x81"), 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena arena;
        CfCommand c;
        Str frame = cases[i].frame, message;
        arena_init(&arena, KIB(64));
        for (int good = 0; good < cases[i].good; good++) {
            assert_true(cf_pb_next(&frame, &message));
            assert_status(cf_pb_read(message, &arena, &c, NULL), ST_OK);
        }
        assert_true(cf_pb_next(&frame, &message));
        assert_status(cf_pb_read(message, &arena, &c, NULL), ST_INVALID);
        assert_false(cf_pb_next(&frame, &message));
        arena_done(&arena);
    }
}

TEST(what_is_no_command_is_refused)
{
    static const Str cases[] = {
        STR_INIT("\x08"),                         /* a tag alone */
        STR_INIT("\x22\x05\x0a"),                 /* a short submessage */
        STR_INIT("\x08\x01\x2A\x03\x0A\x01\xff"), /* a channel of no UTF-8 */
        STR_INIT("\x2A\x0B\x78\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), /* type -1 */
        STR_INIT("\x0F"),                                                 /* no such wire type */
        STR_INIT("{\"id\":1}"),                                           /* the other encoding */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena arena;
        CfCommand c;
        Err err = {""};
        arena_init(&arena, KIB(64));
        assert_status(cf_pb_read(cases[i], &arena, &c, &err), ST_INVALID);
        assert_true(err.text[0] != 0);
        arena_done(&arena);
    }
}

TEST(a_message_of_many_fields_stays_below_the_ceiling)
{
    static char fields[KIB(60)];
    Arena arena;
    CfCommand c;
    for (size_t i = 0; i < sizeof fields; i += 2)
        memcpy(fields + i, "\x78\x01", 2); /* 15, unknown type */
    arena_init(&arena, KIB(64));
    assert_status(cf_pb_read(str_make(fields, sizeof fields), &arena, &c, NULL), ST_INVALID);
    assert_true(arena_bytes(&arena) <= KIB(64));
    arena_done(&arena);
}

TEST_MAIN()
