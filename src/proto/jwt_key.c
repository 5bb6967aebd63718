/* Verifying is one OpenSSL call a kind of key; making keys is where the checks are, so that a key that
 * exists is one that may be used. Every kind refuses what would be weak: short secrets, RSA below 2048
 * bits or with an exponent of 1, curves other than the algorithm's, private halves. */
#include "proto/jwt_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"

enum { ES256_BYTES = 64, ES256_HALF = 32, ES256_DER_MAX = 80 };

struct JwtVerifyKey {
    JwtAlg alg;
    Str kid;
    char *kid_text;
    EVP_PKEY *public_key; /* RS256, ES256 */
    uint8_t *secret;      /* HS256 */
    size_t secret_len;
};

/* ---- keys ---- */

static JwtVerifyKey *key_new(JwtAlg alg, Str kid)
{
    JwtVerifyKey *key = mem_new(JwtVerifyKey);
    key->alg = alg;
    key->kid_text = mem_alloc(kid.len + 1);
    if (kid.len) memcpy(key->kid_text, kid.at, kid.len);
    key->kid_text[kid.len] = '\0';
    key->kid = str_make(key->kid_text, kid.len);
    return key;
}

void jwt_verify_key_free(JwtVerifyKey *key)
{
    if (!key) return;
    EVP_PKEY_free(key->public_key);
    if (key->secret) OPENSSL_cleanse(key->secret, key->secret_len);
    mem_free(key->secret);
    mem_free(key->kid_text);
    mem_free(key);
}

JwtAlg jwt_verify_key_alg(const JwtVerifyKey *key)
{
    return key->alg;
}

Str jwt_verify_key_kid(const JwtVerifyKey *key)
{
    return key->kid;
}

Status jwt_verify_key_secret(Str secret, Str kid, JwtVerifyKey **ret_key, Err *err)
{
    if (secret.len < TOKEN_SECRET_BYTES_MIN || secret.len > TOKEN_SECRET_BYTES_MAX)
        return err_set(err, ST_INVALID, "the secret must be %d to %d bytes long",
                       TOKEN_SECRET_BYTES_MIN, TOKEN_SECRET_BYTES_MAX);
    JwtVerifyKey *key = key_new(JWT_HS256, kid);
    key->secret = mem_alloc(secret.len);
    key->secret_len = secret.len;
    memcpy(key->secret, secret.at, secret.len);
    *ret_key = key;
    return ST_OK;
}

static Status check_rsa(EVP_PKEY *pkey, Err *err)
{
    BIGNUM *e = NULL;
    int bits = EVP_PKEY_get_bits(pkey);
    bool good_e = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) && BN_is_odd(e) &&
                  !BN_is_one(e) && BN_num_bits(e) <= 64;
    BN_free(e);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return err_set(err, ST_INVALID, "an RSA key has %d to %d bits; this one has %d",
                       RSA_BITS_MIN, RSA_BITS_MAX, bits);
    if (!good_e) return err_set(err, ST_INVALID, "the RSA key's exponent is none");
    return ST_OK;
}

static Status check_p256(EVP_PKEY *pkey, Err *err)
{
    char curve[32] = "";
    size_t len = 0;
    if (!EVP_PKEY_get_group_name(pkey, curve, sizeof curve, &len) ||
        !str_is(str_of(curve), "prime256v1"))
        return err_set(err, ST_INVALID, "ES256 takes a key on the curve P-256");
    return ST_OK;
}

/* Takes the public key over, also when it refuses it. */
static Status adopt(JwtAlg alg, EVP_PKEY *pkey, Str kid, JwtVerifyKey **ret_key, Err *err)
{
    Status st;
    if (alg == JWT_RS256)
        st = EVP_PKEY_is_a(pkey, "RSA")
                 ? check_rsa(pkey, err)
                 : err_set(err, ST_INVALID, "RS256 takes an RSA key, and this is another kind");
    else
        st = EVP_PKEY_is_a(pkey, "EC")
                 ? check_p256(pkey, err)
                 : err_set(err, ST_INVALID, "ES256 takes an EC key, and this is another kind");
    if (st != ST_OK) {
        EVP_PKEY_free(pkey);
        return st;
    }
    JwtVerifyKey *key = key_new(alg, kid);
    key->public_key = pkey;
    *ret_key = key;
    return ST_OK;
}

static bool mentions(Str text, const char *word)
{
    return memmem(text.at, text.len, word, strlen(word)) != NULL;
}

Status jwt_verify_key_pem(JwtAlg alg, Str pem, Str kid, JwtVerifyKey **ret_key, Err *err)
{
    CHECK(alg != JWT_HS256);
    if (pem.len == 0 || pem.len > PUBLIC_KEY_TEXT_MAX)
        return err_set(err, ST_INVALID, "the public key must be 1 to %d bytes long",
                       PUBLIC_KEY_TEXT_MAX);
    if (mentions(pem, "PRIVATE KEY"))
        return err_set(err, ST_INVALID,
                       "that is a private key; keep it to yourself and send the public one "
                       "(openssl pkey -pubout)");
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (!pkey)
        return err_set(err, ST_INVALID,
                       "the public key must be in PEM form, beginning with -----BEGIN PUBLIC "
                       "KEY-----");
    return adopt(alg, pkey, kid, ret_key, err);
}

