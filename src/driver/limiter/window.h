/* window.h: how many happened in the last 60 seconds, one tenant's.
 *
 *   oldest                                   newest
 *   [leaves 61000 x1][leaves 61004 x3] ... [leaves 75210 x2]       sum = used
 *
 * A run is a count and the moment it leaves the window. Events of one millisecond share a run, so a
 * limit of N needs at most N runs. Above LIMIT_EXACT_MAX a run covers LIMIT_SLOT_MS and leaves with
 * its last millisecond: never more than the limit in any 60 seconds, at worst a slot's length late.
 *
 * Memory: 8 bytes a run, at most LIMIT_RUNS_MAX of them; given back when the window is empty.
 *
 * Thread: one owner at a time (local.c holds a lock). */
#ifndef ORQ_DRIVER_LIMITER_WINDOW_H
#define ORQ_DRIVER_LIMITER_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WINDOW_MS = 60000 };

typedef struct WindowRun {
    uint32_t leaves_ms; /* modulo 2^32; all runs lie within two minutes of each other */
    uint32_t count;
} WindowRun;

typedef struct Window { /* zero-initialised = empty */
    WindowRun *_runs;   /* a ring */
    uint32_t _cap;      /* a power of two, or 0 */
    uint32_t _head, _len;
    uint32_t used;    /* in the window, at the last window_advance */
    uint64_t _now_ms; /* never goes back */
} Window;

void window_done(Window *w);

/* Lets go of what has left. First of all in every decision. */
void window_advance(Window *w, uint64_t now_ms);

/* Counts events that happen now; `limit` chooses how finely. */
void window_add(Window *w, uint32_t count, uint32_t limit);

/* Until `count` of the used have left; all of them when there are fewer, 0 when there are none. */
uint32_t window_wait_ms(const Window *w, uint32_t count);

size_t window_bytes(const Window *w); /* on the heap */

#endif
