/* One function a kind of credential; each sets who asks, or says no. The refusal is in one place. */
#include "app/http/guard.h"

#include "app/admin/authenticate.h"
#include "app/http/router.h"
#include "app/http/signature.h"
#include "domain/realtime/user_token.h"

static bool admit_key(Request *rq, Str key);
static bool admit_token(Request *rq, Str token);
static bool admit_expiry(Request *rq);
static bool admit_workspace(Request *rq);
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
    case GUARD_WORKSPACE:
        if (!key.at) return admit_workspace(rq);
        admitted = admit_key(rq, key) && str_eq(rq->tenant->slug, rq->params[0]);
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
static bool open_token(Request *rq, Str tenant_hint, Str token, UserToken *ret_token)
{
    const GrantSources sources = lane_grants(rq->lane, rq->snapshot);
    return user_token_open(&sources, tenant_hint, token, &rq->arena, ret_token) == ST_OK &&
           admit_tenant(rq, ret_token->tenant);
}

static bool admit_token(Request *rq, Str token)
{
    UserToken t;

    if (!open_token(rq, rq->params[0], token, &t) || t.user.len == 0) return false;
    rq->token_user = t.user;
    return true;
}

/* EXW-05: refusals in that dialect's words. */
static bool admit_expiry(Request *rq)
{
    UserToken t;
    Str token, user_json;

    if (!bearer(rq, &token)) {
        respond_header(rq, S("WWW-Authenticate"), S("Bearer"));
        respond_detail(rq, 401, S("Access token required"));
        return false;
    }
    if (open_token(rq, S(""), token, &t) &&
        user_token_expiry_user(&t, &rq->arena, &rq->token_user, &user_json))
        return true;
    respond_header(rq, S("WWW-Authenticate"), S("Bearer error=\"invalid_token\""));
    respond_detail(rq, 401, S("Invalid or expired access token"));
    return false;
}

/* A token that would open the workspace's socket may also speak in it (E.21). */
static bool admit_workspace(Request *rq)
{
    UserToken t;
    Str token;

    if (bearer(rq, &token) && open_token(rq, rq->params[0], token, &t) &&
        user_token_opens_workspace(&t, rq->params[0])) {
        rq->token_user = t.user;
        return true;
    }
    respond_error(rq, 401,
                  S("Send the x-api-key of this workspace's tenant, or a bearer token that has not "
                    "expired and names the workspace"));
    return false;
}
