/* jwt_key.h: tokens signed by others (RFC 7515, 7517, 7518): HS256, RS256, ES256.
 *
 * The algorithm belongs to the key. A token whose header names another one is not signed by that key,
 * whatever its signature says; "none" belongs to no key. A header's jwk, jku, x5u, x5c and x5t are
 * ignored: keys come from the caller's list only, where `kid` may choose among them.
 *
 *   jwt_token_open(text, ...)            header read, nothing believed
 *   jwt_token_signed_by(&token, key)     for each candidate of the list
 *   jwt_token_claims(&token, ...)        once one of them has signed it
 *
 * Thread: a JwtVerifyKey is immutable and verifies on any thread.  Errors: ST_INVALID for a key, with
 * a sentence for whoever uploads it; ST_UNAUTHORIZED and ST_TOO_BIG for a token. */
#ifndef ORQ_PROTO_JWT_KEY_H
#define ORQ_PROTO_JWT_KEY_H

#include "proto/jwt_parts.h"

typedef enum JwtAlg { JWT_HS256, JWT_RS256, JWT_ES256 } JwtAlg;

typedef struct JwtVerifyKey JwtVerifyKey;

/* kid: "" for none; copied, as all else is. */
Status jwt_verify_key_secret(Str secret, Str kid, JwtVerifyKey **ret_key, Err *err) MUST_USE;
/* "-----BEGIN PUBLIC KEY-----": RSA of 2048 bits or more for RS256, P-256 for ES256. */
Status jwt_verify_key_pem(JwtAlg alg, Str pem, Str kid, JwtVerifyKey **ret_key, Err *err) MUST_USE;
/* A JWK object of `json`: RSA or EC P-256, public. */
Status jwt_verify_key_jwk(const Json *json, JsonRef jwk, Arena *arena, JwtVerifyKey **ret_key,
                          Err *err) MUST_USE;
void jwt_verify_key_free(JwtVerifyKey *key); /* wipes; NULL is fine */
JwtAlg jwt_verify_key_alg(const JwtVerifyKey *key);
Str jwt_verify_key_kid(const JwtVerifyKey *key); /* "" for none */

typedef struct JwtToken {
    JwtParts parts;
    JwtAlg alg;
    Str kid; /* "" when absent */
} JwtToken;

Status jwt_token_open(Str text, Arena *arena, JwtToken *ret_token, Err *err) MUST_USE;
bool jwt_token_signed_by(const JwtToken *token, const JwtVerifyKey *key);
/* Unverified: good for finding out whose keys to try, and for nothing else. */
Status jwt_token_peek(const JwtToken *token, Arena *arena, Json *ret_claims, Err *err) MUST_USE;
/* As jwt_verify ends: leeway 0, ST_EXPIRED outside of its dates. */
static inline Status jwt_token_claims(const JwtToken *token, int64_t now_s, Arena *arena,
                                      JwtClaims *ret_claims, Err *err)
{
    return jwt_read_payload(&token->parts, now_s, arena, ret_claims, err);
}

#endif
