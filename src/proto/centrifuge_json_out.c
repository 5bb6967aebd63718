/* Writing cf_json. A key is written with the comma before it; what an object opens with is written by
 * hand, so that no state has to remember whether a comma is due. */
#include "proto/centrifuge_json.h"

static Buf *begin(CfOut *out)
{
    if (buf_len(out->buf) > out->begin) buf_add(out->buf, out->between.at ? out->between : S("\n"));
    return out->buf;
}

static Buf *begin_reply(CfOut *out, uint32_t id, CfMethod method) /* {"id":1,"connect":{ */
{
    Buf *b = begin(out);
    buf_lit(b, "{\"id\":");
    buf_add_u64(b, id);
    buf_lit(b, ",\"");
    buf_add(b, cf_method_name(method));
    buf_lit(b, "\":{");
    return b;
}

/* An object is being filled; `first` is its only state: the next key needs no comma. */
static void key(Buf *b, Str name, bool *first)
{
    if (!*first) buf_add_byte(b, ',');
    *first = false;
    buf_add_byte(b, '"');
    buf_add(b, name);
    buf_lit(b, "\":");
}

static void put_text(Buf *b, Str name, Str text, bool *first) /* "" is left out */
{
    if (text.len == 0) return;
    key(b, name, first);
    json_put_string(b, text);
}

static void put_raw(Buf *b, Str name, Str json, bool *first)
{
    if (json.len == 0) return;
    key(b, name, first);
    buf_add(b, json);
}

static void put_u64(Buf *b, Str name, uint64_t value, bool *first) /* 0 is left out */
{
    if (value == 0) return;
    key(b, name, first);
    buf_add_u64(b, value);
}

static void put_true(Buf *b, Str name, bool value, bool *first)
{
    if (!value) return;
    key(b, name, first);
    buf_lit(b, "true");
}

static void put_ttl(Buf *b, int64_t ttl_s, bool *first)
{
    put_true(b, S("expires"), ttl_s > 0, first);
    put_u64(b, S("ttl"), ttl_s > 0 ? (uint64_t)ttl_s : 0, first);
}

static void put_info(Buf *b, const CfClientInfo *info)
{
    bool first = true;
    buf_add_byte(b, '{');
    key(b, S("user"), &first);
    json_put_string(b, info->user);
    key(b, S("client"), &first);
    json_put_string(b, info->client);
    put_raw(b, S("conn_info"), info->conn_info, &first);
    put_raw(b, S("chan_info"), info->chan_info, &first);
    buf_add_byte(b, '}');
}

static void put_publication(Buf *b, const CfPublication *p)
{
    bool first = true;
    buf_add_byte(b, '{');
    if (p->as_text)
        put_text(b, S("data"), p->data, &first);
    else
        put_raw(b, S("data"), p->data, &first);
    if (p->info) {
        key(b, S("info"), &first);
        put_info(b, p->info);
    }
    put_u64(b, S("offset"), p->offset, &first);
    put_true(b, S("delta"), p->delta, &first);
    put_text(b, S("epoch"), p->epoch, &first);
    buf_add_byte(b, '}');
}

static void put_publications(Buf *b, const CfPublication *publications, size_t count)
{
    buf_add_byte(b, '[');
    for (size_t i = 0; i < count; i++) {
        if (i) buf_add_byte(b, ',');
        put_publication(b, &publications[i]);
    }
    buf_add_byte(b, ']');
}

/* ---- replies ---- */

static void write_error(CfOut *out, uint32_t id, CfError error)
{
    bool temporary = false;
    Str message = cf_error_message(error, &temporary);
    Buf *b = begin(out);
    buf_lit(b, "{\"id\":");
    buf_add_u64(b, id);
    buf_lit(b, ",\"error\":{\"code\":");
    buf_add_u64(b, (uint64_t)error);
    buf_lit(b, ",\"message\":");
    json_put_string(b, message);
    if (temporary) buf_lit(b, ",\"temporary\":true");
    buf_lit(b, "}}");
}

static void write_connected(CfOut *out, uint32_t id, const CfSession *s)
{
    bool first = true;
    Buf *b = begin_reply(out, id, CF_CONNECT);
    put_text(b, S("client"), s->client, &first);
    put_text(b, S("version"), s->version, &first);
    put_ttl(b, s->ttl_s, &first);
    if (s->ping_s > 0) {
        put_u64(b, S("ping"), (uint64_t)s->ping_s, &first);
        put_true(b, S("pong"), true, &first);
    }
    put_text(b, S("session"), s->session, &first);
    put_text(b, S("node"), s->node, &first);
    buf_lit(b, "}}");
}

static void write_refreshed(CfOut *out, uint32_t id, const CfSession *s)
{
    bool first = true;
    Buf *b = begin_reply(out, id, CF_REFRESH);
    put_text(b, S("client"), s->client, &first);
    put_text(b, S("version"), s->version, &first);
    put_ttl(b, s->ttl_s, &first);
    buf_lit(b, "}}");
}

