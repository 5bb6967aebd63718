/* The clock of all subscriptions is one number in the client, the earliest expiry: a client without tokens for
 * channels pays nothing for it. */
#include "domain/realtime/subscription.h"

#include "base/limits.h"
#include "base/mem.h"
#include "domain/realtime/call.h"
#include "domain/realtime/command.h"

/* ---- what opens a channel ---- */

/* As it goes out: a raw newline, which JSON allows between its parts, would end a message of the protocol. */
Str token_info(const Json *claims, Arena *arena)
{
    Str raw = json_raw(claims, json_get(claims, 0, S("info"))), copy = S("");
    Buf line;
    if (raw.len == 0) return copy;
    buf_init(&line, JWT_BYTES_MAX);
    json_put_raw_line(&line, raw);
    if (buf_status(&line) != ST_OK || !arena_copy(arena, buf_view(&line), &copy)) copy = S("");
    buf_done(&line);
    return copy;
}

/* Whom the token is for must be who asks, on this connection when it names one, and here. */
static bool is_for_this(const Client *c, const CfCommand *command, const Grant *g, Arena *arena)
{
    char id[UUID_TEXT_LEN];
    Str client;
    JsonRef at = json_get(&g->claims, 0, S("client"));
    uuid_text(c->id, id);
    return g->tenant->no == c->tenant->no && str_eq(g->user, client_user(c)) &&
           str_eq(g->channel, command->channel) &&
           (at == JSON_NONE || (json_string(&g->claims, at, arena, &client) &&
                                str_eq(client, str_make(id, sizeof id))));
}

CfError channel_token(const Client *c, const CfCommand *command, Arena *arena,
                      ChannelGrant *ret_grant, CfClose *ret_close)
{
    const GrantSources sources = realtime_grants(c->realtime);
    Grant g;
    switch (grant_from_token(&sources, c->tenant->id_text, command->token, GRANT_SUBSCRIPTION,
                             arena, &g)) {
    case ST_OK:
        break;
    case ST_EXPIRED:
        return CF_ERR_TOKEN_EXPIRED;
    case ST_UNAVAILABLE: /* its key is being fetched: a temporary error, the client comes again */
        return CF_ERR_TOO_MANY_REQUESTS;
    default:
        return CF_ERR_PERMISSION_DENIED;
    }
    if (is_for_this(c, command, &g, arena))
        *ret_grant = (ChannelGrant){(uint32_t)(g.expires_ms / 1000), token_info(&g.claims, arena)};
    else
        *ret_close = CF_CLOSE_INVALID_TOKEN;
    return 0;
}

/* A feed is its user's alone, whatever anybody signs. */
CfError channel_grant(const Client *c, const ChannelName *name, const CfCommand *command,
                      Arena *arena, ChannelGrant *ret_grant, CfClose *ret_close)
{
    bool own = channel_is_for(name, client_user(c));
    *ret_grant = (ChannelGrant){0, S("")};
    if (command->token.len && channel_is_recent(name->kind) && channel_is_sane(command->channel))
        return channel_token(c, command, arena, ret_grant, ret_close);
    return own ? 0 : CF_ERR_PERMISSION_DENIED;
}

/* ---- who is there ---- */

CfClientInfo client_info(const Client *c, char id_text[UUID_TEXT_LEN])
{
    uuid_text(c->id, id_text);
    return (CfClientInfo){.user = client_user(c),
                          .client = str_make(id_text, UUID_TEXT_LEN),
                          .conn_info = str_make(c->user + c->user_len, c->info_len),
                          .chan_info = S("")};
}

CfClientInfo subscription_info(const Subscription *s, char id_text[UUID_TEXT_LEN])
{
    const Client *c = (const Client *)(const void *)reader_writer(&s->reader);
    CfClientInfo info = client_info(c, id_text);
    if (s->info) info.chan_info = str_make(s->info, s->info_len);
    return info;
}

static void say_people(const Client *c, const Subscription *s, PublicationKind kind)
{
    char id[UUID_TEXT_LEN];
    if (atomic_load_explicit(c->realtime->people_listeners, memory_order_relaxed) == 0) return;
    Publication p = {.kind = kind, .data = S(""), .info = subscription_info(s, id)};
    c->realtime->calls->say(c->realtime, c->tenant->no, reader_channel(&s->reader), &p, false);
}

