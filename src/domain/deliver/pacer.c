#include "domain/deliver/pacer.h"

#include "base/limits.h"

enum {
    PAUSE_FIRST_MS = 1000,
    PROBES = 4,        /* in flight while nobody knows whether it works again */
    BURST_MS = 1000,   /* calls not made in the last second may be made up for */
    LIMITED_MS = 1000, /* told 429 without saying for how long */
};

void pacer_init(Pacer *p, const ProviderKind *kind, uint32_t pause_max_ms)
{
    uint32_t gap_us = kind->per_second ? 1000000 / kind->per_second : 0;
    *p = (Pacer){.pause_max_ms = pause_max_ms,
                 .pause_ms = PAUSE_FIRST_MS < pause_max_ms ? PAUSE_FIRST_MS : pause_max_ms,
                 .window = kind->concurrency ? kind->concurrency : PROVIDER_CONCURRENCY,
                 .base_gap_us = gap_us,
                 .gap_us = gap_us};
}

bool pacer_is_open(Pacer *p, uint64_t now_ms)
{
    if (p->circuit == CIRCUIT_OPEN && now_ms >= p->reopen_ms) p->circuit = CIRCUIT_PROBING;
    return p->circuit == CIRCUIT_OPEN;
}

static uint32_t room_in_window(const Pacer *p)
{
    uint32_t window = p->circuit == CIRCUIT_PROBING && p->window > PROBES ? PROBES : p->window;
    return p->in_flight < window ? window - p->in_flight : 0;
}

static uint32_t room_in_time(const Pacer *p, uint64_t now_us)
{
    if (now_us < p->next_us) return 0;
    if (p->gap_us == 0) return UINT32_MAX;
    uint64_t saved_us = now_us - p->next_us;
    if (saved_us > BURST_MS * 1000u) saved_us = BURST_MS * 1000u;
    return 1 + (uint32_t)(saved_us / p->gap_us);
}

uint32_t pacer_room(Pacer *p, uint64_t now_ms, uint64_t *ret_when_ms)
{
    if (pacer_is_open(p, now_ms)) {
        *ret_when_ms = p->reopen_ms;
        return 0;
    }
    uint32_t in_window = room_in_window(p), in_time = room_in_time(p, now_ms * 1000);
    *ret_when_ms = in_window ? p->next_us / 1000 + 1 : PACER_WHEN_ONE_RETURNS;
    return in_window < in_time ? in_window : in_time;
}

void pacer_begin(Pacer *p, uint64_t now_ms)
{
    uint64_t now_us = now_ms * 1000,
             oldest_us = now_us > BURST_MS * 1000u ? now_us - BURST_MS * 1000u : 0;
    p->in_flight++;
    if (p->gap_us) p->next_us = (p->next_us > oldest_us ? p->next_us : oldest_us) + p->gap_us;
}

/* ---- what an answer teaches ---- */

static void open_circuit(Pacer *p, uint64_t now_ms)
{
    if (pacer_is_open(p, now_ms)) return; /* a call from before it opened: nothing new */
    p->circuit = CIRCUIT_OPEN;
    p->reopen_ms = now_ms + p->pause_ms;
    p->pause_ms = p->pause_ms < p->pause_max_ms / 2 ? p->pause_ms * 2 : p->pause_max_ms;
}

static void count_failure(Pacer *p, uint64_t now_ms)
{
    if (++p->failures >= PROVIDER_FAILURES_MAX || p->circuit == CIRCUIT_PROBING)
        open_circuit(p, now_ms);
}

/* It answers, whatever it says about this one message. */
static void close_circuit(Pacer *p)
{
    p->circuit = CIRCUIT_CLOSED;
    p->failures = 0;
    p->pause_ms = PAUSE_FIRST_MS < p->pause_max_ms ? PAUSE_FIRST_MS : p->pause_max_ms;
}

static void grow(Pacer *p)
{
    if (++p->successes < p->window) return;
    p->successes = 0;
    if (p->window < PROVIDER_CONCURRENCY_MAX) p->window++;
}

static void shrink(Pacer *p)
{
    p->successes = 0;
    if (p->window > 1) p->window /= 2;
}

static void wait_for(Pacer *p, uint64_t now_ms, uint32_t wait_ms)
{
    uint64_t then_us = (now_ms + wait_ms) * 1000;
    if (then_us > p->next_us) p->next_us = then_us;
}

static void learn_rate(Pacer *p, const Pace *pace, uint64_t now_ms)
{
    if (pace->limit && pace->window_ms)
        p->base_gap_us = (uint32_t)((uint64_t)pace->window_ms * 1000 / pace->limit);
    p->gap_us = p->base_gap_us;
    if (!pace->has_remaining || !pace->reset_ms) return;
    uint32_t reset_ms = pace->reset_ms < RETRY_AFTER_MS_MAX ? pace->reset_ms : RETRY_AFTER_MS_MAX;
    if (pace->remaining == 0)
        wait_for(p, now_ms, reset_ms);
    else if (pace->remaining < p->window) /* few are left: spread them over the rest of the time */
        p->gap_us = (uint32_t)((uint64_t)reset_ms * 1000 / pace->remaining);
}

void pacer_end(Pacer *p, const Outcome *outcome, uint64_t now_ms)
{
    CHECK(p->in_flight > 0);
    p->in_flight--;
    learn_rate(p, &outcome->pace, now_ms);
    switch (outcome->class) {
    case OUTCOME_OK:
        grow(p);
        close_circuit(p);
        return;
    case OUTCOME_PERMANENT:
    case OUTCOME_SUPPRESS:
        close_circuit(p);
        return;
    case OUTCOME_RETRY_AFTER: /* it works, only slower */
        shrink(p);
        wait_for(p, now_ms, outcome->retry_after_ms ? outcome->retry_after_ms : LIMITED_MS);
        return;
    case OUTCOME_AMBIGUOUS: /* mostly a timeout: too many at once, perhaps */
        shrink(p);
        count_failure(p, now_ms);
        return;
    case OUTCOME_RETRY:
        count_failure(p, now_ms);
        return;
    case OUTCOME_CONFIGURATION:
        p->failures++;
        open_circuit(p, now_ms);
        return;
    case OUTCOME_CLASS_COUNT:
        break;
    }
    CHECK(!"an outcome");
}
