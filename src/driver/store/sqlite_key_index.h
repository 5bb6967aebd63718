/* sqlite_key_index.h: where in the table the idempotency keys are, in memory.
 *
 * A hint that errs on one side only: each row of the table has its entry here, but an entry may point to
 * a row that is gone, or that is another key's. So who finds nothing here needs no disk (a new key, the
 * common case), and who finds something reads that row and believes only it. That is why rollbacks and
 * deletions by others need not be told to it.
 *
 * Eight bytes an entry, half of it a mark of the key and half the low bits of its row's number. Open
 * addressing, linear probing, at most 3/4 full; the marks are of a keyed hash, so nobody can choose keys that
 * collide. Growing copies everything: 40 ms at the largest, once.
 *
 * Thread: one owner. */
#ifndef ORQ_DRIVER_STORE_SQLITE_KEY_INDEX_H
#define ORQ_DRIVER_STORE_SQLITE_KEY_INDEX_H

#include "base/status.h"

typedef struct KeySlot {
    uint32_t mark;   /* of the key's hash; 0: free */
    uint32_t no_low; /* of the row's number; the rest follows from the newest one */
} KeySlot;

typedef struct KeyIndex {
    KeySlot *_slots;
    uint32_t _cap, _count; /* _cap is a power of two, or 0 */
    int64_t _newest; /* the highest number ever added; all live rows lie within 2^32 below it */
} KeyIndex;

typedef struct KeyProbe { /* one search: key_probe, then key_index_next until it says false */
    uint32_t mark, _at;
} KeyProbe;

void key_index_init(KeyIndex *ix);
void key_index_done(KeyIndex *ix);

KeyProbe key_probe(uint64_t hash);
/* A row that may be the key's; no change to the index meanwhile. */
bool key_index_next(const KeyIndex *ix, KeyProbe *probe, int64_t *ret_no);

/* Is there room for one more? Else forget what is dead, or grow. */
bool key_index_has_room(const KeyIndex *ix);
/* Drops all entries of rows below first_no. */
void key_index_forget_below(KeyIndex *ix, int64_t first_no);
bool key_index_grow(KeyIndex *ix,
                    uint32_t slots_max) MUST_USE; /* false: at the ceiling, or no memory */
void key_index_add(KeyIndex *ix, uint64_t hash, int64_t no); /* there must be room */

static inline int64_t key_index_newest(const KeyIndex *ix)
{
    return ix->_newest;
}

static inline uint32_t key_index_count(const KeyIndex *ix)
{
    return ix->_count;
}

#endif
