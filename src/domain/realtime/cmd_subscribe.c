/* subscribe, unsubscribe and sub_refresh.
 *
 * A subscriber of a stream is held by the hub, the store (for a dialogue or a room: the recent windows) is asked
 * where the stream is and what the client missed, and then: the reply, and behind it what was published since
 * and is not in the reply. Until the answer comes the subscription exists: it is in the count, a second
 * subscribe gets 105, and unsubscribe ends it. */
#include "base/limits.h"
#include "base/metric.h"
#include "domain/realtime/call.h"
#include "domain/realtime/command.h"
#include "domain/realtime/subscription.h"

enum { POSITION_BYTES_MAX = ARENA_CHUNK_BYTES };

/* ---- what came back ---- */

/* Complete or nothing: a removed row, a cut page, an unknown position all mean "not recovered". */
static bool is_recovered(const StreamCall *s, const Waiter *w)
{
    return epoch_fits(w->epoch, s->ret_epoch) && w->since <= s->ret_top &&
           s->ret_floor <= w->since && !s->ret_more;
}

static void count_recovery(const Waiter *w, const StreamCall *s)
{
    if (!w->recover) return;
    metric_add_by(METRIC_RECOVERIES,
                  is_recovered(s, w) ? METRIC_RECOVERY_COMPLETE : METRIC_RECOVERY_LOST,
                  METRIC_NONE_ALL, 1);
}

/* The waiters of one call may know different things: each gets what lies behind its own position. */
static void put_subscribed(const Waiter *w, const RealtimeCall *call, CfOut *out)
{
    const StreamCall *s = &call->stream;
    char text[EPOCH_TEXT_LEN];
    CfPublication publications[RECOVERY_MAX];
    CfSubscribed result = {.recoverable = true,
                           .positioned = true,
                           .was_recovering = w->recover,
                           .delta = reader_wants_deltas(w->reader)};
    result.ttl_s = subscription_ttl_s(w->client, subscription_of(w->reader));
    result.position = (CfPosition){s->ret_top, epoch_text(s->ret_epoch, text)};
    if (w->recover && is_recovered(s, w)) {
        result.recovered = true;
        result.position.offset = w->since; /* each publication moves the client's position on */
        result.publications = publications;
        result.publication_count = call_publications(call, w->since, result.delta, publications);
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
        subscription_drop(c, subscription_of(r));
        client_send(c, &out);
        return;
    }
    put_subscribed(w, call, &out);
    w->reader = NULL;
    client_send(c, &out);
    if (c->state != CLIENT_CONNECTED) return; /* too slow for its own reply, and gone */
    hub_release(hub, r, s->ret_top, s->ret_epoch);
    if (s->ret_epoch == 0) hub_want_epoch(hub, r);
    subscription_joined(c, subscription_of(r));
}

/* ---- asking ---- */

/* The question another tab of the user has just asked, if its answer holds all that this one needs. */
static RealtimeCall *shared_call(const Reader *r, const CfCommand *command)
{
    RealtimeCall *call = *hub_hold_tag(r);
    if (!call || !command->recover) return call;
    return call->stream.limit && call->stream.since <= command->since.offset ? call : NULL;
}

static RealtimeCall *new_call(const Client *c, const CfCommand *command, const ChannelName *channel)
{
    bool recent = channel_is_recent(channel->kind);
    Str name = recent ? command->channel : channel->name;
    RealtimeCall *call = call_new(
        c, name, command->recover ? RECOVERY_BYTES_MAX : POSITION_BYTES_MAX, answer_subscribe);
    Str user = call_user(call);
    call->stream = (StreamCall){.tenant_no = c->tenant->no,
                                .user_id = user,
                                .channel = str_make(user.at + user.len, name.len),
                                .since = command->since.offset,
                                .limit = command->recover ? RECOVERY_MAX : 0,
                                .arena = &call->arena};
    call->way = recent ? CALL_RECENT : CALL_STORE;
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
static CfError subscribe_stream(Client *c, const CfCommand *command, const ChannelName *name,
                                Reader *r)
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

static CfError subscribe(Client *c, const CfCommand *command, Arena *arena, CfOut *out,
                         CfClose *ret_close)
{
    ChannelGrant grant;
    CfError error = check(c, command);
    if (error) return error;
    ChannelName name = channel_read(c->tenant, command->channel);
    error = channel_grant(c, &name, command, arena, &grant, ret_close);
    if (error || *ret_close) return error;
    Subscription *s = subscription_new(c, command->channel, &grant,
                                       format_for(c, command, name.kind),
                                       command->join_leave ? HUB_DATA_AND_PEOPLE : HUB_DATA);
    if (!s) return CF_ERR_INTERNAL;
    if (name.kind == CHANNEL_STATE) {
        codec_of(c)->empty(out, command->id, CF_SUBSCRIBE);
        subscription_joined(c, s);
        return 0;
    }
    error = subscribe_stream(c, command, &name, &s->reader);
    if (error) subscription_drop(c, s);
    return error;
}

CfClose cmd_subscribe(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    CfClose close = 0;
    bool known_delta = command->delta.len == 0 || str_is(command->delta, "fossil");
    if (command->channel.len == 0 || !known_delta) return CF_CLOSE_BAD_REQUEST;
    CfError error = subscribe(c, command, arena, out, &close);
    if (error) codec_of(c)->error(out, command->id, error);
    return close;
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

/* A token whose time is over takes the channel away: the client subscribes again with it, is told 109, and asks
 * its application for a new one. */
CfClose cmd_sub_refresh(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    ChannelGrant grant;
    CfClose close = 0;
    if (command->channel.len == 0) return CF_CLOSE_BAD_REQUEST;
    Reader *r = client_reader(c, command->channel);
    CfError error = !r                        ? CF_ERR_PERMISSION_DENIED
                    : command->token.len == 0 ? CF_ERR_BAD_REQUEST
                                              : channel_token(c, command, arena, &grant, &close);
    if (close) return close;
    if (error == CF_ERR_TOKEN_EXPIRED) {
        client_leave(c, r, out);
        codec_of(c)->push_unsubscribe(out, command->channel, CF_UNSUBSCRIBE_EXPIRED);
    } else if (error) {
        codec_of(c)->error(out, command->id, error);
    } else {
        Subscription *s = subscription_of(r);
        subscription_set_expiry(c, s, grant.expires_s);
        codec_of(c)->sub_refreshed(out, command->id, subscription_ttl_s(c, s));
    }
    return 0;
}
