/* tenant_store.c: one statement a function; COLUMNS, values_of and row_of keep one order. */
#include "domain/tenant/tenant_store.h"

#define COLUMNS                                                                                    \
    "id, name, slug, active, api_key_hash, api_key_sealed, webhook_secret_sealed, "                \
    "rate_limit_per_minute, daily_cap, delivery_channels, channels, sender_email, sender_name, "   \
    "bridge_dialects, created_ms, updated_ms, webhook_secret_old_sealed, "                         \
    "webhook_secret_old_until_ms, api_key_old_hash, api_key_old_until_ms, allow_client_publish"
#define SELECT "SELECT " COLUMNS ", no FROM tenant "

enum { COLUMN_COUNT = 21, COLUMN_NO = COLUMN_COUNT };

static Value sealed_value(Str sealed) /* {NULL,0} is NULL */
{
    return sealed.at ? value_blob(sealed.at, sealed.len) : value_null();
}

/* The columns in order, with room for the number behind them. */
static void values_of(const TenantRow *row, Value ret[COLUMN_COUNT + 1])
{
    const Value values[COLUMN_COUNT + 1] = {
        value_blob(row->id.at, sizeof row->id.at),
        value_text(row->name),
        value_text(row->slug),
        value_int(row->active),
        value_blob(row->key_hash.at, sizeof row->key_hash.at),
        sealed_value(row->key_sealed),
        sealed_value(row->webhook_sealed),
        value_int(row->rate_limit_per_minute),
        value_int(row->daily_cap),
        value_int(row->delivery_channels),
        value_text(row->channels),
        value_text(row->sender_email),
        value_text(row->sender_name),
        value_int(row->bridge_dialects),
        value_int(row->created_ms),
        value_int(row->updated_ms),
        sealed_value(row->webhook_old_sealed),
        value_int(row->webhook_old_until_ms),
        row->has_old_key ? value_blob(row->old_key_hash.at, sizeof row->old_key_hash.at)
                         : value_null(),
        value_int(row->has_old_key ? row->old_key_until_ms : 0),
        value_int(row->allow_client_publish),
        value_int(row->no),
    };
    memcpy(ret, values, sizeof values);
}

static Str text_of(const Rows *rows, uint32_t i, uint32_t column) /* NULL reads as "" */
{
    Str text = rows_text(rows, i, column);
    return text.at ? text : S("");
}

static TenantRow row_of(const Rows *rows, uint32_t i)
{
    TenantRow row = {
        .name = text_of(rows, i, 1),
        .slug = text_of(rows, i, 2),
        .active = rows_int(rows, i, 3) != 0,
        .key_sealed = text_of(rows, i, 5),
        .webhook_sealed = rows_text(rows, i, 6),
        .rate_limit_per_minute = (uint32_t)rows_int(rows, i, 7),
        .daily_cap = (uint32_t)rows_int(rows, i, 8),
        .delivery_channels = (ChannelSet)(rows_int(rows, i, 9) & CHANNELS_ALL),
        .channels = text_of(rows, i, 10),
        .sender_email = text_of(rows, i, 11),
        .sender_name = text_of(rows, i, 12),
        .bridge_dialects = rows_int(rows, i, 13) != 0,
        .created_ms = rows_int(rows, i, 14),
        .updated_ms = rows_int(rows, i, 15),
        .webhook_old_sealed = rows_text(rows, i, 16),
        .webhook_old_until_ms = rows_int(rows, i, 17),
        .old_key_until_ms = rows_int(rows, i, 19),
        .allow_client_publish = rows_int(rows, i, 20) != 0,
        .no = (uint32_t)rows_int(rows, i, COLUMN_NO),
    };
    Str id = rows_text(rows, i, 0), hash = rows_text(rows, i, 4);
    CHECK(id.len == sizeof row.id.at && hash.len == sizeof row.key_hash.at);
    memcpy(row.id.at, id.at, id.len);
    memcpy(row.key_hash.at, hash.at, hash.len);
    Str old = rows_text(rows, i, 18);
    row.has_old_key = old.len == sizeof row.old_key_hash.at;
    if (row.has_old_key) memcpy(row.old_key_hash.at, old.at, old.len);
    return row;
}

