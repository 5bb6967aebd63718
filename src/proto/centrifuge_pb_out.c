/* Writing cf_protobuf: a reply is put together from borrowed parts on the stack (lists in an arena of the
 * call) and packed behind its length. */
#include "proto/centrifuge_pb.h"

#define REPLY_INIT CENTRIFUGAL__CENTRIFUGE__PROTOCOL__REPLY__INIT
#define PUSH_INIT  CENTRIFUGAL__CENTRIFUGE__PROTOCOL__PUSH__INIT

static ProtobufCBinaryData bytes(Str s) /* borrowed; protobuf-c only reads it */
{
    return (ProtobufCBinaryData){s.len, (uint8_t *)(uintptr_t)s.at};
}

static void put_length(Buf *b, size_t length)
{
    for (; length >= 0x80; length >>= 7) buf_add_byte(b, (uint8_t)(length | 0x80));
    buf_add_byte(b, (uint8_t)length);
}

static void put_reply(CfOut *out, const PB(Reply) * reply)
{
    size_t size = protobuf_c_message_get_packed_size(&reply->base);
    put_length(out->buf, size);
    uint8_t *at = buf_reserve(out->buf, size);
    if (!at) return; /* the Buf remembers why */
    protobuf_c_message_pack(&reply->base, at);
    buf_commit(out->buf, size);
}

static PB(ClientInfo) info_message(const CfClientInfo *info)
{
    PB(ClientInfo) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__CLIENT_INFO__INIT;
    m.user = bytes(info->user);
    m.client = bytes(info->client);
    m.conn_info = bytes(info->conn_info);
    m.chan_info = bytes(info->chan_info);
    return m;
}

/* `room` holds the ClientInfo that the message points to. */
static PB(Publication) publication_message(const CfPublication *p, PB(ClientInfo) * room)
{
    PB(Publication) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__PUBLICATION__INIT;
    m.data = bytes(p->data);
    m.offset = p->offset;
    m.delta = p->delta;
    m.epoch = bytes(p->epoch);
    if (!p->info) return m;
    *room = info_message(p->info);
    m.info = room;
    return m;
}

typedef struct PublicationList { /* what a repeated Publication field wants */
    Arena arena;
    PB(Publication) * *at;
    size_t count;
} PublicationList;

static void list_init_from(PublicationList *l, const CfPublication *publications, size_t count)
{
    typedef struct Item {
        PB(Publication) message;
        PB(ClientInfo) info;
    } Item;
    arena_init(&l->arena, SIZE_MAX); /* as long as the caller's list */
    l->at = count ? arena_alloc(&l->arena, count * sizeof *l->at) : NULL;
    l->count = count;
    for (size_t i = 0; i < count; i++) {
        Item *item = arena_alloc(&l->arena, sizeof *item);
        item->message = publication_message(&publications[i], &item->info);
        l->at[i] = &item->message;
    }
}

static uint32_t seconds(int64_t value)
{
    return value > UINT32_MAX ? UINT32_MAX : value > 0 ? (uint32_t)value : 0;
}

/* ---- replies ---- */

static void write_error(CfOut *out, uint32_t id, CfError error)
{
    bool temporary = false;
    PB(Error) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__ERROR__INIT;
    PB(Reply) reply = REPLY_INIT;
    m.code = (uint32_t)error;
    m.message = bytes(cf_error_message(error, &temporary));
    m.temporary = temporary;
    reply.id = id;
    reply.error = &m;
    put_reply(out, &reply);
}

static void write_connected(CfOut *out, uint32_t id, const CfSession *s)
{
    PB(ConnectResult) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__CONNECT_RESULT__INIT;
    PB(Reply) reply = REPLY_INIT;
    m.client = bytes(s->client);
    m.version = bytes(s->version);
    m.expires = s->ttl_s > 0;
    m.ttl = seconds(s->ttl_s);
    m.ping = seconds(s->ping_s);
    m.pong = s->ping_s > 0;
    m.session = bytes(s->session);
    m.node = bytes(s->node);
    reply.id = id;
    reply.connect = &m;
    put_reply(out, &reply);
}

