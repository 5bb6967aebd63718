/* sqlite_key.h: the idempotency key of an event, taken inside the transaction that accepts it.
 *
 *   keys_load ... (bites, while there is nothing else to do)      key_take finishes it when it must
 *   BEGIN  key_take ...  COMMIT or ROLLBACK                       nothing to undo: sqlite_key_index.h
 *
 * Thread: the writer's. */
#ifndef ORQ_DRIVER_STORE_SQLITE_KEY_H
#define ORQ_DRIVER_STORE_SQLITE_KEY_H

#include "driver/store/sqlite_db.h"
#include "driver/store/sqlite_key_index.h"

typedef struct Keys { /* zero-initialised: nothing loaded */
    KeyIndex _index;
    uint32_t _slots_max;  /* 0: what limits.h says; tests have less */
    bool loaded;          /* each row of the table has its entry */
    int64_t _loaded_no;   /* up to here */
    int64_t _first_no;    /* lower ones are gone from the table, and from the index */
    uint32_t _spill_asks; /* until the spill is asked again whether it is empty */
    bool _spilled;        /* the spill holds keys, or did when it was last asked */
} Keys;

void keys_done(Keys *k);

/* The entries of some more rows, after a start: milliseconds. ST_UNAVAILABLE also without memory. */
Status keys_load(Keys *k, Db *c, Err *err) MUST_USE;

/* Takes e->key for this event, also when it is there but expired; or fills e->ret_replay from the one
 * who has it, its texts copied into the arena. ST_TOO_BIG: the arena is full. */
Status key_take(Keys *k, Db *c, EventPlan *e, Arena *arena, Err *err) MUST_USE;

/* In the same transaction: what key_take took for this event is free again. */
Status key_release(Keys *k, Db *c, const EventPlan *e, Err *err) MUST_USE;

#endif
