/* One function a kind of credential; each sets who asks, or says no. The refusal is in one place. */
#include "app/http/guard.h"

#include "app/admin/authenticate.h"
#include "app/http/router.h"
#include "app/http/signature.h"

static bool admit_key(Request *rq, Str key);
static bool admit_token(Request *rq, Str token);
static bool bearer(const Request *rq, Str *ret_token);

bool guard_admit(Request *rq)
{
    Str key = request_header(rq, S("x-api-key")), token;
    bool admitted = false;

    switch (rq->route->guard) {
    case GUARD_NONE:
        return true;
    case GUARD_SESSION:
    case GUARD_ADMIN:
    case GUARD_OPERATOR:
        return admin_authenticate(rq);
    case GUARD_KEY:
        admitted = admit_key(rq, key);
        break;
    case GUARD_SIGNED_KEY:
        if (admit_key(rq, key)) return signature_admit(rq);
        break;
    case GUARD_KEY_OR_TOKEN: /* a key that is sent is a key that counts, even a wrong one */
        if (key.at)
            admitted = admit_key(rq, key);
        else
            admitted = bearer(rq, &token) && admit_token(rq, token);
        break;
    }
    if (!admitted) guard_refuse(rq);
    return admitted;
}

void guard_refuse(Request *rq)
{
    respond_error(rq, 401, S("Invalid or inactive API key"));
}

static bool admit_tenant(Request *rq, const Tenant *tenant)
{
    if (!tenant || !tenant->active) return false;
    rq->tenant = tenant;
    return true;
}

static bool admit_key(Request *rq, Str key)
{
    return key.len > 0 &&
           admit_tenant(rq, snapshot_by_api_key(rq->snapshot, key, rq->lane->loop->now_ms));
}

/* Authorization: Bearer <token>; the scheme in any case (RFC 9110 11.1). */
static bool bearer(const Request *rq, Str *ret_token)
{
    Str rest = request_header(rq, S("authorization"));
    Str scheme = str_cut(&rest, ' ');

    if (!str_eq_nocase(scheme, S("bearer"))) return false;
    *ret_token = str_trim(rest);
    return ret_token->len > 0;
}

/* A user's realtime token (RT-21): for whom, of which tenant, until when. */
static bool admit_token(Request *rq, Str token)
{
    JwtClaims claims;
    Str tenant_id;
    int64_t now_s = rq->lane->loop->now_ms / 1000;

    if (jwt_verify(rq->lane->token_key, token, now_s, &rq->arena, &claims, NULL) != ST_OK)
        return false;
    if (claims.sub.len == 0 || claims.exp_s == 0) return false;
    if (!json_string(&claims.json, json_get(&claims.json, 0, S("tenant")), &rq->arena, &tenant_id))
        return false;
    if (!admit_tenant(rq, snapshot_by_id(rq->snapshot, tenant_id))) return false;
    rq->token_user = claims.sub;
    return true;
}
