/* history: pages of a stream, straight from the store or the recent windows. Publications of one channel, so their offsets have
 * holes where the user was notified on another. No gap detection: what retention removed is not there. */
#include "base/limits.h"
#include "domain/realtime/call.h"
#include "domain/realtime/command.h"

static void answer_history(RealtimeCall *call, Waiter *w, Status st)
{
    char text[EPOCH_TEXT_LEN];
    CfPublication publications[RECOVERY_MAX];
    Client *c = w->client;
    const StreamCall *s = &call->stream;
    CfOut out = client_begin(c);
    if (st != ST_OK) {
        codec_of(c)->error(&out, w->id, CF_ERR_INTERNAL);
    } else if (!epoch_fits(w->epoch, s->ret_epoch)) {
        codec_of(c)->error(&out, w->id, CF_ERR_UNRECOVERABLE);
    } else {
        CfPosition top = {s->ret_top, epoch_text(s->ret_epoch, text)};
        size_t count = call_publications(call, 0, false, publications);
        codec_of(c)->history(&out, w->id, publications, count, &top);
    }
    client_send(c, &out);
}

/* A client gets no more than one reply holds, however much it asks for; -1 is all. */
static uint32_t limit_of(const CfCommand *command)
{
    bool all = command->limit < 0 || command->limit > RECOVERY_MAX;
    return all ? RECOVERY_MAX : (uint32_t)command->limit;
}

static RealtimeCall *new_call(const Client *c, const CfCommand *command, const ChannelName *channel)
{
    bool recent = channel_is_recent(channel->kind);
    Str name = recent ? command->channel : channel->name;
    RealtimeCall *call = call_new(c, name, RECOVERY_BYTES_MAX, answer_history);
    Str user = call_user(call);
    uint64_t since = command->has_since ? command->since.offset : 0;
    call->way = recent ? CALL_RECENT : CALL_STORE;
    call->stream = (StreamCall){.tenant_no = c->tenant->no,
                                .user_id = user,
                                .channel = str_make(user.at + user.len, name.len),
                                .since = since < INT64_MAX ? since : INT64_MAX,
                                .reverse = command->reverse,
                                .limit = limit_of(command),
                                .arena = &call->arena};
    return call;
}

/* One's own by its name, or by a token that has opened it. */
static CfError check(const Client *c, const CfCommand *command, const ChannelName *name)
{
    if (command->channel.len > CHANNEL_NAME_MAX) return CF_ERR_BAD_REQUEST;
    if (!channel_is_for(name, client_user(c)) && !client_reader(c, command->channel))
        return CF_ERR_PERMISSION_DENIED;
    if (name->kind == CHANNEL_STATE) return CF_ERR_NOT_AVAILABLE; /* it has no past */
    bool before_the_first = command->reverse && command->has_since && !command->since.offset;
    return before_the_first ? CF_ERR_BAD_REQUEST : 0;
}

CfClose cmd_history(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    (void)arena;
    if (command->channel.len == 0) return CF_CLOSE_BAD_REQUEST;
    ChannelName name = channel_read(c->tenant, command->channel);
    CfError error = check(c, command, &name);
    if (error) {
        codec_of(c)->error(out, command->id, error);
        return 0;
    }
    uint64_t epoch = command->has_since ? epoch_parse(command->since.epoch) : EPOCH_ANY;
    Waiter *w = client_ask(c, command->id, new_call(c, command, &name), STORE_STREAM, out);
    if (w) w->epoch = epoch;
    return 0;
}
