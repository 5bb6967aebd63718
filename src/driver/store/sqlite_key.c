/* Rows are appended (schema 008), the index in memory says where a key's row is, and the row is the truth.
 *
 *   new key                  no entry: append a row                             no read, a thirtieth of a page
 *   repeated key             an entry: read the row; live: a replay             one page read
 *   expired key              an entry: read the row, delete it; append another
 *   more live keys than KEY_SLOTS_MAX can point to: they go to the spill, clustered by hash, as all keys once
 *   were, a random page each. While it holds any, new keys are looked for there, too.
 *
 * Invariants
 * 1. Once `loaded`, each row of idempotency has an entry. Only key_take adds rows, with numbers that it never
 *    gives twice.
 * 2. A key is live in one place: who puts it into one has just seen that it is in neither. */
#include "driver/store/sqlite_key.h"

#include "base/hash.h"

enum {
    LOAD_ROWS = 20000, /* read in one bite, 4 ms */
    SPILL_ASKS = 1000  /* keys between two looks whether the spill was swept empty */
};

static const char sql_load[] =
    "SELECT no, tenant, key_hash FROM idempotency WHERE no > ?1 ORDER BY no LIMIT ?2";
static const char sql_oldest[] = "SELECT min(no) FROM idempotency";
static const char sql_read[] =
    "SELECT event_id, answer, body_hash, expires_ms, send_at_ms FROM idempotency "
    "WHERE no = ?1 AND tenant = ?2 AND key_hash = ?3";
static const char sql_drop[] =
    "DELETE FROM idempotency WHERE no = ?1 AND tenant = ?2 AND key_hash = ?3";
static const char sql_append[] =
    "INSERT INTO idempotency (tenant, key_hash, body_hash, event_id, answer, expires_ms, "
    "send_at_ms, no) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

static const char sql_spill_any[] = "SELECT 1 FROM idempotency_spill LIMIT 1";
static const char sql_spill_read[] =
    "SELECT event_id, answer, body_hash, expires_ms, send_at_ms FROM idempotency_spill "
    "WHERE tenant = ?1 AND key_hash = ?2";
static const char sql_spill_put[] =
    "INSERT INTO idempotency_spill (tenant, key_hash, body_hash, event_id, answer, expires_ms, "
    "send_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (tenant, key_hash) DO UPDATE SET "
    "body_hash = excluded.body_hash, event_id = excluded.event_id, answer = excluded.answer, "
    "expires_ms = excluded.expires_ms, send_at_ms = excluded.send_at_ms";
static const char sql_spill_drop[] =
    "DELETE FROM idempotency_spill WHERE tenant = ?1 AND key_hash = ?2";

void keys_done(Keys *k)
{
    key_index_done(&k->_index);
}

static uint32_t slots_max(const Keys *k)
{
    return k->_slots_max ? k->_slots_max : KEY_SLOTS_MAX;
}

static uint64_t hash_of(int64_t tenant_no, const void *key_hash)
{
    char text[sizeof tenant_no + EVENT_KEY_BYTES];
    memcpy(text, &tenant_no, sizeof tenant_no);
    memcpy(text + sizeof tenant_no, key_hash, EVENT_KEY_BYTES);
    return hash_keyed(str_make(text, sizeof text));
}

static void bind_hash(sqlite3_stmt *stmt, int i, const uint8_t hash[EVENT_KEY_BYTES])
{
    sqlite3_bind_blob(stmt, i, hash, EVENT_KEY_BYTES, SQLITE_STATIC);
}

/* One row with one number, or none: then 0. */
static Status ask_number(Db *c, const char *sql, int64_t *ret, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql, &stmt, err);

    if (st != ST_OK) return st;
    int rc = sqlite3_step(stmt);
    *ret = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) st = db_fail(c, rc, err);
    sqlite3_reset(stmt);
    return st;
}

/* ---- after a start ---- */

