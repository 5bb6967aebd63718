/* Calls are linked through their own _next, so putting one allocates nothing. _sleepers lets a put
 * skip the wake-up (a system call) while the takers are awake and will look again anyway. */
#include "driver/store/sqlite_queue.h"

#include <errno.h>
#include <time.h>

void queue_init(CallQueue *q, uint32_t max_count)
{
    pthread_condattr_t attributes;

    *q = (CallQueue){._max = max_count};
    CHECK(pthread_mutex_init(&q->_lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&q->_wake, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

void queue_done(CallQueue *q)
{
    CHECK(q->_first == NULL);
    pthread_cond_destroy(&q->_wake);
    pthread_mutex_destroy(&q->_lock);
}

Status queue_put(CallQueue *q, StoreCall *call)
{
    Status st = ST_OK;
    bool wake = false;

    call->_next = NULL;
    pthread_mutex_lock(&q->_lock);
    if (q->_closed)
        st = ST_UNAVAILABLE;
    else if (queue_count(q) == q->_max)
        st = ST_FULL;
    else {
        if (q->_last)
            q->_last->_next = call;
        else
            q->_first = call;
        q->_last = call;
        atomic_fetch_add_explicit(&q->_count, 1, memory_order_relaxed);
        wake = q->_sleepers > 0;
    }
    pthread_mutex_unlock(&q->_lock);
    if (wake) pthread_cond_signal(&q->_wake);
    return st;
}

static struct timespec deadline_after(int wait_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += wait_ms / 1000;
    at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

/* Under the lock. False when the time is over. */
static bool sleep_until(CallQueue *q, const struct timespec *deadline)
{
    q->_sleepers++;
    int rc = deadline ? pthread_cond_timedwait(&q->_wake, &q->_lock, deadline)
                      : pthread_cond_wait(&q->_wake, &q->_lock);
    q->_sleepers--;
    return rc != ETIMEDOUT;
}

/* Under the lock; there is at least one. */
static StoreCall *cut(CallQueue *q, uint32_t max_count)
{
    StoreCall *first = q->_first, *last = first;
    uint32_t count = 1;

    for (; count < max_count && last->_next; count++) last = last->_next;
    q->_first = last->_next;
    if (!q->_first) q->_last = NULL;
    last->_next = NULL;
    atomic_fetch_sub_explicit(&q->_count, count, memory_order_relaxed);
    return first;
}

StoreCall *queue_take(CallQueue *q, uint32_t max_count, int wait_ms, bool *ret_open)
{
    struct timespec deadline = wait_ms < 0 ? (struct timespec){0} : deadline_after(wait_ms);
    StoreCall *taken = NULL;

    pthread_mutex_lock(&q->_lock);
    while (!q->_first && !q->_closed)
        if (!sleep_until(q, wait_ms < 0 ? NULL : &deadline)) break;
    if (q->_first) taken = cut(q, max_count);
    *ret_open = taken || !q->_closed;
    pthread_mutex_unlock(&q->_lock);
    return taken;
}

void queue_close(CallQueue *q)
{
    pthread_mutex_lock(&q->_lock);
    q->_closed = true;
    pthread_mutex_unlock(&q->_lock);
    pthread_cond_broadcast(&q->_wake);
}
