/* One command a line, {"id":2,"subscribe":{"channel":"x"}}; key order does not matter. */
#include "proto/centrifuge.h"

static const Str methods[CF_METHOD_COUNT] = {
    [CF_CONNECT] = STR_INIT("connect"),
    [CF_PING] = STR_INIT("ping"),
    [CF_SUBSCRIBE] = STR_INIT("subscribe"),
    [CF_UNSUBSCRIBE] = STR_INIT("unsubscribe"),
    [CF_PUBLISH] = STR_INIT("publish"),
    [CF_PRESENCE] = STR_INIT("presence"),
    [CF_PRESENCE_STATS] = STR_INIT("presence_stats"),
    [CF_HISTORY] = STR_INIT("history"),
    [CF_RPC] = STR_INIT("rpc"),
    [CF_SEND] = STR_INIT("send"),
    [CF_REFRESH] = STR_INIT("refresh"),
    [CF_SUB_REFRESH] = STR_INIT("sub_refresh"),
};

Str cf_close_reason(CfClose code)
{
    switch (code) {
#define CF_CLOSE(name, number, reason)                                                             \
    case name:                                                                                     \
        return S(reason);
#include "proto/centrifuge.def"
#undef CF_CLOSE
    }
    CHECK(false);
}

static Str error_message(CfError error, bool *ret_temporary)
{
    switch (error) {
#define CF_ERROR(name, code, message, temporary)                                                   \
    case name:                                                                                     \
        *ret_temporary = temporary;                                                                \
        return S(message);
#include "proto/centrifuge.def"
#undef CF_ERROR
    }
    CHECK(false);
}

static Status wrong(Err *err, const char *field, const char *kind)
{
    return err_set(err, ST_INVALID, "\"%s\" must be %s", field, kind);
}

/* A string field that may be absent or null. */
static Status read_text(const Json *j, JsonRef object, const char *name, Arena *arena,
                        Str *ret_text, Err *err)
{
    JsonRef at = json_get(j, object, str_of(name));
    *ret_text = S("");
    if (at == JSON_NONE || json_is(j, at, JSON_NULL)) return ST_OK;
    if (!json_is(j, at, JSON_STRING)) return wrong(err, name, "a string");
    return json_string(j, at, arena, ret_text) ? ST_OK : ST_TOO_BIG;
}

static Status read_int(const Json *j, JsonRef object, const char *name, int64_t max,
                       int64_t *ret_value, Err *err)
{
    JsonRef at = json_get(j, object, str_of(name));
    *ret_value = 0;
    if (at == JSON_NONE || json_is(j, at, JSON_NULL)) return ST_OK;
    if (!json_i64(j, at, ret_value) || *ret_value < 0 || *ret_value > max)
        return wrong(err, name, "a small whole number");
    return ST_OK;
}

Status cf_json_read(Str line, Arena *arena, CfCommand *ret_command, Err *err)
{
    Json j;
    int64_t id;
    CfCommand c = {.method = CF_EMPTY};
    JsonRef request = JSON_NONE;
    Status st = json_parse(line, arena, &j, err);
    if (st != ST_OK) return st;
    if (!json_is(&j, 0, JSON_OBJECT)) return wrong(err, "command", "an object");
    st = read_int(&j, 0, "id", UINT32_MAX, &id, err);
    if (st != ST_OK) return st;
    c.id = (uint32_t)id;
    for (CfMethod m = CF_CONNECT; m < CF_METHOD_COUNT; m++) {
        JsonRef at = json_get(&j, 0, methods[m]);
        if (at == JSON_NONE || json_is(&j, at, JSON_NULL)) continue;
        if (!json_is(&j, at, JSON_OBJECT)) return wrong(err, methods[m].at, "an object");
        c.method = m;
        request = at;
        break;
    }
    st = read_text(&j, request, "channel", arena, &c.channel, err);
    if (st == ST_OK) st = read_text(&j, request, "token", arena, &c.token, err);
    if (st == ST_OK) st = read_text(&j, request, "delta", arena, &c.delta, err);
    if (st == ST_OK) st = read_int(&j, request, "type", INT32_MAX, &c.type, err);
    if (st == ST_OK) *ret_command = c;
    return st;
}

static void begin(Buf *out, uint32_t id)
{
    buf_lit(out, "{\"id\":");
    buf_add_u64(out, id);
}

void cf_json_error(Buf *out, uint32_t id, CfError error)
{
    bool temporary = false;
    Str message = error_message(error, &temporary);
    begin(out, id);
    buf_lit(out, ",\"error\":{\"code\":");
    buf_add_u64(out, (uint64_t)error);
    buf_lit(out, ",\"message\":");
    json_put_string(out, message);
    if (temporary) buf_lit(out, ",\"temporary\":true");
    buf_lit(out, "}}");
}

static void put_session(Buf *out, const CfSession *s)
{
    buf_lit(out, "{\"client\":");
    json_put_string(out, s->client);
    buf_lit(out, ",\"version\":");
    json_put_string(out, s->version);
    buf_lit(out, ",\"expires\":true,\"ttl\":");
    buf_add_i64(out, s->ttl_s);
}

void cf_json_connect(Buf *out, uint32_t id, const CfSession *s)
{
    begin(out, id);
    buf_lit(out, ",\"connect\":");
    put_session(out, s);
    if (s->ping_s > 0) {
        buf_lit(out, ",\"ping\":");
        buf_add_i64(out, s->ping_s);
        buf_lit(out, ",\"pong\":true");
    }
    buf_lit(out, "}}");
}

void cf_json_refresh(Buf *out, uint32_t id, const CfSession *s)
{
    begin(out, id);
    buf_lit(out, ",\"refresh\":");
    put_session(out, s);
    buf_lit(out, "}}");
}

void cf_json_empty(Buf *out, uint32_t id, CfMethod method)
{
    begin(out, id);
    buf_lit(out, ",\"");
    buf_add(out, methods[method]);
    buf_lit(out, "\":{}}");
}

void cf_json_publication(Buf *out, Str channel, Str data)
{
    buf_lit(out, "{\"push\":{\"channel\":");
    json_put_string(out, channel);
    buf_lit(out, ",\"pub\":{\"data\":");
    buf_add(out, data);
    buf_lit(out, "}}}");
}
