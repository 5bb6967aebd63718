/* jwt.h: HS256 tokens (RFC 7515, 7519).
 *
 * The algorithm is fixed by us, never by the token: a header with any `alg` but HS256, a `crit`, or a
 * key hint is refused. Base64url is strict (no padding, no spare bits). Leeway is 0.
 *
 * Thread: a JwtKey belongs to one thread (it holds a keyed MAC context that is reused: 0.2 us).
 * Errors: ST_UNAUTHORIZED malformed, wrong algorithm or signature; ST_EXPIRED past `exp` or before
 * `nbf`; ST_TOO_BIG over JWT_BYTES_MAX. */
#ifndef ORQ_PROTO_JWT_H
#define ORQ_PROTO_JWT_H

#include "proto/json.h"

typedef struct JwtKey JwtKey;

JwtKey *jwt_key_new(Str secret); /* copies; at least TOKEN_SECRET_BYTES_MIN bytes (CHECK) */
void jwt_key_free(JwtKey *key);

typedef struct JwtClaims {
    Str sub;       /* "" when absent */
    int64_t exp_s; /* 0 when absent; seconds since 1970 */
    int64_t iat_s; /* 0 when absent */
    Json json;     /* the whole payload; the object is its root */
} JwtClaims;

/* Appends header.payload.signature. claims is a JSON object. */
Status jwt_sign(JwtKey *key, Str claims, Buf *out) MUST_USE;
/* The claims live in the arena. Requires exp, nbf and iat to be numbers and sub a string where
 * present; what must be present is the caller's rule. On ST_EXPIRED the claims are filled too. */
Status jwt_verify(JwtKey *key, Str token, int64_t now_s, Arena *arena, JwtClaims *ret_claims,
                  Err *err) MUST_USE;

#endif
