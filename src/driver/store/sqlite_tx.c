/* Plain SQL for jobs: bind, step, copy. Every statement is reset before these functions return, so
 * jobs may call them in any order and nest their own loops freely. */
#include "driver/store/sqlite_db.h"

enum { ROWS_FIRST = 16 };

static Db *db_of(StoreTx *tx)
{
    return CONTAINER_OF(tx, Db, tx);
}

static int bind_value(sqlite3_stmt *stmt, int i, const Value *v)
{
    const char *at = v->bytes.at ? v->bytes.at : "";

    switch (v->kind) {
    case VALUE_NULL:
        return sqlite3_bind_null(stmt, i);
    case VALUE_INT:
        return sqlite3_bind_int64(stmt, i, v->num);
    case VALUE_TEXT:
        return sqlite3_bind_text64(stmt, i, at, v->bytes.len, SQLITE_STATIC, SQLITE_UTF8);
    case VALUE_BLOB:
        return sqlite3_bind_blob64(stmt, i, at, v->bytes.len, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

/* SQLite numbers $-names by first appearance, PostgreSQL by the figure: hold both to one meaning. */
static bool parameters_are_in_order(sqlite3_stmt *stmt)
{
    for (int i = 1, count = sqlite3_bind_parameter_count(stmt); i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(stmt, i);
        uint64_t number;
        if (!name || name[0] != '$' || !str_to_u64(str_of(name + 1), &number) ||
            number != (uint64_t)i)
            return false;
    }
    return true;
}

/* The statement with its values bound. */
static Status start(Db *c, const char *sql, const Value *values, int count, sqlite3_stmt **ret_stmt,
                    Err *err)
{
    sqlite3_stmt *stmt = NULL;
    Status st = db_statement(c, sql, &stmt, err);

    if (st != ST_OK) return st;
    if (!str_is(str_of(sqlite3_sql(stmt)), sql))
        return err_set(err, ST_INTERNAL, "store: SQL must be a literal: %s", sql);
    if (sqlite3_bind_parameter_count(stmt) != count || !parameters_are_in_order(stmt))
        return err_set(err, ST_INTERNAL, "store: parameters are not $1..$%d in order: %s", count,
                       sql);
    for (int i = 0; i < count; i++) {
        int rc = bind_value(stmt, i + 1, &values[i]);
        if (rc != SQLITE_OK) return db_fail(c, rc, err);
    }
    *ret_stmt = stmt;
    return ST_OK;
}

Status sqlite_tx_run(StoreTx *tx, const char *sql, const Value *values, int count,
                     int64_t *ret_changed, Err *err)
{
    Db *c = db_of(tx);
    sqlite3_stmt *stmt = NULL;

    Status st = start(c, sql, values, count, &stmt, err);
    if (st == ST_OK) st = db_finish(c, stmt, err);
    if (st == ST_OK && ret_changed) *ret_changed = sqlite3_changes64(c->sqlite);
    return st;
}

static bool copy_cell(sqlite3_stmt *stmt, int i, Arena *arena, Value *ret)
{
    int type = sqlite3_column_type(stmt, i);

    *ret = value_null();
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
        *ret = value_int(sqlite3_column_int64(stmt, i));
    if (type != SQLITE_TEXT && type != SQLITE_BLOB) return true;
    ret->kind = type == SQLITE_TEXT ? VALUE_TEXT : VALUE_BLOB;
    return arena_copy(arena, column_bytes(stmt, i), &ret->bytes);
}

/* Room for one more row; the table doubles, what it leaves behind is the arena's. */
static bool grow(Rows *rows, uint32_t *cap, Arena *arena)
{
    if (rows->count < *cap) return true;
    uint32_t more = *cap ? *cap * 2 : ROWS_FIRST;
    size_t row_bytes = sizeof(Value) * rows->columns;
    Value *cells = arena_try(arena, row_bytes * more);
    if (!cells) return false;
    if (rows->count) memcpy(cells, rows->_cells, row_bytes * rows->count);
    rows->_cells = cells;
    *cap = more;
    return true;
}

static bool copy_row(sqlite3_stmt *stmt, Rows *rows, uint32_t *cap, Arena *arena)
{
    if (!grow(rows, cap, arena)) return false;
    Value *row = rows->_cells + (size_t)rows->count * rows->columns;
    for (uint32_t i = 0; i < rows->columns; i++)
        if (!copy_cell(stmt, (int)i, arena, &row[i])) return false;
    rows->count++;
    return true;
}

Status sqlite_tx_query(StoreTx *tx, const char *sql, const Value *values, int count, Arena *arena,
                       Rows *ret_rows, Err *err)
{
    Db *c = db_of(tx);
    sqlite3_stmt *stmt = NULL;
    Rows rows = {0};
    uint32_t cap = 0;
    int rc;

    Status st = start(c, sql, values, count, &stmt, err);
    if (st != ST_OK) return st;
    rows.columns = (uint32_t)sqlite3_column_count(stmt);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        if (!copy_row(stmt, &rows, &cap, arena)) break;
    if (rc == SQLITE_ROW)
        st = err_set(err, ST_TOO_BIG, "the rows do not fit into memory");
    else if (rc != SQLITE_DONE)
        st = db_fail(c, rc, err);
    sqlite3_reset(stmt);
    if (st == ST_OK) *ret_rows = rows;
    return st;
}

int64_t sqlite_tx_last_id(StoreTx *tx)
{
    return sqlite3_last_insert_rowid(db_of(tx)->sqlite);
}
