/* key.h: the idempotency key of an event (E.1, RELIABILITY P7).
 *
 * The client's X-Idempotency-Key; else the eventId it chose; else none: equal bodies without a key are
 * two events. Keys are a tenant's own. The store holds hashes of them.
 *
 * Thread: none of its own. */
#ifndef ORQ_DOMAIN_INTAKE_KEY_H
#define ORQ_DOMAIN_INTAKE_KEY_H

#include "domain/intake/trigger.h"
#include "port/store.h"

/* 1 to IDEMPOTENCY_KEY_MAX visible ASCII characters? */
bool key_is_valid(Str key);

/* The key the event is accepted under, good until expires_ms; unset when it has none. */
EventKey key_of_trigger(const Trigger *trigger, int64_t expires_ms);

/* Deletes KEY_SWEEP_ROWS of the keys that have expired, the oldest first, or twice as many where there are
 * also old ones in the spill (schema 008). For a write job; ret_deleted below KEY_SWEEP_ROWS: that was all. */
Status keys_sweep(StoreTx *tx, int64_t now_ms, int64_t *ret_deleted, Err *err) MUST_USE;

#endif
