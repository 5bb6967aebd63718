#include "base/hash.h"

#include <sodium.h>

static uint8_t table_key[crypto_shorthash_KEYBYTES];

void base_init(void)
{
    CHECK(sodium_init() >= 0);
    randombytes_buf(table_key, sizeof table_key);
}

uint64_t hash_keyed(Str bytes)
{
    uint8_t out[crypto_shorthash_BYTES];
    uint64_t value;
    _Static_assert(sizeof value == sizeof out, "shorthash is 64 bits");
    crypto_shorthash(out, (const uint8_t *)bytes.at, bytes.len, table_key);
    memcpy(&value, out, sizeof value);
    return value;
}

Sha256 hash_sha256(Str bytes)
{
    Sha256 sum;
    crypto_hash_sha256(sum.at, (const uint8_t *)bytes.at, bytes.len);
    return sum;
}

Sha256 hash_hmac_sha256(Str key, Str text)
{
    Sha256 sum;
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const uint8_t *)key.at, key.len);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)text.at, text.len);
    crypto_auth_hmacsha256_final(&state, sum.at);
    sodium_memzero(&state, sizeof state);
    return sum;
}

bool bytes_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void hex_encode(const uint8_t *bytes, size_t len, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        ret[2 * i] = digits[bytes[i] >> 4];
        ret[2 * i + 1] = digits[bytes[i] & 15];
    }
}
