/* sqlite_key.h: the idempotency key of an event, taken inside the transaction that accepts it.
 *
 * Thread: the writer's. */
#ifndef ORQ_DRIVER_STORE_SQLITE_KEY_H
#define ORQ_DRIVER_STORE_SQLITE_KEY_H

#include "driver/store/sqlite_db.h"

/* Takes e->key for this event, also when it is there but expired; or fills e->ret_replay from the one
 * who has it, its texts copied into the arena. ST_TOO_BIG: the arena is full. */
Status key_take(Db *c, EventPlan *e, Arena *arena, Err *err) MUST_USE;

/* In the same transaction: what key_take took for this event is free again. */
Status key_release(Db *c, const EventPlan *e, Err *err) MUST_USE;

#endif
