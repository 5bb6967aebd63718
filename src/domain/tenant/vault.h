/* vault.h: a tenant's secrets: how they are made, hashed and sealed.
 *
 * Each sealed value is bound to its tenant and its purpose, so that two tenants' ciphertexts, or two
 * columns of one tenant, cannot be swapped in the database (RELIABILITY threat 22).
 *
 * Thread: any.  Errors: ST_INVALID for a value of another tenant, purpose or master key. */
#ifndef ORQ_DOMAIN_TENANT_VAULT_H
#define ORQ_DOMAIN_TENANT_VAULT_H

#include "base/hash.h"
#include "base/id.h"
#include "base/seal.h"

typedef enum SecretKind {
    SECRET_API_KEY,
    SECRET_WEBHOOK,
    SECRET_WEBHOOK_OLD,
    SECRET_VERIFICATION
} SecretKind;

Str vault_seal(const SealKey *key, Uuid tenant, SecretKind kind, Str secret, Arena *arena);
Status vault_open(const SealKey *key, Uuid tenant, SecretKind kind, Str sealed, Arena *arena,
                  Str *ret_secret, Err *err) MUST_USE;

typedef struct ApiKey {
    Str text;    /* "orq_" and 43 characters: 32 random bytes */
    Sha256 hash; /* what a request is looked up by; high entropy needs no slow hash */
    Str sealed;  /* what the operator's view is read from (API-02) */
} ApiKey;

ApiKey api_key_make(const SealKey *key, Uuid tenant, Random *random, Arena *arena);

#endif
