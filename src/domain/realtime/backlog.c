/* The line is in order by itself: who enters or whose socket takes a byte goes to its end. So the next one to
 * go is always the first, whichever limit is meant, and a sweep that finds nothing costs nothing.
 *
 * A socket counts as writable again only when a third of its buffer is free (tcp_poll), which a slow but
 * honest reader may need longer for than WRITE_STALL_MS. So a stalled writer tries once more before it goes:
 * the kernel takes bytes as soon as there is room for any. */
#include "domain/realtime/backlog.h"

#include <stdatomic.h>

#include "base/limits.h"
#include "base/metric.h"
#include "domain/realtime/writer.h"

enum {
    SWEEP_SLICE = FANOUT_SLICE, /* ended in one turn of the loop */
    LOOK_MS = 1000              /* another loop may be the one that fills the memory */
};

static atomic_uint_fast64_t held;
static uint64_t ceiling;

void backlog_set_ceiling(uint64_t bytes)
{
    ceiling = bytes;
}

void backlog_hold(size_t bytes)
{
    atomic_fetch_add_explicit(&held, bytes, memory_order_relaxed);
}

void backlog_release(size_t bytes)
{
    uint64_t before = atomic_fetch_sub_explicit(&held, bytes, memory_order_relaxed);
    CHECK(before >= bytes);
}

uint64_t backlog_bytes(void)
{
    return atomic_load_explicit(&held, memory_order_relaxed);
}

bool backlog_is_over(void)
{
    return ceiling && backlog_bytes() > ceiling;
}

/* ---- the line ---- */

void backlog_init(Backlog *b, const uint64_t *mono_ms, void (*wake)(void *ctx), void *ctx)
{
    *b = (Backlog){._mono_ms = mono_ms, ._wake = wake, ._ctx = ctx};
    list_init(&b->_waiting);
}

static Waiting *first_of(const Backlog *b)
{
    ListNode *n = list_first(&b->_waiting);
    return n ? CONTAINER_OF(n, Waiting, _node) : NULL;
}

void backlog_enter(Backlog *b, Waiting *w, Writer *writer)
{
    if (!b) return;
    bool was_empty = list_is_empty(&b->_waiting);
    w->_writer = writer;
    w->_since_ms = *b->_mono_ms;
    list_push_back(&b->_waiting, &w->_node);
    if (was_empty) b->_wake(b->_ctx);
}

void backlog_took(Backlog *b, Waiting *w)
{
    if (!list_is_linked(&w->_node)) return; /* nobody watches, or it is going away */
    list_unlink(&w->_node);
    w->_since_ms = *b->_mono_ms;
    list_push_back(&b->_waiting, &w->_node);
}

void backlog_leave(Waiting *w)
{
    if (list_is_linked(&w->_node)) list_unlink(&w->_node);
}

void backlog_look(Backlog *b)
{
    if (b && backlog_is_over()) b->_wake(b->_ctx);
}

/* ---- who must go ---- */

static void end(Waiting *w, MetricId reason)
{
    Writer *writer = w->_writer;
    backlog_leave(w);
    metric_add(reason, 1);
    writer->ops->slow(writer);
}

static bool is_stalled(const Backlog *b, const Waiting *w)
{
    return *b->_mono_ms - w->_since_ms >= WRITE_STALL_MS;
}

/* The writer may wait no more afterwards, and its Waiting be gone. */
static bool takes_nothing(const Backlog *b, Waiting *w)
{
    Writer *writer = w->_writer;
    writer_on_writable(writer);
    const Waiting *first = first_of(b);
    return first && first->_writer == writer && is_stalled(b, first);
}

int64_t backlog_sweep(Backlog *b)
{
    Waiting *w;
    unsigned ended = 0;
    while ((w = first_of(b)) && backlog_is_over() && ended++ < SWEEP_SLICE)
        end(w, METRIC_MEMORY_CLOSES);
    while ((w = first_of(b)) && is_stalled(b, w) && ended++ < SWEEP_SLICE)
        if (takes_nothing(b, w)) end(first_of(b), METRIC_STALL_CLOSES);
    if (!w) return -1;
    if (backlog_is_over() || is_stalled(b, w)) return 0;
    int64_t rest_ms = (int64_t)(w->_since_ms + WRITE_STALL_MS - *b->_mono_ms);
    return rest_ms < LOOK_MS ? rest_ms : LOOK_MS;
}
