/* One statement asks and takes at once: the row is new, or takes the place of an expired one, or is left
 * alone because a live one stands there. Only then, for a replay, is anything read. */
#include "driver/store/sqlite_key.h"

static const char sql_take[] =
    "INSERT INTO idempotency (tenant, key_hash, body_hash, event_id, answer, expires_ms, "
    "send_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8) ON CONFLICT (tenant, key_hash) DO UPDATE SET "
    "body_hash = excluded.body_hash, event_id = excluded.event_id, answer = excluded.answer, "
    "expires_ms = excluded.expires_ms, send_at_ms = excluded.send_at_ms WHERE "
    "idempotency.expires_ms <= ?7";
static const char sql_first[] = "SELECT event_id, answer, body_hash, send_at_ms FROM "
                                "idempotency WHERE tenant = ?1 AND key_hash = ?2";
static const char sql_release[] = "DELETE FROM idempotency WHERE tenant = ?1 AND key_hash = ?2";

static void bind_hash(sqlite3_stmt *stmt, int i, const uint8_t hash[EVENT_KEY_BYTES])
{
    sqlite3_bind_blob(stmt, i, hash, EVENT_KEY_BYTES, SQLITE_STATIC);
}

static Status take(Db *c, const EventPlan *e, bool *ret_taken, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_take, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->tenant_no);
    bind_hash(stmt, 2, e->key.hash);
    bind_hash(stmt, 3, e->key.body_hash);
    bind_text(stmt, 4, e->event_id);
    bind_text(stmt, 5, e->answer);
    bind_int(stmt, 6, e->key.expires_ms);
    bind_int(stmt, 7, e->created_ms);
    bind_int(stmt, 8, e->schedule.send_at_ms);
    st = db_finish(c, stmt, err);
    *ret_taken = st == ST_OK && sqlite3_changes(c->sqlite) > 0;
    return st;
}

static Status keep_first(sqlite3_stmt *row, const EventPlan *e, Arena *arena, EventReplay *ret,
                         Err *err)
{
    EventReplay replay = {.is = true, .send_at_ms = sqlite3_column_int64(row, 3)};

    replay.body_differs = !str_eq(column_bytes(row, 2),
                                  str_make(e->key.body_hash, EVENT_KEY_BYTES));
    if (!arena_copy(arena, column_bytes(row, 0), &replay.event_id) ||
        !arena_copy(arena, column_bytes(row, 1), &replay.answer))
        return err_set(err, ST_TOO_BIG, "the request is too large");
    *ret = replay;
    return ST_OK;
}

static Status read_first(Db *c, EventPlan *e, Arena *arena, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_first, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->tenant_no);
    bind_hash(stmt, 2, e->key.hash);
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        st = keep_first(stmt, e, arena, &e->ret_replay, err);
    else if (rc == SQLITE_DONE)
        st = err_set(err, ST_INTERNAL, "store: a key was neither taken nor there");
    else
        st = db_fail(c, rc, err);
    sqlite3_reset(stmt);
    return st;
}

Status key_take(Db *c, EventPlan *e, Arena *arena, Err *err)
{
    bool taken = false;
    Status st = take(c, e, &taken, err);
    return st == ST_OK && !taken ? read_first(c, e, arena, err) : st;
}

Status key_release(Db *c, const EventPlan *e, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_release, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, e->tenant_no);
    bind_hash(stmt, 2, e->key.hash);
    return db_finish(c, stmt, err);
}
