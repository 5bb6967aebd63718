/* Tokens are signed here by OpenSSL directly, so that a test can sign anything with anything. */
#include "proto/jwt_key.h"

#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/base64.h"
#include "base/limits.h"
#include "check_test.h"

enum { NOW = 1800000000 };

#define SECRET "a tenant's own secret of 32 bytes or more"
static const char good_claims[] = "{\"sub\":\"ann\",\"exp\":1800000060}";

/* Keys are made once: a new RSA key takes a while. */
typedef struct Pair {
    EVP_PKEY *pkey;
    char pem[4096];
    JwtVerifyKey *key;
} Pair;

static void pem_of(EVP_PKEY *pkey, char *ret, size_t room)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
    int len = BIO_read(bio, ret, (int)room - 1);
    ret[len] = '\0';
    BIO_free(bio);
}

static Pair pair_of(EVP_PKEY *pkey, JwtAlg alg)
{
    Pair p = {.pkey = pkey};
    assert_non_null(pkey);
    pem_of(pkey, p.pem, sizeof p.pem);
    assert_status(jwt_verify_key_pem(alg, str_of(p.pem), S(""), &p.key, NULL), ST_OK);
    return p;
}

static Pair rsa, ec;
static JwtVerifyKey *hs;

static void make_keys(void)
{
    if (rsa.pkey) return;
    rsa = pair_of(EVP_RSA_gen(2048), JWT_RS256);
    ec = pair_of(EVP_EC_gen("P-256"), JWT_ES256);
    assert_status(jwt_verify_key_secret(S(SECRET), S(""), &hs, NULL), ST_OK);
}

/* ---- signing ---- */

typedef struct Bench {
    Arena arena;
    Buf token;
} Bench;

static void bench_init(Bench *b)
{
    make_keys();
    arena_init(&b->arena, REQUEST_ARENA_MAX);
    buf_init(&b->token, (size_t)4 * JWT_BYTES_MAX);
}

static void bench_done(Bench *b)
{
    arena_done(&b->arena);
    buf_done(&b->token);
}

static void add_base64(Buf *out, const void *at, size_t len)
{
    char *room = (char *)buf_reserve(out, BASE64URL_LEN(len) + 4);
    buf_commit(out, base64url_encode(at, len, room));
}

static void begin(Bench *b, const char *header, const char *claims)
{
    buf_clear(&b->token);
    add_base64(&b->token, header, strlen(header));
    buf_lit(&b->token, ".");
    add_base64(&b->token, claims, strlen(claims));
}

static void end(Bench *b, const void *signature, size_t len)
{
    buf_lit(&b->token, ".");
    add_base64(&b->token, signature, len);
}

static void sign_hmac(Bench *b, const char *header, const char *claims, Str secret)
{
    uint8_t mac[32];
    begin(b, header, claims);
    Str text = buf_view(&b->token);
    HMAC(EVP_sha256(), secret.at, (int)secret.len, (const uint8_t *)text.at, text.len, mac, NULL);
    end(b, mac, sizeof mac);
}

/* DER for EC, as OpenSSL makes it. */
static size_t sign_raw(EVP_PKEY *pkey, const EVP_MD *md, Str text, uint8_t *ret, size_t room)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = room;
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, pkey), 1);
    assert_int_equal(EVP_DigestSign(ctx, ret, &len, (const uint8_t *)text.at, text.len), 1);
    EVP_MD_CTX_free(ctx);
    return len;
}

static void sign_rsa(Bench *b, const char *header, const char *claims)
{
    uint8_t sig[512];
    begin(b, header, claims);
    end(b, sig, sign_raw(rsa.pkey, EVP_sha256(), buf_view(&b->token), sig, sizeof sig));
}

static void ec_signature(Bench *b, uint8_t raw[64])
{
    uint8_t der[128];
    const uint8_t *at = der;
    size_t len = sign_raw(ec.pkey, EVP_sha256(), buf_view(&b->token), der, sizeof der);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    ECDSA_SIG_free(sig);
}

static void sign_ec(Bench *b, const char *header, const char *claims)
{
    uint8_t raw[64];
    begin(b, header, claims);
    ec_signature(b, raw);
    end(b, raw, sizeof raw);
}

