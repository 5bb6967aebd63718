#include "domain/realtime/notice.h"

#include "check_test.h"
#include "domain/realtime/wire_format.h"

static const Notice full = {.id = STR_INIT("id-1"),
                            .event_type = STR_INIT("global.alert"),
                            .title = STR_INIT("A \"title\""),
                            .body = STR_INIT("Text\n"),
                            .product_name = STR_INIT("Milk"),
                            .expiry_date = STR_INIT("2026-03-06"),
                            .metadata = STR_INIT("{\"n\":[1]}"),
                            .created_ms = 1772620200123};

static void writes(void (*put)(const Notice *, Buf *), const Notice *n, const char *json)
{
    Buf out;
    buf_init(&out, KIB(4));
    put(n, &out);
    assert_str(buf_view(&out), json);
    buf_done(&out);
}

TEST(notice_in_the_words_of_the_workspace)
{
    Notice n = full;
    writes(
        notice_put_workspace, &n,
        "{\"id\":\"id-1\",\"title\":\"A \\\"title\\\"\",\"message\":\"Text\\n\",\"type\":\"alert\","
        "\"read\":false,\"timestamp\":\"2026-03-04T10:30:00.123Z\",\"metadata\":{\"n\":[1]}}");
    n.type = S("record_created");
    n.metadata = S("");
    writes(
        notice_put_workspace, &n,
        "{\"id\":\"id-1\",\"title\":\"A \\\"title\\\"\",\"message\":\"Text\\n\","
        "\"type\":\"record_created\",\"read\":false,\"timestamp\":\"2026-03-04T10:30:00.123Z\"}");
}

TEST(notice_in_the_words_of_the_expiry_dialect)
{
    Notice n = full;
    writes(notice_put_expiry, &n,
           "{\"id\":\"id-1\",\"message\":\"Text\\n\",\"type\":\"warning\",\"productName\":\"Milk\","
           "\"created_at\":\"2026-03-04T10:30:00\",\"expiryDate\":\"2026-03-06\"}");
    n.product_name = n.expiry_date = S("");
    n.type = S("error");
    writes(notice_put_expiry, &n,
           "{\"id\":\"id-1\",\"message\":\"Text\\n\",\"type\":\"error\",\"productName\":\"\","
           "\"created_at\":\"2026-03-04T10:30:00\"}");
    n.type = S("record_created"); /* EXP-07: that dialect has three words */
    writes(notice_put_expiry, &n,
           "{\"id\":\"id-1\",\"message\":\"Text\\n\",\"type\":\"warning\",\"productName\":\"\","
           "\"created_at\":\"2026-03-04T10:30:00\"}");
}

static size_t frame_of(WireFormat format, const Notice *n)
{
    Buf out;
    Publication p = {.data = S("{}"), .notice = n};
    buf_init(&out, MIB(1));
    wire_publication(format, S("c"), &p, &out);
    size_t len = buf_len(&out);
    if (len) assert_int_equal(wire_frame_len(format, (const uint8_t *)buf_view(&out).at), len);
    buf_done(&out);
    return len;
}

TEST(notice_is_not_sent_where_it_does_not_belong_or_fit)
{
    static char text[WS_MESSAGE_MAX];
    Notice n = full;
    assert_int_equal(frame_of(WIRE_WORKSPACE, NULL), 0);
    assert_int_equal(frame_of(WIRE_EXPIRY, NULL), 0);
    assert_true(frame_of(WIRE_WORKSPACE, &n) > 0 && frame_of(WIRE_EXPIRY, &n) > 0);
    n.workspace_only = true;
    assert_true(frame_of(WIRE_WORKSPACE, &n) > 0);
    assert_int_equal(frame_of(WIRE_EXPIRY, &n), 0);
    memset(text, 'x', sizeof text);
    n = (Notice){.body = str_make(text, 200)};
    size_t around = frame_of(WIRE_WORKSPACE, &n) - 200 /* the body */ - 4 /* the frame's head */;
    n.body.len = WS_MESSAGE_MAX - around;
    assert_int_equal(frame_of(WIRE_WORKSPACE, &n), WS_MESSAGE_MAX + 10);
    n.body.len++;
    assert_int_equal(frame_of(WIRE_WORKSPACE, &n), 0);
}

TEST(notice_channel_is_a_user_s_and_no_client_s)
{
    char longest[USER_ID_MAX];
    memset(longest, 'u', sizeof longest);
    NoticeChannel c = notice_channel(str_make(longest, sizeof longest));
    assert_int_equal(notice_channel_name(&c).len, USER_ID_MAX + 1);
    c = notice_channel(S("u"));
    assert_str(notice_channel_name(&c), "\x01u");
}

TEST_MAIN()
