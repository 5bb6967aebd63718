/* Which function a command goes to, and what may be asked when. */
#include "domain/realtime/command.h"

Str client_user(const Client *c)
{
    return str_make(c->user, c->user_len);
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
    case CF_PUBLISH:
        return cmd_publish(c, command, arena, out);
    case CF_HISTORY:
        return cmd_history(c, command, arena, out);
    case CF_RPC:
        return cmd_rpc(c, command, arena, out);
    case CF_PRESENCE:
    case CF_PRESENCE_STATS:
        return cmd_presence(c, command, arena, out);
    case CF_SUB_REFRESH:
        return cmd_sub_refresh(c, command, arena, out);
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
