/* POST /api/v1/realtime/presence, /presence_stats, /channels, /disconnect and /unsubscribe: who is connected, and
 * to what. Nobody keeps a list of that: every loop is asked, and looks at its own sockets. */
#include "app/api/realtime_body.h"
#include "app/gather.h"
#include "app/http/router.h"
#include "app/ws/endpoint.h"
#include "app/ws/people.h"
#include "app/ws/stream.h"
#include "base/limits.h"
#include "domain/realtime/channel.h"
#include "domain/realtime/presence.h"

typedef struct Asked { /* what the visitors read; in the request's arena */
    Request *rq;
    uint32_t tenant_no;
    Str channel, pattern; /* of a channel or of many */
    Str user, client;     /* client "": all of the user's */
    CfClose close;
    const Json *body;
    bool stats;
} Asked;

static Asked *ask(Request *rq)
{
    Asked *a = arena_new(&rq->arena, Asked);
    a->rq = rq;
    a->tenant_no = rq->tenant->no;
    return a;
}

static void go(Asked *a, void (*visit)(Lane *, GatherPart *), void (*back)(Gather *))
{
    gather_go(gather_new(a->rq->lane, visit, back, a));
}

/* ---- presence ---- */

static void visit_presence(Lane *lane, GatherPart *part)
{
    const Asked *a = part->gather->ctx;
    gather_people(lane, a->tenant_no, a->channel, part);
}

static void put_presence(Buf *out, const Presence *all)
{
    buf_lit(out, "{\"presence\":{");
    for (uint32_t i = 0; i < all->count; i++) {
        if (i) buf_lit(out, ",");
        json_put_string(out, all->clients[i].client);
        buf_lit(out, ":");
        realtime_put_client(out, &all->clients[i]);
    }
    buf_lit(out, "}}");
}

static void presence_back(Gather *g)
{
    const Asked *a = g->ctx;
    Request *rq = a->rq;
    Presence all;
    Buf out;
    buf_init(&out, HTTP_RESPONSE_MAX / 2);
    if (gather_all_people(g, &rq->arena, &all) != ST_OK) {
        realtime_refuse(rq, CF_ERR_LIMIT_EXCEEDED, "more clients than one answer names");
    } else {
        if (a->stats)
            buf_format(&out, "{\"num_clients\":%u,\"num_users\":%u}", all.count,
                       presence_users(&all));
        else
            put_presence(&out, &all);
        realtime_result(rq, &out);
    }
    buf_done(&out);
    gather_free(g);
}

static void ask_presence(Request *rq, bool stats)
{
    Json j;
    const char *detail = "";
    Asked *a = ask(rq);
    a->stats = stats;
    if (!realtime_body(rq, &j)) return;
    if (realtime_text(rq, &j, S("channel"), CHANNEL_NAME_MAX, &a->channel, &detail))
        go(a, visit_presence, presence_back);
    else
        realtime_refuse(rq, CF_ERR_BAD_REQUEST, detail);
}

void realtime_presence(Request *rq)
{
    ask_presence(rq, false);
}

void realtime_presence_stats(Request *rq)
{
    ask_presence(rq, true);
}

/* ---- channels ---- */

typedef struct Found { /* one lane's channels, in its part's arena */
    const Asked *asked;
    Arena *arena;
    ChannelCount *at;
    uint32_t count;
} Found;

static bool see_channel(void *ctx, Str channel, uint32_t readers)
{
    Found *f = ctx;
    if (!channel_is_sane(channel) || !channel_matches(f->asked->pattern, channel))
        return true; /* names of our own making hold a control character */
    if (f->count == REALTIME_CHANNELS_MAX) return false;
    ChannelCount *c = &f->at[f->count];
    if (!arena_copy(f->arena, channel, &c->channel)) return false;
    c->clients = readers;
    f->count++;
    return true;
}

static void visit_channels(Lane *lane, GatherPart *part)
{
    Found f = {part->gather->ctx, &part->arena, NULL, 0};
    f.at = arena_alloc(&part->arena, sizeof(ChannelCount) * REALTIME_CHANNELS_MAX);
    hub_each_channel(ws_server_realtime(lane->ws)->hub, f.asked->tenant_no, see_channel, &f);
    part->found = f.at;
    part->count = f.count;
}

static void channels_back(Gather *g)
{
    const Asked *a = g->ctx;
    Buf out;
    ChannelCounts all;
    buf_init(&out, HTTP_RESPONSE_MAX / 2);
    channel_counts_init(&all);
    for (int i = 0; i < g->part_count; i++)
        channel_counts_add(&all, g->parts[i].found, (uint32_t)g->parts[i].count);
    buf_lit(&out, "{\"channels\":{");
    for (uint32_t i = 0; i < all.count; i++) {
        if (i) buf_lit(&out, ",");
        json_put_string(&out, all.at[i].channel);
        buf_format(&out, ":{\"num_clients\":%u}", all.at[i].clients);
    }
    buf_lit(&out, "}}");
    realtime_result(a->rq, &out);
    channel_counts_done(&all);
    buf_done(&out);
    gather_free(g);
}

