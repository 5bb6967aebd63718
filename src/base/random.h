/* random.h: unpredictable bytes, bought from the kernel a page at a time (one getrandom call costs
 * more than all the rest of making an id).
 *
 * Thread: one owner. */
#ifndef ORQ_BASE_RANDOM_H
#define ORQ_BASE_RANDOM_H

#include "base/str.h"

typedef struct Random {
    uint8_t _pool[1024];
    size_t _used; /* bytes of the pool handed out; a zeroed Random must be initialised first */
} Random;

void random_init(Random *r);
void random_fill(Random *r, void *ret, size_t len); /* handed-out bytes are wiped from the pool */
uint64_t random_u64(Random *r);

#endif