static void write_refreshed(CfOut *out, uint32_t id, const CfSession *s)
{
    PB(RefreshResult) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__REFRESH_RESULT__INIT;
    PB(Reply) reply = REPLY_INIT;
    m.client = bytes(s->client);
    m.version = bytes(s->version);
    m.expires = s->ttl_s > 0;
    m.ttl = seconds(s->ttl_s);
    reply.id = id;
    reply.refresh = &m;
    put_reply(out, &reply);
}

static void write_subscribed(CfOut *out, uint32_t id, const CfSubscribed *s)
{
    PublicationList list;
    PB(SubscribeResult) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__SUBSCRIBE_RESULT__INIT;
    PB(Reply) reply = REPLY_INIT;
    list_init_from(&list, s->publications, s->publication_count);
    m.expires = s->ttl_s > 0;
    m.ttl = seconds(s->ttl_s);
    m.recoverable = s->recoverable;
    m.epoch = bytes(s->position.epoch);
    m.n_publications = list.count;
    m.publications = list.at;
    m.recovered = s->recovered;
    m.offset = s->position.offset;
    m.positioned = s->positioned;
    m.data = bytes(s->data);
    m.was_recovering = s->was_recovering;
    m.delta = s->delta;
    reply.id = id;
    reply.subscribe = &m;
    put_reply(out, &reply);
    arena_done(&list.arena);
}

static void write_sub_refreshed(CfOut *out, uint32_t id, int64_t ttl_s)
{
    PB(SubRefreshResult) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__SUB_REFRESH_RESULT__INIT;
    PB(Reply) reply = REPLY_INIT;
    m.expires = ttl_s > 0;
    m.ttl = seconds(ttl_s);
    reply.id = id;
    reply.sub_refresh = &m;
    put_reply(out, &reply);
}

/* The result that has nothing in it, by its field number (client.proto, Reply). */
static void write_empty(CfOut *out, uint32_t id, CfMethod method)
{
    static const uint8_t fields[CF_METHOD_COUNT] = {
        [CF_CONNECT] = 5,         [CF_PING] = 12,    [CF_SUBSCRIBE] = 6,   [CF_UNSUBSCRIBE] = 7,
        [CF_PUBLISH] = 8,         [CF_PRESENCE] = 9, [CF_HISTORY] = 11,    [CF_RPC] = 13,
        [CF_PRESENCE_STATS] = 10, [CF_REFRESH] = 14, [CF_SUB_REFRESH] = 15};
    enum { LENGTH_DELIMITED = 2 };
    PB(Reply) reply = REPLY_INIT;
    CHECK(method < CF_METHOD_COUNT && fields[method]);
    reply.id = id;
    size_t head = protobuf_c_message_get_packed_size(&reply.base);
    put_length(out->buf, head + 2);
    uint8_t *at = buf_reserve(out->buf, head + 2);
    if (!at) return;
    protobuf_c_message_pack(&reply.base, at);
    at[head] = (uint8_t)(fields[method] << 3 | LENGTH_DELIMITED);
    at[head + 1] = 0;
    buf_commit(out->buf, head + 2);
}

static void write_presence(CfOut *out, uint32_t id, const CfClientInfo *clients, size_t count)
{
    typedef struct Item {
        PB(PresenceEntry) entry;
        PB(ClientInfo) info;
    } Item;
    Arena arena;
    PB(PresenceResult) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__PRESENCE_RESULT__INIT;
    PB(Reply) reply = REPLY_INIT;
    arena_init(&arena, SIZE_MAX); /* as long as the caller's list */
    m.n_presence = count;
    m.presence = count ? arena_alloc(&arena, count * sizeof *m.presence) : NULL;
    for (size_t i = 0; i < count; i++) {
        Item *item = arena_alloc(&arena, sizeof *item);
        item->entry = (PB(PresenceEntry))CENTRIFUGAL__CENTRIFUGE__PROTOCOL__PRESENCE_ENTRY__INIT;
        item->info = info_message(&clients[i]);
        item->entry.key = bytes(clients[i].client);
        item->entry.value = &item->info;
        m.presence[i] = &item->entry;
    }
    reply.id = id;
    reply.presence = &m;
    put_reply(out, &reply);
    arena_done(&arena);
}

