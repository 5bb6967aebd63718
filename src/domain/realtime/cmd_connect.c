/* connect and refresh: a token becomes a user of a tenant. What a command must hold is checked in the order of
 * the protocol's reference, because clients see the first complaint. */
#include "base/limits.h"
#include "base/mem.h"
#include "domain/realtime/command.h"
#include "domain/realtime/crowd.h"
#include "domain/realtime/subscription.h"

#define VERSION_TEXT "orqestra " ORQ_VERSION

/* Where the client connected to names the tenant; later it is the tenant it has. */
static Status open_token(const Client *c, Str token, Arena *arena, Grant *ret_grant)
{
    const GrantSources sources = realtime_grants(c->realtime);
    const Tenant *named = c->tenant ? c->tenant : c->hint;
    return grant_from_token(&sources, named ? named->id_text : S(""), token, GRANT_CONNECTION,
                            arena, ret_grant);
}

static CfSession session_of(const Client *c, char id_text[UUID_TEXT_LEN])
{
    int64_t ttl_s = (c->expires_ms - *c->realtime->now_ms) / 1000;
    uuid_text(c->id, id_text);
    return (CfSession){
        .client = str_make(id_text, UUID_TEXT_LEN),
        .version = S(VERSION_TEXT),
        .ttl_s = ttl_s > 0 ? ttl_s : 1,
        .ping_s = c->realtime->settings.ping_interval_ms / 1000,
    };
}

static void adopt(Client *c, const Grant *grant)
{
    const Tenant *old = c->tenant;
    c->tenant = tenant_ref(grant->tenant);
    if (old) tenant_unref(old);
    c->expires_ms = grant->expires_ms;
}

static void take_user(Client *c, const Grant *grant, Arena *arena)
{
    Str info = token_info(&grant->claims, arena);
    c->user = mem_alloc(grant->user.len + info.len);
    memcpy(c->user, grant->user.at, grant->user.len);
    if (info.len) memcpy(c->user + grant->user.len, info.at, info.len);
    c->user_len = (uint8_t)grant->user.len;
    c->info_len = (uint16_t)info.len; /* less than JWT_BYTES_MAX */
}

CfClose cmd_connect(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    char id_text[UUID_TEXT_LEN];
    Grant grant;
    if (c->state != CLIENT_NEW || command->token.len == 0) return CF_CLOSE_BAD_REQUEST;
    switch (open_token(c, command->token, arena, &grant)) {
    case ST_OK:
        break;
    case ST_EXPIRED:
        c->state = CLIENT_REFUSED;
        codec_of(c)->error(out, command->id, CF_ERR_TOKEN_EXPIRED);
        return 0;
    case ST_FORBIDDEN:
        return CF_CLOSE_PERMISSION_DENIED;
    case ST_UNAVAILABLE: /* clients come back by themselves; by then the key may be here */
        return CF_CLOSE_INTERNAL;
    default:
        return CF_CLOSE_INVALID_TOKEN;
    }
    if (crowd_enter(c->realtime->crowd, grant.tenant->no, grant.user, &c->member) != ST_OK)
        return CF_CLOSE_CONNECTION_LIMIT;
    adopt(c, &grant);
    take_user(c, &grant, arena);
    c->state = CLIENT_CONNECTED;
    int64_t interval_ms = c->realtime->settings.ping_interval_ms;
    if (interval_ms > 0) { /* the first one early, at random: a herd spreads out */
        int64_t half = interval_ms / 2;
        c->next_ping_ms = *c->realtime->now_ms + half +
                          (int64_t)(random_u64(c->realtime->random) % (uint64_t)(half ? half : 1));
    }
    CfSession session = session_of(c, id_text);
    if (c->ops->session) c->ops->session(c, &session);
    codec_of(c)->connected(out, command->id, &session);
    return 0;
}

CfClose cmd_refresh(Client *c, const CfCommand *command, Arena *arena, CfOut *out)
{
    char id_text[UUID_TEXT_LEN];
    Grant grant;
    if (command->token.len == 0) return CF_CLOSE_BAD_REQUEST;
    switch (open_token(c, command->token, arena, &grant)) {
    case ST_OK:
        break;
    case ST_EXPIRED:
        return CF_CLOSE_EXPIRED;
    case ST_UNAVAILABLE:
        return CF_CLOSE_INTERNAL;
    default:
        return CF_CLOSE_INVALID_TOKEN;
    }
    if (!str_eq(grant.user, client_user(c)) || grant.tenant->no != c->tenant->no)
        return CF_CLOSE_INVALID_TOKEN;
    adopt(c, &grant);
    CfSession session = session_of(c, id_text);
    codec_of(c)->refreshed(out, command->id, &session);
    return 0;
}