/* Is the token in the bench a good one for that key? */
static bool passes(Bench *b, const JwtVerifyKey *key)
{
    JwtToken t;
    return jwt_token_open(buf_view(&b->token), &b->arena, &t, NULL) == ST_OK &&
           jwt_token_signed_by(&t, key);
}

static bool passes_any(Bench *b)
{
    return passes(b, hs) || passes(b, rsa.key) || passes(b, ec.key);
}

/* ---- good ones ---- */

TEST(each_algorithm_verifies_with_its_key_and_no_other)
{
    Bench b;
    bench_init(&b);
    sign_hmac(&b, "{\"alg\":\"HS256\"}", good_claims, S(SECRET));
    assert_true(passes(&b, hs));
    assert_false(passes(&b, rsa.key));
    assert_false(passes(&b, ec.key));
    sign_rsa(&b, "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", good_claims);
    assert_true(passes(&b, rsa.key));
    assert_false(passes(&b, hs));
    assert_false(passes(&b, ec.key));
    sign_ec(&b, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}", good_claims);
    assert_true(passes(&b, ec.key));
    assert_false(passes(&b, hs));
    assert_false(passes(&b, rsa.key));
    bench_done(&b);
}

TEST(claims_and_dates_are_read_after_the_signature)
{
    Bench b;
    JwtToken t;
    JwtClaims c;
    bench_init(&b);
    sign_ec(&b, "{\"alg\":\"ES256\",\"kid\":\"k1\"}", good_claims);
    assert_status(jwt_token_open(buf_view(&b.token), &b.arena, &t, NULL), ST_OK);
    assert_str(t.kid, "k1");
    assert_status(jwt_token_claims(&t, NOW, &b.arena, &c, NULL), ST_OK);
    assert_str(c.sub, "ann");
    assert_int_equal(c.exp_s, NOW + 60);
    assert_status(jwt_token_claims(&t, NOW + 60, &b.arena, &c, NULL), ST_EXPIRED);
    sign_ec(&b, "{\"alg\":\"ES256\"}", "{\"sub\":\"ann\",\"exp\":1800000060,\"nbf\":1800000001}");
    assert_status(jwt_token_open(buf_view(&b.token), &b.arena, &t, NULL), ST_OK);
    assert_status(jwt_token_claims(&t, NOW, &b.arena, &c, NULL), ST_EXPIRED);
    bench_done(&b);
}

/* A key in the header is somebody's offer; the list of keys is ours. */
TEST(hints_at_other_keys_are_ignored)
{
    static const char *const headers[] = {
        "{\"alg\":\"RS256\",\"jku\":\"https://evil.example/jwks\"}",
        "{\"alg\":\"RS256\",\"x5u\":\"https://evil.example/cert\"}",
        "{\"alg\":\"RS256\",\"x5c\":[\"AAAA\"]}",
        "{\"alg\":\"RS256\",\"x5t\":\"AAAA\",\"x5t#S256\":\"AAAA\"}",
        "{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
        "{\"alg\":\"RS256\",\"kid\":\"../../../dev/null\"}",
        "{\"alg\":\"RS256\",\"kid\":\"x' OR '1'='1\"}"};
    Bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        sign_rsa(&b, headers[i], good_claims);
        assert_true(passes(&b, rsa.key)); /* by our key: the hint changed nothing */
        begin(&b, headers[i], good_claims);
        end(&b, "forged", 6);
        assert_false(passes_any(&b));
    }
    bench_done(&b);
}

/* ---- attacks ---- */

TEST(the_public_key_is_no_shared_secret)
{
    char no_newline[4096];
    uint8_t *der = NULL;
    Bench b;
    bench_init(&b);
    size_t len = strlen(rsa.pem);
    memcpy(no_newline, rsa.pem, len);
    const Str secrets[] = {str_of(rsa.pem), str_make(no_newline, len - 1), str_of(ec.pem), S("")};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        sign_hmac(&b, "{\"alg\":\"HS256\"}", good_claims, secrets[i]);
        assert_false(passes_any(&b));
        sign_hmac(&b, "{\"alg\":\"RS256\"}", good_claims, secrets[i]);
        assert_false(passes_any(&b));
    }
    int der_len = i2d_PUBKEY(rsa.pkey, &der);
    sign_hmac(&b, "{\"alg\":\"HS256\"}", good_claims, str_make(der, (size_t)der_len));
    assert_false(passes_any(&b));
    OPENSSL_free(der);
    bench_done(&b);
}

