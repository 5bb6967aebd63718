/* Any bytes as a token, and as claims:
 *  1. what verifies carries the signature that we compute for its first two parts: a changed token
 *     never does;
 *  2. what we sign verifies, with the claims that were signed;
 *  3. any one character of a signed token changed, and it is refused;
 *  4. a header or payload with our signature never crashes the reader, whatever is in it. */
#include "fuzz.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "proto/jwt.h"

FUZZ_INIT()

enum { NOW_S = 1800000000 };

static const char secret[] = "0123456789abcdef0123456789abcdef";

static JwtKey *the_key(void)
{
    static JwtKey *key;
    if (!key) key = jwt_key_new(S("0123456789abcdef0123456789abcdef"));
    return key;
}

static bool is_verified(Status st)
{
    CHECK(st == ST_OK || st == ST_EXPIRED || st == ST_UNAUTHORIZED || st == ST_TOO_BIG);
    return st == ST_OK || st == ST_EXPIRED;
}

static Status verify(Str token)
{
    Arena a;
    JwtClaims c;
    Err err = {0};
    arena_init(&a, REQUEST_ARENA_MAX);
    Status st = jwt_verify(the_key(), token, NOW_S, &a, &c, &err);
    if (is_verified(st)) CHECK(json_is(&c.json, 0, JSON_OBJECT));
    CHECK((st == ST_OK) == (err.text[0] == '\0'));
    arena_done(&a);
    return st;
}

/* Appends ".signature" by another road through OpenSSL. */
static void add_signature(Buf *text)
{
    uint8_t mac[32];
    char encoded[BASE64URL_LEN(32)];
    HMAC(EVP_sha256(), secret, sizeof secret - 1, (const uint8_t *)buf_view(text).at, buf_len(text),
         mac, NULL);
    size_t len = base64url_encode(mac, sizeof mac, encoded);
    buf_lit(text, ".");
    buf_add(text, str_make(encoded, len));
}

static void check_as_token(Str input)
{
    if (!is_verified(verify(input))) return;
    Buf b;
    buf_init(&b, (size_t)4 * JWT_BYTES_MAX);
    buf_add(&b, str_head(input, (size_t)str_find_last(input, '.')));
    add_signature(&b);
    CHECK(str_eq(buf_view(&b), input));
    buf_done(&b);
}

/* The input is two parts; we add the signature they need. */
static void check_as_parts(Str input)
{
    Buf b;
    if (input.len > JWT_BYTES_MAX) return;
    buf_init(&b, (size_t)4 * JWT_BYTES_MAX);
    buf_add(&b, input);
    add_signature(&b);
    verify(buf_view(&b));
    buf_done(&b);
}

/* The input chooses which character becomes which other. */
static void check_changed(Str token, Str input)
{
    char text[JWT_BYTES_MAX];
    uint8_t seed = input.len ? (uint8_t)input.at[0] : 0;
    size_t place = (seed * 257u + input.len) % token.len;
    memcpy(text, token.at, token.len);
    text[place] = (char)(text[place] ^ (1 + (seed + input.len) % 127));
    CHECK(verify(str_make(text, token.len)) == ST_UNAUTHORIZED);
}

/* The input is claims. */
static void check_as_claims(Str input)
{
    Buf b;
    Arena a;
    Json j;
    arena_init(&a, REQUEST_ARENA_MAX);
    buf_init(&b, (size_t)4 * JWT_BYTES_MAX);
    Status st = jwt_sign(the_key(), input, &b);
    if (st == ST_OK) {
        bool object = json_parse(input, &a, &j, NULL) == ST_OK && json_is(&j, 0, JSON_OBJECT);
        if (is_verified(verify(buf_view(&b)))) CHECK(object);
        check_changed(buf_view(&b), input);
    }
    buf_done(&b);
    arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str input = str_make(data, size);
    check_as_token(input);
    check_as_parts(input);
    check_as_claims(input);
    return 0;
}
