#include "net/wheel.h"

#include "base/random.h"
#include "check_test.h"

typedef struct Probe {
    Timer timer;
    uint64_t due_ms, fired_ms;
    int fired;
} Probe;

static uint64_t clock_ms;

static void note(Timer *t)
{
    Probe *p = CONTAINER_OF(t, Probe, timer);
    p->fired++;
    p->fired_ms = clock_ms;
}

enum { MANY = 3000 };

TEST(wheel_fires_each_once_and_never_early)
{
    static Wheel w;
    Probe *probes = mem_zero(sizeof(Probe) * MANY);
    Random r;
    random_init(&r);
    clock_ms = 123456789;
    wheel_init(&w, clock_ms);
    uint64_t start = clock_ms, last = 0;
    for (int i = 0; i < MANY; i++) {
        uint64_t range = (uint64_t)1 << (random_u64(&r) % 30);
        probes[i].due_ms = start + random_u64(&r) % range;
        if (probes[i].due_ms > last) last = probes[i].due_ms;
        timer_arm(&w, &probes[i].timer, probes[i].due_ms, note);
        if (i % 10 == 0) timer_cancel(&probes[i].timer);
    }
    for (int64_t sleep; (sleep = wheel_next_ms(&w, clock_ms)) >= 0;) {
        if (clock_ms > last + 2 * WHEEL_TICK_MS) break;
        clock_ms += (uint64_t)sleep + random_u64(&r) % 40;
        wheel_run(&w, clock_ms);
        for (int i = 0; i < MANY; i += 97) /* nothing due is left behind */
            if (i % 10 && probes[i].due_ms + WHEEL_TICK_MS <= clock_ms)
                assert_int_equal(probes[i].fired, 1);
    }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(probes[i].fired, i % 10 ? 1 : 0);
        if (i % 10) assert_true(probes[i].fired_ms >= probes[i].due_ms);
    }
    assert_true(wheel_next_ms(&w, clock_ms) == -1);
    mem_free(probes);
}

static Wheel busy;
static Probe again, victim;

static void rearm(Timer *t)
{
    note(t);
    timer_cancel(&victim.timer);
    if (again.fired < 5) timer_arm(&busy, t, clock_ms + 10, rearm);
}

TEST(wheel_callbacks_may_arm_and_cancel)
{
    clock_ms = 1000;
    wheel_init(&busy, clock_ms);
    timer_arm(&busy, &again.timer, 1010, rearm);
    timer_arm(&busy, &victim.timer, 1010, note);
    for (; clock_ms < 1400; clock_ms += 7) wheel_run(&busy, clock_ms);
    assert_int_equal(again.fired, 5);
    assert_int_equal(victim.fired, 0);
}

TEST(wheel_holds_what_is_beyond_its_reach)
{
    static Wheel w;
    Probe far = {0};
    uint64_t week_ms = 7 * 24 * 3600 * 1000ull;
    clock_ms = 5;
    wheel_init(&w, clock_ms);
    timer_arm(&w, &far.timer, week_ms, note);
    while (!far.fired) {
        int64_t sleep = wheel_next_ms(&w, clock_ms);
        assert_true(sleep >= 0);
        clock_ms += (uint64_t)sleep + 1;
        wheel_run(&w, clock_ms);
    }
    assert_true(far.fired_ms >= week_ms && far.fired_ms <= week_ms + 2 * WHEEL_TICK_MS);
}

TEST_MAIN()