TEST(the_header_cannot_choose_the_algorithm)
{
    static const char *const headers[] = {"{\"alg\":\"none\"}",
                                          "{\"alg\":\"None\"}",
                                          "{\"alg\":\"NONE\"}",
                                          "{\"alg\":\"nOnE\"}",
                                          "{\"alg\":\"\"}",
                                          "{}",
                                          "{\"alg\":null}",
                                          "{\"alg\":[\"HS256\"]}",
                                          "{\"alg\":256}",
                                          "{\"alg\":\"hs256\"}",
                                          "{\"alg\":\"HS256 \"}",
                                          "{\"alg\":\"HS384\"}",
                                          "{\"alg\":\"HS512\"}",
                                          "{\"alg\":\"RS384\"}",
                                          "{\"alg\":\"PS256\"}",
                                          "{\"alg\":\"ES384\"}",
                                          "{\"alg\":\"ES256K\"}",
                                          "{\"alg\":\"EdDSA\"}",
                                          "{\"alg\":\"HS256\",\"alg\":\"none\"}",
                                          "{\"Alg\":\"HS256\"}",
                                          "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}"};
    Bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        sign_hmac(&b, headers[i], good_claims, S(SECRET));
        assert_false(passes_any(&b));
        sign_rsa(&b, headers[i], good_claims);
        assert_false(passes_any(&b));
    }
    bench_done(&b);
}

TEST(a_signature_of_one_kind_is_none_of_another)
{
    Bench b;
    bench_init(&b);
    sign_rsa(&b, "{\"alg\":\"ES256\"}", good_claims);
    assert_false(passes_any(&b));
    sign_ec(&b, "{\"alg\":\"RS256\"}", good_claims);
    assert_false(passes_any(&b));
    sign_hmac(&b, "{\"alg\":\"ES256\"}", good_claims, S(SECRET));
    assert_false(passes_any(&b));
    sign_ec(&b, "{\"alg\":\"HS256\"}", good_claims);
    assert_false(passes_any(&b));
    bench_done(&b);
}

TEST(headers_that_change_the_reading_are_refused)
{
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
                                          "{\"alg\":\"HS256\",\"crit\":[]}",
                                          "{\"alg\":\"HS256\",\"crit\":null}",
                                          "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
                                          "{\"alg\":\"HS256\",\"b64\":false}",
                                          "{\"alg\":\"HS256\",\"zip\":\"DEF\"}",
                                          "{\"alg\":\"HS256\",\"enc\":\"A128GCM\"}",
                                          "{\"alg\":\"HS256\",\"cty\":\"JWT\"}",
                                          "{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
                                          "{\"alg\":\"HS256\",\"typ\":1}",
                                          "{\"alg\":\"HS256\",\"typ\":\"secevent+jwt\"}",
                                          "{\"alg\":\"HS256\",\"kid\":7}",
                                          "{\"alg\":\"HS256\",\"kid\":null}",
                                          "[\"HS256\"]",
                                          "\"HS256\"",
                                          "",
                                          "{\"alg\":\"HS256\""};
    Bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        sign_hmac(&b, headers[i], good_claims, S(SECRET));
        assert_false(passes_any(&b));
    }
    bench_done(&b);
}

TEST(a_changed_token_has_no_signature)
{
    Bench b;
    bench_init(&b);
    sign_ec(&b, "{\"alg\":\"ES256\"}", good_claims);
    size_t len = buf_len(&b.token);
    for (size_t i = 0; i < len; i++) {
        char was = (char)b.token._at[i];
        b.token._at[i] = was == 'A' ? 'B' : 'A';
        if (passes_any(&b)) fail_msg("changed at %zu and still good", i);
        b.token._at[i] = (uint8_t)was;
    }
    assert_true(passes(&b, ec.key));
    bench_done(&b);
}

