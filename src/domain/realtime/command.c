/* Which function a command goes to, and what may be asked when. */
#include "domain/realtime/command.h"

Str client_user(const Client *c)
{
    return str_make(c->user, c->user_len);
}

/* Commands on a channel that this server does not offer (yet): the polite refusal. */
static CfClose refuse(const Client *c, const CfCommand *command, CfError error, CfOut *out)
{
    if (command->channel.len == 0) return CF_CLOSE_BAD_REQUEST;
    codec_of(c)->error(out, command->id, error);
    return 0;
}

static CfClose on_pong(Client *c)
{
    if (!c->awaits_pong) return CF_CLOSE_BAD_REQUEST;
    c->awaits_pong = false;
    c->pong_due_ms = 0;
    return 0;
}

CfClose client_command(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    if (command->method == CF_CONNECT && command->id) return cmd_connect(c, command, arena, out);
    if (c->state != CLIENT_CONNECTED) return CF_CLOSE_BAD_REQUEST;
    if (command->method == CF_SEND) return CF_CLOSE_NOT_AVAILABLE;
    if (command->id == 0) return on_pong(c);
    switch (command->method) {
    case CF_SUBSCRIBE:
        return cmd_subscribe(c, command, arena, out);
    case CF_UNSUBSCRIBE:
        return cmd_unsubscribe(c, command, arena, out);
    case CF_REFRESH:
        return cmd_refresh(c, command, arena, out);
    case CF_PUBLISH: /* a feed belongs to the backend */
        return refuse(c, command, CF_ERR_PERMISSION_DENIED, out);
    case CF_HISTORY:
        return cmd_history(c, command, arena, out);
    case CF_RPC:
        return cmd_rpc(c, command, arena, out);
    case CF_PRESENCE:
    case CF_PRESENCE_STATS:
        return refuse(c, command, CF_ERR_NOT_AVAILABLE, out);
    case CF_SUB_REFRESH:
        return refuse(c, command,
                      client_reader(c, command->channel) ? CF_ERR_NOT_AVAILABLE
                                                         : CF_ERR_PERMISSION_DENIED,
                      out);
    case CF_PING:
        codec_of(c)->empty(out, command->id, CF_PING);
        return 0;
    case CF_CONNECT:
    case CF_SEND:
    case CF_EMPTY:
        return CF_CLOSE_BAD_REQUEST;
    }
    CHECK(false);
}