static void write_subscribed(CfOut *out, uint32_t id, const CfSubscribed *s)
{
    bool first = true;
    Buf *b = begin_reply(out, id, CF_SUBSCRIBE);
    put_ttl(b, s->ttl_s, &first);
    put_true(b, S("recoverable"), s->recoverable, &first);
    put_text(b, S("epoch"), s->position.epoch, &first);
    if (s->publication_count) {
        key(b, S("publications"), &first);
        put_publications(b, s->publications, s->publication_count);
    }
    put_true(b, S("recovered"), s->recovered, &first);
    put_u64(b, S("offset"), s->position.offset, &first);
    put_true(b, S("positioned"), s->positioned, &first);
    put_raw(b, S("data"), s->data, &first);
    put_true(b, S("was_recovering"), s->was_recovering, &first);
    put_true(b, S("delta"), s->delta, &first);
    buf_lit(b, "}}");
}

static void write_sub_refreshed(CfOut *out, uint32_t id, int64_t ttl_s)
{
    bool first = true;
    Buf *b = begin_reply(out, id, CF_SUB_REFRESH);
    put_ttl(b, ttl_s, &first);
    buf_lit(b, "}}");
}

static void write_empty(CfOut *out, uint32_t id, CfMethod method)
{
    buf_lit(begin_reply(out, id, method), "}}");
}

static void write_presence(CfOut *out, uint32_t id, const CfClientInfo *clients, size_t count)
{
    Buf *b = begin_reply(out, id, CF_PRESENCE);
    buf_lit(b, "\"presence\":{");
    for (size_t i = 0; i < count; i++) {
        if (i) buf_add_byte(b, ',');
        json_put_string(b, clients[i].client);
        buf_add_byte(b, ':');
        put_info(b, &clients[i]);
    }
    buf_lit(b, "}}}");
}

static void write_presence_stats(CfOut *out, uint32_t id, uint32_t clients, uint32_t users)
{
    Buf *b = begin_reply(out, id, CF_PRESENCE_STATS);
    buf_lit(b, "\"num_clients\":");
    buf_add_u64(b, clients);
    buf_lit(b, ",\"num_users\":");
    buf_add_u64(b, users);
    buf_lit(b, "}}");
}

static void write_history(CfOut *out, uint32_t id, const CfPublication *publications, size_t count,
                          const CfPosition *top)
{
    Buf *b = begin_reply(out, id, CF_HISTORY);
    buf_lit(b, "\"publications\":");
    put_publications(b, publications, count);
    buf_lit(b, ",\"epoch\":");
    json_put_string(b, top->epoch);
    buf_lit(b, ",\"offset\":");
    buf_add_u64(b, top->offset);
    buf_lit(b, "}}");
}

static void write_rpc(CfOut *out, uint32_t id, Str data)
{
    bool first = true;
    Buf *b = begin_reply(out, id, CF_RPC);
    put_raw(b, S("data"), data, &first);
    buf_lit(b, "}}");
}

/* ---- pushes ---- */

static Buf *begin_push(CfOut *out, Str channel, Str kind) /* {"push":{"channel":"x","pub": */
{
    Buf *b = begin(out);
    buf_lit(b, "{\"push\":{");
    if (channel.len) {
        buf_lit(b, "\"channel\":");
        json_put_string(b, channel);
        buf_add_byte(b, ',');
    }
    buf_add_byte(b, '"');
    buf_add(b, kind);
    buf_lit(b, "\":");
    return b;
}

static void push_publication(CfOut *out, Str channel, const CfPublication *publication)
{
    Buf *b = begin_push(out, channel, S("pub"));
    put_publication(b, publication);
    buf_lit(b, "}}");
}

static void push_presence(CfOut *out, Str channel, Str kind, const CfClientInfo *info)
{
    Buf *b = begin_push(out, channel, kind);
    buf_lit(b, "{\"info\":");
    put_info(b, info);
    buf_lit(b, "}}}");
}

static void push_join(CfOut *out, Str channel, const CfClientInfo *info)
{
    push_presence(out, channel, S("join"), info);
}

static void push_leave(CfOut *out, Str channel, const CfClientInfo *info)
{
    push_presence(out, channel, S("leave"), info);
}

static void push_ended(CfOut *out, Str channel, Str kind, uint32_t code, Str reason)
{
    Buf *b = begin_push(out, channel, kind);
    buf_lit(b, "{\"code\":");
    buf_add_u64(b, code);
    buf_lit(b, ",\"reason\":");
    json_put_string(b, reason);
    buf_lit(b, "}}}");
}

static void push_unsubscribe(CfOut *out, Str channel, CfUnsubscribe code)
{
    push_ended(out, channel, S("unsubscribe"), (uint32_t)code, cf_unsubscribe_reason(code));
}

static void push_disconnect(CfOut *out, uint16_t code, Str reason)
{
    push_ended(out, S(""), S("disconnect"), code, reason);
}

static void write_ping(CfOut *out)
{
    buf_lit(begin(out), "{}");
}

const CfCodec cf_json = {
    .next = cf_json_next,
    .read = cf_json_read,
    .error = write_error,
    .connected = write_connected,
    .refreshed = write_refreshed,
    .subscribed = write_subscribed,
    .sub_refreshed = write_sub_refreshed,
    .empty = write_empty,
    .presence = write_presence,
    .presence_stats = write_presence_stats,
    .history = write_history,
    .rpc = write_rpc,
    .push_publication = push_publication,
    .push_join = push_join,
    .push_leave = push_leave,
    .push_unsubscribe = push_unsubscribe,
    .push_disconnect = push_disconnect,
    .ping = write_ping,
};
