/* wheel.h: timers for a million idle things.
 *
 * A hierarchical timing wheel: 4 levels of 64 slots at 16 ms a tick reach 74 hours; later ones wait in
 * the last slot and are put back. Arming, moving and cancelling are O(1) and never allocate; the loop
 * sleeps until the next slot that holds something. A timer fires at or up to 16 ms after its time,
 * never before.
 *
 * Pure: the time is an argument. Thread: the loop's. */
#ifndef ORQ_NET_WHEEL_H
#define ORQ_NET_WHEEL_H

#include <stdint.h>

#include "base/list.h"

enum { WHEEL_TICK_MS = 16, WHEEL_LEVELS = 4, WHEEL_SLOTS = 64 };

typedef struct Timer Timer;
typedef void (*TimerFn)(Timer *timer);

struct Timer { /* zero-initialised = not armed */
    ListNode _node;
    uint64_t _due_tick;
    TimerFn fn;
};

typedef struct Wheel {
    List _slots[WHEEL_LEVELS][WHEEL_SLOTS];
    uint64_t _filled[WHEEL_LEVELS]; /* bit s: slot s may hold something */
    uint64_t _tick;                 /* everything before it has fired */
} Wheel;

void wheel_init(Wheel *w, uint64_t now_ms);                      /* monotonic ms */
void timer_arm(Wheel *w, Timer *t, uint64_t due_ms, TimerFn fn); /* re-arms when armed */
void timer_cancel(Timer *t);                                     /* fine when not armed */
static inline int timer_is_armed(const Timer *t)
{
    return list_is_linked(&t->_node);
}
/* Fires everything due at now_ms; a timer may arm, cancel or free anything, itself included. */
void wheel_run(Wheel *w, uint64_t now_ms);
/* Milliseconds from now_ms until wheel_run has something to do; -1 when nothing is armed. */
int64_t wheel_next_ms(const Wheel *w, uint64_t now_ms);

#endif