void realtime_channels(Request *rq)
{
    Json j;
    const char *detail = "";
    Asked *a = ask(rq);
    if (!realtime_body(rq, &j)) return;
    if (realtime_text_if_any(rq, &j, S("pattern"), CHANNEL_NAME_MAX, &a->pattern, &detail))
        go(a, visit_channels, channels_back);
    else
        realtime_refuse(rq, CF_ERR_BAD_REQUEST, detail);
}

/* ---- disconnect, unsubscribe ---- */

static bool is_meant(const Asked *a, const Client *c)
{
    char id[UUID_TEXT_LEN];
    if (c->state != CLIENT_CONNECTED || c->tenant->no != a->tenant_no) return false;
    if (!str_eq(str_make(c->user, c->user_len), a->user)) return false;
    uuid_text(c->id, id);
    return a->client.len == 0 || str_eq(a->client, str_make(id, sizeof id));
}

static bool is_spared(const Asked *a, const Client *c)
{
    char id[UUID_TEXT_LEN];
    JsonRef list = json_get(a->body, 0, S("whitelist"));
    uuid_text(c->id, id);
    for (JsonRef at = json_first(a->body, list); at != JSON_NONE; at = json_next(a->body, list, at))
        if (json_string_is(a->body, at, str_make(id, sizeof id))) return true;
    return false;
}

static void see_disconnect(void *ctx, Client *c)
{
    const Asked *a = ctx;
    if (is_meant(a, c) && !is_spared(a, c)) client_close(c, a->close);
}

static void visit_disconnect(Lane *lane, GatherPart *part)
{
    ws_server_each(lane->ws, see_disconnect, part->gather->ctx);
    streams_each(lane->streams, see_disconnect, part->gather->ctx);
}

static void see_unsubscribe(void *ctx, Client *c)
{
    const Asked *a = ctx;
    if (is_meant(a, c)) client_unsubscribe(c, a->channel, CF_UNSUBSCRIBE_SERVER);
}

static void visit_unsubscribe(Lane *lane, GatherPart *part)
{
    ws_server_each(lane->ws, see_unsubscribe, part->gather->ctx);
    streams_each(lane->streams, see_unsubscribe, part->gather->ctx);
}

static void done_back(Gather *g)
{
    const Asked *a = g->ctx;
    respond_json(a->rq, 200, S("{\"result\":{}}"));
    gather_free(g);
}

/* The user and, if it is only about one of its connections, which. */
static bool read_whom(Asked *a, const Json *j, const char **ret_detail)
{
    Request *rq = a->rq;
    return realtime_text(rq, j, S("user"), USER_ID_MAX, &a->user, ret_detail) &&
           realtime_text_if_any(rq, j, S("client"), UUID_TEXT_LEN, &a->client, ret_detail);
}

/* {"disconnect":{"code":3011}}: one of the protocol's own codes, so that every client knows what to do. */
static bool read_close(Asked *a, const char **ret_detail)
{
    int64_t code = CF_CLOSE_FORCED;
    JsonRef how = json_get(a->body, 0, S("disconnect"));
    JsonRef at = json_get(a->body, how, S("code"));
    *ret_detail = "disconnect.code must be 3503 (stay away) or 3011 (come back)";
    if (at != JSON_NONE && !json_i64(a->body, at, &code)) return false;
    a->close = code == CF_CLOSE_RECONNECT ? CF_CLOSE_RECONNECT : CF_CLOSE_FORCED;
    return code == CF_CLOSE_FORCED || code == CF_CLOSE_RECONNECT;
}

void realtime_disconnect(Request *rq)
{
    const char *detail = "";
    Asked *a = ask(rq);
    Json *j = arena_new(&rq->arena, Json);
    a->body = j;
    if (!realtime_body(rq, j)) return;
    if (read_whom(a, j, &detail) && read_close(a, &detail))
        go(a, visit_disconnect, done_back);
    else
        realtime_refuse(rq, CF_ERR_BAD_REQUEST, detail);
}

void realtime_unsubscribe(Request *rq)
{
    Json j;
    const char *detail = "";
    Asked *a = ask(rq);
    if (!realtime_body(rq, &j)) return;
    if (read_whom(a, &j, &detail) &&
        realtime_text(rq, &j, S("channel"), CHANNEL_NAME_MAX, &a->channel, &detail))
        go(a, visit_unsubscribe, done_back);
    else
        realtime_refuse(rq, CF_ERR_BAD_REQUEST, detail);
}
