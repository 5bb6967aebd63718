/* hash.h: the hashes we use, each for one purpose (libsodium inside).
 *
 * Thread: any, after base_init(). */
#ifndef ORQ_BASE_HASH_H
#define ORQ_BASE_HASH_H

#include "base/status.h"

enum { SHA256_BYTES = 32 };

typedef struct Sha256 {
    uint8_t at[SHA256_BYTES];
} Sha256;

/* Once per process, before anything else: libsodium and the key of hash_keyed. */
void base_init(void);

uint64_t hash_keyed(Str bytes); /* SipHash under a per-process key: for tables, never stored */
Sha256 hash_sha256(Str bytes);  /* for high-entropy secrets: API keys, session ids */
/* HMAC-SHA256 (RFC 2104) by a key of any length; for one that is used often see proto/hmac.h. */
Sha256 hash_hmac_sha256(Str key, Str text);
bool bytes_equal(const void *a, const void *b, size_t len); /* constant time */

/* Lower-case hex. ret must have room for 2 * len bytes; no NUL is written. */
void hex_encode(const uint8_t *bytes, size_t len, char *ret);

#endif
