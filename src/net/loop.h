/* loop.h: one libuv loop on one thread, and what every loop lends to those who live on it.
 *
 * A turn: sockets and mail -> deferred work (net/loop.c drives it until the budget of the turn is
 * spent) -> log flush -> sleep. Deferred work is how long jobs are sliced: a task returns
 * TASK_AGAIN to be called once more in the next turn, after the sockets had theirs.
 *
 * Thread: loop_new and loop_free where the process starts; loop_stop from any; the rest on the loop. */
#ifndef ORQ_NET_LOOP_H
#define ORQ_NET_LOOP_H

#include "base/random.h"
#include "net/mailbox.h"
#include "net/wheel.h"

enum { LOOP_READ_BYTES = 65536 };

typedef enum TaskResult { TASK_DONE, TASK_AGAIN } TaskResult;
typedef struct Task Task;
struct Task { /* zero-initialised = idle */
    ListNode _node;
    TaskResult (*run)(Task *task);
};

struct Loop {
    uv_loop_t uv;
    int index;        /* 0 .. loops-1 */
    int64_t now_ms;   /* wall clock of this turn, Unix ms */
    uint64_t mono_ms; /* monotonic, same moment */
    Wheel wheel;
    Mailbox mailbox;
    Random random;
    uint8_t *read_buf; /* LOOP_READ_BYTES, lent for the duration of one read callback */
    void *lane;        /* the application's own state for this loop */
    List _tasks;
    bool _slept; /* the clocks above are from before the last sleep */
    uv_timer_t _timer;
    uv_prepare_t _prepare;
    uv_check_t _check;
    uv_idle_t _idle;
    uv_thread_t _thread;
};

Loop *loop_new(int index);
void loop_start(Loop *l, void (*on_start)(Loop *l)); /* runs on its own thread from here */
void loop_join(Loop *l);
void loop_free(Loop *l);
void loop_stop(
    Loop *l); /* on the loop: returns from its run when nothing is left to do this turn */

/* First of all in every callback that libuv makes out of its sleep (net's own business): brings the
 * clocks to this turn. A loop may have slept for hours; a deadline counted from before is long past. */
void loop_woke(Loop *l);

/* On the loop: opens what has arrived by now, without waiting for the next turn's wake-up. */
void loop_open_mail(Loop *l);

/* Runs the task at the end of this turn and, while it returns TASK_AGAIN, once a turn after. Already
 * queued: nothing happens. */
void loop_defer(Loop *l, Task *task);
void loop_undefer(Task *task);

static inline void loop_arm(Loop *l, Timer *t, uint64_t delay_ms, TimerFn fn)
{
    timer_arm(&l->wheel, t, l->mono_ms + delay_ms, fn);
}

#endif
