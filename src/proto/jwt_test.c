#include "proto/jwt.h"

#include "base/base64.h"
#include "base/limits.h"
#include "check_test.h"

#include <openssl/hmac.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

enum { NOW = 1800000000 };

static const char secret[] = "a secret of the tests, 32 bytes or more";
static const char ours[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

/* A second signer, on another OpenSSL call: signs any header, also one we would never write. */
static void forge(Buf *out, Str header, Str payload, const char *with_secret)
{
    uint8_t mac[32];
    char text[BASE64URL_LEN(3 * JWT_BYTES_MAX)];
    buf_clear(out);
    size_t len = base64url_encode((const uint8_t *)header.at, header.len, text);
    buf_add(out, str_make(text, len));
    buf_lit(out, ".");
    len = base64url_encode((const uint8_t *)payload.at, payload.len, text);
    buf_add(out, str_make(text, len));
    HMAC(EVP_sha256(), with_secret, (int)strlen(with_secret), (const uint8_t *)buf_view(out).at,
         buf_len(out), mac, NULL);
    buf_lit(out, ".");
    buf_add(out, str_make(text, base64url_encode(mac, sizeof mac, text)));
}

typedef struct Bench {
    JwtKey *key;
    Arena arena;
    Buf token;
    JwtClaims claims;
    Err err;
} Bench;

static void bench_init(Bench *b)
{
    *b = (Bench){.key = jwt_key_new(str_of(secret))};
    arena_init(&b->arena, REQUEST_ARENA_MAX);
    buf_init(&b->token, (size_t)4 * JWT_BYTES_MAX);
}

static void bench_done(Bench *b)
{
    jwt_key_free(b->key);
    arena_done(&b->arena);
    buf_done(&b->token);
}

static Status verify(Bench *b, Str token)
{
    b->err.text[0] = '\0';
    return jwt_verify(b->key, token, NOW, &b->arena, &b->claims, &b->err);
}

static Status verify_claims(Bench *b, Str payload)
{
    forge(&b->token, str_of(ours), payload, secret);
    return verify(b, buf_view(&b->token));
}

TEST(jwt_the_example_of_rfc_7515)
{
    uint8_t raw[64];
    size_t len;
    Arena a;
    JwtClaims c;
    Str token = S(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkz"
        "ODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJ"
        "U1p1r_wW1gFWFOEjXk");
    assert_true(
        base64url_decode(S("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i"
                           "PS4hcgUuTwjAzZr1Z9CAow"),
                         raw, &len));
    JwtKey *key = jwt_key_new(str_make(raw, len));
    arena_init(&a, REQUEST_ARENA_MAX);
    assert_status(jwt_verify(key, token, 1300819379, &a, &c, NULL), ST_OK);
    assert_int_equal(c.exp_s, 1300819380);
    assert_true(json_string_is(&c.json, json_get(&c.json, 0, S("iss")), S("joe")));
    assert_status(jwt_verify(key, token, 1300819380, &a, &c, NULL), ST_EXPIRED);
    arena_done(&a);
    jwt_key_free(key);
}

TEST(jwt_signs_what_it_and_others_verify)
{
    Bench b;
    Buf out;
    Str payload = S("{\"sub\":\"user-1\",\"exp\":1800000060,\"iat\":1799999940,\"x\":[1,2]}");
    bench_init(&b);
    buf_init(&out, JWT_BYTES_MAX);
    buf_lit(&out, "Bearer ");     /* it appends */
    for (int i = 0; i < 3; i++) { /* the context is good for any number of tokens */
        buf_truncate(&out, 7);
        assert_status(jwt_sign(b.key, payload, &out), ST_OK);
    }
    Str token = str_from(buf_view(&out), 7);
    assert_true(str_starts(token, S("eyJhbGciOiJIUzI1NiIs"))); /* RT-04 */
    forge(&b.token, str_of(ours), payload, secret);
    assert_true(str_eq(token, buf_view(&b.token)));
    assert_status(verify(&b, token), ST_OK);
    assert_str(b.claims.sub, "user-1");
    assert_int_equal(b.claims.exp_s, 1800000060);
    assert_int_equal(b.claims.iat_s, 1799999940);
    assert_int_equal(json_count(&b.claims.json, json_get(&b.claims.json, 0, S("x"))), 2);
    assert_string_equal(b.err.text, "");
    buf_done(&out);
    bench_done(&b);
}

TEST(jwt_claims_may_be_absent)
{
    Bench b;
    bench_init(&b);
    assert_status(verify_claims(&b, S("{}")), ST_OK);
    assert_str(b.claims.sub, "");
    assert_int_equal(b.claims.exp_s, 0);
    assert_int_equal(b.claims.iat_s, 0);
    bench_done(&b);
}

TEST(jwt_headers_of_other_signers)
{
    static const char *const good[] = {
        "{\"alg\":\"HS256\"}",
        "{\"typ\":\"JWT\",\"alg\":\"HS256\"}",
        "{ \"typ\" : \"jwt\" ,\r\n \"alg\" : \"HS256\" }",
        "{\"alg\":\"\\u0048S256\"}", /* the same string */
        "{\"alg\":\"HS256\",\"unknown\":{\"a\":1}}",
    };
    Bench b;
    bench_init(&b);
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        forge(&b.token, str_of(good[i]), S("{\"sub\":\"u\"}"), secret);
        assert_status(verify(&b, buf_view(&b.token)), ST_OK);
    }
    bench_done(&b);
}