static Status load_row(Keys *k, sqlite3_stmt *row, Err *err)
{
    Str hash = column_bytes(row, 2);

    /* However many there are: invariant 1. An earlier program may have had a higher ceiling. */
    if (!key_index_has_room(&k->_index) && !key_index_grow(&k->_index, UINT32_MAX))
        return err_set(err, ST_UNAVAILABLE, "no memory for the idempotency keys");
    k->_loaded_no = sqlite3_column_int64(row, 0);
    if (hash.len == EVENT_KEY_BYTES)
        key_index_add(&k->_index, hash_of(sqlite3_column_int64(row, 1), hash.at), k->_loaded_no);
    return ST_OK;
}

Status keys_load(Keys *k, Db *c, Err *err)
{
    sqlite3_stmt *stmt;
    uint32_t count = 0;
    int rc = SQLITE_ROW;
    Status st = db_statement(c, sql_load, &stmt, err);

    if (st != ST_OK) return st;
    bind_int(stmt, 1, k->_loaded_no);
    bind_int(stmt, 2, LOAD_ROWS);
    for (; st == ST_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW; count++)
        st = load_row(k, stmt, err);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) st = db_fail(c, rc, err);
    sqlite3_reset(stmt);
    k->loaded = st == ST_OK && count < LOAD_ROWS;
    return st;
}

static Status load_all(Keys *k, Db *c, Err *err)
{
    Status st = ST_OK;
    while (st == ST_OK && !k->loaded) st = keys_load(k, c, err);
    return st;
}

/* ---- the one who has it ---- */

static Status copy_first(sqlite3_stmt *row, const EventPlan *e, Arena *arena, EventReplay *ret,
                         Err *err)
{
    EventReplay replay = {.is = true, .send_at_ms = sqlite3_column_int64(row, 4)};

    replay.body_differs = !str_eq(column_bytes(row, 2),
                                  str_make(e->key.body_hash, EVENT_KEY_BYTES));
    if (!arena_copy(arena, column_bytes(row, 0), &replay.event_id) ||
        !arena_copy(arena, column_bytes(row, 1), &replay.answer))
        return err_set(err, ST_TOO_BIG, "the request is too large");
    *ret = replay;
    return ST_OK;
}

/* Runs a bound lookup: nothing there, a replay, or an expired row. */
static Status read_first(Db *c, sqlite3_stmt *stmt, EventPlan *e, Arena *arena, bool *ret_expired,
                         Err *err)
{
    Status st = ST_OK;
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW) {
        *ret_expired = sqlite3_column_int64(stmt, 3) <= e->created_ms;
        if (!*ret_expired) st = copy_first(stmt, e, arena, &e->ret_replay, err);
    } else if (rc != SQLITE_DONE) {
        st = db_fail(c, rc, err);
    }
    sqlite3_reset(stmt);
    return st;
}

/* The row of that number, if it is the key's. */
static Status row_of(Db *c, const char *sql, int64_t no, const EventPlan *e, sqlite3_stmt **ret,
                     Err *err)
{
    Status st = db_statement(c, sql, ret, err);

    if (st != ST_OK) return st;
    bind_int(*ret, 1, no);
    bind_int(*ret, 2, e->tenant_no);
    bind_hash(*ret, 3, e->key.hash);
    return ST_OK;
}

static Status drop_row(Db *c, int64_t no, const EventPlan *e, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = row_of(c, sql_drop, no, e, &stmt, err);
    return st == ST_OK ? db_finish(c, stmt, err) : st;
}

static Status read_row(Db *c, int64_t no, EventPlan *e, Arena *arena, Err *err)
{
    sqlite3_stmt *stmt;
    bool expired = false;
    Status st = row_of(c, sql_read, no, e, &stmt, err);

    if (st == ST_OK) st = read_first(c, stmt, e, arena, &expired, err);
    return st == ST_OK && expired ? drop_row(c, no, e, err) : st;
}

static Status look_in_table(Keys *k, Db *c, uint64_t hash, EventPlan *e, Arena *arena, Err *err)
{
    KeyProbe probe = key_probe(hash);
    int64_t no;
    Status st = ST_OK;

    while (st == ST_OK && !e->ret_replay.is && key_index_next(&k->_index, &probe, &no))
        st = read_row(c, no, e, arena, err);
    return st;
}

static Status spilled_of(Db *c, const char *sql, const EventPlan *e, sqlite3_stmt **ret, Err *err)
{
    Status st = db_statement(c, sql, ret, err);

    if (st != ST_OK) return st;
    bind_int(*ret, 1, e->tenant_no);
    bind_hash(*ret, 2, e->key.hash);
    return ST_OK;
}

