/* A ring of runs, oldest first. Counting and letting go are O(1) a run.
 *
 * 1. Runs are sorted by leaves_ms, strictly.
 * 2. Every run leaves later than _now_ms and at most WINDOW_MS + LIMIT_SLOT_MS after it, so 32 bits
 *    tell them apart; after a longer silence all are gone without looking.
 * 3. Where no run can be added (no memory) the newest one takes the count and leaves later: we may
 *    refuse too much then, never admit too much. */
#include "driver/limiter/window.h"

#include "base/limits.h"
#include "base/mem.h"

enum { RUNS_FIRST = 8, RUNS_KEPT = 64 };

static WindowRun *run_at(const Window *w, uint32_t i)
{
    return &w->_runs[(w->_head + i) & (w->_cap - 1)];
}

static void forget_all(Window *w)
{
    w->_head = w->_len = w->used = 0;
    if (w->_cap <= RUNS_KEPT) return; /* a small ring is kept: it will be used again */
    mem_free(w->_runs);
    w->_runs = NULL;
    w->_cap = 0;
}

void window_done(Window *w)
{
    mem_free(w->_runs);
    *w = (Window){0};
}

void window_advance(Window *w, uint64_t now_ms)
{
    if (now_ms <= w->_now_ms) return;
    bool all = now_ms - w->_now_ms >= WINDOW_MS + LIMIT_SLOT_MS;
    w->_now_ms = now_ms;
    while (!all && w->_len > 0) {
        const WindowRun *oldest = run_at(w, 0);
        if ((int32_t)((uint32_t)now_ms - oldest->leaves_ms) < 0) return;
        w->used -= oldest->count;
        w->_head = (w->_head + 1) & (w->_cap - 1);
        w->_len--;
    }
    forget_all(w);
}

/* Twice the room, the oldest run first again. */
static bool grow(Window *w)
{
    uint32_t cap = w->_cap ? 2 * w->_cap : RUNS_FIRST;
    if (cap > LIMIT_RUNS_MAX) return false;
    WindowRun *runs = w->_cap ? mem_try(sizeof *runs * cap) : mem_alloc(sizeof *runs * cap);
    if (!runs) return false;
    for (uint32_t i = 0; i < w->_len; i++) runs[i] = *run_at(w, i);
    mem_free(w->_runs);
    w->_runs = runs;
    w->_cap = cap;
    w->_head = 0;
    return true;
}

void window_add(Window *w, uint32_t count, uint32_t limit)
{
    uint64_t slot_ms = limit <= LIMIT_EXACT_MAX ? 1 : LIMIT_SLOT_MS;
    uint64_t slot_end_ms = (w->_now_ms / slot_ms + 1) * slot_ms - 1;
    uint32_t leaves_ms = (uint32_t)(slot_end_ms + WINDOW_MS);
    WindowRun *newest = w->_len ? run_at(w, w->_len - 1) : NULL;

    w->used += count;
    if (newest && (int32_t)(newest->leaves_ms - leaves_ms) >= 0) {
        newest->count += count;
    } else if (w->_len < w->_cap || grow(w)) {
        *run_at(w, w->_len++) = (WindowRun){leaves_ms, count};
    } else {
        CHECK(newest); /* the first ring cannot fail to grow */
        newest->leaves_ms = leaves_ms;
        newest->count += count;
    }
}

uint32_t window_wait_ms(const Window *w, uint32_t count)
{
    uint32_t wait_ms = 0;
    uint64_t left = 0;
    for (uint32_t i = 0; i < w->_len && left < count; i++) {
        const WindowRun *run = run_at(w, i);
        left += run->count;
        wait_ms = run->leaves_ms - (uint32_t)w->_now_ms;
    }
    return wait_ms;
}

size_t window_bytes(const Window *w)
{
    return sizeof(WindowRun) * w->_cap;
}
