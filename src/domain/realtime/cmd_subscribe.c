/* subscribe and unsubscribe. */
#include "base/limits.h"
#include "base/mem.h"
#include "domain/realtime/command.h"

bool channel_is_allowed(const Tenant *tenant, Str user, Str channel)
{
    ptrdiff_t hash = str_find_last(channel, '#');
    if (hash < 0 || user.len == 0) return false;
    return str_eq(str_from(channel, (size_t)hash + 1), user) &&
           tenant_has_channel(tenant, str_head(channel, (size_t)hash));
}

Reader *client_reader(const Client *c, Str channel)
{
    for (Reader *r = c->writer._readers; r; r = reader_next(r))
        if (str_eq(reader_channel(r), channel)) return r;
    return NULL;
}

static CfError subscribe(Client *c, const CfCommand *command)
{
    if (command->channel.len > CHANNEL_NAME_MAX) return CF_ERR_BAD_REQUEST;
    if (client_reader(c, command->channel)) return CF_ERR_ALREADY_SUBSCRIBED;
    if (c->channel_count >= CHANNELS_PER_CLIENT_MAX) return CF_ERR_LIMIT_EXCEEDED;
    if (command->type != 0) return CF_ERR_NOT_AVAILABLE; /* maps and shared polls */
    if (!channel_is_allowed(c->tenant, client_user(c), command->channel))
        return CF_ERR_PERMISSION_DENIED;
    Reader *r = mem_new(Reader);
    Status st = hub_subscribe(c->realtime->hub, c->tenant->no, command->channel,
                              (WireFormat)c->writer.format, &c->writer, r);
    if (st != ST_OK) {
        mem_free(r);
        return CF_ERR_INTERNAL;
    }
    c->channel_count++;
    return 0;
}

CfClose cmd_subscribe(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    (void)arena;
    bool known_delta = command->delta.len == 0 || str_is(command->delta, "fossil");
    if (command->channel.len == 0 || !known_delta) return CF_CLOSE_BAD_REQUEST;
    CfError error = subscribe(c, command);
    if (error)
        codec_of(c)->error(out, command->id, error);
    else
        codec_of(c)->empty(out, command->id, CF_SUBSCRIBE);
    return 0;
}

CfClose cmd_unsubscribe(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    (void)arena;
    if (command->channel.len == 0) return CF_CLOSE_BAD_REQUEST;
    Reader *r = client_reader(c, command->channel);
    if (r) {
        hub_unsubscribe(c->realtime->hub, r);
        mem_free(r);
        c->channel_count--;
    }
    codec_of(c)->empty(out, command->id,
                       CF_UNSUBSCRIBE); /* never an error: clients take that for fatal */
    return 0;
}
