/* A key and an eventId of the same spelling are different keys: who numbers orders and requests from 1 must
 * not lose an event to that. One leading byte tells them apart. */
#include "domain/intake/key.h"

#include "base/hash.h"
#include "base/limits.h"

/* $1 now, $2 rows less one. Up to the moment at which the last of so many expires: one range of the
 * index, found and deleted without a look at any other row. */
static const char sql_sweep[] =
    "DELETE FROM idempotency WHERE expires_ms <= coalesce((SELECT expires_ms FROM idempotency "
    "WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT 1 OFFSET $2), $1)";

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

Status keys_sweep(StoreTx *tx, int64_t now_ms, int64_t *ret_deleted, Err *err)
{
    return tx_run(tx, sql_sweep, VALUES(value_int(now_ms), value_int(KEY_SWEEP_ROWS - 1)),
                  ret_deleted, err);
}
