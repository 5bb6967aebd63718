/* Any bytes as a key set, and as a token for keys of all three kinds:
 *  1. a set that parses holds 1 to JWKS_KEYS_MAX public keys, none of them for a shared secret;
 *  2. no input is a token that any of our keys signed: the fuzzer does not know their private halves. */
#include "fuzz.h"

#include "proto/jwks.h"

FUZZ_INIT()

static void check_as_set(Str input)
{
    Jwks set;
    Err err = {""};
    Status st = jwks_parse(input, &set, &err);
    CHECK(st == ST_OK || st == ST_INVALID);
    CHECK((st == ST_OK) == (set.count > 0) && set.count <= JWKS_KEYS_MAX);
    CHECK((st == ST_OK) == (err.text[0] == '\0'));
    for (uint32_t i = 0; i < set.count; i++) CHECK(jwt_verify_key_alg(set.keys[i]) != JWT_HS256);
    jwks_done(&set);
}

static const JwtVerifyKey *the_secret(void)
{
    static JwtVerifyKey *key;
    if (!key)
        CHECK(jwt_verify_key_secret(S("only the fuzzer's keeper knows this one"), S(""), &key,
                                    NULL) == ST_OK);
    return key;
}

static void check_as_token(Str input)
{
    Arena a;
    JwtToken t;
    Json claims;
    Err err = {""};
    arena_init(&a, REQUEST_ARENA_MAX);
    Status st = jwt_token_open(input, &a, &t, &err);
    CHECK(st == ST_OK || st == ST_UNAUTHORIZED || st == ST_TOO_BIG);
    if (st == ST_OK) {
        CHECK(t.kid.len <= KID_MAX);
        CHECK(!jwt_token_signed_by(&t, the_secret()));
        (void)!jwt_token_peek(&t, &a, &claims, NULL);
    }
    arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_as_set(str_make(data, size));
    check_as_token(str_make(data, size));
    return 0;
}