/* Each is signed with the right secret: only the header is wrong. */
TEST(jwt_refuses_headers)
{
    static const char *const bad[] = {
        "{\"alg\":\"none\",\"typ\":\"JWT\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"NONE\"}",
        "{\"alg\":\"nOnE\"}",
        "{\"alg\":\"\"}",
        "{\"alg\":null}",
        "{\"alg\":256}",
        "{\"alg\":[\"HS256\"]}",
        "{\"alg\":{\"HS256\":1}}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"Hs256\"}",
        "{\"alg\":\"HS256 \"}",
        "{\"alg\":\"HS256\\u0000\"}",
        "{\"alg\":\"HS384\"}",
        "{\"alg\":\"HS512\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"ES256\"}",
        "{\"alg\":\"PS256\"}",
        "{\"alg\":\"EdDSA\"}",
        "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}",
        "{\"alg\":\"HS256\",\"alg\":\"none\"}",
        "{\"typ\":\"JWT\"}",
        "{\"ALG\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"crit\":[]}",
        "{\"alg\":\"HS256\",\"crit\":null}",
        "{\"alg\":\"HS256\",\"\\u0063rit\":[\"b64\"]}",
        "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}",
        "{\"alg\":\"HS256\",\"b64\":false}",
        "{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}",
        "{\"alg\":\"HS256\",\"kid\":\"' OR 1=1 --\"}",
        "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
        "{\"alg\":\"HS256\",\"jku\":\"https://evil.example/keys\"}",
        "{\"alg\":\"HS256\",\"x5u\":\"https://evil.example/cert\"}",
        "{\"alg\":\"HS256\",\"x5c\":[\"MIIB\"]}",
        "{\"alg\":\"HS256\",\"x5t\":\"AA\"}",
        "{\"alg\":\"HS256\",\"x5t#S256\":\"AA\"}",
        "{\"alg\":\"HS256\",\"zip\":\"DEF\"}",
        "{\"alg\":\"HS256\",\"enc\":\"A128GCM\"}",
        "{\"alg\":\"HS256\",\"cty\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
        "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"HS256\",\"typ\":1}",
        "[\"HS256\"]",
        "\"HS256\"",
        "{\"alg\":\"HS256\"",
        "{\"alg\":\"HS256\"} x",
        "{'alg':'HS256'}",
        "\xef\xbb\xbf{\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"x\":\"\xff\"}",
        "null",
        " ",
    };
    Bench b;
    bench_init(&b);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        forge(&b.token, str_of(bad[i]), S("{\"sub\":\"u\"}"), secret);
        Status st = verify(&b, buf_view(&b.token));
        if (st != ST_UNAUTHORIZED) fail_msg("%s: %s", bad[i], status_name(st));
        assert_true(b.err.text[0]);
    }
    bench_done(&b);
}