static Status first_of(Status st, const Rows *rows, TenantRow *ret_row, Err *err)
{
    if (st != ST_OK) return st;
    if (rows->count == 0) return err_set(err, ST_NOT_FOUND, "Tenant not found");
    *ret_row = row_of(rows, 0);
    return ST_OK;
}

static Status all_of(Status st, const Rows *rows, Arena *arena, TenantRows *ret_rows, Err *err)
{
    if (st != ST_OK) return st;
    TenantRow *at = arena_try(arena, sizeof *at * (rows->count + 1));
    if (!at) return err_set(err, ST_TOO_BIG, "the tenants do not fit into memory");
    for (uint32_t i = 0; i < rows->count; i++) at[i] = row_of(rows, i);
    *ret_rows = (TenantRows){at, rows->count};
    return ST_OK;
}

Status tenant_insert(StoreTx *tx, TenantRow *row, Err *err)
{
    Value values[COLUMN_COUNT + 1];
    values_of(row, values);
    Status st = tx_run(tx,
                       "INSERT INTO tenant (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
                       "$9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
                       values, COLUMN_COUNT, NULL, err);
    if (st == ST_OK) row->no = (uint32_t)tx_last_id(tx);
    return st;
}

Status tenant_save(StoreTx *tx, const TenantRow *row, Err *err)
{
    Value values[COLUMN_COUNT + 1];
    int64_t changed = 0;
    values_of(row, values);
    Status st = tx_run(
        tx,
        "UPDATE tenant SET id = $1, name = $2, slug = $3, active = $4, api_key_hash = $5, "
        "api_key_sealed = $6, webhook_secret_sealed = $7, rate_limit_per_minute = $8, "
        "daily_cap = $9, delivery_channels = $10, channels = $11, sender_email = $12, "
        "sender_name = $13, bridge_dialects = $14, created_ms = $15, updated_ms = $16, "
        "webhook_secret_old_sealed = $17, webhook_secret_old_until_ms = $18, "
        "api_key_old_hash = $19, api_key_old_until_ms = $20, allow_client_publish = $21 "
        "WHERE no = $22",
        values, COLUMN_COUNT + 1, &changed, err);
    if (st != ST_OK) return st;
    return changed ? ST_OK : err_set(err, ST_NOT_FOUND, "Tenant not found");
}

Status tenant_read(StoreTx *tx, Uuid id, Arena *arena, TenantRow *ret_row, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, SELECT "WHERE id = $1", VALUES(value_blob(id.at, sizeof id.at)), arena,
                         &rows, err);
    return first_of(st, &rows, ret_row, err);
}

Status tenant_read_no(StoreTx *tx, uint32_t no, Arena *arena, TenantRow *ret_row, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, SELECT "WHERE no = $1", VALUES(value_int(no)), arena, &rows, err);
    return first_of(st, &rows, ret_row, err);
}

Status tenant_read_slug(StoreTx *tx, Str slug, Arena *arena, TenantRow *ret_row, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, SELECT "WHERE slug = $1", VALUES(value_text(slug)), arena, &rows, err);
    return first_of(st, &rows, ret_row, err);
}

Status tenant_read_after(StoreTx *tx, uint32_t after_no, uint32_t limit, Arena *arena,
                         TenantRows *ret_rows, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, SELECT "WHERE no > $1 ORDER BY no LIMIT $2",
                         VALUES(value_int(after_no), value_int(limit)), arena, &rows, err);
    return all_of(st, &rows, arena, ret_rows, err);
}

Status tenant_read_before(StoreTx *tx, int64_t before_no, uint32_t limit, Arena *arena,
                          TenantRows *ret_rows, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, SELECT "WHERE no < $1 ORDER BY no DESC LIMIT $2",
                         VALUES(value_int(before_no), value_int(limit)), arena, &rows, err);
    return all_of(st, &rows, arena, ret_rows, err);
}

Status tenant_count(StoreTx *tx, Arena *arena, uint32_t *ret_count, Err *err)
{
    Rows rows;
    Status st = tx_query(tx, "SELECT COUNT(*) FROM tenant", NO_VALUES, arena, &rows, err);
    if (st == ST_OK) *ret_count = (uint32_t)rows_int(&rows, 0, 0);
    return st;
}
