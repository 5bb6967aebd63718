#include "domain/tenant/verification_store.h"

#define COLUMNS                                                                                    \
    "id, kind, kid, issuer, audience, user_claim, secret_sealed, public_key, jwks_url, jwks, "     \
    "jwks_fetched_ms, jwks_error, created_ms"

static Value id_value(const Uuid *id)
{
    return value_blob(id->at, sizeof id->at);
}

static Value sealed_value(Str sealed) /* {NULL,0} is NULL */
{
    return sealed.at ? value_blob(sealed.at, sealed.len) : value_null();
}

Status verification_insert(StoreTx *tx, uint32_t tenant_no, const VerificationRow *row, Err *err)
{
    return tx_run(tx,
                  "INSERT INTO verification_key (tenant, " COLUMNS ") VALUES "
                  "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                  VALUES(value_int(tenant_no), id_value(&row->id), value_int(row->kind),
                         value_text(row->kid), value_text(row->issuer), value_text(row->audience),
                         value_text(row->user_claim), sealed_value(row->secret_sealed),
                         value_text(row->public_key), value_text(row->jwks_url),
                         value_text(row->jwks), value_int(row->jwks_fetched_ms),
                         value_text(row->jwks_error), value_int(row->created_ms)),
                  NULL, err);
}

static VerificationRow row_of(const Rows *rows, uint32_t i)
{
    VerificationRow row = {
        .kind = (KeyKind)rows_int(rows, i, 1),
        .kid = rows_text(rows, i, 2),
        .issuer = rows_text(rows, i, 3),
        .audience = rows_text(rows, i, 4),
        .user_claim = rows_text(rows, i, 5),
        .secret_sealed = rows_text(rows, i, 6),
        .public_key = rows_text(rows, i, 7),
        .jwks_url = rows_text(rows, i, 8),
        .jwks = rows_text(rows, i, 9),
        .jwks_fetched_ms = rows_int(rows, i, 10),
        .jwks_error = rows_text(rows, i, 11),
        .created_ms = rows_int(rows, i, 12),
    };
    Str id = rows_text(rows, i, 0);
    CHECK(id.len == sizeof row.id.at);
    memcpy(row.id.at, id.at, id.len);
    return row;
}

Status verification_read(StoreTx *tx, uint32_t tenant_no, Arena *arena, VerificationRows *ret_rows,
                         Err *err)
{
    Rows rows;
    Status st = tx_query(tx,
                         "SELECT " COLUMNS " FROM verification_key WHERE tenant = $1 "
                         "ORDER BY id LIMIT $2",
                         VALUES(value_int(tenant_no), value_int(VERIFICATION_KEYS_MAX)), arena,
                         &rows, err);
    if (st != ST_OK) return st;
    VerificationRow *at = arena_try(arena, sizeof *at * (rows.count + 1));
    if (!at) return err_set(err, ST_TOO_BIG, "the tenant's keys do not fit into memory");
    for (uint32_t i = 0; i < rows.count; i++) at[i] = row_of(&rows, i);
    *ret_rows = (VerificationRows){at, rows.count};
    return ST_OK;
}

static Status found(Status st, int64_t changed, Err *err)
{
    if (st != ST_OK) return st;
    return changed ? ST_OK : err_set(err, ST_NOT_FOUND, "Verification key not found");
}

Status verification_delete(StoreTx *tx, uint32_t tenant_no, Uuid id, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(tx, "DELETE FROM verification_key WHERE tenant = $1 AND id = $2",
                       VALUES(value_int(tenant_no), id_value(&id)), &changed, err);
    return found(st, changed, err);
}

Status verification_fetched(StoreTx *tx, uint32_t tenant_no, Uuid id, Str jwks, int64_t now_ms,
                            Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(
        tx,
        "UPDATE verification_key SET jwks = coalesce($1, jwks), "
        "jwks_fetched_ms = $2, jwks_error = NULL WHERE tenant = $3 AND id = $4",
        VALUES(value_text(jwks), value_int(now_ms), value_int(tenant_no), id_value(&id)), &changed,
        err);
    return found(st, changed, err);
}

Status verification_failed(StoreTx *tx, uint32_t tenant_no, Uuid id, Str error, Err *err)
{
    int64_t changed = 0;
    Status st = tx_run(
        tx, "UPDATE verification_key SET jwks_error = $1 WHERE tenant = $2 AND id = $3",
        VALUES(value_text(error), value_int(tenant_no), id_value(&id)), &changed, err);
    return found(st, changed, err);
}