/* Each is signed with the right secret: only the claims are wrong. */
TEST(jwt_refuses_claims)
{
    static const struct {
        const char *payload;
        Status st;
    } cases[] = {
        {"{\"exp\":\"1900000000\"}", ST_UNAUTHORIZED},
        {"{\"exp\":null}", ST_UNAUTHORIZED},
        {"{\"exp\":true}", ST_UNAUTHORIZED},
        {"{\"exp\":[1900000000]}", ST_UNAUTHORIZED},
        {"{\"exp\":1e999}", ST_UNAUTHORIZED},
        {"{\"exp\":-1e999}", ST_UNAUTHORIZED},
        {"{\"exp\":1900000000,\"exp\":\"x\"}", ST_UNAUTHORIZED},
        {"{\"nbf\":\"1\"}", ST_UNAUTHORIZED},
        {"{\"nbf\":false}", ST_UNAUTHORIZED},
        {"{\"iat\":\"now\"}", ST_UNAUTHORIZED},
        {"{\"iat\":{}}", ST_UNAUTHORIZED},
        {"{\"sub\":1}", ST_UNAUTHORIZED},
        {"{\"sub\":null}", ST_UNAUTHORIZED},
        {"{\"sub\":[\"u\"]}", ST_UNAUTHORIZED},
        {"[]", ST_UNAUTHORIZED},
        {"\"sub\"", ST_UNAUTHORIZED},
        {"1", ST_UNAUTHORIZED},
        {"{\"sub\":\"u\"", ST_UNAUTHORIZED},
        {"{\"sub\":\"u\"}{}", ST_UNAUTHORIZED},
        {"{\"sub\":\"\xff\"}", ST_UNAUTHORIZED},
        {"{\"sub\":\"u\",}", ST_UNAUTHORIZED},
        {"not json", ST_UNAUTHORIZED},
        /* leeway is 0 */
        {"{\"exp\":1799999999}", ST_EXPIRED},
        {"{\"exp\":1800000000}", ST_EXPIRED},
        {"{\"exp\":1800000001}", ST_OK},
        {"{\"exp\":1800000000.5}", ST_OK},
        {"{\"exp\":1.8e9}", ST_EXPIRED},
        {"{\"exp\":1799999999.5}", ST_EXPIRED},
        {"{\"exp\":0}", ST_EXPIRED},
        {"{\"exp\":-1}", ST_EXPIRED},
        {"{\"exp\":-1e300}", ST_EXPIRED},
        {"{\"nbf\":1800000000}", ST_OK},
        {"{\"nbf\":1800000001}", ST_EXPIRED},
        {"{\"nbf\":1800000000.5}", ST_EXPIRED},
        {"{\"nbf\":1e300}", ST_EXPIRED},
        {"{\"nbf\":1800000000,\"exp\":1800000001}", ST_OK},
        {"{\"nbf\":1800000001,\"exp\":1800000000}", ST_EXPIRED},
        {"{\"iat\":1900000000}", ST_OK}, /* a clock ahead of ours; no rule forbids it */
        {"{\"sub\":\"\"}", ST_OK},
    };
    Bench b;
    bench_init(&b);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Status st = verify_claims(&b, str_of(cases[i].payload));
        if (st != cases[i].st) fail_msg("%s: %s", cases[i].payload, status_name(st));
    }
    bench_done(&b);
}

TEST(jwt_huge_dates_stay_within_what_sums_can_hold)
{
    static const char *const huge[] = {"{\"exp\":9223372036854775807}", "{\"exp\":1e300}",
                                       "{\"exp\":9007199254740993}",
                                       "{\"exp\":99999999999999999999999999999999}"};
    Bench b;
    bench_init(&b);
    for (size_t i = 0; i < COUNT_OF(huge); i++) {
        assert_status(verify_claims(&b, str_of(huge[i])), ST_OK);
        assert_true(b.claims.exp_s == 253402300799);
    }
    bench_done(&b);
}

TEST(jwt_expired_claims_are_filled)
{
    Bench b;
    bench_init(&b);
    assert_status(verify_claims(&b, S("{\"sub\":\"late\",\"exp\":5}")), ST_EXPIRED);
    assert_str(b.claims.sub, "late");
    assert_int_equal(b.claims.exp_s, 5);
    assert_string_equal(b.err.text, "the token has expired");
    assert_status(verify_claims(&b, S("{\"sub\":\"early\",\"nbf\":1900000000}")), ST_EXPIRED);
    assert_str(b.claims.sub, "early");
    assert_string_equal(b.err.text, "the token is not valid yet");
    bench_done(&b);
}

/* What is wrong with the text of a token whose parts are h, p and s. */
TEST(jwt_refuses_shapes)
{
    static const char *const shapes[] = {
        "",       ".",      "..",      "...",    "h",         "h.",           "h.p",    "h.p.",
        ".p.s",   "h..s",   "h.p.s.",  ".h.p.s", "h.p.s.s",   "h.p.s=",       "h=.p.s", "h.p=.s",
        " h.p.s", "h.p.s ", "h.p.s\n", "h .p.s", "h.p.ss",    "hh.p.s",       "h.pp.s", "p.h.s",
        "h.s.p",  "h.p.sA", "h.p. s",  "h,p,s",  "h.p.s.h.p", "Bearer h.p.s",
    };
    Bench b;
    Buf text;
    bench_init(&b);
    buf_init(&text, (size_t)4 * JWT_BYTES_MAX);
    assert_status(verify_claims(&b, S("{\"sub\":\"u\"}")), ST_OK);
    Str rest = buf_view(&b.token), h = str_cut(&rest, '.'), p = str_cut(&rest, '.'), s = rest;
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        buf_clear(&text);
        bool prefix = str_starts(str_of(shapes[i]), S("Bearer "));
        if (prefix) buf_lit(&text, "Bearer ");
        for (const char *c = shapes[i] + (prefix ? 7 : 0); *c; c++)
            if (*c == 'h' || *c == 'p' || *c == 's')
                buf_add(&text, *c == 'h' ? h : *c == 'p' ? p : s);
            else
                buf_add_byte(&text, (uint8_t)*c);
        Status st = verify(&b, buf_view(&text));
        if (st != ST_UNAUTHORIZED) fail_msg("\"%s\": %s", shapes[i], status_name(st));
    }
    buf_done(&text);
    bench_done(&b);
}

