/* jwt_parts.h: a token's three parts and its claims; what jwt.c and jwt_key.c share. Private to proto.
 *
 * Nothing here looks at a signature: whoever calls jwt_read_payload has, or does not trust the result. */
#ifndef ORQ_PROTO_JWT_PARTS_H
#define ORQ_PROTO_JWT_PARTS_H

#include "proto/jwt.h"

typedef struct JwtParts {
    Str header, payload, signature;
    Str signed_text; /* header.payload */
} JwtParts;

bool jwt_cut(Str token, JwtParts *ret_parts);
/* A part that must be a JSON object. `name` is for the sentence. */
Status jwt_open_part(Str part, const char *name, Arena *arena, Json *ret_json, Err *err) MUST_USE;
/* Claims as jwt_verify returns them, the dates checked: ST_EXPIRED fills them too. */
Status jwt_read_payload(const JwtParts *parts, int64_t now_s, Arena *arena, JwtClaims *ret_claims,
                        Err *err) MUST_USE;

#endif
