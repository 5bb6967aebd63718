/* provider_store.h: a tenant's providers as rows.
 *
 * Credentials pass through here only sealed, bound to their tenant and row (vault.h's rule): copied to
 * another row they do not open.
 *
 * Thread: inside a store job; seal and open any.  Ownership: rows read live in the arena given.
 * Errors: ST_NOT_FOUND, ST_CONFLICT (name taken), and the store's own. */
#ifndef ORQ_DOMAIN_CATALOG_PROVIDER_STORE_H
#define ORQ_DOMAIN_CATALOG_PROVIDER_STORE_H

#include "base/buf.h"
#include "base/seal.h"
#include "port/provider.h"
#include "port/store.h"

typedef struct ProviderRow {
    uint32_t tenant_no;
    Uuid id;
    Str name;
    Channel channel;
    Str kind;
    Str credentials_sealed;
    uint8_t key_id;
    Str base_url; /* "" = the vendor's own */
    uint32_t priority;
    bool active;
    int64_t created_ms, updated_ms;
    Str hook_sealed; /* what its status webhooks' address ends in; {NULL,0}: none was made yet */
    Str hook_hash;   /* by which that is found */
} ProviderRow;

typedef struct ProviderRows {
    ProviderRow *at;
    uint32_t count;
} ProviderRows;

Status provider_insert(StoreTx *tx, const ProviderRow *row, Err *err) MUST_USE;
Status provider_save(StoreTx *tx, const ProviderRow *row, Err *err) MUST_USE; /* by tenant and id */
Status provider_delete(StoreTx *tx, uint32_t tenant_no, Uuid id, Err *err) MUST_USE;
Status provider_read(StoreTx *tx, uint32_t tenant_no, Uuid id, Arena *arena, ProviderRow *ret_row,
                     Err *err) MUST_USE;
/* All of a tenant's, in the order they are asked: by channel, priority, age. At most
 * TENANT_PROVIDERS_MAX. */
Status provider_read_all(StoreTx *tx, uint32_t tenant_no, Arena *arena, ProviderRows *ret_rows,
                         Err *err) MUST_USE;

/* ---- credentials: a JSON object of strings, {"apiKey":"..."} ---- */

Str provider_seal(const SealKey *master, Uuid tenant, Uuid provider, Str json, Arena *arena);
Status provider_open(const SealKey *master, Uuid tenant, Uuid provider, Str sealed, Arena *arena,
                     Str *ret_json, Err *err) MUST_USE;

/* ---- its hook: 32 random bytes as text, which its vendor's status webhooks are sent to ---- */

enum { PROVIDER_HOOK_LEN = 43 };

/* Sets both columns of the row, whose id is set. */
void provider_hook_make(const SealKey *master, Uuid tenant, ProviderRow *row, Random *random,
                        Arena *arena);
/* ST_NOT_FOUND when it has none. */
Status provider_hook_open(const SealKey *master, Uuid tenant, const ProviderRow *row, Arena *arena,
                          Str *ret_hook, Err *err) MUST_USE;

/* public_url ("": the path alone), "/hooks/", kind, "/", hook. */
Str provider_hook_url(Str public_url, Str kind, Str hook, Arena *arena);

typedef struct HookOwner { /* whose hook it is, active or not */
    ProviderRow row;
    Uuid tenant;
} HookOwner;

Status provider_read_by_hook(StoreTx *tx, Str hook, Arena *arena, HookOwner *ret_owner,
                             Err *err) MUST_USE;

/* Each in its field's place; false when the text is no such object. */
bool credentials_parse(const ProviderKind *kind, Str json, Arena *arena, Credentials *ret);
void credentials_put(Buf *out, const ProviderKind *kind, const Credentials *credentials);

#endif
