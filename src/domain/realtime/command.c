/* One function a command, dispatched by client_command. What a command must hold is checked in the
 * order of the protocol's reference, because clients see the first complaint. */
#include "domain/realtime/command.h"

#include "base/limits.h"
#include "base/mem.h"

#define VERSION_TEXT "orqestra " ORQ_VERSION

static Str user_of(const Client *c)
{
    return str_make(c->user, c->user_len);
}

/* ---- connect and refresh: tokens ---- */

typedef struct Grant { /* what a valid token gives */
    Str user;
    int64_t expires_ms;
    const Tenant *tenant; /* borrowed from the snapshot */
} Grant;

/* ST_OK, ST_EXPIRED, ST_UNAUTHORIZED (invalid), ST_FORBIDDEN (no user). */
static Status grant_from_token(const Client *c, Str token, Arena *arena, Grant *ret_grant)
{
    JwtClaims claims;
    Str tenant_id;
    int64_t now_s = *c->realtime->now_ms / 1000;
    Status st = jwt_verify(c->realtime->token_key, token, now_s, arena, &claims, NULL);
    if (st == ST_EXPIRED) return st;
    if (st != ST_OK || claims.exp_s == 0) return ST_UNAUTHORIZED;
    if (json_get(&claims.json, 0, S("channel")) != JSON_NONE) return ST_UNAUTHORIZED;
    if (!json_string(&claims.json, json_get(&claims.json, 0, S("tenant")), arena, &tenant_id))
        return ST_UNAUTHORIZED;
    const Tenant *tenant = snapshot_by_id(*c->realtime->snapshot, tenant_id);
    if (!tenant || !tenant->active) return ST_UNAUTHORIZED;
    if (claims.sub.len == 0) return ST_FORBIDDEN;
    if (claims.sub.len > USER_ID_MAX) return ST_UNAUTHORIZED;
    /* A far expiry is cut to a year, like everywhere in this protocol. */
    int64_t last_s = now_s + 365 * 86400;
    *ret_grant = (Grant){claims.sub, (claims.exp_s < last_s ? claims.exp_s : last_s) * 1000,
                         tenant};
    return ST_OK;
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

static CfClose on_connect(Client *c, const CfCommand *command, Arena *arena, Buf *out)
{
    char id_text[UUID_TEXT_LEN];
    Grant grant;
    if (c->state != CLIENT_NEW || command->token.len == 0) return CF_CLOSE_BAD_REQUEST;
    switch (grant_from_token(c, command->token, arena, &grant)) {
    case ST_OK:
        break;
    case ST_EXPIRED:
        c->state = CLIENT_REFUSED;
        cf_json_error(out, command->id, CF_ERR_TOKEN_EXPIRED);
        return 0;
    case ST_FORBIDDEN:
        return CF_CLOSE_PERMISSION_DENIED;
    default:
        return CF_CLOSE_INVALID_TOKEN;
    }
    adopt(c, &grant);
    c->user = mem_alloc(grant.user.len);
    memcpy(c->user, grant.user.at, grant.user.len);
    c->user_len = (uint8_t)grant.user.len;
    c->state = CLIENT_CONNECTED;
    int64_t interval_ms = c->realtime->settings.ping_interval_ms;
    if (interval_ms > 0) { /* the first one early, at random: a herd spreads out */
        int64_t half = interval_ms / 2;
        c->next_ping_ms = *c->realtime->now_ms + half +
                          (int64_t)(random_u64(c->realtime->random) % (uint64_t)(half ? half : 1));
    }
    CfSession session = session_of(c, id_text);
    cf_json_connect(out, command->id, &session);
    return 0;
}

static CfClose on_refresh(Client *c, const CfCommand *command, Arena *arena, Buf *out)
{
    char id_text[UUID_TEXT_LEN];
    Grant grant;
    if (command->token.len == 0) return CF_CLOSE_BAD_REQUEST;
    switch (grant_from_token(c, command->token, arena, &grant)) {
    case ST_OK:
        break;
    case ST_EXPIRED:
        return CF_CLOSE_EXPIRED;
    default:
        return CF_CLOSE_INVALID_TOKEN;
    }
    if (!str_eq(grant.user, user_of(c)) || grant.tenant->no != c->tenant->no)
        return CF_CLOSE_INVALID_TOKEN;
    adopt(c, &grant);
    CfSession session = session_of(c, id_text);
    cf_json_refresh(out, command->id, &session);
    return 0;
}

/* ---- channels ---- */

bool channel_is_allowed(const Tenant *tenant, Str user, Str channel)
{
    ptrdiff_t hash = str_find_last(channel, '#');
    if (hash < 0 || user.len == 0) return false;
    return str_eq(str_from(channel, (size_t)hash + 1), user) &&
           tenant_has_channel(tenant, str_head(channel, (size_t)hash));
}

static Reader *find_reader(const Client *c, Str channel)
{
    for (Reader *r = c->writer._readers; r; r = reader_next(r))
        if (str_eq(reader_channel(r), channel)) return r;
    return NULL;
}

static CfError subscribe(Client *c, const CfCommand *command)
{
    if (command->channel.len > CHANNEL_NAME_MAX) return CF_ERR_BAD_REQUEST;
    if (find_reader(c, command->channel)) return CF_ERR_ALREADY_SUBSCRIBED;
    if (c->channel_count >= CHANNELS_PER_CLIENT_MAX) return CF_ERR_LIMIT_EXCEEDED;
    if (command->type != 0) return CF_ERR_NOT_AVAILABLE; /* maps and shared polls */
    if (!channel_is_allowed(c->tenant, user_of(c), command->channel))
        return CF_ERR_PERMISSION_DENIED;
    Reader *r = mem_new(Reader);
    Status st = hub_subscribe(c->realtime->hub, c->tenant->no, command->channel,
                              WIRE_CENTRIFUGE_JSON, &c->writer, r);
    if (st != ST_OK) {
        mem_free(r);
        return CF_ERR_INTERNAL;
    }
    c->channel_count++;
    return 0;
}

static CfClose on_subscribe(Client *c, const CfCommand *command, Buf *out)
{
    bool known_delta = command->delta.len == 0 || str_is(command->delta, "fossil");
    if (command->channel.len == 0 || !known_delta) return CF_CLOSE_BAD_REQUEST;
    CfError error = subscribe(c, command);
    if (error)
        cf_json_error(out, command->id, error);
    else
        cf_json_empty(out, command->id, CF_SUBSCRIBE);
    return 0;
}

static CfClose on_unsubscribe(Client *c, const CfCommand *command, Buf *out)
{
    if (command->channel.len == 0) return CF_CLOSE_BAD_REQUEST;
    Reader *r = find_reader(c, command->channel);
    if (r) {
        hub_unsubscribe(c->realtime->hub, r);
        mem_free(r);
        c->channel_count--;
    }
    cf_json_empty(out, command->id,
                  CF_UNSUBSCRIBE); /* never an error: clients take that for fatal */
    return 0;
}

/* Commands on a channel that this server does not offer (yet): the polite refusal. */
static CfClose refuse(const CfCommand *command, CfError error, Buf *out)
{
    if (command->channel.len == 0) return CF_CLOSE_BAD_REQUEST;
    cf_json_error(out, command->id, error);
    return 0;
}

static CfClose on_pong(Client *c)
{
    if (!c->awaits_pong) return CF_CLOSE_BAD_REQUEST;
    c->awaits_pong = false;
    c->pong_due_ms = 0;
    return 0;
}

CfClose client_command(Client *c, const CfCommand *command, Arena *arena, Buf *out)
{
    if (command->method == CF_CONNECT && command->id) return on_connect(c, command, arena, out);
    if (c->state != CLIENT_CONNECTED) return CF_CLOSE_BAD_REQUEST;
    if (command->method == CF_SEND) return CF_CLOSE_NOT_AVAILABLE;
    if (command->id == 0) return on_pong(c);
    switch (command->method) {
    case CF_SUBSCRIBE:
        return on_subscribe(c, command, out);
    case CF_UNSUBSCRIBE:
        return on_unsubscribe(c, command, out);
    case CF_REFRESH:
        return on_refresh(c, command, arena, out);
    case CF_PUBLISH: /* a feed belongs to the backend */
        return refuse(command, CF_ERR_PERMISSION_DENIED, out);
    case CF_PRESENCE:
    case CF_PRESENCE_STATS:
    case CF_HISTORY:
        return refuse(command, CF_ERR_NOT_AVAILABLE, out);
    case CF_SUB_REFRESH:
        return refuse(command,
                      find_reader(c, command->channel) ? CF_ERR_NOT_AVAILABLE
                                                       : CF_ERR_PERMISSION_DENIED,
                      out);
    case CF_RPC:
        cf_json_error(out, command->id, CF_ERR_NOT_AVAILABLE);
        return 0;
    case CF_PING:
        cf_json_empty(out, command->id, CF_PING);
        return 0;
    case CF_CONNECT:
    case CF_SEND:
    case CF_EMPTY:
        return CF_CLOSE_BAD_REQUEST;
    }
    CHECK(false);
}
