/* The contract of port/limiter.h with both clocks in our hands. */
#include "driver/limiter/local.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "check_test.h"

enum { T = 7, NOON = 43200000 };
static const int64_t DAY0 = INT64_C(20000) * DAY_MS; /* some midnight */

static LimitAsk ask_of(uint32_t per_minute, uint32_t per_day)
{
    return (LimitAsk){.tenant_no = T,
                      .per_minute = per_minute,
                      .per_day = per_day,
                      .count = 1,
                      .mono_ms = 1000,
                      .wall_ms = DAY0 + NOON};
}

static LimitVerdict take(Limiter *l, LimitAsk ask)
{
    LimitVerdict v;
    limiter_take(l, &ask, &v);
    return v;
}

static uint32_t admitted_of(Limiter *l, LimitAsk ask, uint32_t tries)
{
    uint32_t admitted = 0;
    for (uint32_t i = 0; i < tries; i++) admitted += take(l, ask).refused_by == LIMIT_BY_NONE;
    return admitted;
}

TEST(limiter_admits_the_limit_and_not_one_more)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(100, 0);
    for (uint32_t i = 0; i < 100; i++) {
        LimitVerdict v = take(l, ask);
        assert_int_equal(v.refused_by, LIMIT_BY_NONE);
        assert_int_equal(v.limit, 100);
        assert_int_equal(v.remaining, 99 - i);
        assert_int_equal(v.reset_s, 60);
    }
    ask.mono_ms += 500;
    LimitVerdict v = take(l, ask);
    assert_int_equal(v.refused_by, LIMIT_BY_MINUTE);
    assert_int_equal(v.remaining, 0);
    assert_int_equal(v.retry_after_s, 60);
    assert_int_equal(v.reset_s, v.retry_after_s);
    limiter_free(l);
}

TEST(limiter_keeps_what_retry_after_promises)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(3, 0);
    assert_int_equal(admitted_of(l, ask, 1), 1);
    ask.mono_ms = 20000;
    assert_int_equal(admitted_of(l, ask, 5), 2);
    LimitVerdict v = take(l, ask);
    assert_int_equal(v.retry_after_s, 41);
    ask.mono_ms = 60999;
    v = take(l, ask);
    assert_int_equal(v.refused_by, LIMIT_BY_MINUTE);
    assert_int_equal(v.retry_after_s, 1); /* never 0 */
    ask.mono_ms = 61000;
    assert_int_equal(admitted_of(l, ask, 5), 1);
    ask.mono_ms = 80000;
    assert_int_equal(admitted_of(l, ask, 5), 2);
    limiter_free(l);
}

TEST(limiter_refusals_count_nowhere)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(2, 3);
    assert_int_equal(admitted_of(l, ask, 1000), 2);
    ask.mono_ms = 61000;
    assert_int_equal(admitted_of(l, ask, 1000), 1);
    limiter_free(l);
}

TEST(limiter_changes_take_effect_at_once_and_forget_nothing)
{
    Limiter *l = limiter_local_new();
    assert_int_equal(admitted_of(l, ask_of(10, 0), 20), 10);
    assert_int_equal(admitted_of(l, ask_of(15, 0), 20), 5);
    assert_int_equal(admitted_of(l, ask_of(5, 0), 20), 0);
    assert_int_equal(admitted_of(l, ask_of(0, 0), 20), 20); /* unlimited, not counted */
    assert_int_equal(admitted_of(l, ask_of(16, 0), 20), 1);
    LimitVerdict v = take(l, ask_of(0, 0));
    assert_int_equal(v.limit, 0);
    /* 16 in the window since 1000, 4 more at 30000 */
    LimitAsk late = ask_of(20, 0);
    late.mono_ms = 30000;
    assert_int_equal(admitted_of(l, late, 9), 4);
    late.per_minute = 4;
    assert_int_equal(take(l, late).retry_after_s, 60); /* 17 must leave, one of them came now */
    late.per_minute = 5;
    assert_int_equal(take(l, late).retry_after_s, 31); /* 16 must leave, all of 1000 */
    limiter_free(l);
}

TEST(limiter_keeps_tenants_apart)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(5, 5), other = ask;
    other.tenant_no = T + 64; /* the same shard */
    assert_int_equal(admitted_of(l, ask, 9), 5);
    assert_int_equal(admitted_of(l, other, 9), 5);
    limiter_free(l);
}

