/* A key and an eventId of the same spelling are different keys: who numbers orders and requests from 1 must
 * not lose an event to that. One leading byte tells them apart. */
#include "domain/intake/key.h"

#include "base/hash.h"
#include "base/limits.h"

enum { SWEEP_BYTES_MAX = KIB(256) };

/* Up to the moment at which the last of so many expires: one range of the index, found and deleted without
 * a look at any other row. $1 now, $2 rows less one. */
static const char sql_sweep_spill[] =
    "DELETE FROM idempotency_spill WHERE expires_ms <= coalesce((SELECT expires_ms FROM "
    "idempotency_spill WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT 1 OFFSET $2), $1)";

enum { KEY_TEXT_MAX = EVENT_ID_MAX > IDEMPOTENCY_KEY_MAX ? EVENT_ID_MAX : IDEMPOTENCY_KEY_MAX };

bool key_is_valid(Str key)
{
    bool valid = key.len > 0 && key.len <= IDEMPOTENCY_KEY_MAX;

    for (size_t i = 0; valid && i < key.len; i++) valid = key.at[i] > ' ' && key.at[i] < 0x7f;
    return valid;
}

static void hash_short(Str bytes, uint8_t ret[EVENT_KEY_BYTES])
{
    Sha256 hash = hash_sha256(bytes);
    memcpy(ret, hash.at, EVENT_KEY_BYTES);
}

EventKey key_of_trigger(const Trigger *trigger, int64_t expires_ms)
{
    char text[1 + KEY_TEXT_MAX];
    bool chosen = trigger->key.len > 0;
    Str name = chosen ? trigger->key : trigger->event_id;
    EventKey key = {.set = name.len > 0, .expires_ms = expires_ms};

    if (!key.set) return key;
    CHECK(name.len <= KEY_TEXT_MAX);
    text[0] = chosen ? 'k' : 'e';
    memcpy(text + 1, name.at, name.len);
    hash_short(str_make(text, 1 + name.len), key.hash);
    hash_short(trigger->raw, key.body_hash);
    return key;
}

/* Rows lie in the order of time, so those that expired are the first. One that lives longer (the setting was
 * higher then) holds up those behind it; they are free all the same. */
static Status sweep_log(StoreTx *tx, int64_t now_ms, Arena *arena, int64_t *ret_deleted, Err *err)
{
    Rows rows;
    uint32_t due = 0;
    Status st = tx_query(tx, "SELECT no, expires_ms FROM idempotency ORDER BY no LIMIT $1",
                         VALUES(value_int(KEY_SWEEP_ROWS)), arena, &rows, err);
    if (st != ST_OK) return st;
    while (due < rows.count && rows_int(&rows, due, 1) <= now_ms) due++;
    *ret_deleted = 0;
    if (due == 0) return ST_OK;
    return tx_run(tx, "DELETE FROM idempotency WHERE no <= $1",
                  VALUES(value_int(rows_int(&rows, due - 1, 0))), ret_deleted, err);
}

Status keys_sweep(StoreTx *tx, int64_t now_ms, int64_t *ret_deleted, Err *err)
{
    Arena arena;
    int64_t from_log = 0, from_spill = 0;
    arena_init(&arena, SWEEP_BYTES_MAX);
    Status st = sweep_log(tx, now_ms, &arena, &from_log, err);
    if (st == ST_OK)
        st = tx_run(tx, sql_sweep_spill, VALUES(value_int(now_ms), value_int(KEY_SWEEP_ROWS - 1)),
                    &from_spill, err);
    if (st == ST_OK) *ret_deleted = from_log + from_spill;
    arena_done(&arena);
    return st;
}
