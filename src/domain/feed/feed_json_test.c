#include "domain/feed/feed_json.h"

#include "check_test.h"

static const char *const ID = "018f2d5e-1c3a-7b4c-8d5e-6f7a8b9c0d1e";

static FeedItem item(Str title, Str body, bool is_read)
{
    FeedItem it = {.seq = 1,
                   .event_type = S("order.confirmed"),
                   .title = title,
                   .body = body,
                   .created_ms = 1776859200123,
                   .is_read = is_read};
    assert_true(uuid_parse(str_of(ID), &it.id));
    return it;
}

TEST(feed_json_writes_an_empty_page)
{
    Buf b;
    buf_init(&b, 1000);
    feed_json_page(&b, NULL, 0);
    assert_str(buf_view(&b), "{\"success\":true,\"data\":[]}");
    buf_done(&b);
}

TEST(feed_json_writes_items_in_the_words_of_the_seeds)
{
    Buf b;
    FeedItem items[] = {item(S("Order Confirmed"), S("Paid — \"cash\"\n"), false),
                        item(S(""), S("old"), true)};
    buf_init(&b, 1000);
    feed_json_page(&b, items, 2);
    assert_str(buf_view(&b), "{\"success\":true,\"data\":["
                             "{\"id\":\"018f2d5e-1c3a-7b4c-8d5e-6f7a8b9c0d1e\","
                             "\"type\":\"order.confirmed\",\"title\":\"Order Confirmed\","
                             "\"body\":\"Paid — \\\"cash\\\"\\n\",\"status\":\"UNREAD\","
                             "\"created_at\":\"2026-04-22T12:00:00.123Z\"},"
                             "{\"id\":\"018f2d5e-1c3a-7b4c-8d5e-6f7a8b9c0d1e\","
                             "\"type\":\"order.confirmed\",\"title\":\"\",\"body\":\"old\","
                             "\"status\":\"READ\",\"created_at\":\"2026-04-22T12:00:00.123Z\"}]}");
    buf_done(&b);
}

TEST(feed_json_leaves_the_ceiling_to_the_buffer)
{
    Buf b;
    FeedItem one = item(S("t"), S("b"), false);
    buf_init(&b, 100);
    feed_json_page(&b, &one, 1);
    assert_status(buf_status(&b), ST_TOO_BIG);
    buf_done(&b);
}

TEST_MAIN()
