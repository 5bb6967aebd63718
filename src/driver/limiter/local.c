/* One small state a tenant, spread over shards by the tenant's number; a decision is one short lock of
 * one shard. Numbers are given in sequence, so tenants spread evenly, and two loops meet only when
 * they serve the same tenant (or one 64 numbers away) within the same tenth of a microsecond.
 *
 * States outlive snapshots: they are found by number, not through a Tenant. Those that say nothing any
 * more (an empty window, another day) are swept when their shard has doubled, so deleted tenants do
 * not pile up. */
#include "driver/limiter/local.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "driver/limiter/window.h"

enum { SHARDS = 64, SWEEP_FROM = 64 };

typedef struct State {
    uint32_t tenant_no; /* the key */
    uint32_t day;
    uint64_t day_used;
    Window window;
    struct State *_next_silent; /* within sweep() */
} State;

typedef struct Shard {
    pthread_mutex_t lock;
    Map states;
    uint32_t sweep_at; /* states; then the silent ones go */
} Shard;

typedef struct Local {
    Limiter limiter; /* first: a Limiter is a Local */
    Shard shards[SHARDS];
} Local;

static Str key_of(const void *value)
{
    const State *s = value;
    return str_make(&s->tenant_no, sizeof s->tenant_no);
}

static Shard *shard_of(Limiter *limiter, uint32_t tenant_no)
{
    return &((Local *)limiter)->shards[tenant_no % SHARDS];
}

static State *find(const Shard *shard, uint32_t tenant_no)
{
    return map_get(&shard->states, str_make(&tenant_no, sizeof tenant_no));
}

static void state_free(State *s)
{
    window_done(&s->window);
    mem_free(s);
}

static bool is_silent(State *s, uint64_t mono_ms, uint32_t day)
{
    window_advance(&s->window, mono_ms);
    return s->window.used == 0 && (s->day < day || s->day_used == 0);
}

/* A map must not change while it is walked: the silent ones are noted first. */
static void sweep(Shard *shard, uint64_t mono_ms, uint32_t day)
{
    State *s, *silent = NULL;
    for (uint32_t i = 0; (s = map_next(&shard->states, &i));) {
        if (!is_silent(s, mono_ms, day)) continue;
        s->_next_silent = silent;
        silent = s;
    }
    while ((s = silent)) {
        silent = s->_next_silent;
        CHECK(map_remove(&shard->states, key_of(s)) == s);
        state_free(s);
    }
    uint32_t left = map_count(&shard->states);
    shard->sweep_at = left < SWEEP_FROM / 2 ? SWEEP_FROM : 2 * left;
}

/* NULL only beyond TENANTS_MAX states in one shard, which have all been busy today. */
static State *find_or_make(Shard *shard, uint32_t tenant_no, uint64_t mono_ms, uint32_t day)
{
    State *s = find(shard, tenant_no);
    if (s) return s;
    if (map_count(&shard->states) >= shard->sweep_at) sweep(shard, mono_ms, day);
    s = mem_new(State);
    s->tenant_no = tenant_no;
    s->day = day;
    if (map_put(&shard->states, s) == ST_OK) return s;
    state_free(s);
    return NULL;
}

/* ---- the decision ---- */

static bool fits(uint64_t used, uint32_t count, uint32_t limit)
{
    return limit == 0 || used + count <= limit;
}

static uint32_t left_of(uint64_t used, uint32_t limit)
{
    return used < limit ? (uint32_t)(limit - used) : 0;
}

static uint32_t whole_seconds(int64_t ms, uint32_t max)
{
    int64_t seconds = (ms + 999) / 1000;
    if (seconds < 1) return 1;
    return seconds > (int64_t)max ? max : (uint32_t)seconds;
}

static void day_advance(State *s, uint32_t today)
{
    if (today > s->day) s->day_used = 0;
    /* One day back: around midnight a clock may hesitate, and nobody gets a second quota by that.
     * More: the clock was wrong before; what was used stays used, and the right midnight ends it. */
    if (today > s->day || today + 1 < s->day) s->day = today;
}

static uint32_t until_midnight_s(const State *s, int64_t wall_ms)
{
    return whole_seconds(((int64_t)s->day + 1) * DAY_MS - wall_ms, 2 * DAY_MS / 1000);
}

static uint32_t minute_wait_s(const State *s, uint32_t count)
{
    return whole_seconds(window_wait_ms(&s->window, count), WINDOW_MS / 1000);
}

