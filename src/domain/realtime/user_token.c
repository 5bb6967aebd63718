#include "domain/realtime/user_token.h"

#include "base/limits.h"

Status user_token_open(const GrantSources *sources, Str tenant_hint, Str token, Arena *arena,
                       UserToken *ret_token)
{
    Grant g;
    Status st = grant_from_token(sources, tenant_hint, token, GRANT_CONNECTION, arena, &g);
    if (st == ST_EXPIRED && g.expires_ms && g.expires_ms <= sources->now_ms) return st;
    if (st == ST_UNAVAILABLE) return st;
    if (st != ST_OK && st != ST_FORBIDDEN) return ST_UNAUTHORIZED;
    *ret_token = (UserToken){g.user, g.user_json, g.claims, g.foreign, g.tenant, g.expires_ms};
    return ST_OK;
}

static bool is_user(Str user)
{
    return user.len > 0 && user.len <= USER_ID_MAX;
}

/* Both must agree: whoever can sign for one tenant does not open another's workspace by naming it. */
bool user_token_opens_workspace(const UserToken *t, Str slug)
{
    const Json *json = &t->claims;
    JsonRef list = json_get(json, 0, S("workspaces"));

    if (!is_user(t->user) || !str_eq(t->tenant->slug, slug)) return false;
    if (t->foreign && list == JSON_NONE) return true;
    if (!json_is(json, list, JSON_ARRAY)) return false;
    for (JsonRef at = json_first(json, list); at != JSON_NONE; at = json_next(json, list, at))
        if (json_string_is(json, at, slug)) return true;
    return false;
}

bool user_token_expiry_user(const UserToken *t, Arena *arena, Str *ret_user, Str *ret_json)
{
    const Json *json = &t->claims;
    JsonRef at = json_get(json, 0, S("userId"));

    if (t->foreign) { /* its tenant said which claim names the user */
        *ret_user = t->user;
        *ret_json = t->user_json;
        return true;
    }
    if (at == JSON_NONE || json_is(json, at, JSON_NULL)) at = json_get(json, 0, S("sub"));
    if (json_is(json, at, JSON_NUMBER))
        *ret_user = json_raw(json, at);
    else if (!json_string(json, at, arena, ret_user))
        return false;
    *ret_json = json_raw(json, at);
    return is_user(*ret_user);
}
