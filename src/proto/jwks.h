/* jwks.h: a JSON Web Key Set (RFC 7517): what an identity provider publishes.
 *
 * Keys of kinds we do not verify with are left out, as the RFC asks; a document without one good key
 * is refused, so that a mistake at the other side never empties a set that worked.
 *
 * Thread: immutable once parsed. */
#ifndef ORQ_PROTO_JWKS_H
#define ORQ_PROTO_JWKS_H

#include "base/limits.h"
#include "proto/jwt_key.h"

typedef struct Jwks {
    JwtVerifyKey *keys[JWKS_KEYS_MAX];
    uint32_t count;
    uint32_t left_out; /* keys of other kinds, or broken */
} Jwks;

/* ST_INVALID tells what is wrong; ret_set is then empty. */
Status jwks_parse(Str document, Jwks *ret_set, Err *err) MUST_USE;
void jwks_done(Jwks *set); /* fine on a zeroed one */

#endif
