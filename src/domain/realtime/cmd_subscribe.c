/* subscribe and unsubscribe.
 *
 * A subscriber of a stream is held by the hub, the store is asked where the stream is and what the client
 * missed, and then: the reply, and behind it what was published since and is not in the reply. Until the
 * answer comes the subscription exists: it is in the count, a second subscribe gets 105, and unsubscribe
 * ends it. */
#include "base/limits.h"
#include "base/mem.h"
#include "base/metric.h"
#include "domain/realtime/call.h"
#include "domain/realtime/command.h"

enum { POSITION_BYTES_MAX = ARENA_CHUNK_BYTES };

Reader *client_reader(const Client *c, Str channel)
{
    for (Reader *r = c->writer._readers; r; r = reader_next(r))
        if (str_eq(reader_channel(r), channel)) return r;
    return NULL;
}

static void drop_reader(Client *c, Reader *r)
{
    hub_unsubscribe(c->realtime->hub, r);
    mem_free(r);
    c->channel_count--;
}

void client_leave(Client *c, Reader *r, CfOut *out)
{
    Waiter *w = waiter_of_reader(c, r);
    if (w) {
        CfOut own = out ? *out : client_begin(c);
        codec_of(c)->error(&own, w->id, CF_ERR_INTERNAL);
        if (!out) client_send(c, &own);
        waiter_take_back(w);
    }
    drop_reader(c, r);
}

/* ---- what came back ---- */

/* Complete or nothing: a removed row, a cut page, an unknown position all mean "not recovered". */
static bool is_recovered(const StreamCall *s, const Waiter *w)
{
    return epoch_fits(w->epoch, s->ret_epoch) && w->since <= s->ret_top &&
           s->ret_floor <= w->since && !s->ret_more;
}

/* The waiters of one call may know different things: each gets what lies behind its own position. */
static size_t missed_by(const Waiter *w, const StreamCall *s, CfPublication *publications)
{
    size_t count = 0;
    for (uint32_t i = 0; i < s->ret_count; i++)
        if (s->ret_items[i].seq > w->since)
            publications[count++] = (CfPublication){.data = s->ret_items[i].data,
                                                    .offset = s->ret_items[i].seq,
                                                    .as_text = reader_wants_deltas(w->reader)};
    return count;
}

static void count_recovery(const Waiter *w, const StreamCall *s)
{
    if (!w->recover) return;
    metric_add_by(METRIC_RECOVERIES,
                  is_recovered(s, w) ? METRIC_RECOVERY_COMPLETE : METRIC_RECOVERY_LOST,
                  METRIC_NONE_ALL, 1);
}

static void put_subscribed(const Waiter *w, const StreamCall *s, CfOut *out)
{
    char text[EPOCH_TEXT_LEN];
    CfPublication publications[RECOVERY_MAX];
    CfSubscribed result = {.recoverable = true,
                           .positioned = true,
                           .was_recovering = w->recover,
                           .delta = reader_wants_deltas(w->reader)};
    result.position = (CfPosition){s->ret_top, epoch_text(s->ret_epoch, text)};
    if (w->recover && is_recovered(s, w)) {
        result.recovered = true;
        result.position.offset = w->since; /* each publication moves the client's position on */
        result.publications = publications;
        result.publication_count = missed_by(w, s, publications);
    }
    codec_of(w->client)->subscribed(out, w->id, &result);
}

static void answer_subscribe(RealtimeCall *call, Waiter *w, Status st)
{
    Client *c = w->client;
    Hub *hub = c->realtime->hub;
    Reader *r = w->reader;
    const StreamCall *s = &call->stream;
    void **shared = hub_hold_tag(r);
    if (*shared == call) *shared = NULL; /* who comes now asks again */
    CfOut out = client_begin(c);
    if (st == ST_OK) count_recovery(w, s);
    if (st != ST_OK || (w->recover && w->all_or_112 && !is_recovered(s, w))) {
        codec_of(c)->error(&out, w->id, st == ST_OK ? CF_ERR_UNRECOVERABLE : CF_ERR_INTERNAL);
        w->reader = NULL;
        drop_reader(c, r);
        client_send(c, &out);
        return;
    }
    put_subscribed(w, s, &out);
    w->reader = NULL;
    client_send(c, &out);
    if (c->state != CLIENT_CONNECTED) return; /* too slow for its own reply, and gone */
    hub_release(hub, r, s->ret_top, s->ret_epoch);
    if (s->ret_epoch == 0) hub_want_epoch(hub, r);
}

/* ---- asking ---- */

