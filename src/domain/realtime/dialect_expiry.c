#include "domain/realtime/dialect_expiry.h"

#include "base/limits.h"
#include "domain/realtime/notice.h"
#include "domain/realtime/user_token.h"

#define REFUSED S("Invalid or expired access token")

void expiry_init(Expiry *e, Realtime *realtime, const DialectOps *ops,
                 void (*mark_read)(Expiry *e, Uuid id))
{
    *e = (Expiry){.realtime = realtime, .ops = ops, .mark_read = mark_read};
    writer_init(&e->writer, &ops->writer, WIRE_EXPIRY, realtime->backlog);
}

void expiry_leave(Expiry *e)
{
    if (!e->tenant) return;
    while (e->writer._readers) hub_unsubscribe(e->realtime->hub, e->writer._readers);
    tenant_unref(e->tenant);
    e->tenant = NULL;
}

void expiry_done(Expiry *e)
{
    expiry_leave(e);
    writer_done(&e->writer);
}

void expiry_close(Expiry *e, ExpiryClose code, Str reason)
{
    if (!e->tenant) return;
    expiry_leave(e);
    e->ops->close(&e->writer, (uint16_t)code, reason);
}

/* Behind the byte that tells notice channels from all others. */
Str expiry_user(const Expiry *e)
{
    return str_from(reader_channel(&e->own), 1);
}

/* ---- what it says ---- */

/* A text in two parts, in one frame; the second one already is JSON. */
static void say(Expiry *e, Str text, Str json, Str end)
{
    Buf *out = &e->realtime->replies;

    buf_clear(out);
    CfOut frame = wire_begin(WIRE_EXPIRY, out);
    buf_add(out, text);
    buf_add(out, json);
    buf_add(out, end);
    if (wire_end(WIRE_EXPIRY, &frame)) writer_send(&e->writer, buf_view(out));
}

/* ---- entering ---- */

static void join(Expiry *e, const UserToken *t, Str user, Str user_json)
{
    NoticeChannel own = notice_channel(user);

    e->tenant = tenant_ref(t->tenant);
    e->expires_ms = t->expires_ms;
    if (hub_subscribe(e->realtime->hub, e->tenant->no, notice_channel_name(&own), WIRE_EXPIRY,
                      HUB_DATA, &e->writer, &e->own) != ST_OK) {
        expiry_close(e, EXPIRY_SLOW, S("The server is full; try again later"));
        return;
    }
    e->ops->arm(&e->writer, e->expires_ms);
    say(e, /* EXP-04: the first frame, and exactly this */
        S("{\"type\":\"CONNECTION_ESTABLISHED\",\"message\":\"Notification WebSocket connected\","
          "\"userId\":"),
        user_json, S("}"));
}

void expiry_enter(Expiry *e, Str token)
{
    const GrantSources sources = realtime_grants(e->realtime);
    Arena arena;
    UserToken t;
    Str user, user_json;

    if (token.len == 0) {
        e->ops->close(&e->writer, EXPIRY_REFUSED, S("Access token required"));
        return;
    }
    arena_init(&arena, REQUEST_ARENA_MAX);
    Status st = user_token_open(&sources, S(""), token, &arena, &t);
    if (st == ST_OK && user_token_expiry_user(&t, &arena, &user, &user_json))
        join(e, &t, user, user_json);
    else if (st == ST_UNAVAILABLE)
        e->ops->close(&e->writer, EXPIRY_SLOW, S("The token's key is being fetched; try again"));
    else
        e->ops->close(&e->writer, EXPIRY_REFUSED, REFUSED);
    arena_done(&arena);
}

/* ---- being in ---- */

void expiry_on_time(Expiry *e)
{
    if (!e->tenant) return;
    if (*e->realtime->now_ms >= e->expires_ms)
        expiry_close(e, EXPIRY_REFUSED, REFUSED);
    else
        e->ops->arm(&e->writer, e->expires_ms);
}

/* {"action":"mark_read","id":"..."}; whatever is not exactly that means nothing here. */
static bool read_mark(Str message, Arena *arena, Uuid *ret_id)
{
    Json json;
    Str id;

    if (json_parse(message, arena, &json, NULL) != ST_OK) return false;
    if (!json_string_is(&json, json_get(&json, 0, S("action")), S("mark_read"))) return false;
    return json_string(&json, json_get(&json, 0, S("id")), arena, &id) && uuid_parse(id, ret_id);
}

static bool is_ping(Str message) /* E.25: a newline at its end is fine */
{
    return str_is(message, "PING") || str_is(message, "PING\n") || str_is(message, "PING\r\n");
}

void expiry_on_text(Expiry *e, Str message)
{
    Arena arena;
    Uuid id;

    if (!e->tenant) return;
    if (is_ping(message)) {
        say(e, S("{\"type\":\"pong\"}"), S(""), S(""));
        return;
    }
    arena_init(&arena, REQUEST_ARENA_MAX);
    bool mark = read_mark(message, &arena, &id);
    arena_done(&arena);
    if (mark) e->mark_read(e, id);
}
