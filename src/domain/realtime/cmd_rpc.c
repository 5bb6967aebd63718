/* rpc: what a bell needs, over the socket it has anyway (issue: "the feed is the stream").
 *
 *   feed.list        {limit?, offset?}   the answer of GET /api/v1/notifications/{tenant}/{user}
 *   feed.read        {id}                {"success":true}; error 404 when it is not this user's
 *   feed.readAll     {}                  {"success":true,"count":3}: that were unread
 *   feed.unreadCount {}                  {"unread":3}
 *
 * The user and the tenant are the connection's own: nothing in the data can name another. */
#include "base/limits.h"
#include "domain/feed/feed_json.h"
#include "domain/realtime/call.h"
#include "domain/realtime/command.h"

enum { RPC_PAGE_BYTES_MAX = RECOVERY_BYTES_MAX };

typedef struct Params { /* the data of one call */
    Json json;
    Arena *arena;
} Params;

typedef void (*PutResult)(const RealtimeCall *call, Buf *out);

/* ---- answers ---- */

static CfError error_of(Status st)
{
    if (st == ST_NOT_FOUND) return CF_ERR_NOT_FOUND;
    return st == ST_TOO_BIG ? CF_ERR_LIMIT_EXCEEDED : CF_ERR_INTERNAL;
}

static void answer_with(const RealtimeCall *call, const Waiter *w, Status st, PutResult put)
{
    Client *c = w->client;
    Buf data;
    buf_init(&data, RPC_PAGE_BYTES_MAX + RPC_PAGE_BYTES_MAX / 2); /* escapes take room */
    if (st == ST_OK) {
        put(call, &data);
        st = buf_status(&data);
    }
    CfOut out = client_begin(c);
    if (st == ST_OK)
        codec_of(c)->rpc(&out, w->id, buf_view(&data));
    else
        codec_of(c)->error(&out, w->id, error_of(st));
    client_send(c, &out);
    buf_done(&data);
}

static void put_list(const RealtimeCall *call, Buf *out)
{
    feed_json_page(out, call->feed.ret_items, call->feed.ret_count);
}

static void answer_list(RealtimeCall *call, Waiter *w, Status st)
{
    answer_with(call, w, st, put_list);
}

static void put_read(const RealtimeCall *call, Buf *out)
{
    (void)call;
    buf_lit(out, "{\"success\":true}");
}

static void answer_read(RealtimeCall *call, Waiter *w, Status st)
{
    answer_with(call, w, st, put_read);
}

static void put_read_all(const RealtimeCall *call, Buf *out)
{
    buf_format(out, "{\"success\":true,\"count\":%u}", call->mark_all_read.ret_count);
}

static void answer_read_all(RealtimeCall *call, Waiter *w, Status st)
{
    answer_with(call, w, st, put_read_all);
}

static void put_unread(const RealtimeCall *call, Buf *out)
{
    buf_format(out, "{\"unread\":%u}", call->unread.ret_unread);
}

static void answer_unread(RealtimeCall *call, Waiter *w, Status st)
{
    answer_with(call, w, st, put_unread);
}

/* ---- methods: NULL: the data is wrong ---- */

/* A whole number that may be missing; E.5. */
static bool number_of(const Params *p, Str name, int64_t least, int64_t *value)
{
    JsonRef at = json_get(&p->json, 0, name);
    if (at == JSON_NONE) return true;
    return json_i64(&p->json, at, value) && *value >= least;
}

static RealtimeCall *feed_list(const Client *c, const Params *p)
{
    int64_t limit = FEED_LIMIT_DEFAULT, offset = 0;
    if (!number_of(p, S("limit"), 1, &limit) || !number_of(p, S("offset"), 0, &offset)) return NULL;
    RealtimeCall *call = call_new(c, S(""), RPC_PAGE_BYTES_MAX, answer_list);
    call->feed = (FeedCall){.tenant_no = c->tenant->no,
                            .user_id = call_user(call),
                            .limit = limit < FEED_LIMIT_MAX ? (uint32_t)limit : FEED_LIMIT_MAX,
                            .offset = offset < INT32_MAX ? (uint32_t)offset : INT32_MAX,
                            .arena = &call->arena};
    return call;
}

static RealtimeCall *feed_read(const Client *c, const Params *p)
{
    Str text;
    Uuid id;
    if (!json_string(&p->json, json_get(&p->json, 0, S("id")), p->arena, &text)) return NULL;
    if (!uuid_parse(text, &id)) return NULL;
    RealtimeCall *call = call_new(c, S(""), ARENA_CHUNK_BYTES, answer_read);
    call->mark_read = (MarkReadCall){.tenant_no = c->tenant->no,
                                     .user_id = call_user(call),
                                     .notification_id = id,
                                     .now_ms = *c->realtime->now_ms};
    return call;
}

static RealtimeCall *feed_read_all(const Client *c, const Params *p)
{
    (void)p;
    RealtimeCall *call = call_new(c, S(""), ARENA_CHUNK_BYTES, answer_read_all);
    call->mark_all_read = (MarkAllReadCall){
        .tenant_no = c->tenant->no, .user_id = call_user(call), .now_ms = *c->realtime->now_ms};
    return call;
}

static RealtimeCall *feed_unread_count(const Client *c, const Params *p)
{
    (void)p;
    RealtimeCall *call = call_new(c, S(""), ARENA_CHUNK_BYTES, answer_unread);
    call->unread = (UnreadCall){.tenant_no = c->tenant->no, .user_id = call_user(call)};
    return call;
}

typedef struct Method {
    Str name;
    StoreKind kind;
    RealtimeCall *(*begin)(const Client *c, const Params *p);
} Method;

static const Method methods[] = {
    {STR_INIT("feed.list"), STORE_FEED, feed_list},
    {STR_INIT("feed.read"), STORE_MARK_READ, feed_read},
    {STR_INIT("feed.readAll"), STORE_MARK_ALL_READ, feed_read_all},
    {STR_INIT("feed.unreadCount"), STORE_UNREAD, feed_unread_count},
};

static const Method *method_of(Str name)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (str_eq(methods[i].name, name)) return &methods[i];
    return NULL;
}

/* No data is {}; so is null, which clients send for "nothing". */
static bool read_params(Str data, Arena *arena, Params *ret)
{
    bool none = data.len == 0 || str_is(data, "null");
    ret->arena = arena;
    return json_parse(none ? S("{}") : data, arena, &ret->json, NULL) == ST_OK &&
           json_is(&ret->json, 0, JSON_OBJECT);
}

CfClose cmd_rpc(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    Params params;
    const Method *method = method_of(command->rpc_method);
    RealtimeCall *call = NULL;
    if (method && read_params(command->data, arena, &params)) call = method->begin(c, &params);
    if (call)
        client_ask(c, command->id, call, method->kind, out);
    else
        codec_of(c)->error(out, command->id, method ? CF_ERR_BAD_REQUEST : CF_ERR_METHOD_NOT_FOUND);
    return 0;
}