TEST(limiter_takes_a_batch_whole_or_not_at_all)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(10, 0);
    ask.count = 7;
    assert_int_equal(take(l, ask).remaining, 3);
    LimitVerdict v = take(l, ask);
    assert_int_equal(v.refused_by, LIMIT_BY_MINUTE);
    assert_int_equal(v.remaining, 3);
    ask.count = 3;
    assert_int_equal(take(l, ask).remaining, 0);
    ask.count = 11; /* never fits */
    ask.mono_ms += 120000;
    v = take(l, ask);
    assert_int_equal(v.refused_by, LIMIT_BY_MINUTE);
    assert_int_equal(v.retry_after_s, 60);
    assert_int_equal(v.remaining, 10);
    ask.count = UINT32_MAX; /* no sum overflows */
    assert_int_equal(take(l, ask).refused_by, LIMIT_BY_MINUTE);
    limiter_free(l);
}

TEST(limiter_great_limits_admit_no_more_either)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(LIMIT_EXACT_MAX + 5000, 0);
    uint32_t admitted = 0;
    for (ask.mono_ms = 1000; ask.mono_ms < 61000; ask.mono_ms += 3)
        admitted += take(l, ask).refused_by == LIMIT_BY_NONE;
    assert_int_equal(admitted, LIMIT_EXACT_MAX + 5000);
    limiter_free(l);
}

/* ---- the day ---- */

TEST(limiter_cap_ends_at_midnight_utc)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(0, 10);
    assert_int_equal(admitted_of(l, ask, 20), 10);
    LimitVerdict v = take(l, ask);
    assert_int_equal(v.refused_by, LIMIT_BY_DAY);
    assert_int_equal(v.limit, 10);
    assert_int_equal(v.remaining, 0);
    assert_int_equal(v.retry_after_s, NOON / 1000);
    ask.wall_ms = DAY0 + DAY_MS - 1;
    assert_int_equal(take(l, ask).retry_after_s, 1);
    ask.wall_ms = DAY0 + DAY_MS;
    assert_int_equal(admitted_of(l, ask, 20), 10);
    assert_int_equal(take(l, ask).retry_after_s, 86400);
    limiter_free(l);
}

TEST(limiter_day_is_counted_while_there_is_no_cap)
{
    Limiter *l = limiter_local_new();
    assert_int_equal(admitted_of(l, ask_of(0, 0), 8), 8);
    assert_int_equal(admitted_of(l, ask_of(0, 10), 8), 2);
    limiter_free(l);
}

TEST(limiter_day_says_more_than_the_minute_when_both_are_spent)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(5, 5);
    assert_int_equal(admitted_of(l, ask, 9), 5);
    assert_int_equal(take(l, ask).refused_by, LIMIT_BY_DAY);
    limiter_free(l);
}

TEST(limiter_describes_the_limit_that_is_nearer)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(5, 7);
    LimitVerdict v = take(l, ask);
    assert_int_equal(v.limit, 5);
    assert_int_equal(v.remaining, 4);
    assert_int_equal(admitted_of(l, ask, 3), 3);
    ask.mono_ms += 60000;
    v = take(l, ask); /* the minute has 4 left, the day 2 */
    assert_int_equal(v.limit, 7);
    assert_int_equal(v.remaining, 2);
    assert_int_equal(v.reset_s, NOON / 1000);
    limiter_free(l);
}

TEST(limiter_wall_clock_jumps_do_no_harm)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(0, 10);
    ask.wall_ms = DAY0 + DAY_MS + 5; /* just after midnight, then the clock hesitates */
    assert_int_equal(admitted_of(l, ask, 20), 10);
    ask.wall_ms = DAY0 + DAY_MS - 5;
    assert_int_equal(take(l, ask).retry_after_s, 86401);
    ask.wall_ms = DAY0 + DAY_MS + 6;
    assert_int_equal(admitted_of(l, ask, 20), 0); /* no second quota by that */

    ask.wall_ms = DAY0 + 400 * (int64_t)DAY_MS; /* a year ahead: a new day, as far as we know */
    assert_int_equal(admitted_of(l, ask, 4), 4);
    ask.wall_ms = DAY0 + DAY_MS +
                  NOON; /* corrected: not capped for a year, and nothing forgotten */
    assert_int_equal(admitted_of(l, ask, 20), 6);
    assert_int_equal(take(l, ask).retry_after_s, NOON / 1000);
    ask.wall_ms = DAY0 + 2 * DAY_MS;
    assert_int_equal(admitted_of(l, ask, 20), 10);
    ask.wall_ms = -5; /* before 1970 */
    assert_int_equal(admitted_of(l, ask, 20), 0);
    limiter_free(l);
}

