#include "domain/feed/expiry_json.h"

#include "check_test.h"

static FeedItem item(Str event_type, Str title, Str body, bool is_read)
{
    FeedItem it = {.seq = 1,
                   .event_type = event_type,
                   .title = title,
                   .body = body,
                   .created_ms = 1776859200123,
                   .is_read = is_read};
    assert_true(uuid_parse(S("018f2d5e-1c3a-7b4c-8d5e-6f7a8b9c0d1e"), &it.id));
    return it;
}

#define ID      "\"id\":\"018f2d5e-1c3a-7b4c-8d5e-6f7a8b9c0d1e\""
#define CREATED "\"createdAt\":\"2026-04-22T12:00:00.123Z\""

TEST(expiry_json_writes_items_in_this_dialects_words)
{
    Buf b;
    const FeedItem items[] = {
        item(S("global.alert"), S("Milk"), S("Expires in \"2\" days"), false),
        item(S("order.confirmed"), S("A title alone"), S(""), true),
    };
    buf_init(&b, 1000);
    expiry_json_page(&b, items, 2);
    assert_str(buf_view(&b),
               "{\"notifications\":["
               "{" ID ",\"type\":\"warning\",\"message\":\"Expires in \\\"2\\\" days\"," CREATED
               ",\"isRead\":false},"
               "{" ID ",\"type\":\"info\",\"message\":\"A title alone\"," CREATED
               ",\"isRead\":true}]}");
    buf_done(&b);
}

TEST(expiry_json_writes_an_empty_page)
{
    Buf b;
    buf_init(&b, 100);
    expiry_json_page(&b, NULL, 0);
    assert_str(buf_view(&b), "{\"notifications\":[]}");
    buf_done(&b);
}

TEST(expiry_json_remembers_that_there_was_no_room)
{
    Buf b;
    const FeedItem one = item(S("x"), S("t"), S("b"), false);
    buf_init(&b, 20);
    expiry_json_page(&b, &one, 1);
    assert_status(buf_status(&b), ST_TOO_BIG);
    buf_done(&b);
}

TEST_MAIN()
