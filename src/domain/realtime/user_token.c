#include "domain/realtime/user_token.h"

#include "base/limits.h"

enum { YEAR_S = 365 * 86400 };

Status user_token_open(JwtKey *key, const Snapshot *snapshot, Str token, int64_t now_ms,
                       Arena *arena, UserToken *ret_token)
{
    int64_t now_s = now_ms / 1000;
    UserToken t;
    Str tenant_id;

    Status st = jwt_verify(key, token, now_s, arena, &t.claims, NULL);
    if (st == ST_EXPIRED && t.claims.exp_s && t.claims.exp_s <= now_s) return ST_EXPIRED;
    if (st != ST_OK || t.claims.exp_s == 0) return ST_UNAUTHORIZED;
    if (!json_string(&t.claims.json, json_get(&t.claims.json, 0, S("tenant")), arena, &tenant_id))
        return ST_UNAUTHORIZED;
    t.tenant = snapshot_by_id(snapshot, tenant_id);
    if (!t.tenant || !t.tenant->active) return ST_UNAUTHORIZED;
    int64_t last_s = now_s + YEAR_S;
    t.expires_ms = (t.claims.exp_s < last_s ? t.claims.exp_s : last_s) * 1000;
    *ret_token = t;
    return ST_OK;
}

static bool is_user(Str user)
{
    return user.len > 0 && user.len <= USER_ID_MAX;
}

/* Both must agree: whoever can sign for one tenant does not open another's workspace by naming it. */
bool user_token_opens_workspace(const UserToken *t, Str slug)
{
    const Json *json = &t->claims.json;
    JsonRef list = json_get(json, 0, S("workspaces"));

    if (!is_user(t->claims.sub) || !str_eq(t->tenant->slug, slug)) return false;
    if (!json_is(json, list, JSON_ARRAY)) return false;
    for (JsonRef at = json_first(json, list); at != JSON_NONE; at = json_next(json, list, at))
        if (json_string_is(json, at, slug)) return true;
    return false;
}

bool user_token_expiry_user(const UserToken *t, Arena *arena, Str *ret_user, Str *ret_json)
{
    const Json *json = &t->claims.json;
    JsonRef at = json_get(json, 0, S("userId"));

    if (at == JSON_NONE || json_is(json, at, JSON_NULL)) at = json_get(json, 0, S("sub"));
    if (json_is(json, at, JSON_NUMBER))
        *ret_user = json_raw(json, at);
    else if (!json_string(json, at, arena, ret_user))
        return false;
    *ret_json = json_raw(json, at);
    return is_user(*ret_user);
}
