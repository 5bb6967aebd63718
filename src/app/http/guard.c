/* One function a kind of credential; each sets who asks, or says no. The refusal is in one place. */
#include "app/http/guard.h"

#include "app/admin/authenticate.h"
#include "app/http/router.h"
#include "app/http/signature.h"

static bool admit_key(Request *rq, Str key);
static bool admit_token(Request *rq, Str token);
static bool admit_expiry(Request *rq);
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
    case GUARD_TOKEN:
        return admit_expiry(rq);
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

/* A user's token (RT-21): of which tenant, until when. For whom is the caller's business. */
static bool read_token(Request *rq, Str token, JwtClaims *ret_claims)
{
    Str tenant_id;
    int64_t now_s = rq->lane->loop->now_ms / 1000;

    if (jwt_verify(rq->lane->token_key, token, now_s, &rq->arena, ret_claims, NULL) != ST_OK)
        return false;
    if (ret_claims->exp_s == 0) return false;
    if (!json_string(&ret_claims->json, json_get(&ret_claims->json, 0, S("tenant")), &rq->arena,
                     &tenant_id))
        return false;
    return admit_tenant(rq, snapshot_by_id(rq->snapshot, tenant_id));
}

static bool admit_token(Request *rq, Str token)
{
    JwtClaims claims;

    if (!read_token(rq, token, &claims) || claims.sub.len == 0) return false;
    rq->token_user = claims.sub;
    return true;
}

/* EXP-05, E.22: who it is stands in userId, text or number, else in sub. */
static Str expiry_user(const JwtClaims *claims, Arena *arena)
{
    JsonRef at = json_get(&claims->json, 0, S("userId"));
    Str user;

    if (json_is(&claims->json, at, JSON_NUMBER)) return json_raw(&claims->json, at);
    return json_string(&claims->json, at, arena, &user) ? user : claims->sub;
}

static bool admit_expiry(Request *rq)
{
    JwtClaims claims;
    Str token;

    if (!bearer(rq, &token)) {
        respond_header(rq, S("WWW-Authenticate"), S("Bearer"));
        respond_detail(rq, 401, S("Access token required"));
        return false;
    }
    if (read_token(rq, token, &claims)) rq->token_user = expiry_user(&claims, &rq->arena);
    if (rq->token_user.len > 0) return true;
    respond_header(rq, S("WWW-Authenticate"), S("Bearer error=\"invalid_token\""));
    respond_detail(rq, 401, S("Invalid or expired access token"));
    return false;
}
