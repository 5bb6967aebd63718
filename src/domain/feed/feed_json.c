/* One item is one object; the words are the seeds'. */
#include "domain/feed/feed_json.h"

#include "base/isotime.h"
#include "proto/json.h"

static void put_member(Buf *out, Str opening, Str text)
{
    buf_add(out, opening);
    json_put_string(out, text);
}

static void put_item(Buf *out, const FeedItem *item)
{
    char id[UUID_TEXT_LEN], created_at[ISO_MS_LEN];

    uuid_text(item->id, id);
    iso_ms(item->created_ms, created_at);
    put_member(out, S("{\"id\":"), str_make(id, sizeof id));
    put_member(out, S(",\"type\":"), item->event_type);
    put_member(out, S(",\"title\":"), item->title);
    put_member(out, S(",\"body\":"), item->body);
    put_member(out, S(",\"status\":"), item->is_read ? S("READ") : S("UNREAD"));
    put_member(out, S(",\"created_at\":"), str_make(created_at, sizeof created_at));
    buf_add_byte(out, '}');
}

void feed_json_page(Buf *out, const FeedItem *items, uint32_t count)
{
    buf_lit(out, "{\"success\":true,\"data\":[");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buf_add_byte(out, ',');
        put_item(out, &items[i]);
    }
    buf_lit(out, "]}");
}