TEST(odd_signatures_are_refused)
{
    uint8_t raw[66] = {0}, der[128];
    Bench b;
    bench_init(&b);
    const char *header = "{\"alg\":\"ES256\"}";
    begin(&b, header, good_claims); /* "psychic signatures": r = s = 0 */
    end(&b, raw, 64);
    assert_false(passes_any(&b));
    memset(raw, 0xff, sizeof raw); /* beyond the order of the curve */
    begin(&b, header, good_claims);
    end(&b, raw, 64);
    assert_false(passes_any(&b));
    begin(&b, header, good_claims); /* DER is another spelling */
    end(&b, der, sign_raw(ec.pkey, EVP_sha256(), buf_view(&b.token), der, sizeof der));
    assert_false(passes_any(&b));
    begin(&b, header, good_claims); /* one byte less, one more, two zeros before */
    ec_signature(&b, raw);
    end(&b, raw, 63);
    assert_false(passes_any(&b));
    begin(&b, header, good_claims);
    ec_signature(&b, raw);
    raw[64] = 0;
    end(&b, raw, 65);
    assert_false(passes_any(&b));
    begin(&b, header, good_claims);
    end(&b, "", 0);
    assert_false(passes_any(&b));
    uint8_t sha512[512]; /* RSA over another digest */
    begin(&b, "{\"alg\":\"RS256\"}", good_claims);
    end(&b, sha512, sign_raw(rsa.pkey, EVP_sha512(), buf_view(&b.token), sha512, sizeof sha512));
    assert_false(passes_any(&b));
    bench_done(&b);
}

TEST(half_tokens_are_none)
{
    static const char *const texts[] = {"",
                                        ".",
                                        "..",
                                        "a.b",
                                        "a.b.c.d",
                                        "....",
                                        "eyJ9..",
                                        "eyJhbGciOiJIUzI1NiJ9",
                                        "eyJhbGciOiJIUzI1NiJ9.e30",
                                        "eyJhbGciOiJIUzI1NiJ9=.e30.AAAA",
                                        " eyJhbGciOiJIUzI1NiJ9.e30.AAAA"};
    Bench b;
    JwtToken t;
    bench_init(&b);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_not_equal(jwt_token_open(str_of(texts[i]), &b.arena, &t, NULL), ST_OK);
    char long_one[JWT_BYTES_MAX + 1];
    memset(long_one, 'a', sizeof long_one);
    assert_status(jwt_token_open(str_make(long_one, sizeof long_one), &b.arena, &t, NULL),
                  ST_TOO_BIG);
    bench_done(&b);
}

/* ---- keys that are refused ---- */

static void expect_pem_refused(JwtAlg alg, Str pem)
{
    JwtVerifyKey *key = NULL;
    Err err = {""};
    assert_status(jwt_verify_key_pem(alg, pem, S(""), &key, &err), ST_INVALID);
    assert_true(err.text[0] != '\0');
    assert_null(key);
}

TEST(weak_and_foreign_keys_are_refused)
{
    char pem[4096];
    make_keys();
    expect_pem_refused(JWT_RS256, S(""));
    expect_pem_refused(JWT_RS256, S("hello"));
    expect_pem_refused(JWT_RS256,
                       S("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
    expect_pem_refused(JWT_RS256,
                       S("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
    expect_pem_refused(JWT_RS256, str_of(ec.pem));
    expect_pem_refused(JWT_ES256, str_of(rsa.pem));
    EVP_PKEY *small = EVP_RSA_gen(1024), *p384 = EVP_EC_gen("P-384"), *k1 = EVP_EC_gen("secp256k1");
    EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    pem_of(small, pem, sizeof pem);
    expect_pem_refused(JWT_RS256, str_of(pem));
    pem_of(p384, pem, sizeof pem);
    expect_pem_refused(JWT_ES256, str_of(pem));
    pem_of(k1, pem, sizeof pem);
    expect_pem_refused(JWT_ES256, str_of(pem));
    pem_of(ed, pem, sizeof pem);
    expect_pem_refused(JWT_ES256, str_of(pem));
    EVP_PKEY_free(small);
    EVP_PKEY_free(p384);
    EVP_PKEY_free(k1);
    EVP_PKEY_free(ed);
}

TEST(a_short_secret_is_refused)
{
    JwtVerifyKey *key = NULL;
    assert_status(jwt_verify_key_secret(S("thirty-one bytes are not enough"), S(""), &key, NULL),
                  ST_INVALID);
    assert_null(key);
}

/* The last of this file's: gives the shared keys back. */
TEST(zz_keys_are_freed)
{
    make_keys();
    EVP_PKEY_free(rsa.pkey);
    EVP_PKEY_free(ec.pkey);
    jwt_verify_key_free(rsa.key);
    jwt_verify_key_free(ec.key);
    jwt_verify_key_free(hs);
    jwt_verify_key_free(NULL);
}

TEST_MAIN()
