/* password.h: passwords as argon2id hashes (libsodium), at OWASP's floor: 19 MiB, 2 passes, 1 lane.
 *
 * Either call takes about 20 ms and 19 MiB: never on a loop, and only a few at once
 * (LOGIN_HASHES_AT_ONCE).
 *
 * Thread: any. */
#ifndef ORQ_BASE_PASSWORD_H
#define ORQ_BASE_PASSWORD_H

#include "base/status.h"

enum { PASSWORD_HASH_MAX = 128 };

typedef struct PasswordHash {
    char text[PASSWORD_HASH_MAX]; /* "$argon2id$v=19$m=...", NUL-terminated */
} PasswordHash;

/* A well-formed hash that no password is known for: checking against it takes as long as against a
 * real one, so an unknown user costs the same time. */
extern const PasswordHash PASSWORD_OF_NOBODY;

Status password_hash(Str password, PasswordHash *ret_hash, Err *err) MUST_USE; /* ST_UNAVAILABLE */
bool password_fits(Str password, const PasswordHash *hash);
/* False for text too long to be one of ours. */
bool password_hash_from(Str text, PasswordHash *ret_hash);

#endif
