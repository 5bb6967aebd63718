#include "domain/realtime/grant.h"

#include "base/limits.h"
#include "domain/tenant/verification.h"

static const int64_t last_expiry_s = 365 * 86400;

static Status refuse(void)
{
    return ST_UNAUTHORIZED;
}

/* ---- what both kinds of tokens must hold ---- */

static bool purpose_fits(const Json *claims, GrantPurpose purpose, Arena *arena, Str *ret_channel)
{
    JsonRef at = json_get(claims, 0, S("channel"));
    *ret_channel = S("");
    if (purpose == GRANT_CONNECTION) return at == JSON_NONE;
    return json_string(claims, at, arena, ret_channel) && ret_channel->len > 0;
}

static Status settle(const GrantSources *s, const JwtClaims *claims, Str user, Str user_json,
                     const Tenant *tenant, GrantPurpose purpose, Arena *arena, Grant *ret)
{
    int64_t now_s = s->now_ms / 1000, exp_s = claims->exp_s;
    Grant g = {.user = user, .user_json = user_json, .tenant = tenant, .claims = claims->json};
    if (exp_s == 0 || user.len > USER_ID_MAX) return refuse();
    if (!purpose_fits(&claims->json, purpose, arena, &g.channel)) return refuse();
    if (exp_s > now_s + last_expiry_s) exp_s = now_s + last_expiry_s;
    g.expires_ms = exp_s * 1000;
    *ret = g;
    return ST_OK;
}

static Status outdated(const JwtClaims *claims, Grant *ret)
{
    *ret = (Grant){.expires_ms = claims->exp_s * 1000};
    return ST_EXPIRED;
}

static const Tenant *find_tenant(const Snapshot *snapshot, Str name)
{
    const Tenant *t = snapshot_by_id(snapshot, name);
    if (!t) t = snapshot_by_slug(snapshot, name);
    return t && t->active ? t : NULL;
}

/* ---- the server's own ---- */

static Status own_grant(const GrantSources *s, const JwtClaims *claims, GrantPurpose purpose,
                        Arena *arena, Grant *ret)
{
    Str id;
    if (!json_string(&claims->json, json_get(&claims->json, 0, S("tenant")), arena, &id))
        return refuse();
    const Tenant *tenant = snapshot_by_id(s->snapshot, id);
    if (!tenant || !tenant->active) return refuse();
    Status st = settle(s, claims, claims->sub,
                       json_raw(&claims->json, json_get(&claims->json, 0, S("sub"))), tenant,
                       purpose, arena, ret);
    return st == ST_OK && claims->sub.len == 0 ? ST_FORBIDDEN : st;
}

/* ---- a tenant's own ---- */

static const Tenant *tenant_of(const GrantSources *s, Str hint, const JwtToken *token, Arena *arena)
{
    Json claims;
    Str name;
    if (hint.len) return find_tenant(s->snapshot, hint);
    if (jwt_token_peek(token, arena, &claims, NULL) != ST_OK ||
        !json_string(&claims, json_get(&claims, 0, S("tenant")), arena, &name))
        return NULL;
    return find_tenant(s->snapshot, name);
}

/* A token that names a key is verified with that key, or with one that has no name. */
static bool kid_fits(const JwtToken *token, const JwtVerifyKey *key)
{
    Str kid = jwt_verify_key_kid(key);
    return token->kid.len == 0 || kid.len == 0 || str_eq(kid, token->kid);
}

static bool any_signed(const JwtToken *token, const Jwks *keys)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        if (!kid_fits(token, keys->keys[i])) continue;
        if (jwt_token_signed_by(token, keys->keys[i])) return true;
    }
    return false;
}

/* Could the set have the token's key, had it been fetched just now? Not when it has one of that name;
 * and a token that names none asks for nothing, unless the set was never fetched. */
static bool set_may_be_old(const JwtToken *token, const VerificationKey *key)
{
    if (key->kind != KEY_JWKS || token->alg == JWT_HS256) return false;
    if (token->kid.len == 0) return key->keys.count == 0;
    for (uint32_t i = 0; i < key->keys.count; i++)
        if (str_eq(jwt_verify_key_kid(key->keys.keys[i]), token->kid)) return false;
    return true;
}

