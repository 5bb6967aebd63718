/* seal.h: secrets at rest: XChaCha20-Poly1305 (libsodium) with a name bound to each value.
 *
 * `name` says what the value is and whose. It is authenticated, not stored: a value copied to another
 * row or column does not open there. Nonces are random: 24 bytes never meet by chance.
 *
 *   version 1 | key id 1 | nonce 24 | ciphertext | tag 16
 *
 * The key lives in locked pages, out of core dumps, and is wiped when freed.
 *
 * Thread: any.  Errors: ST_INVALID for a value that was not sealed by this key under this name. */
#ifndef ORQ_BASE_SEAL_H
#define ORQ_BASE_SEAL_H

#include "base/arena.h"
#include "base/status.h"

enum { SEAL_KEY_BYTES = 32, SEAL_OVERHEAD = 1 + 1 + 24 + 16 };

typedef struct SealKey SealKey;

SealKey *seal_key_new(const uint8_t key[SEAL_KEY_BYTES]); /* copies; the caller wipes its own */
void seal_key_free(SealKey *key);
uint8_t seal_key_id(const SealKey *key); /* tells keys apart, tells nothing about them */

Str seal(const SealKey *key, Str name, Str secret, Arena *arena);
Status unseal(const SealKey *key, Str name, Str sealed, Arena *arena, Str *ret_secret,
              Err *err) MUST_USE;

void secret_wipe(void *at, size_t len); /* not optimised away */

#endif
