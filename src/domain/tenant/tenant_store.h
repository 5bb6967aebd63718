/* tenant_store.h: tenants as rows.
 *
 * Secrets pass through here only sealed (vault.h) or hashed. SQL that both databases understand.
 *
 * Thread: inside a store job.  Ownership: rows read live in the arena given.
 * Errors: ST_NOT_FOUND, ST_CONFLICT (slug taken), and the store's own. */
#ifndef ORQ_DOMAIN_TENANT_TENANT_STORE_H
#define ORQ_DOMAIN_TENANT_TENANT_STORE_H

#include "base/hash.h"
#include "port/store.h"

typedef struct TenantRow {
    uint32_t no; /* the store's number */
    Uuid id;
    Str name, slug;
    bool active;
    Sha256 key_hash;  /* of the API key */
    Str key_sealed;   /* the API key, for the operator's eyes */
    bool has_old_key; /* the key before it, valid until then */
    Sha256 old_key_hash;
    int64_t old_key_until_ms;
    Str webhook_sealed;     /* {NULL,0}: none */
    Str webhook_old_sealed; /* the one before, while it is still good; {NULL,0}: none */
    int64_t webhook_old_until_ms;
    uint32_t rate_limit_per_minute, daily_cap;
    ChannelSet delivery_channels;
    Str channels; /* JSON array of names */
    Str sender_email, sender_name;
    bool bridge_dialects;
    bool allow_client_publish;
    int64_t created_ms, updated_ms;
} TenantRow;

typedef struct TenantRows {
    TenantRow *at;
    uint32_t count;
} TenantRows;

Status tenant_insert(StoreTx *tx, TenantRow *row /* no is filled in */, Err *err) MUST_USE;
Status tenant_save(StoreTx *tx, const TenantRow *row, Err *err) MUST_USE; /* by row->no */

Status tenant_read(StoreTx *tx, Uuid id, Arena *arena, TenantRow *ret_row, Err *err) MUST_USE;
Status tenant_read_no(StoreTx *tx, uint32_t no, Arena *arena, TenantRow *ret_row,
                      Err *err) MUST_USE;
Status tenant_read_slug(StoreTx *tx, Str slug, Arena *arena, TenantRow *ret_row, Err *err) MUST_USE;
/* At most `limit` rows: upwards from after_no, or newest first below before_no. */
Status tenant_read_after(StoreTx *tx, uint32_t after_no, uint32_t limit, Arena *arena,
                         TenantRows *ret_rows, Err *err) MUST_USE;
Status tenant_read_before(StoreTx *tx, int64_t before_no, uint32_t limit, Arena *arena,
                          TenantRows *ret_rows, Err *err) MUST_USE;
Status tenant_count(StoreTx *tx, Arena *arena, uint32_t *ret_count, Err *err) MUST_USE;

#endif
