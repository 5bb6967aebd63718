/* token.h: user tokens: who may connect to the WebSocket, for how long.
 *
 * Claims: sub (the user), tenant (its id), iat, exp. No `channels` claim: to a centrifuge server that
 * would mean subscriptions of the server's own, and the client's would then fail (E.13).
 *
 * Thread: the JwtKey's. */
#ifndef ORQ_APP_API_TOKEN_H
#define ORQ_APP_API_TOKEN_H

#include "domain/tenant/tenant.h"
#include "proto/jwt.h"

/* Appends the members that tokens of every dialect have, without the braces around them. */
void token_claims_put(Buf *out, Str tenant_id, Str user_id, int64_t now_s, int64_t ttl_s);

/* Appends the token to out. Only tenant->id_text is read. */
Status realtime_token_make(JwtKey *key, const Tenant *tenant, Str user_id, int64_t now_s,
                           int64_t ttl_s, Buf *out) MUST_USE;

/* The same for one channel, which the claim `channel` names: it opens that to the user, and cannot connect. */
Status subscription_token_make(JwtKey *key, const Tenant *tenant, Str user_id, Str channel,
                               int64_t now_s, int64_t ttl_s, Buf *out) MUST_USE;

/* Appends the JSON array of the channels the user may subscribe to: global_system#<user> first, then
 * one for each custom channel of the tenant (RT-05). */
void realtime_channels_put(Buf *out, const Tenant *tenant, Str user_id);

#endif
