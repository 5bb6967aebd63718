/* Level l holds timers that are due within 64^(l+1) ticks; its slot is the due tick's digit l in base
 * 64. When the tick counter's lower digits roll over to 0, the next slot of the level above is spread
 * out downwards ("cascade"). A slot's list is spliced to a local list before it is walked, so
 * callbacks may arm and cancel anything.
 *
 * Invariants: (1) an armed timer's _due_tick >= _tick. (2) bit s of _filled[l] is set whenever slot s
 * of level l is not empty (it may be set for an empty one, after a cancel). */
#include "net/wheel.h"

enum { SLOT_MASK = WHEEL_SLOTS - 1, SLOT_BITS = 6 };

void wheel_init(Wheel *w, uint64_t now_ms)
{
    for (int l = 0; l < WHEEL_LEVELS; l++) {
        w->_filled[l] = 0;
        for (int s = 0; s < WHEEL_SLOTS; s++) list_init(&w->_slots[l][s]);
    }
    w->_tick = now_ms / WHEEL_TICK_MS;
}

static void place(Wheel *w, Timer *t)
{
    uint64_t distance = t->_due_tick - w->_tick;
    int level = 0;
    while (level < WHEEL_LEVELS - 1 && distance >> (SLOT_BITS * (level + 1))) level++;
    uint64_t reach = (uint64_t)1 << (SLOT_BITS * WHEEL_LEVELS);
    /* Beyond the reach: wait in the farthest slot and be placed again from there. */
    uint64_t tick = distance < reach ? t->_due_tick : w->_tick + reach - 1;
    int slot = (int)(tick >> (SLOT_BITS * level)) & SLOT_MASK;
    list_push_back(&w->_slots[level][slot], &t->_node);
    w->_filled[level] |= (uint64_t)1 << slot;
}

void timer_arm(Wheel *w, Timer *t, uint64_t due_ms, TimerFn fn)
{
    timer_cancel(t);
    t->fn = fn;
    t->_due_tick = (due_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS; /* never early */
    if (t->_due_tick < w->_tick) t->_due_tick = w->_tick;
    place(w, t);
}

void timer_cancel(Timer *t)
{
    if (timer_is_armed(t)) list_unlink(&t->_node);
}

/* Moves a slot's timers to *ret, leaving the slot empty. */
static void take_slot(Wheel *w, int level, int slot, List *ret)
{
    List *from = &w->_slots[level][slot];
    list_init(ret);
    w->_filled[level] &= ~((uint64_t)1 << slot);
    while (!list_is_empty(from)) {
        ListNode *n = from->head.next;
        list_unlink(n);
        list_push_back(ret, n);
    }
}

static void cascade(Wheel *w)
{
    for (int level = 1; level < WHEEL_LEVELS; level++) {
        List moved;
        int slot = (int)(w->_tick >> (SLOT_BITS * level)) & SLOT_MASK;
        take_slot(w, level, slot, &moved);
        for (ListNode *n; (n = list_first(&moved));) {
            list_unlink(n);
            place(w, CONTAINER_OF(n, Timer, _node));
        }
        if (slot != 0) return; /* this level did not roll over */
    }
}

static void fire_slot(Wheel *w)
{
    List due;
    take_slot(w, 0, (int)w->_tick & SLOT_MASK, &due);
    for (ListNode *n; (n = list_first(&due));) {
        Timer *t = CONTAINER_OF(n, Timer, _node);
        list_unlink(n);
        t->fn(t);
    }
}

void wheel_run(Wheel *w, uint64_t now_ms)
{
    uint64_t now_tick = now_ms / WHEEL_TICK_MS;
    while (w->_tick <= now_tick) {
        if (w->_filled[0] & ((uint64_t)1 << (w->_tick & SLOT_MASK))) fire_slot(w);
        /* A callback may have armed something for this very tick: it fires at the next one. */
        w->_tick++;
        if ((w->_tick & SLOT_MASK) == 0) cascade(w);
    }
}

int64_t wheel_next_ms(const Wheel *w, uint64_t now_ms)
{
    uint64_t any = 0;
    for (int l = 0; l < WHEEL_LEVELS; l++) any |= w->_filled[l];
    if (!any) return -1;
    uint64_t low = w->_filled[0];
    int here = (int)(w->_tick & SLOT_MASK);
    uint64_t rotated = low >> here | (here ? low << (WHEEL_SLOTS - here) : 0);
    uint64_t to_cascade = (uint64_t)(WHEEL_SLOTS - here); /* ticks until the levels above matter */
    uint64_t ticks = rotated ? (uint64_t)__builtin_ctzll(rotated) : to_cascade;
    if (ticks > to_cascade) ticks = to_cascade;
    uint64_t at_ms = (w->_tick + ticks) * WHEEL_TICK_MS;
    return at_ms > now_ms ? (int64_t)(at_ms - now_ms) : 0;
}
