/* One turn of libuv: timers -> prepare -> poll (sockets, mail) -> check. Ours hang on it so:
 *
 *   poll     sockets and the mailbox's wake-up; the first of them reads the clocks (loop_woke)
 *   check    the wheel, then every deferred task once, then the log is flushed
 *   prepare  the libuv timer is set to the wheel's next slot; an idle handle keeps poll from sleeping
 *            while tasks remain */
#include "net/loop.h"

#include <time.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"

static void read_clocks(Loop *l)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    l->now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    clock_gettime(CLOCK_MONOTONIC, &now);
    l->mono_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    l->_slept = false;
}

void loop_woke(Loop *l)
{
    if (l->_slept) read_clocks(l);
}

void loop_open_mail(Loop *l)
{
    loop_woke(l);
    Mail *newest = atomic_exchange_explicit(&l->mailbox._newest, NULL, memory_order_acquire);
    Mail *first = NULL;
    while (newest) {
        Mail *next = newest->_next;
        newest->_next = first;
        first = newest;
        newest = next;
    }
    while (first) {
        Mail *next = first->_next; /* open() may free it */
        first->open(first, l);
        first = next;
    }
}

static void on_wake(uv_async_t *wake)
{
    Loop *l = wake->data;
    read_clocks(l);
    loop_open_mail(l);
}

static void nothing(uv_timer_t *timer)
{
    (void)timer; /* it only ends the sleep; the wheel runs in check */
}

static void keep_awake(uv_idle_t *idle)
{
    (void)idle;
}

static void run_tasks(Loop *l)
{
    List now;
    list_init(&now);
    for (ListNode *n; (n = list_first(&l->_tasks));) {
        list_unlink(n);
        list_push_back(&now, n);
    }
    for (ListNode *n; (n = list_first(&now));) {
        Task *task = CONTAINER_OF(n, Task, _node);
        list_unlink(n);
        if (task->run(task) == TASK_AGAIN) loop_defer(l, task);
    }
}

static void on_check(uv_check_t *check)
{
    Loop *l = check->data;
    read_clocks(l);
    wheel_run(&l->wheel, l->mono_ms);
    run_tasks(l);
    log_flush();
}

static void on_prepare(uv_prepare_t *prepare)
{
    Loop *l = prepare->data;
    if (!list_is_empty(&l->_tasks))
        uv_idle_start(&l->_idle, keep_awake);
    else
        uv_idle_stop(&l->_idle);
    read_clocks(l);
    int64_t sleep_ms = wheel_next_ms(&l->wheel, l->mono_ms);
    uv_update_time(&l->uv);
    if (sleep_ms < 0)
        uv_timer_stop(&l->_timer);
    else
        uv_timer_start(&l->_timer, nothing, (uint64_t)sleep_ms, 0);
    l->_slept = true;
}

Loop *loop_new(int index)
{
    Loop *l = mem_new(Loop);
    l->index = index;
    l->read_buf = mem_alloc(LOOP_READ_BYTES);
    random_init(&l->random);
    list_init(&l->_tasks);
    read_clocks(l);
    wheel_init(&l->wheel, l->mono_ms);
    CHECK(uv_loop_init(&l->uv) == 0);
    CHECK(uv_async_init(&l->uv, &l->mailbox._wake, on_wake) == 0);
    CHECK(uv_timer_init(&l->uv, &l->_timer) == 0);
    CHECK(uv_prepare_init(&l->uv, &l->_prepare) == 0);
    CHECK(uv_check_init(&l->uv, &l->_check) == 0);
    CHECK(uv_idle_init(&l->uv, &l->_idle) == 0);
    l->mailbox._wake.data = l->_prepare.data = l->_check.data = l;
    CHECK(uv_prepare_start(&l->_prepare, on_prepare) == 0);
    CHECK(uv_check_start(&l->_check, on_check) == 0);
    return l;
}

typedef struct Start {
    Loop *loop;
    void (*on_start)(Loop *l);
} Start;

static void run_thread(void *arg)
{
    Start start = *(Start *)arg;
    mem_free(arg);
    read_clocks(start.loop);
    start.on_start(start.loop);
    uv_run(&start.loop->uv, UV_RUN_DEFAULT);
    log_flush();
    arena_thread_done();
}

void loop_start(Loop *l, void (*on_start)(Loop *l))
{
    Start *start = mem_new(Start);
    *start = (Start){l, on_start};
    CHECK(uv_thread_create(&l->_thread, run_thread, start) == 0);
}

void loop_join(Loop *l)
{
    CHECK(uv_thread_join(&l->_thread) == 0);
}

void loop_stop(Loop *l)
{
    uv_stop(&l->uv);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

void loop_free(Loop *l)
{
    uv_walk(&l->uv, close_handle, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&l->uv) == 0);
    mem_free(l->read_buf);
    mem_free(l);
}

void loop_defer(Loop *l, Task *task)
{
    if (!list_is_linked(&task->_node)) list_push_back(&l->_tasks, &task->_node);
}

void loop_undefer(Task *task)
{
    if (list_is_linked(&task->_node)) list_unlink(&task->_node);
}
