#include "domain/catalog/provider_store.h"

#include "base/base64.h"
#include "base/hash.h"
#include "base/limits.h"
#include "proto/json.h"

enum { HOOK_BYTES = 32 };
_Static_assert(PROVIDER_HOOK_LEN == BASE64URL_LEN(HOOK_BYTES), "as text");

#define COLUMNS                                                                                    \
    "tenant, id, name, channel, kind, credentials_sealed, key_id, base_url, priority, active, "    \
    "created_ms, updated_ms, hook_sealed, hook_hash"

static Value id_value(const Uuid *id)
{
    return value_blob(id->at, sizeof id->at);
}

static Value blob_or_null(Str bytes)
{
    return bytes.at ? value_blob(bytes.at, bytes.len) : value_null();
}

static ProviderRow row_of(const Rows *rows, uint32_t i)
{
    Str id = rows_text(rows, i, 1), base_url = rows_text(rows, i, 7);
    ProviderRow row = {.tenant_no = (uint32_t)rows_int(rows, i, 0),
                       .name = rows_text(rows, i, 2),
                       .channel = (Channel)rows_int(rows, i, 3),
                       .kind = rows_text(rows, i, 4),
                       .credentials_sealed = rows_text(rows, i, 5),
                       .key_id = (uint8_t)rows_int(rows, i, 6),
                       .base_url = base_url.at ? base_url : S(""),
                       .priority = (uint32_t)rows_int(rows, i, 8),
                       .active = rows_int(rows, i, 9) != 0,
                       .created_ms = rows_int(rows, i, 10),
                       .updated_ms = rows_int(rows, i, 11),
                       .hook_sealed = rows_text(rows, i, 12),
                       .hook_hash = rows_text(rows, i, 13)};
    CHECK(id.len == sizeof row.id.at && row.channel < CHANNEL_COUNT);
    memcpy(row.id.at, id.at, id.len);
    return row;
}

Status provider_insert(StoreTx *tx, const ProviderRow *row, Err *err)
{
    return tx_run(tx,
                  "INSERT INTO provider (" COLUMNS
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                  VALUES(value_int(row->tenant_no), id_value(&row->id), value_text(row->name),
                         value_int(row->channel), value_text(row->kind),
                         value_blob(row->credentials_sealed.at, row->credentials_sealed.len),
                         value_int(row->key_id), value_text(row->base_url),
                         value_int(row->priority), value_int(row->active),
                         value_int(row->created_ms), value_int(row->updated_ms),
                         blob_or_null(row->hook_sealed), blob_or_null(row->hook_hash)),
                  NULL, err);
}

Status provider_save(StoreTx *tx, const ProviderRow *row, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(
        tx,
        "UPDATE provider SET name = $1, credentials_sealed = $2, key_id = $3, "
        "base_url = $4, priority = $5, active = $6, updated_ms = $7, "
        "hook_sealed = $8, hook_hash = $9 WHERE tenant = $10 AND id = $11",
        VALUES(value_text(row->name),
               value_blob(row->credentials_sealed.at, row->credentials_sealed.len),
               value_int(row->key_id), value_text(row->base_url), value_int(row->priority),
               value_int(row->active), value_int(row->updated_ms), blob_or_null(row->hook_sealed),
               blob_or_null(row->hook_hash), value_int(row->tenant_no), id_value(&row->id)),
        &changed, err);
    if (st != ST_OK) return st;
    return changed ? ST_OK : err_set(err, ST_NOT_FOUND, "Provider not found");
}

Status provider_delete(StoreTx *tx, uint32_t tenant_no, Uuid id, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(tx, "DELETE FROM provider WHERE tenant = $1 AND id = $2",
                       VALUES(value_int(tenant_no), id_value(&id)), &changed, err);
    if (st != ST_OK) return st;
    return changed ? ST_OK : err_set(err, ST_NOT_FOUND, "Provider not found");
}

Status provider_read(StoreTx *tx, uint32_t tenant_no, Uuid id, Arena *arena, ProviderRow *ret_row,
                     Err *err)
{
    Rows rows;
    Status st = tx_query(tx, "SELECT " COLUMNS " FROM provider WHERE tenant = $1 AND id = $2",
                         VALUES(value_int(tenant_no), id_value(&id)), arena, &rows, err);
    if (st != ST_OK) return st;
    if (rows.count == 0) return err_set(err, ST_NOT_FOUND, "Provider not found");
    *ret_row = row_of(&rows, 0);
    return ST_OK;
}

Status provider_read_all(StoreTx *tx, uint32_t tenant_no, Arena *arena, ProviderRows *ret_rows,
                         Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT " COLUMNS " FROM provider WHERE tenant = $1 "
                         "ORDER BY channel, priority, id LIMIT $2",
                         VALUES(value_int(tenant_no), value_int(TENANT_PROVIDERS_MAX)), arena,
                         &rows, err);
    if (st != ST_OK) return st;
    ProviderRow *at = arena_try(arena, sizeof *at * (rows.count + 1));
    if (!at) return err_set(err, ST_TOO_BIG, "the providers do not fit into memory");
    for (uint32_t i = 0; i < rows.count; i++) at[i] = row_of(&rows, i);
    *ret_rows = (ProviderRows){at, rows.count};
    return ST_OK;
}

/* ---- credentials ---- */

