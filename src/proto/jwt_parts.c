/* The pieces of a token and what its claims must be, for both ways of verifying (jwt.c, jwt_key.c). */
#include "proto/jwt_parts.h"

#include <math.h>

#include "base/base64.h"
#include "base/limits.h"

/* Dates stop at the end of the year 9999: no sum a caller makes of them can overflow. */
#define DATE_MAX_S INT64_C(253402300799)

bool jwt_cut(Str token, JwtParts *p)
{
    Str rest = token;
    p->header = str_cut(&rest, '.');
    p->payload = str_cut(&rest, '.');
    p->signature = rest; /* a fourth part would put a dot in here, which is no base64 */
    if (p->header.len == 0 || p->payload.len == 0 || p->signature.len == 0) return false;
    p->signed_text = str_head(token, p->header.len + 1 + p->payload.len);
    return true;
}

Status jwt_open_part(Str part, const char *name, Arena *arena, Json *ret_json, Err *err)
{
    size_t len;
    Json j;
    uint8_t *bytes = arena_try(arena, part.len);
    if (!bytes) return err_set(err, ST_TOO_BIG, "no room for the token's %s", name);
    if (!base64url_decode(part, bytes, &len))
        return err_set(err, ST_UNAUTHORIZED, "the token's %s is no base64url", name);
    Status st = json_parse(str_make(bytes, len), arena, &j, NULL);
    if (st == ST_TOO_BIG) return err_set(err, st, "the token's %s holds too much", name);
    if (st != ST_OK || !json_is(&j, 0, JSON_OBJECT))
        return err_set(err, ST_UNAUTHORIZED, "the token's %s is no JSON object", name);
    *ret_json = j;
    return ST_OK;
}

/* A NumericDate (RFC 7519 2) as whole seconds; a fraction is rounded up, so that "valid until 9.5"
 * still holds at 9 and not at 10. Untouched when absent. */
static bool date_claim(const Json *j, Str name, int64_t *date_s)
{
    double seconds;
    JsonRef at = json_get(j, 0, name);
    if (at == JSON_NONE) return true;
    if (!json_double(j, at, &seconds)) return false;
    seconds = ceil(seconds);
    if (seconds > (double)DATE_MAX_S) seconds = (double)DATE_MAX_S;
    if (seconds < -(double)DATE_MAX_S) seconds = -(double)DATE_MAX_S;
    *date_s = (int64_t)seconds;
    return true;
}

static Status read_claims(Arena *arena, JwtClaims *c, int64_t *nbf_s, int64_t *exp_s, Err *err)
{
    JsonRef sub = json_get(&c->json, 0, S("sub"));
    c->sub = S("");
    c->iat_s = 0;
    if (!date_claim(&c->json, S("exp"), exp_s))
        return err_set(err, ST_UNAUTHORIZED, "the token's exp is no date");
    if (!date_claim(&c->json, S("nbf"), nbf_s))
        return err_set(err, ST_UNAUTHORIZED, "the token's nbf is no date");
    if (!date_claim(&c->json, S("iat"), &c->iat_s))
        return err_set(err, ST_UNAUTHORIZED, "the token's iat is no date");
    if (sub == JSON_NONE) return ST_OK;
    if (!json_is(&c->json, sub, JSON_STRING))
        return err_set(err, ST_UNAUTHORIZED, "the token's sub is no text");
    if (!json_string(&c->json, sub, arena, &c->sub))
        return err_set(err, ST_TOO_BIG, "no room for the token's sub");
    return ST_OK;
}

/* Leeway is 0: a token ends with the first moment of its exp (RFC 7519 4.1.4). */
static Status check_dates(int64_t now_s, int64_t nbf_s, int64_t exp_s, Err *err)
{
    if (exp_s <= now_s) return err_set(err, ST_EXPIRED, "the token has expired");
    if (nbf_s > now_s) return err_set(err, ST_EXPIRED, "the token is not valid yet");
    return ST_OK;
}

Status jwt_read_payload(const JwtParts *parts, int64_t now_s, Arena *arena, JwtClaims *ret_claims,
                        Err *err)
{
    JwtClaims claims = {0};
    int64_t nbf_s = INT64_MIN, exp_s = INT64_MAX; /* as good as absent */
    Status st = jwt_open_part(parts->payload, "payload", arena, &claims.json, err);
    if (st == ST_OK) st = read_claims(arena, &claims, &nbf_s, &exp_s, err);
    if (st != ST_OK) return st;
    claims.exp_s = exp_s == INT64_MAX ? 0 : exp_s;
    *ret_claims = claims;
    return check_dates(now_s, nbf_s, exp_s, err);
}
