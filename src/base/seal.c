#include "base/seal.h"

#include <sodium.h>

enum { VERSION = 1, HEAD = 2, NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };

_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "one key size");
_Static_assert(SEAL_OVERHEAD == HEAD + NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "the drawing in seal.h");

struct SealKey {
    uint8_t at[SEAL_KEY_BYTES];
    uint8_t id;
};

SealKey *seal_key_new(const uint8_t key[SEAL_KEY_BYTES])
{
    static const char purpose[] = "orqestra key id";
    SealKey *made = sodium_malloc(sizeof *made); /* guarded, locked, not dumped */
    CHECK(made);
    memcpy(made->at, key, SEAL_KEY_BYTES);
    uint8_t digest[crypto_generichash_BYTES];
    crypto_generichash(digest, sizeof digest, (const uint8_t *)purpose, sizeof purpose, key,
                       SEAL_KEY_BYTES);
    made->id = digest[0];
    return made;
}

void seal_key_free(SealKey *key)
{
    sodium_free(key); /* wipes; NULL is fine */
}

uint8_t seal_key_id(const SealKey *key)
{
    return key->id;
}

Str seal(const SealKey *key, Str name, Str secret, Arena *arena)
{
    unsigned long long sealed_len;
    uint8_t *out = arena_alloc(arena, secret.len + SEAL_OVERHEAD);
    out[0] = VERSION;
    out[1] = key->id;
    randombytes_buf(out + HEAD, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        out + HEAD + NONCE, &sealed_len, (const uint8_t *)secret.at, secret.len,
        (const uint8_t *)name.at, name.len, NULL, out + HEAD, key->at);
    return str_make(out, HEAD + NONCE + sealed_len);
}

Status unseal(const SealKey *key, Str name, Str sealed, Arena *arena, Str *ret_secret, Err *err)
{
    const uint8_t *in = (const uint8_t *)sealed.at;
    unsigned long long len;
    if (sealed.len < SEAL_OVERHEAD || in[0] != VERSION)
        return err_set(err, ST_INVALID, "a stored secret is damaged");
    if (in[1] != key->id)
        return err_set(err, ST_INVALID, "a stored secret was sealed with another master key");

    uint8_t *out = arena_try(arena, sealed.len - SEAL_OVERHEAD + 1);
    if (!out) return err_set(err, ST_TOO_BIG, "a stored secret does not fit into memory");
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, &len, NULL, in + HEAD + NONCE, sealed.len - HEAD - NONCE, (const uint8_t *)name.at,
            name.len, in + HEAD, key->at) != 0)
        return err_set(err, ST_INVALID, "a stored secret is damaged or belongs elsewhere");
    out[len] = 0;
    *ret_secret = str_make(out, len);
    return ST_OK;
}

void secret_wipe(void *at, size_t len)
{
    sodium_memzero(at, len);
}