static uint32_t retry_after_s(const State *s, const LimitAsk *ask, LimitBy refused_by)
{
    if (refused_by == LIMIT_BY_DAY) return until_midnight_s(s, ask->wall_ms);
    if (ask->count > ask->per_minute) return WINDOW_MS / 1000; /* it never fits */
    return minute_wait_s(s, s->window.used + ask->count - ask->per_minute);
}

/* Of the two limits, the one with less left; when one refused, that one. */
static void describe(const State *s, const LimitAsk *ask, LimitVerdict *v)
{
    uint32_t minute_left = left_of(s->window.used, ask->per_minute);
    uint32_t day_left = left_of(s->day_used, ask->per_day);
    bool day = ask->per_day && (!ask->per_minute || day_left < minute_left);

    if (v->refused_by != LIMIT_BY_NONE) day = v->refused_by == LIMIT_BY_DAY;
    v->limit = day ? ask->per_day : ask->per_minute;
    v->remaining = day ? day_left : minute_left;
    if (day)
        v->reset_s = until_midnight_s(s, ask->wall_ms);
    else if (s->window.used > 0)
        v->reset_s = minute_wait_s(s, 1);
    if (v->refused_by != LIMIT_BY_NONE) v->retry_after_s = retry_after_s(s, ask, v->refused_by);
}

static LimitVerdict decide(State *s, const LimitAsk *ask)
{
    LimitVerdict v = {.refused_by = LIMIT_BY_NONE};

    window_advance(&s->window, ask->mono_ms);
    day_advance(s, utc_day(ask->wall_ms));
    v.day = s->day;
    /* The day first: whoever is told to come back in a minute should be right to. */
    if (!fits(s->day_used, ask->count, ask->per_day)) {
        v.refused_by = LIMIT_BY_DAY;
    } else if (!fits(s->window.used, ask->count, ask->per_minute)) {
        v.refused_by = LIMIT_BY_MINUTE;
    } else {
        s->day_used += ask->count;
        if (ask->per_minute) window_add(&s->window, ask->count, ask->per_minute);
    }
    describe(s, ask, &v);
    return v;
}

/* ---- the port ---- */

static void take(Limiter *limiter, const LimitAsk *ask, LimitVerdict *ret_verdict)
{
    Shard *shard = shard_of(limiter, ask->tenant_no);

    pthread_mutex_lock(&shard->lock);
    State *s = find_or_make(shard, ask->tenant_no, ask->mono_ms, utc_day(ask->wall_ms));
    if (s)
        *ret_verdict = decide(s, ask);
    else
        *ret_verdict = (LimitVerdict){.refused_by = LIMIT_BY_MINUTE,
                                      .limit = ask->per_minute,
                                      .retry_after_s = WINDOW_MS / 1000};
    pthread_mutex_unlock(&shard->lock);
}

static void give_back(Limiter *limiter, uint32_t tenant_no, uint32_t day, uint32_t count)
{
    Shard *shard = shard_of(limiter, tenant_no);

    pthread_mutex_lock(&shard->lock);
    State *s = find(shard, tenant_no);
    if (s && s->day == day) s->day_used -= count < s->day_used ? count : s->day_used;
    pthread_mutex_unlock(&shard->lock);
}

static void restore(Limiter *limiter, uint32_t tenant_no, uint32_t day, uint64_t accepted)
{
    Shard *shard = shard_of(limiter, tenant_no);

    pthread_mutex_lock(&shard->lock);
    State *s = find_or_make(shard, tenant_no, 0, day);
    if (s) {
        s->day = day;
        s->day_used = accepted;
    }
    pthread_mutex_unlock(&shard->lock);
}

static void local_free(Limiter *limiter)
{
    Local *local = (Local *)limiter;
    for (int i = 0; i < SHARDS; i++) {
        Shard *shard = &local->shards[i];
        State *s;
        for (uint32_t at = 0; (s = map_next(&shard->states, &at));) state_free(s);
        map_done(&shard->states);
        pthread_mutex_destroy(&shard->lock);
    }
    mem_free(local);
}

static const LimiterOps ops = {take, give_back, restore, local_free};

Limiter *limiter_local_new(void)
{
    Local *local = mem_new(Local);
    local->limiter.ops = &ops;
    for (int i = 0; i < SHARDS; i++) {
        map_init(&local->shards[i].states, TENANTS_MAX, key_of);
        local->shards[i].sweep_at = SWEEP_FROM;
        CHECK(pthread_mutex_init(&local->shards[i].lock, NULL) == 0);
    }
    return &local->limiter;
}
