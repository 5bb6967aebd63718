#include "domain/realtime/notice.h"

#include "base/isotime.h"
#include "domain/realtime/severity.h"

static void put_member(Buf *out, Str opening, Str text)
{
    buf_add(out, opening);
    json_put_string(out, text);
}

/* X14: a producer's type is any word; the standard ones follow from the event type. */
void notice_put_workspace(const Notice *n, Buf *out)
{
    char at[ISO_MS_LEN];
    Str type = n->type.len ? n->type : severity_workspace(severity_of(n->event_type));

    iso_ms(n->created_ms, at);
    put_member(out, S("{\"id\":"), n->id);
    put_member(out, S(",\"title\":"), n->title);
    put_member(out, S(",\"message\":"), n->body);
    put_member(out, S(",\"type\":"), type);
    put_member(out, S(",\"read\":false,\"timestamp\":"), str_make(at, sizeof at));
    if (n->metadata.len) {
        buf_lit(out, ",\"metadata\":");
        buf_add(out, n->metadata);
    }
    buf_add_byte(out, '}');
}

static bool is_expiry_word(Str type)
{
    return str_is(type, "info") || str_is(type, "warning") || str_is(type, "error");
}

/* X17: a time without its zone, to the second, as that dialect's clients have always read it. */
enum { ISO_NO_ZONE_LEN = sizeof "2026-03-04T10:30:00" - 1 };

void notice_put_expiry(const Notice *n, Buf *out)
{
    char at[ISO_MS_LEN];
    Str type = is_expiry_word(n->type) ? n->type : severity_expiry(severity_of(n->event_type));

    iso_ms(n->created_ms, at);
    put_member(out, S("{\"id\":"), n->id);
    put_member(out, S(",\"message\":"), n->body);
    put_member(out, S(",\"type\":"), type);
    put_member(out, S(",\"productName\":"), n->product_name);
    put_member(out, S(",\"created_at\":"), str_make(at, ISO_NO_ZONE_LEN));
    if (n->expiry_date.len) put_member(out, S(",\"expiryDate\":"), n->expiry_date);
    buf_add_byte(out, '}');
}

NoticeChannel notice_channel(Str user)
{
    NoticeChannel c = {.len = (uint8_t)(1 + user.len), .text = "\x01"};

    CHECK(user.len <= USER_ID_MAX);
    memcpy(c.text + 1, user.at, user.len);
    return c;
}