/* ---- JWK ---- */

/* A member in base64url as bytes of the arena; false when it is absent or none. */
static bool jwk_bytes(const Json *j, JsonRef jwk, Str name, Arena *arena, Str *ret_bytes)
{
    Str text;
    size_t len;
    if (!json_string(j, json_get(j, jwk, name), arena, &text) || text.len == 0) return false;
    uint8_t *at = arena_try(arena, text.len);
    if (!at || !base64url_decode(text, at, &len)) return false;
    *ret_bytes = str_make(at, len);
    return true;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    ERR_clear_error();
    return pkey;
}

static EVP_PKEY *rsa_of(Str n, Str e)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    BIGNUM *bn = BN_bin2bn((const uint8_t *)n.at, (int)n.len, NULL);
    BIGNUM *be = BN_bin2bn((const uint8_t *)e.at, (int)e.len, NULL);
    EVP_PKEY *pkey = NULL;
    if (bld && bn && be && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be))
        pkey = from_params("RSA", bld);
    BN_free(bn);
    BN_free(be);
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

/* NULL as well when the point is not on the curve. */
static EVP_PKEY *p256_of(Str x, Str y)
{
    uint8_t point[1 + 2 * ES256_HALF] = {POINT_CONVERSION_UNCOMPRESSED};
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;
    if (x.len != ES256_HALF || y.len != ES256_HALF) {
        OSSL_PARAM_BLD_free(bld);
        return NULL;
    }
    memcpy(point + 1, x.at, ES256_HALF);
    memcpy(point + 1 + ES256_HALF, y.at, ES256_HALF);
    if (bld && OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        pkey = from_params("EC", bld);
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

/* Absent, or exactly that. */
static bool jwk_may_be(const Json *j, JsonRef jwk, Str name, Str value)
{
    JsonRef at = json_get(j, jwk, name);
    return at == JSON_NONE || json_string_is(j, at, value);
}

static bool jwk_may_verify(const Json *j, JsonRef jwk)
{
    JsonRef ops = json_get(j, jwk, S("key_ops"));
    if (!jwk_may_be(j, jwk, S("use"), S("sig"))) return false;
    if (ops == JSON_NONE) return true;
    for (JsonRef c = json_is(j, ops, JSON_ARRAY) ? json_first(j, ops) : JSON_NONE; c != JSON_NONE;
         c = json_next(j, ops, c))
        if (json_string_is(j, c, S("verify"))) return true;
    return false;
}

static Status jwk_kid(const Json *j, JsonRef jwk, Arena *arena, Str *ret_kid, Err *err)
{
    JsonRef at = json_get(j, jwk, S("kid"));
    *ret_kid = S("");
    if (at == JSON_NONE) return ST_OK;
    if (!json_string(j, at, arena, ret_kid) || ret_kid->len > KID_MAX)
        return err_set(err, ST_INVALID, "a key's kid is a text of at most %d bytes", KID_MAX);
    return ST_OK;
}

Status jwt_verify_key_jwk(const Json *j, JsonRef jwk, Arena *arena, JwtVerifyKey **ret_key,
                          Err *err)
{
    Str a, b, kid;
    EVP_PKEY *pkey = NULL;
    JsonRef kty = json_get(j, jwk, S("kty"));
    bool rsa = json_string_is(j, kty, S("RSA")), ec = json_string_is(j, kty, S("EC"));
    if (!rsa && !ec) return err_set(err, ST_INVALID, "a key's kty is RSA or EC");
    if (json_get(j, jwk, S("d")) != JSON_NONE)
        return err_set(err, ST_INVALID, "a key has its private half in it");
    if (!jwk_may_verify(j, jwk) || !jwk_may_be(j, jwk, S("alg"), rsa ? S("RS256") : S("ES256")))
        return err_set(err, ST_INVALID, "a key is for another purpose or algorithm");
    Status st = jwk_kid(j, jwk, arena, &kid, err);
    if (st != ST_OK) return st;
    if (rsa && jwk_bytes(j, jwk, S("n"), arena, &a) && jwk_bytes(j, jwk, S("e"), arena, &b))
        pkey = rsa_of(a, b);
    if (ec && json_string_is(j, json_get(j, jwk, S("crv")), S("P-256")) &&
        jwk_bytes(j, jwk, S("x"), arena, &a) && jwk_bytes(j, jwk, S("y"), arena, &b))
        pkey = p256_of(a, b);
    if (!pkey) return err_set(err, ST_INVALID, "a key's numbers are no public key");
    return adopt(rsa ? JWT_RS256 : JWT_ES256, pkey, kid, ret_key, err);
}

/* ---- tokens ---- */

static bool alg_of(const Json *j, JwtAlg *ret_alg)
{
    static const Str names[] = {STR_INIT("HS256"), STR_INIT("RS256"), STR_INIT("ES256")};
    JsonRef at = json_get(j, 0, S("alg"));
    for (int i = 0; i < 3; i++)
        if (json_string_is(j, at, names[i])) {
            *ret_alg = (JwtAlg)i;
            return true;
        }
    return false;
}

/* "JWT", "at+jwt" (RFC 9068), both also as "application/..."; or nothing. */
static bool type_is_known(const Json *j, Arena *arena)
{
    JsonRef at = json_get(j, 0, S("typ"));
    Str type, prefix = S("application/");
    if (at == JSON_NONE) return true;
    if (!json_string(j, at, arena, &type)) return false;
    if (type.len > prefix.len && str_eq_nocase(str_head(type, prefix.len), prefix))
        type = str_from(type, prefix.len);
    return str_eq_nocase(type, S("JWT")) || str_eq_nocase(type, S("at+jwt"));
}

/* What changes how a token is to be read; what merely hints at keys is not in this list. */
static const Str refused_members[] = {STR_INIT("crit"), STR_INIT("b64"), STR_INIT("enc"),
                                      STR_INIT("zip"), STR_INIT("cty")};

Status jwt_token_open(Str text, Arena *arena, JwtToken *ret_token, Err *err)
{
    Json j;
    JwtToken t = {.kid = S("")};
    if (text.len > JWT_BYTES_MAX)
        return err_set(err, ST_TOO_BIG, "a token has at most %d bytes", JWT_BYTES_MAX);
    if (!jwt_cut(text, &t.parts))
        return err_set(err, ST_UNAUTHORIZED, "a token is header.payload.signature");
    Status st = jwt_open_part(t.parts.header, "header", arena, &j, err);
    if (st != ST_OK) return st;
    if (!alg_of(&j, &t.alg))
        return err_set(err, ST_UNAUTHORIZED, "the token's algorithm is not HS256, RS256 or ES256");
    for (size_t i = 0; i < sizeof refused_members / sizeof refused_members[0]; i++)
        if (json_get(&j, 0, refused_members[i]) != JSON_NONE)
            return err_set(err, ST_UNAUTHORIZED, "the token's header has \"%s\"; leave it out",
                           refused_members[i].at);
    if (!type_is_known(&j, arena))
        return err_set(err, ST_UNAUTHORIZED, "the token's type is not JWT");
    JsonRef kid = json_get(&j, 0, S("kid"));
    if (kid != JSON_NONE && (!json_string(&j, kid, arena, &t.kid) || t.kid.len > KID_MAX))
        return err_set(err, ST_UNAUTHORIZED, "the token's kid is no text of at most %d bytes",
                       KID_MAX);
    *ret_token = t;
    return ST_OK;
}

Status jwt_token_peek(const JwtToken *token, Arena *arena, Json *ret_claims, Err *err)
{
    return jwt_open_part(token->parts.payload, "payload", arena, ret_claims, err);
}

static bool hmac_matches(const JwtVerifyKey *key, Str text, const uint8_t *claimed, size_t len)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    return HMAC(EVP_sha256(), key->secret, (int)key->secret_len, (const uint8_t *)text.at, text.len,
                mac, &mac_len) &&
           len == mac_len && bytes_equal(mac, claimed, len);
}

static bool digest_verifies(EVP_PKEY *pkey, Str text, const uint8_t *signature, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
                EVP_DigestVerify(ctx, signature, len, (const uint8_t *)text.at, text.len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

/* RFC 7518 3.4: r and s side by side, 32 bytes each; OpenSSL wants them in DER. */
static bool es256_verifies(EVP_PKEY *pkey, Str text, const uint8_t *raw, size_t len)
{
    uint8_t der[ES256_DER_MAX], *at = der;
    if (len != ES256_BYTES) return false;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, ES256_HALF, NULL);
    BIGNUM *s = BN_bin2bn(raw + ES256_HALF, ES256_HALF, NULL);
    if (!sig || !r || !s || !ECDSA_SIG_set0(sig, r, s)) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return false;
    }
    int der_len = i2d_ECDSA_SIG(sig, &at); /* at most 72 bytes */
    ECDSA_SIG_free(sig);
    return der_len > 0 && digest_verifies(pkey, text, der, (size_t)der_len);
}

bool jwt_token_signed_by(const JwtToken *token, const JwtVerifyKey *key)
{
    uint8_t signature[JWT_BYTES_MAX];
    size_t len;
    Str text = token->parts.signed_text;
    if (token->alg != key->alg) return false;
    if (token->parts.signature.len > JWT_BYTES_MAX ||
        !base64url_decode(token->parts.signature, signature, &len))
        return false;
    switch (key->alg) {
    case JWT_HS256:
        return hmac_matches(key, text, signature, len);
    case JWT_RS256:
        return digest_verifies(key->public_key, text, signature, len);
    case JWT_ES256:
        return es256_verifies(key->public_key, text, signature, len);
    }
    return false;
}