/* Stable for ever, or nothing sealed before would open. */
static Str name_of(Uuid tenant, Uuid provider, Arena *arena)
{
    char t[UUID_TEXT_LEN], p[UUID_TEXT_LEN];
    uuid_text(tenant, t);
    uuid_text(provider, p);
    return arena_format(arena, "provider.credentials:%.*s:%.*s", UUID_TEXT_LEN, t, UUID_TEXT_LEN,
                        p);
}

Str provider_seal(const SealKey *master, Uuid tenant, Uuid provider, Str json, Arena *arena)
{
    return seal(master, name_of(tenant, provider, arena), json, arena);
}

Status provider_open(const SealKey *master, Uuid tenant, Uuid provider, Str sealed, Arena *arena,
                     Str *ret_json, Err *err)
{
    return unseal(master, name_of(tenant, provider, arena), sealed, arena, ret_json, err);
}

/* ---- its hook ---- */

static Str hook_name(Uuid tenant, Uuid provider, Arena *arena)
{
    char t[UUID_TEXT_LEN], p[UUID_TEXT_LEN];
    uuid_text(tenant, t);
    uuid_text(provider, p);
    return arena_format(arena, "provider.hook:%.*s:%.*s", UUID_TEXT_LEN, t, UUID_TEXT_LEN, p);
}

void provider_hook_make(const SealKey *master, Uuid tenant, ProviderRow *row, Random *random,
                        Arena *arena)
{
    uint8_t bytes[HOOK_BYTES];
    char text[PROVIDER_HOOK_LEN];
    Sha256 *hash = arena_new(arena, Sha256);
    random_fill(random, bytes, sizeof bytes);
    size_t len = base64url_encode(bytes, sizeof bytes, text);
    *hash = hash_sha256(str_make(text, len));
    row->hook_sealed = seal(master, hook_name(tenant, row->id, arena), str_make(text, len), arena);
    row->hook_hash = str_make(hash->at, sizeof hash->at);
    secret_wipe(bytes, sizeof bytes);
    secret_wipe(text, sizeof text);
}

Status provider_hook_open(const SealKey *master, Uuid tenant, const ProviderRow *row, Arena *arena,
                          Str *ret_hook, Err *err)
{
    if (!row->hook_sealed.at) return err_set(err, ST_NOT_FOUND, "the provider has no hook");
    return unseal(master, hook_name(tenant, row->id, arena), row->hook_sealed, arena, ret_hook,
                  err);
}

Str provider_hook_url(Str public_url, Str kind, Str hook, Arena *arena)
{
    Buf out;
    Str copy = {NULL, 0};
    buf_init(&out, public_url.len + kind.len + hook.len + sizeof "/hooks//");
    buf_add(&out, public_url);
    buf_lit(&out, "/hooks/");
    buf_add(&out, kind);
    buf_add_byte(&out, '/');
    buf_add(&out, hook);
    if (buf_status(&out) != ST_OK || !arena_copy(arena, buf_view(&out), &copy))
        copy = (Str){NULL, 0};
    buf_done(&out);
    return copy;
}

Status provider_read_by_hook(StoreTx *tx, Str hook, Arena *arena, HookOwner *ret_owner, Err *err)
{
    const Sha256 hash = hash_sha256(hook);
    HookOwner owner;
    Rows rows, tenants;
    Status st = tx_query(tx, "SELECT " COLUMNS " FROM provider WHERE hook_hash = $1",
                         VALUES(value_blob(hash.at, sizeof hash.at)), arena, &rows, err);
    if (st != ST_OK) return st;
    if (rows.count == 0) return err_set(err, ST_NOT_FOUND, "There is no such hook");
    owner.row = row_of(&rows, 0);
    st = tx_query(tx, "SELECT id FROM tenant WHERE no = $1", VALUES(value_int(owner.row.tenant_no)),
                  arena, &tenants, err);
    if (st != ST_OK) return st;
    if (tenants.count == 0) return err_set(err, ST_NOT_FOUND, "There is no such hook");
    memcpy(owner.tenant.at, rows_text(&tenants, 0, 0).at, sizeof owner.tenant.at);
    *ret_owner = owner;
    return ST_OK;
}

bool credentials_parse(const ProviderKind *kind, Str json_text, Arena *arena, Credentials *ret)
{
    Json json;
    Credentials credentials;
    for (uint32_t i = 0; i < PROVIDER_FIELDS_MAX; i++) credentials.value[i] = S("");
    if (json_parse(json_text, arena, &json, NULL) != ST_OK || !json_is(&json, 0, JSON_OBJECT))
        return false;
    for (uint32_t i = 0, count = provider_field_count(kind); i < count; i++) {
        JsonRef at = json_get(&json, 0, kind->fields[i].name);
        if (at != JSON_NONE && !json_string(&json, at, arena, &credentials.value[i])) return false;
    }
    *ret = credentials;
    return true;
}

void credentials_put(Buf *out, const ProviderKind *kind, const Credentials *credentials)
{
    const char *between = "{";
    for (uint32_t i = 0, count = provider_field_count(kind); i < count; i++) {
        if (!credentials->value[i].len) continue;
        buf_add(out, str_of(between));
        json_put_string(out, kind->fields[i].name);
        buf_add_byte(out, ':');
        json_put_string(out, credentials->value[i]);
        between = ",";
    }
    if (*between == '{') buf_add_byte(out, '{');
    buf_add_byte(out, '}');
}
