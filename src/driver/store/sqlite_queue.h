/* sqlite_queue.h: calls on their way to a thread of the store, first in, first out, with a ceiling.
 *
 * A mutex and a condition: the lock is held for a few instructions, a taker takes everything at once,
 * and a wake-up is paid only when a taker sleeps. Busy, that is one uncontended lock a call.
 *
 * Thread: any. */
#ifndef ORQ_DRIVER_STORE_SQLITE_QUEUE_H
#define ORQ_DRIVER_STORE_SQLITE_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>

#include "port/store.h"

typedef struct CallQueue {
    pthread_mutex_t _lock;
    pthread_cond_t _wake;
    StoreCall *_first, *_last;
    atomic_uint _count; /* written under the lock, read anywhere */
    uint32_t _max;
    uint32_t _sleepers;
    bool _closed;
} CallQueue;

void queue_init(CallQueue *q, uint32_t max_count);
void queue_done(CallQueue *q);

/* ST_FULL at the ceiling, ST_UNAVAILABLE once closed. */
Status queue_put(CallQueue *q, StoreCall *call) MUST_USE;

/* Up to max_count calls, linked by _next, oldest first. Sleeps until there
 * is one, the queue is closed and empty (*ret_open becomes false), or wait_ms have passed (-1: no
 * limit): NULL then. */
StoreCall *queue_take(CallQueue *q, uint32_t max_count, int wait_ms, bool *ret_open);

void queue_close(CallQueue *q); /* takers go on until it is empty */

static inline uint32_t queue_count(const CallQueue *q)
{
    return atomic_load_explicit(&q->_count, memory_order_relaxed);
}

#endif