TEST(jwt_refuses_every_truncation_and_every_changed_byte)
{
    Bench b;
    bench_init(&b);
    assert_status(verify_claims(&b, S("{\"sub\":\"user-1\",\"exp\":1900000000}")), ST_OK);
    Str token = buf_view(&b.token);
    for (size_t len = 0; len < token.len; len++)
        assert_status(verify(&b, str_head(token, len)), ST_UNAUTHORIZED);
    char text[400];
    for (size_t i = 0; i < token.len; i++)
        for (int bit = 0; bit < 8;
             bit++) { /* the last digit holds spare bits: they too must match */
            memcpy(text, token.at, token.len);
            text[i] = (char)(text[i] ^ 1 << bit);
            assert_status(verify(&b, str_make(text, token.len)), ST_UNAUTHORIZED);
        }
    bench_done(&b);
}

/* Two characters of the alphabet whose digits differ only in bits the decoder would drop. */
TEST(jwt_spare_bits_make_no_second_spelling)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    Bench b;
    bench_init(&b);
    assert_status(verify_claims(&b, S("{\"sub\":\"u\"}")), ST_OK);
    Str token = buf_view(&b.token);
    char text[400];
    memcpy(text, token.at, token.len);
    size_t accepted = 0;
    for (size_t i = 0; i < 64; i++) {
        text[token.len - 1] = alphabet[i];
        accepted += verify(&b, str_make(text, token.len)) == ST_OK;
    }
    assert_int_equal(accepted, 1);
    bench_done(&b);
}

TEST(jwt_other_secrets)
{
    Bench b;
    bench_init(&b);
    static const char *const others[] = {
        "a secret of the tests, 32 bytes or morE", "a secret of the tests, 32 bytes or more ",
        "a secret of the tests, 32 bytes or mor", "another tenant's secret, just as long..", ""};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        forge(&b.token, str_of(ours), S("{\"sub\":\"u\"}"), others[i]);
        assert_status(verify(&b, buf_view(&b.token)), ST_UNAUTHORIZED);
        assert_string_equal(b.err.text, "the token's signature does not match");
    }
    assert_status(verify_claims(&b, S("{\"sub\":\"u\"}")), ST_OK); /* and the key still works */
    bench_done(&b);
}

TEST(jwt_sizes)
{
    Bench b;
    bench_init(&b);
    char claims[JWT_BYTES_MAX];
    Buf out;
    buf_init(&out, (size_t)4 * JWT_BYTES_MAX);
    memset(claims, ' ', sizeof claims);
    claims[0] = '{';
    claims[1] = '}';
    size_t len = 0, longest = 0;
    for (len = 2; len < sizeof claims; len++) {
        buf_clear(&out);
        if (jwt_sign(b.key, str_make(claims, len), &out) != ST_OK) break;
        longest = buf_len(&out);
    }
    assert_in_range(longest, JWT_BYTES_MAX - 1, JWT_BYTES_MAX); /* the last step adds 1 or 2 */
    assert_int_equal(buf_len(&out), 0); /* refused before a byte is written */
    assert_status(verify_claims(&b, str_make(claims, len - 1)), ST_OK);
    assert_status(verify_claims(&b, str_make(claims, len)), ST_TOO_BIG);
    assert_string_equal(b.err.text, "a token has at most 4096 bytes");
    buf_done(&out);
    buf_init(&out, 50); /* too small for any token */
    assert_status(jwt_sign(b.key, S("{}"), &out), ST_TOO_BIG);
    buf_done(&out);
    bench_done(&b);
}

TEST(jwt_a_full_arena_is_told_at_each_step)
{
    Bench b;
    bench_init(&b);
    forge(&b.token, S("{\"alg\":\"HS256\"}"), S("{\"sub\":\"\\u0041\\u0042\",\"exp\":1900000000}"),
          secret);
    size_t refused = 0;
    for (size_t max = 0;; max += 8) { /* an arena lends whole chunks once it lends at all */
        Arena a;
        arena_init(&a, max);
        Status st = jwt_verify(b.key, buf_view(&b.token), NOW, &a, &b.claims, NULL);
        arena_done(&a);
        if (st == ST_OK) break;
        assert_status(st, ST_TOO_BIG);
        refused++;
    }
    assert_true(refused > 0);
    bench_done(&b);
}

TEST_MAIN()