static void write_presence_stats(CfOut *out, uint32_t id, uint32_t clients, uint32_t users)
{
    PB(PresenceStatsResult) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__PRESENCE_STATS_RESULT__INIT;
    PB(Reply) reply = REPLY_INIT;
    m.num_clients = clients;
    m.num_users = users;
    reply.id = id;
    reply.presence_stats = &m;
    put_reply(out, &reply);
}

static void write_history(CfOut *out, uint32_t id, const CfPublication *publications, size_t count,
                          const CfPosition *top)
{
    PublicationList list;
    PB(HistoryResult) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__HISTORY_RESULT__INIT;
    PB(Reply) reply = REPLY_INIT;
    list_init_from(&list, publications, count);
    m.n_publications = list.count;
    m.publications = list.at;
    m.epoch = bytes(top->epoch);
    m.offset = top->offset;
    reply.id = id;
    reply.history = &m;
    put_reply(out, &reply);
    arena_done(&list.arena);
}

static void write_rpc(CfOut *out, uint32_t id, Str data)
{
    PB(RPCResult) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__RPCRESULT__INIT;
    PB(Reply) reply = REPLY_INIT;
    m.data = bytes(data);
    reply.id = id;
    reply.rpc = &m;
    put_reply(out, &reply);
}

/* ---- pushes ---- */

static void put_push(CfOut *out, Str channel, PB(Push) * push)
{
    PB(Reply) reply = REPLY_INIT;
    push->channel = bytes(channel);
    reply.push = push;
    put_reply(out, &reply);
}

static void push_publication(CfOut *out, Str channel, const CfPublication *publication)
{
    PB(ClientInfo) info;
    PB(Publication) m = publication_message(publication, &info);
    PB(Push) push = PUSH_INIT;
    push.pub = &m;
    put_push(out, channel, &push);
}

static void push_join(CfOut *out, Str channel, const CfClientInfo *info)
{
    PB(ClientInfo) who = info_message(info);
    PB(Presence) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__PRESENCE__INIT;
    PB(Push) push = PUSH_INIT;
    m.info = &who;
    push.join = &m;
    put_push(out, channel, &push);
}

static void push_leave(CfOut *out, Str channel, const CfClientInfo *info)
{
    PB(ClientInfo) who = info_message(info);
    PB(Presence) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__PRESENCE__INIT;
    PB(Push) push = PUSH_INIT;
    m.info = &who;
    push.leave = &m;
    put_push(out, channel, &push);
}

static void push_unsubscribe(CfOut *out, Str channel, CfUnsubscribe code)
{
    PB(Ended) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__ENDED__INIT;
    PB(Push) push = PUSH_INIT;
    m.code = (uint32_t)code;
    m.reason = bytes(cf_unsubscribe_reason(code));
    push.unsubscribe = &m;
    put_push(out, channel, &push);
}

static void push_disconnect(CfOut *out, uint16_t code, Str reason)
{
    PB(Disconnected) m = CENTRIFUGAL__CENTRIFUGE__PROTOCOL__DISCONNECTED__INIT;
    PB(Push) push = PUSH_INIT;
    m.code = code;
    m.reason = bytes(reason);
    push.disconnect = &m;
    put_push(out, S(""), &push);
}

static void write_ping(CfOut *out)
{
    put_length(out->buf, 0);
}

const CfCodec cf_protobuf = {
    .next = cf_pb_next,
    .read = cf_pb_read,
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
