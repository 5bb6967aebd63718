#include "proto/signature.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>

#include "base/check.h"

void signature_hmac_sha1(Str key, Str text, uint8_t ret_sum[SHA1_BYTES])
{
    unsigned len = 0;
    CHECK(key.len <= INT32_MAX);
    CHECK(
        HMAC(EVP_sha1(), key.at, (int)key.len, (const uint8_t *)text.at, text.len, ret_sum, &len) &&
        len == SHA1_BYTES);
}

static bool is_p256(const EVP_PKEY *key)
{
    char group[64];
    size_t len = 0;
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1 &&
           str_is(str_make(group, len), "prime256v1");
}

bool signature_ecdsa_verifies(Str public_key, Str signature, Str text)
{
    const uint8_t *at = (const uint8_t *)public_key.at;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)public_key.len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool verifies = key && ctx && is_p256(key) &&
                    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                    EVP_DigestVerify(ctx, (const uint8_t *)signature.at, signature.len,
                                     (const uint8_t *)text.at, text.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return verifies;
}
