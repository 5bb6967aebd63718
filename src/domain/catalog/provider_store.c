#include "domain/catalog/provider_store.h"

#include "base/limits.h"
#include "proto/json.h"

#define COLUMNS                                                                                    \
    "tenant, id, name, channel, kind, credentials_sealed, key_id, base_url, priority, active, "    \
    "created_ms, updated_ms"

static Value id_value(const Uuid *id)
{
    return value_blob(id->at, sizeof id->at);
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
                       .updated_ms = rows_int(rows, i, 11)};
    CHECK(id.len == sizeof row.id.at && row.channel < CHANNEL_COUNT);
    memcpy(row.id.at, id.at, id.len);
    return row;
}

Status provider_insert(StoreTx *tx, const ProviderRow *row, Err *err)
{
    return tx_run(tx,
                  "INSERT INTO provider (" COLUMNS
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                  VALUES(value_int(row->tenant_no), id_value(&row->id), value_text(row->name),
                         value_int(row->channel), value_text(row->kind),
                         value_blob(row->credentials_sealed.at, row->credentials_sealed.len),
                         value_int(row->key_id), value_text(row->base_url),
                         value_int(row->priority), value_int(row->active),
                         value_int(row->created_ms), value_int(row->updated_ms)),
                  NULL, err);
}

Status provider_save(StoreTx *tx, const ProviderRow *row, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(tx,
                       "UPDATE provider SET name = $1, credentials_sealed = $2, key_id = $3, "
                       "base_url = $4, priority = $5, active = $6, updated_ms = $7 "
                       "WHERE tenant = $8 AND id = $9",
                       VALUES(value_text(row->name),
                              value_blob(row->credentials_sealed.at, row->credentials_sealed.len),
                              value_int(row->key_id), value_text(row->base_url),
                              value_int(row->priority), value_int(row->active),
                              value_int(row->updated_ms), value_int(row->tenant_no),
                              id_value(&row->id)),
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
