/* Reading cf_protobuf: messages behind their length, decoded by protobuf-c into the arena they came with.
 *
 * A peer decides how many fields a message has, so the arena's ceiling bounds what decoding may take;
 * protobuf-c gives up cleanly when an allocation fails. */
#include "proto/centrifuge_pb.h"

#include "base/utf8.h"

/* What `next` cuts off when the rest is no message: `read` refuses it, so that what stood before it in
 * the frame still counts. An empty message, a pong, does have an address. */
static const Str broken = {NULL, 1};

enum { LENGTH_BYTES_MAX = 5 };

static bool cut_length(Str *rest, size_t *ret_length)
{
    uint64_t length = 0;
    for (size_t i = 0; i < rest->len && i < LENGTH_BYTES_MAX; i++) {
        uint8_t byte = (uint8_t)rest->at[i];
        length |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80) continue;
        *rest = str_from(*rest, i + 1);
        *ret_length = (size_t)length;
        return length <= rest->len;
    }
    return false;
}

bool cf_pb_next(Str *rest, Str *ret_message)
{
    size_t length = 0;
    if (rest->len == 0) return false;
    if (!cut_length(rest, &length)) {
        *ret_message = broken;
        *rest = S("");
        return true;
    }
    *ret_message = str_head(*rest, length);
    *rest = str_from(*rest, length);
    return true;
}

static void *take(void *arena, size_t bytes)
{
    return arena_try(arena, bytes);
}

static void give_back(void *arena, void *at) /* the arena does, as a whole */
{
    (void)arena, (void)at;
}

static void *unpack(const ProtobufCMessageDescriptor *type, Str message, Arena *arena)
{
    ProtobufCAllocator allocator = {take, give_back, arena};
    if (message.at == broken.at) return NULL;
    return protobuf_c_message_unpack(type, &allocator, message.len, (const uint8_t *)message.at);
}

static Str raw(ProtobufCBinaryData field)
{
    return field.len ? str_make(field.data, field.len) : S("");
}

typedef struct Fields { /* of the command being read; the first failure stays */
    Err *err;
    Status st;
} Fields;

static Str text(Fields *f, const char *name, ProtobufCBinaryData field)
{
    Str value = raw(field);
    if (!utf8_is_valid(value)) f->st = err_set(f->err, ST_INVALID, "\"%s\" must be UTF-8", name);
    return value;
}

static int64_t not_negative(Fields *f, const char *name, int64_t value)
{
    if (value < 0) f->st = err_set(f->err, ST_INVALID, "\"%s\" must not be negative", name);
    return value;
}

static CfPosition position(Fields *f, uint64_t offset, ProtobufCBinaryData epoch)
{
    not_negative(f, "offset", (int64_t)offset); /* beyond 2^63 no stream goes */
    return (CfPosition){offset, text(f, "epoch", epoch)};
}

static void read_connect(Fields *f, const PB(ConnectRequest) * m, CfCommand *c)
{
    c->method = CF_CONNECT;
    c->token = text(f, "token", m->token);
    c->data = raw(m->data);
    c->name = text(f, "name", m->name);
    c->flag = not_negative(f, "flag", m->flag);
}

static void read_subscribe(Fields *f, const PB(SubscribeRequest) * m, CfCommand *c)
{
    c->method = CF_SUBSCRIBE;
    c->channel = text(f, "channel", m->channel);
    c->token = text(f, "token", m->token);
    c->data = raw(m->data);
    c->delta = text(f, "delta", m->delta);
    c->type = not_negative(f, "type", m->type);
    c->flag = not_negative(f, "flag", m->flag);
    c->since = position(f, m->offset, m->epoch);
    c->recover = m->recover != 0;
    c->recoverable = m->recoverable != 0;
    c->positioned = m->positioned != 0;
    c->join_leave = m->join_leave != 0;
}

static void read_history(Fields *f, const PB(HistoryRequest) * m, CfCommand *c)
{
    c->method = CF_HISTORY;
    c->channel = text(f, "channel", m->channel);
    c->limit = m->limit;
    c->reverse = m->reverse != 0;
    c->has_since = m->since != NULL;
    if (m->since) c->since = position(f, m->since->offset, m->since->epoch);
}

static void read_publish(Fields *f, const PB(PublishRequest) * m, CfCommand *c)
{
    c->method = CF_PUBLISH;
    c->channel = text(f, "channel", m->channel);
    c->data = raw(m->data);
    c->type = not_negative(f, "type", m->type);
}

static void read_sub_refresh(Fields *f, const PB(SubRefreshRequest) * m, CfCommand *c)
{
    c->method = CF_SUB_REFRESH;
    c->channel = text(f, "channel", m->channel);
    c->token = text(f, "token", m->token);
    c->type = not_negative(f, "type", m->type);
}

static void read_rpc(Fields *f, const PB(RPCRequest) * m, CfCommand *c)
{
    c->method = CF_RPC;
    c->data = raw(m->data);
    c->rpc_method = text(f, "method", m->method);
}

static void read_channel(Fields *f, const PB(ChannelRequest) * m, CfMethod method, CfCommand *c)
{
    c->method = method;
    c->channel = text(f, "channel", m->channel);
}

/* The first present one decides (CfMethod's order). */
static void read_request(Fields *f, const PB(Command) * m, CfCommand *c)
{
    if (m->connect)
        read_connect(f, m->connect, c);
    else if (m->ping)
        c->method = CF_PING;
    else if (m->subscribe)
        read_subscribe(f, m->subscribe, c);
    else if (m->unsubscribe)
        read_channel(f, m->unsubscribe, CF_UNSUBSCRIBE, c);
    else if (m->publish)
        read_publish(f, m->publish, c);
    else if (m->presence)
        read_channel(f, m->presence, CF_PRESENCE, c);
    else if (m->presence_stats)
        read_channel(f, m->presence_stats, CF_PRESENCE_STATS, c);
    else if (m->history)
        read_history(f, m->history, c);
    else if (m->rpc)
        read_rpc(f, m->rpc, c);
    else if (m->send)
        c->method = CF_SEND, c->data = raw(m->send->data);
    else if (m->refresh)
        c->method = CF_REFRESH, c->token = text(f, "token", m->refresh->token);
    else if (m->sub_refresh)
        read_sub_refresh(f, m->sub_refresh, c);
}

Status cf_pb_read(Str message, Arena *arena, CfCommand *ret_command, Err *err)
{
    const Str none = S("");
    Fields f = {err, ST_OK};
    CfCommand c = {.method = CF_EMPTY,
                   .channel = none,
                   .token = none,
                   .data = none,
                   .rpc_method = none,
                   .name = none,
                   .delta = none,
                   .since.epoch = none};
    const PB(Command) *m = unpack(&centrifugal__centrifuge__protocol__command__descriptor, message,
                                  arena);
    if (!m) return err_set(err, ST_INVALID, "not a protobuf command");
    c.id = m->id;
    read_request(&f, m, &c);
    if (f.st == ST_OK) *ret_command = c;
    return f.st;
}

Status cf_pb_read_emulation(Str body, Arena *arena, CfEmulation *ret_emulation, Err *err)
{
    const PB(EmulationRequest) *m = unpack(
        &centrifugal__centrifuge__protocol__emulation_request__descriptor, body, arena);
    if (!m) return err_set(err, ST_INVALID, "not a protobuf emulation request");
    *ret_emulation = (CfEmulation){raw(m->session), raw(m->node), raw(m->data)};
    return ST_OK;
}