TEST(limiter_minute_does_not_look_at_the_wall)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(3, 0);
    assert_int_equal(admitted_of(l, ask, 9), 3);
    ask.wall_ms += 3600000;
    assert_int_equal(admitted_of(l, ask, 9), 0);
    ask.wall_ms -= 7200000;
    ask.mono_ms += 60000;
    assert_int_equal(admitted_of(l, ask, 9), 3);
    limiter_free(l);
}

TEST(limiter_gives_back_to_the_day_but_not_to_the_minute)
{
    Limiter *l = limiter_local_new();
    LimitAsk ask = ask_of(10, 5);
    assert_int_equal(admitted_of(l, ask, 9), 5);
    uint32_t day = take(l, ask).day;
    assert_int_equal(day, 20000);
    limiter_give_back(l, T, day, 2);
    assert_int_equal(admitted_of(l, ask, 9), 2);
    limiter_give_back(l, T, day - 1, 5); /* of yesterday: nothing to give */
    limiter_give_back(l, T + 1, day, 5); /* never seen */
    assert_int_equal(admitted_of(l, ask, 9), 0);
    limiter_give_back(l, T, day, 1000);
    assert_int_equal(admitted_of(l, ask, 9), 3); /* 7 of 10 in the minute were used */
    limiter_free(l);
}

TEST(limiter_remembers_what_the_store_knew)
{
    Limiter *l = limiter_local_new();
    limiter_restore(l, T, 20000, 9);
    limiter_restore(l, T + 1, 20000, UINT64_C(5000000000));
    LimitAsk ask = ask_of(0, 10);
    assert_int_equal(admitted_of(l, ask, 9), 1);
    ask.tenant_no = T + 1;
    assert_int_equal(admitted_of(l, ask, 9), 0);
    ask.wall_ms += DAY_MS;
    assert_int_equal(admitted_of(l, ask, 99), 10);
    limiter_free(l);
}

/* Far more tenants than ever live at once, each heard once: the silent ones go, today's stay. */
TEST(limiter_forgets_the_silent_and_nobody_else)
{
    Limiter *l = limiter_local_new();
    LimitAsk mine = ask_of(0, 10), others = ask_of(5, 0);
    assert_int_equal(admitted_of(l, mine, 4), 4);
    for (uint32_t i = 0; i < 300000; i++) {
        others.tenant_no = 1000 + i;
        others.mono_ms += 10;
        others.wall_ms = DAY0 + NOON + i / 100000; /* all of them on one day: they must stay */
        assert_int_equal(take(l, others).refused_by, LIMIT_BY_NONE);
    }
    assert_int_equal(admitted_of(l, mine, 20), 6);
    others.wall_ms += DAY_MS; /* the next day they may go */
    for (uint32_t i = 0; i < 300000; i++) {
        others.tenant_no = 1000000 + i;
        assert_int_equal(take(l, others).refused_by, LIMIT_BY_NONE);
    }
    limiter_free(l);
}

/* ---- threads ---- */

typedef struct Crowd {
    Limiter *limiter;
    LimitAsk ask;
    pthread_barrier_t start;
    atomic_uint admitted;
} Crowd;

enum { THREADS = 16, TRIES = 400 };

static void *push_in(void *arg)
{
    Crowd *c = arg;
    uint32_t admitted = 0;
    pthread_barrier_wait(&c->start);
    for (int i = 0; i < TRIES; i++)
        admitted += take(c->limiter, c->ask).refused_by == LIMIT_BY_NONE;
    atomic_fetch_add(&c->admitted, admitted);
    return NULL;
}

static uint32_t admitted_of_crowd(LimitAsk ask)
{
    pthread_t threads[THREADS];
    Crowd c = {.limiter = limiter_local_new(), .ask = ask};
    pthread_barrier_init(&c.start, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, push_in, &c), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&c.start);
    limiter_free(c.limiter);
    return atomic_load(&c.admitted);
}

TEST(limiter_admits_exactly_the_limit_to_sixteen_threads)
{
    for (int round = 0; round < 20; round++) {
        assert_int_equal(admitted_of_crowd(ask_of(100, 0)), 100);
        assert_int_equal(admitted_of_crowd(ask_of(0, 1000)), 1000);
    }
    assert_int_equal(admitted_of_crowd(ask_of(0, 0)), THREADS * TRIES);
}

TEST_MAIN()
