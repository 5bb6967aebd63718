/* This dialect has one text where a notification has two: the body says what happened, and a notification
 * without one has said it in its title. */
#include "domain/feed/expiry_json.h"

#include "base/isotime.h"
#include "domain/realtime/severity.h"
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
    put_member(out, S(",\"type\":"), severity_expiry(severity_of(item->event_type)));
    put_member(out, S(",\"message\":"), item->body.len ? item->body : item->title);
    put_member(out, S(",\"createdAt\":"), str_make(created_at, sizeof created_at));
    buf_add(out, item->is_read ? S(",\"isRead\":true}") : S(",\"isRead\":false}"));
}

void expiry_json_page(Buf *out, const FeedItem *items, uint32_t count)
{
    buf_lit(out, "{\"notifications\":[");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buf_add_byte(out, ',');
        put_item(out, &items[i]);
    }
    buf_lit(out, "]}");
}
