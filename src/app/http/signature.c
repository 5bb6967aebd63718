#include "app/http/signature.h"

#include "proto/hmac.h"

static bool is_signed_by(const Request *rq, Str secret, Str claimed)
{
    return secret.len > 0 && hmac_verifies(rq->lane->hmac, secret, rq->body, claimed);
}

static bool is_signed(const Request *rq, Str claimed)
{
    const Tenant *t = rq->tenant;
    if (is_signed_by(rq, t->webhook_secret, claimed)) return true;
    return rq->lane->loop->now_ms < t->webhook_old_until_ms &&
           is_signed_by(rq, t->webhook_old_secret, claimed);
}

bool signature_admit(Request *rq)
{
    Str claimed = request_header(rq, S("x-orqestra-signature"));

    if (rq->tenant->webhook_secret.len == 0) return true;
    if (claimed.len == 0) {
        respond_error(rq, 401, S("Missing X-Orqestra-Signature header for secured tenant"));
        return false;
    }
    if (is_signed(rq, claimed)) return true;
    respond_error(rq, 401, S("Invalid HMAC signature"));
    return false;
}
