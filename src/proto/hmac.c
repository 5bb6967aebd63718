#include "proto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "base/mem.h"

struct Hmac {
    EVP_MAC_CTX *mac;
};

Hmac *hmac_new(void)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    Hmac *h = mem_new(Hmac);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    CHECK(hmac != NULL);
    h->mac = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac); /* the context keeps its own reference */
    CHECK(h->mac && EVP_MAC_CTX_set_params(h->mac, params));
    return h;
}

void hmac_free(Hmac *h)
{
    if (!h) return;
    EVP_MAC_CTX_free(h->mac);
    mem_free(h);
}

static int lower_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Strict: one text for one value, so that nobody comes to rely on another. */
static bool from_hex(Str text, Sha256 *ret_sum)
{
    if (text.len != 2 * SHA256_BYTES) return false;
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        int high = lower_digit(text.at[2 * i]), low = lower_digit(text.at[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        ret_sum->at[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* False only when OpenSSL has no memory. An empty key would leave the one before in place. */
static bool mac_of(Hmac *h, Str key, Str text, Sha256 *ret_sum)
{
    size_t len = 0;
    return key.len > 0 && EVP_MAC_init(h->mac, (const uint8_t *)key.at, key.len, NULL) &&
           EVP_MAC_update(h->mac, (const uint8_t *)text.at, text.len) &&
           EVP_MAC_final(h->mac, ret_sum->at, &len, SHA256_BYTES) && len == SHA256_BYTES;
}

bool hmac_verifies(Hmac *h, Str key, Str text, Str claimed)
{
    Sha256 sum, expected;
    return from_hex(claimed, &sum) && mac_of(h, key, text, &expected) &&
           bytes_equal(sum.at, expected.at, SHA256_BYTES);
}
