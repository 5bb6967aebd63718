/* verification.h: a tenant's own verification keys, as its snapshot carries them: ready to verify.
 *
 * Thread: built with the tenant (build.h), read from any. */
#ifndef ORQ_DOMAIN_TENANT_VERIFICATION_H
#define ORQ_DOMAIN_TENANT_VERIFICATION_H

#include "base/seal.h"
#include "domain/tenant/tenant.h"
#include "domain/tenant/verification_store.h"
#include "proto/jwks.h"

struct VerificationKey {
    Uuid id;
    KeyKind kind;
    Str issuer, audience; /* "": any */
    Str user_claim;       /* which claim names the user */
    Str jwks_url;         /* "": not of that kind */
    Sha256 jwks_hash;     /* of the document the keys are from; zero without one */
    int64_t fetched_ms;
    Jwks keys; /* one key, or those of the set; none before the first fetch */
};

/* Adds a stored key. One that no longer parses is there without keys: its tokens are refused, nothing
 * else of the tenant is. ST_INVALID only for a secret that the master key does not open. */
Status tenant_add_verification(Tenant *t, const VerificationRow *row, const SealKey *master,
                               Err *err) MUST_USE;
void verification_keys_done(Tenant *t);

const char *key_kind_name(KeyKind kind); /* "hs256" */
bool key_kind_parse(Str name, KeyKind *ret_kind);

#endif
