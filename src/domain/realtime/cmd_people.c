/* presence, presence_stats and publish: what clients of one channel know of each other and say to each other. */
#include "base/limits.h"
#include "domain/realtime/call.h"
#include "domain/realtime/command.h"
#include "domain/realtime/subscription.h"

/* ---- who is there ---- */

/* False: it was an error, and that is in `out`. */
static bool is_answered(const Waiter *w, Status st, CfOut *out)
{
    if (st == ST_OK) return true;
    codec_of(w->client)->error(out, w->id,
                               st == ST_TOO_BIG ? CF_ERR_LIMIT_EXCEEDED : CF_ERR_INTERNAL);
    return false;
}

static void answer_people(RealtimeCall *call, Waiter *w, Status st)
{
    Client *c = w->client;
    CfOut out = client_begin(c);
    if (is_answered(w, st, &out))
        codec_of(c)->presence(&out, w->id, call->people.clients, call->people.count);
    if (buf_status(out.buf) != ST_OK) { /* what their tokens say of them is too much */
        out = client_begin(c);
        (void)is_answered(w, ST_TOO_BIG, &out);
    }
    client_send(c, &out);
}

static void answer_stats(RealtimeCall *call, Waiter *w, Status st)
{
    Client *c = w->client;
    CfOut out = client_begin(c);
    if (is_answered(w, st, &out))
        codec_of(c)->presence_stats(&out, w->id, call->people.count, presence_users(&call->people));
    client_send(c, &out);
}

/* For those who are there themselves. */
CfClose cmd_presence(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    (void)arena;
    if (command->channel.len == 0) return CF_CLOSE_BAD_REQUEST;
    const Reader *r = client_reader(c, command->channel);
    if (!r || waiter_of_reader(c, r)) {
        codec_of(c)->error(out, command->id, CF_ERR_PERMISSION_DENIED);
        return 0;
    }
    bool stats = command->method == CF_PRESENCE_STATS;
    RealtimeCall *call = call_new(c, command->channel, PRESENCE_BYTES_MAX,
                                  stats ? answer_stats : answer_people);
    Str user = call_user(call);
    call->way = CALL_PEOPLE;
    call->stream = (StreamCall){.tenant_no = c->tenant->no,
                                .channel = str_make(user.at + user.len, command->channel.len)};
    client_ask(c, command->id, call, STORE_STREAM, out);
    return 0;
}

/* ---- what they say ---- */

/* A feed belongs to the backend, and a tenant's other channels too unless it says otherwise. */
static bool may_publish(const Client *c, const CfCommand *command)
{
    ChannelName name = channel_read(c->tenant, command->channel);
    const Tenant *now = snapshot_by_id(*c->realtime->snapshot, c->tenant->id_text);
    Reader *r = client_reader(c, command->channel);
    return now && now->allow_client_publish && channel_is_recent(name.kind) && r &&
           subscription_of(r)->joined;
}

/* One line of JSON in the arena; false: it is none, or too much. */
static bool read_data(Str raw, Arena *arena, Str *ret_data)
{
    Json json;
    Buf line;
    if (raw.len == 0 || json_parse(raw, arena, &json, NULL) != ST_OK) return false;
    buf_init(&line, PUBLICATION_MAX);
    json_put_raw_line(&line, raw);
    bool fits = buf_status(&line) == ST_OK && arena_copy(arena, buf_view(&line), ret_data);
    buf_done(&line);
    return fits;
}

CfClose cmd_publish(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    char id[UUID_TEXT_LEN];
    Publication p = {.epoch = S("")};
    CfError error = 0;
    if (command->channel.len == 0) return CF_CLOSE_BAD_REQUEST;
    if (command->type != 0)
        error = CF_ERR_NOT_AVAILABLE; /* maps */
    else if (!may_publish(c, command))
        error = CF_ERR_PERMISSION_DENIED;
    else if (!read_data(command->data, arena, &p.data))
        error = CF_ERR_BAD_REQUEST;
    if (!error) {
        const Subscription *s = subscription_of(client_reader(c, command->channel));
        p.info = subscription_info(s, id);
        c->realtime->calls->say(c->realtime, c->tenant->no, command->channel, &p, true);
    }
    if (error)
        codec_of(c)->error(out, command->id, error);
    else
        codec_of(c)->empty(out, command->id, CF_PUBLISH);
    return 0;
}