/* The question another tab of the user has just asked, if its answer holds all that this one needs. */
static RealtimeCall *shared_call(const Reader *r, const CfCommand *command)
{
    RealtimeCall *call = *hub_hold_tag(r);
    if (!call || !command->recover) return call;
    return call->stream.limit && call->stream.since <= command->since.offset ? call : NULL;
}

static RealtimeCall *new_call(const Client *c, const CfCommand *command, Str name)
{
    RealtimeCall *call = call_new(
        c, name, command->recover ? RECOVERY_BYTES_MAX : POSITION_BYTES_MAX, answer_subscribe);
    Str user = call_user(call);
    call->stream = (StreamCall){.tenant_no = c->tenant->no,
                                .user_id = user,
                                .channel = str_make(user.at + user.len, name.len),
                                .since = command->since.offset,
                                .limit = command->recover ? RECOVERY_MAX : 0,
                                .arena = &call->arena};
    return call;
}

static Waiter *wait_for(RealtimeCall *call, Client *c, const CfCommand *command, Reader *r)
{
    Waiter *w = call_wait(call, c, command->id);
    w->reader = r;
    w->recover = command->recover;
    w->all_or_112 = command->flag & CF_FLAG_REJECT_UNRECOVERED;
    w->since = command->since.offset;
    w->epoch = epoch_parse(command->since.epoch);
    return w;
}

/* 0: the reply comes with the answer. */
static CfError subscribe_stream(Client *c, const CfCommand *command, Str name, Reader *r)
{
    hub_hold(c->realtime->hub, r);
    RealtimeCall *call = shared_call(r, command);
    if (call) {
        wait_for(call, c, command, r);
        return 0;
    }
    call = new_call(c, command, name);
    wait_for(call, c, command, r);
    *hub_hold_tag(r) = call;
    metric_add(METRIC_STREAM_READS, 1);
    if (call_send(call, STORE_STREAM) == ST_OK) return 0;
    *hub_hold_tag(r) = NULL;
    return CF_ERR_INTERNAL;
}

static CfError check(const Client *c, const CfCommand *command)
{
    if (command->channel.len > CHANNEL_NAME_MAX) return CF_ERR_BAD_REQUEST;
    if (client_reader(c, command->channel)) return CF_ERR_ALREADY_SUBSCRIBED;
    if (c->channel_count >= CHANNELS_PER_CLIENT_MAX) return CF_ERR_LIMIT_EXCEEDED;
    if (command->type != 0) return CF_ERR_NOT_AVAILABLE; /* maps and shared polls */
    return client_may_wait(c) ? 0 : CF_ERR_TOO_MANY_REQUESTS;
}

/* Deltas are for streams: their readers are told where they begin. */
static WireFormat format_for(const Client *c, const CfCommand *command, ChannelKind kind)
{
    unsigned format = c->writer.format;
    bool delta = command->delta.len && kind != CHANNEL_STATE && c->realtime->allows_delta;
    return (WireFormat)(delta ? format | WIRE_DELTA : format);
}

static CfError subscribe(Client *c, const CfCommand *command, CfOut *out)
{
    Str name;
    CfError error = check(c, command);
    if (error) return error;
    ChannelKind kind = channel_kind(c->tenant, client_user(c), command->channel, &name);
    if (kind == CHANNEL_FOREIGN) return CF_ERR_PERMISSION_DENIED;
    Reader *r = mem_new(Reader);
    Status st = hub_subscribe(c->realtime->hub, c->tenant->no, command->channel,
                              format_for(c, command, kind), &c->writer, r);
    if (st != ST_OK) {
        mem_free(r);
        return CF_ERR_INTERNAL;
    }
    c->channel_count++;
    if (kind == CHANNEL_STATE) {
        codec_of(c)->empty(out, command->id, CF_SUBSCRIBE);
        return 0;
    }
    error = subscribe_stream(c, command, name, r);
    if (error) drop_reader(c, r);
    return error;
}

CfClose cmd_subscribe(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    (void)arena;
    bool known_delta = command->delta.len == 0 || str_is(command->delta, "fossil");
    if (command->channel.len == 0 || !known_delta) return CF_CLOSE_BAD_REQUEST;
    CfError error = subscribe(c, command, out);
    if (error) codec_of(c)->error(out, command->id, error);
    return 0;
}

CfClose cmd_unsubscribe(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    (void)arena;
    if (command->channel.len == 0) return CF_CLOSE_BAD_REQUEST;
    Reader *r = client_reader(c, command->channel);
    if (r) client_leave(c, r, out);
    codec_of(c)->empty(out, command->id,
                       CF_UNSUBSCRIBE); /* never an error: clients take that for fatal */
    return 0;
}