static Status look_in_spill(Keys *k, Db *c, EventPlan *e, Arena *arena, Err *err)
{
    sqlite3_stmt *stmt;
    bool expired = false; /* then whoever takes the key again writes over it */
    int64_t any = 0;
    Status st = ST_OK;

    if (k->_spill_asks-- == 0) {
        k->_spill_asks = SPILL_ASKS;
        st = ask_number(c, sql_spill_any, &any, err);
        if (st == ST_OK) k->_spilled = any != 0;
    }
    if (st != ST_OK || !k->_spilled) return st;
    st = spilled_of(c, sql_spill_read, e, &stmt, err);
    return st == ST_OK ? read_first(c, stmt, e, arena, &expired, err) : st;
}

/* ---- the first ---- */

static void bind_key(sqlite3_stmt *stmt, const EventPlan *e)
{
    bind_int(stmt, 1, e->tenant_no);
    bind_hash(stmt, 2, e->key.hash);
    bind_hash(stmt, 3, e->key.body_hash);
    bind_text(stmt, 4, e->event_id);
    bind_text(stmt, 5, e->answer);
    bind_int(stmt, 6, e->key.expires_ms);
    bind_int(stmt, 7, e->schedule.send_at_ms);
}

static Status append(Keys *k, Db *c, uint64_t hash, const EventPlan *e, Err *err)
{
    int64_t no = key_index_newest(&k->_index) + 1;
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_append, &stmt, err);

    if (st != ST_OK) return st;
    key_index_add(&k->_index, hash, no);
    bind_key(stmt, e);
    bind_int(stmt, 8, no);
    return db_finish(c, stmt, err);
}

static Status spill(Keys *k, Db *c, const EventPlan *e, Err *err)
{
    sqlite3_stmt *stmt;
    Status st = db_statement(c, sql_spill_put, &stmt, err);

    if (st != ST_OK) return st;
    k->_spilled = true;
    bind_key(stmt, e);
    return db_finish(c, stmt, err);
}

/* Room by forgetting what was swept, if that is an eighth at least (it copies the index); else by growing. */
static Status make_room(Keys *k, Db *c, bool *ret_room, Err *err)
{
    int64_t first_no = 0;
    Status st = ST_OK;

    *ret_room = key_index_has_room(&k->_index);
    if (*ret_room) return ST_OK;
    st = ask_number(c, sql_oldest, &first_no, err);
    if (st != ST_OK) return st;
    if (first_no == 0) first_no = key_index_newest(&k->_index) + 1; /* all are gone */
    if (first_no - k->_first_no >= key_index_count(&k->_index) / 8) {
        key_index_forget_below(&k->_index, first_no);
        k->_first_no = first_no;
    }
    *ret_room = key_index_has_room(&k->_index) || key_index_grow(&k->_index, slots_max(k));
    return ST_OK;
}

Status key_take(Keys *k, Db *c, EventPlan *e, Arena *arena, Err *err)
{
    uint64_t hash = hash_of(e->tenant_no, e->key.hash);
    bool room = false;

    Status st = load_all(k, c, err);
    if (st == ST_OK) st = look_in_table(k, c, hash, e, arena, err);
    if (st == ST_OK && !e->ret_replay.is) st = look_in_spill(k, c, e, arena, err);
    if (st != ST_OK || e->ret_replay.is) return st;
    st = make_room(k, c, &room, err);
    if (st != ST_OK) return st;
    return room ? append(k, c, hash, e, err) : spill(k, c, e, err);
}

Status key_release(Keys *k, Db *c, const EventPlan *e, Err *err)
{
    KeyProbe probe = key_probe(hash_of(e->tenant_no, e->key.hash));
    sqlite3_stmt *stmt;
    int64_t no;
    Status st = ST_OK;

    while (st == ST_OK && key_index_next(&k->_index, &probe, &no)) st = drop_row(c, no, e, err);
    if (st == ST_OK && k->_spilled) {
        st = spilled_of(c, sql_spill_drop, e, &stmt, err);
        if (st == ST_OK) st = db_finish(c, stmt, err);
    }
    return st;
}