/* ---- subscriptions ---- */

Reader *client_reader(const Client *c, Str channel)
{
    for (Reader *r = c->writer._readers; r; r = reader_next(r))
        if (str_eq(reader_channel(r), channel)) return r;
    return NULL;
}

Subscription *subscription_new(Client *c, Str channel, const ChannelGrant *grant, WireFormat format,
                               HubWish wish)
{
    Subscription *s = mem_new(Subscription);
    if (hub_subscribe(c->realtime->hub, c->tenant->no, channel, format, wish, &c->writer,
                      &s->reader) != ST_OK) {
        mem_free(s);
        return NULL;
    }
    c->channel_count++;
    s->hears_people = wish == HUB_DATA_AND_PEOPLE;
    if (s->hears_people) atomic_fetch_add(c->realtime->people_listeners, 1);
    if (grant->info.len) {
        s->info = mem_alloc(grant->info.len);
        memcpy(s->info, grant->info.at, grant->info.len);
        s->info_len = (uint16_t)grant->info.len;
    }
    subscription_set_expiry(c, s, grant->expires_s);
    return s;
}

void subscription_joined(Client *c, Subscription *s)
{
    s->joined = true;
    say_people(c, s, PUBLICATION_JOIN);
}

void subscription_drop(Client *c, Subscription *s)
{
    if (s->joined) say_people(c, s, PUBLICATION_LEAVE);
    if (s->hears_people) atomic_fetch_sub(c->realtime->people_listeners, 1);
    hub_unsubscribe(c->realtime->hub, &s->reader);
    mem_free(s->info);
    mem_free(s);
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
    subscription_drop(c, subscription_of(r));
}

void client_unsubscribe(Client *c, Str channel, CfUnsubscribe code)
{
    Reader *r = client_reader(c, channel);
    if (!r) return;
    bool joined = subscription_of(r)->joined;
    client_leave(c, r, NULL);
    if (!joined || c->state != CLIENT_CONNECTED) return; /* the error was its answer */
    CfOut out = client_begin(c);
    codec_of(c)->push_unsubscribe(&out, channel, code);
    client_send(c, &out);
}

/* ---- expiry ---- */

static void note_earliest(Client *c)
{
    uint32_t first = 0;
    for (Reader *r = c->writer._readers; r; r = reader_next(r)) {
        uint32_t at = subscription_of(r)->expires_s;
        if (at && (!first || at < first)) first = at;
    }
    c->first_expiry_s = first;
}

void subscription_set_expiry(Client *c, Subscription *s, uint32_t expires_s)
{
    if (s->expires_s == expires_s) return;
    s->expires_s = expires_s;
    note_earliest(c);
}

int64_t subscription_ttl_s(const Client *c, const Subscription *s)
{
    int64_t left_s = s->expires_s - *c->realtime->now_ms / 1000;
    return s->expires_s == 0 ? 0 : left_s > 0 ? left_s : 1;
}

int64_t client_expiry_ms(const Client *c)
{
    if (!c->first_expiry_s) return 0;
    return c->first_expiry_s * (int64_t)1000 + c->realtime->settings.expired_close_delay_ms;
}

static Reader *find_expired(const Client *c)
{
    int64_t born_ms = *c->realtime->now_ms - c->realtime->settings.expired_close_delay_ms;
    for (Reader *r = c->writer._readers; r; r = reader_next(r)) {
        const Subscription *s = subscription_of(r);
        if (s->expires_s && s->expires_s * (int64_t)1000 <= born_ms) return r;
    }
    return NULL;
}

void client_end_expired(Client *c)
{
    char name[CHANNEL_NAME_MAX];
    Reader *r;
    while (c->state == CLIENT_CONNECTED && (r = find_expired(c))) {
        Str channel = reader_channel(r); /* goes with its last reader */
        memcpy(name, channel.at, channel.len);
        client_unsubscribe(c, str_make(name, channel.len), CF_UNSUBSCRIBE_EXPIRED);
    }
    note_earliest(c);
}