static bool issuer_fits(const VerificationKey *key, const Json *claims)
{
    return key->issuer.len == 0 ||
           json_string_is(claims, json_get(claims, 0, S("iss")), key->issuer);
}

/* RFC 7519 4.1.3: one text, or a list of them. */
static bool audience_fits(const VerificationKey *key, const Json *claims)
{
    JsonRef aud = json_get(claims, 0, S("aud"));
    if (key->audience.len == 0 || json_string_is(claims, aud, key->audience)) return true;
    if (!json_is(claims, aud, JSON_ARRAY)) return false;
    for (JsonRef c = json_first(claims, aud); c != JSON_NONE; c = json_next(claims, aud, c))
        if (json_string_is(claims, c, key->audience)) return true;
    return false;
}

/* A text, or a whole number: many systems count their users. */
static bool user_of(const VerificationKey *key, const Json *claims, Arena *arena, Str *ret_user)
{
    int64_t number;
    JsonRef at = json_get(claims, 0, key->user_claim);
    if (json_i64(claims, at, &number))
        *ret_user = arena_format(arena, "%lld", (long long)number);
    else if (!json_string(claims, at, arena, ret_user))
        return false;
    return ret_user->len > 0;
}

static Status tenants_grant(const GrantSources *s, const Tenant *tenant, const VerificationKey *key,
                            const JwtToken *token, GrantPurpose purpose, Arena *arena, Grant *ret)
{
    JwtClaims claims;
    Str user;
    Status st = jwt_token_claims(token, s->now_ms / 1000, arena, &claims, NULL);
    if (st != ST_OK && st != ST_EXPIRED) return refuse();
    if (!issuer_fits(key, &claims.json) || !audience_fits(key, &claims.json)) return refuse();
    if (st == ST_EXPIRED) return outdated(&claims, ret);
    if (!user_of(key, &claims.json, arena, &user)) return refuse();
    JsonRef spelled = json_get(&claims.json, 0, key->user_claim);
    st = settle(s, &claims, user, json_raw(&claims.json, spelled), tenant, purpose, arena, ret);
    if (st == ST_OK) ret->foreign = true;
    return st;
}

static Status foreign_grant(const GrantSources *s, Str hint, Str text, GrantPurpose purpose,
                            Arena *arena, Grant *ret)
{
    JwtToken token;
    bool may_be_old = false;
    Status st = ST_NOT_FOUND; /* nobody of ours signed it */
    if (jwt_token_open(text, arena, &token, NULL) != ST_OK) return refuse();
    const Tenant *tenant = tenant_of(s, hint, &token, arena);
    if (!tenant || tenant->verification_count == 0) return refuse();
    for (uint32_t i = 0; i < tenant->verification_count; i++) {
        const VerificationKey *key = &tenant->verification[i];
        may_be_old |= set_may_be_old(&token, key);
        if (!any_signed(&token, &key->keys)) continue;
        st = tenants_grant(s, tenant, key, &token, purpose, arena, ret);
        if (st == ST_OK) return ST_OK;
    }
    if (st == ST_NOT_FOUND && may_be_old && s->want_keys) {
        s->want_keys(s->ctx, tenant->no);
        return ST_UNAVAILABLE;
    }
    return st == ST_NOT_FOUND ? refuse() : st;
}

Status grant_from_token(const GrantSources *sources, Str tenant_hint, Str token,
                        GrantPurpose purpose, Arena *arena, Grant *ret_grant)
{
    JwtClaims claims;
    Status st = jwt_verify(sources->token_key, token, sources->now_ms / 1000, arena, &claims, NULL);
    if (st == ST_OK) return own_grant(sources, &claims, purpose, arena, ret_grant);
    if (st == ST_EXPIRED) return outdated(&claims, ret_grant);
    return foreign_grant(sources, tenant_hint, token, purpose, arena, ret_grant);
}
