/* map.h: hash map from bytes to a pointer whose target holds its own key.
 *
 * Open addressing with linear probing; SipHash keyed per process, because keys are peer-controlled
 * and a colliding set must not make a lookup linear. Costs 16 bytes a slot at most 7/8 full.
 *
 * Thread: one owner, or read-only after it was built.
 * Errors: ST_TOO_BIG at the ceiling, ST_CONFLICT for a key that is present. */
#ifndef ORQ_BASE_MAP_H
#define ORQ_BASE_MAP_H

#include "base/status.h"

typedef Str (*MapKeyOf)(
    const void *value); /* the key inside a value; must not change while mapped */

typedef struct MapSlot {
    uint64_t hash; /* 0 = free */
    void *value;
} MapSlot;

typedef struct Map {
    MapSlot *_slots;
    uint32_t _cap, _count, _max;
    MapKeyOf _key_of;
} Map;

void map_init(Map *m, uint32_t max_count, MapKeyOf key_of);
void map_done(Map *m); /* frees the slots, not the values */
void *map_get(const Map *m, Str key);
Status map_put(Map *m, void *value) MUST_USE;
void *map_remove(Map *m, Str key); /* the value, or NULL */
static inline uint32_t map_count(const Map *m)
{
    return m->_count;
}
/* for (uint32_t i = 0; (v = map_next(m, &i)); )  - any order; no change to the map meanwhile. */
void *map_next(const Map *m, uint32_t *i);

#endif
