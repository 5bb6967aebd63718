/* history: pages of a stream, straight from the store. Publications of one channel, so their offsets have
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
        for (uint32_t i = 0; i < s->ret_count; i++)
            publications[i] = (CfPublication){.data = s->ret_items[i].data,
                                              .offset = s->ret_items[i].seq};
        codec_of(c)->history(&out, w->id, publications, s->ret_count, &top);
    }
    client_send(c, &out);
}

/* A client gets no more than one reply holds, however much it asks for; -1 is all. */
static uint32_t limit_of(const CfCommand *command)
{
    bool all = command->limit < 0 || command->limit > RECOVERY_MAX;
    return all ? RECOVERY_MAX : (uint32_t)command->limit;
}

static RealtimeCall *new_call(const Client *c, const CfCommand *command, Str name)
{
    RealtimeCall *call = call_new(c, name, RECOVERY_BYTES_MAX, answer_history);
    Str user = call_user(call);
    uint64_t since = command->has_since ? command->since.offset : 0;
    call->stream = (StreamCall){.tenant_no = c->tenant->no,
                                .user_id = user,
                                .channel = str_make(user.at + user.len, name.len),
                                .since = since < INT64_MAX ? since : INT64_MAX,
                                .reverse = command->reverse,
                                .limit = limit_of(command),
                                .arena = &call->arena};
    return call;
}

static CfError check(const CfCommand *command, ChannelKind kind)
{
    if (command->channel.len > CHANNEL_NAME_MAX) return CF_ERR_BAD_REQUEST;
    if (kind == CHANNEL_FOREIGN) return CF_ERR_PERMISSION_DENIED;
    if (kind == CHANNEL_STATE) return CF_ERR_NOT_AVAILABLE; /* it has no past */
    bool before_the_first = command->reverse && command->has_since && !command->since.offset;
    return before_the_first ? CF_ERR_BAD_REQUEST : 0;
}

CfClose cmd_history(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    Str name;
    (void)arena;
    if (command->channel.len == 0) return CF_CLOSE_BAD_REQUEST;
    ChannelKind kind = channel_kind(c->tenant, client_user(c), command->channel, &name);
    CfError error = check(command, kind);
    if (error) {
        codec_of(c)->error(out, command->id, error);
        return 0;
    }
    uint64_t epoch = command->has_since ? epoch_parse(command->since.epoch) : EPOCH_ANY;
    Waiter *w = client_ask(c, command->id, new_call(c, command, name), STORE_STREAM, out);
    if (w) w->epoch = epoch;
    return 0;
}
