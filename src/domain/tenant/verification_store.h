/* verification_store.h: a tenant's verification keys in the database.
 *
 * Thread: inside a store job.  Errors: ST_NOT_FOUND, ST_UNAVAILABLE. */
#ifndef ORQ_DOMAIN_TENANT_VERIFICATION_STORE_H
#define ORQ_DOMAIN_TENANT_VERIFICATION_STORE_H

#include "domain/tenant/tenant.h"
#include "port/store.h"

typedef struct VerificationRow {
    Uuid id;
    KeyKind kind;
    Str kid, issuer, audience; /* {NULL,0}: none */
    Str user_claim;
    Str secret_sealed, public_key, jwks_url, jwks; /* {NULL,0}: not of this kind, or not yet */
    int64_t jwks_fetched_ms;                       /* 0: never */
    Str jwks_error;                                /* {NULL,0}: none */
    int64_t created_ms;
} VerificationRow;

typedef struct VerificationRows {
    VerificationRow *at; /* oldest first */
    uint32_t count;
} VerificationRows;

Status verification_insert(StoreTx *tx, uint32_t tenant_no, const VerificationRow *row,
                           Err *err) MUST_USE;
Status verification_read(StoreTx *tx, uint32_t tenant_no, Arena *arena, VerificationRows *ret_rows,
                         Err *err) MUST_USE;
Status verification_delete(StoreTx *tx, uint32_t tenant_no, Uuid id, Err *err) MUST_USE;
/* What a fetch brought. jwks {NULL,0}: nothing new, the last good answer stays. */
Status verification_fetched(StoreTx *tx, uint32_t tenant_no, Uuid id, Str jwks, int64_t now_ms,
                            Err *err) MUST_USE;
Status verification_failed(StoreTx *tx, uint32_t tenant_no, Uuid id, Str error, Err *err) MUST_USE;

#endif
