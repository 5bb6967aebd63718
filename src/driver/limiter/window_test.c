#include "driver/limiter/window.h"

#include "base/limits.h"
#include "base/random.h"
#include "check_test.h"

TEST(window_holds_an_event_for_exactly_a_minute)
{
    Window w = {0};
    window_advance(&w, 1000);
    window_add(&w, 1, 100);
    assert_int_equal(w.used, 1);
    assert_int_equal(window_wait_ms(&w, 1), 60000);
    window_advance(&w, 60999);
    assert_int_equal(w.used, 1);
    assert_int_equal(window_wait_ms(&w, 1), 1);
    window_advance(&w, 61000);
    assert_int_equal(w.used, 0);
    assert_int_equal(window_wait_ms(&w, 1), 0);
    window_done(&w);
}

TEST(window_slides_and_is_no_calendar_minute)
{
    Window w = {0};
    for (uint64_t ms = 59000; ms < 59010; ms++) { /* just before a full minute */
        window_advance(&w, ms);
        window_add(&w, 1, 10);
    }
    window_advance(&w, 60000); /* a calendar minute would start afresh here */
    assert_int_equal(w.used, 10);
    for (uint64_t i = 0; i < 10; i++) {
        window_advance(&w, 119000 + i);
        assert_int_equal(w.used, 9 - i);
    }
    window_done(&w);
}

TEST(window_keeps_what_it_had_when_time_goes_back)
{
    Window w = {0};
    window_advance(&w, 5000);
    window_add(&w, 2, 10);
    window_advance(&w, 1000);
    window_add(&w, 1, 10);
    window_advance(&w, 64999);
    assert_int_equal(w.used, 3);
    window_advance(&w, 65000);
    assert_int_equal(w.used, 0);
    window_done(&w);
}

/* Run times are 32 bits: a silence of just 2^32 ms (7 weeks) must not bring anything back. */
TEST(window_is_empty_after_any_silence)
{
    static const uint64_t silences[] = {60100,
                                        120000,
                                        UINT64_C(1) << 31,
                                        UINT64_C(1) << 32,
                                        (UINT64_C(1) << 32) + 30000,
                                        UINT64_C(1) << 40};
    for (size_t i = 0; i < sizeof silences / sizeof *silences; i++) {
        Window w = {0};
        window_advance(&w, 77);
        window_add(&w, 5, 10);
        window_advance(&w, 77 + silences[i]);
        assert_int_equal(w.used, 0);
        window_add(&w, 1, 10);
        assert_int_equal(window_wait_ms(&w, 1), 60000);
        window_done(&w);
    }
}

/* Across the place where 32 bits of milliseconds start again. */
TEST(window_slides_over_the_wrap_of_its_run_times)
{
    Window w = {0};
    uint64_t start = (UINT64_C(1) << 32) - 90000;
    for (uint64_t ms = start; ms < start + 180000; ms += 1000) {
        window_advance(&w, ms);
        window_add(&w, 1, 100);
        uint64_t expected = (ms - start) / 1000 + 1;
        assert_int_equal(w.used, expected < 60 ? expected : 60);
    }
    window_done(&w);
}

TEST(window_waits_for_as_many_as_are_needed)
{
    Window w = {0};
    for (uint64_t i = 0; i < 20; i++) { /* runs of 3, a second apart, through two growths */
        window_advance(&w, 1000 * i);
        window_add(&w, 3, 100);
    }
    assert_int_equal(window_wait_ms(&w, 1), 60000 - 19000);
    assert_int_equal(window_wait_ms(&w, 3), 60000 - 19000);
    assert_int_equal(window_wait_ms(&w, 4), 60000 - 18000);
    assert_int_equal(window_wait_ms(&w, 60), 60000);
    assert_int_equal(window_wait_ms(&w, 1000), 60000);
    window_done(&w);
}

/* Against the plain definition: the sum of all whose age is below a minute. */
TEST(window_agrees_with_the_definition)
{
    enum { STEPS = 20000 };
    static uint64_t at[STEPS];
    static uint32_t count[STEPS];
    Random random;
    Window w = {0};
    uint64_t now = 1000, first = 0, sum = 0;
    random_init(&random);
    for (uint64_t i = 0; i < STEPS; i++) {
        uint64_t dice = random_u64(&random);
        now += dice % 100 == 0 ? (dice >> 8) % 70000 : (dice >> 8) % 40;
        at[i] = now;
        count[i] = (uint32_t)(dice >> 40) % 4;
        window_advance(&w, now);
        if (count[i]) window_add(&w, count[i], LIMIT_EXACT_MAX);
        sum += count[i];
        while (now - at[first] >= WINDOW_MS) sum -= count[first++];
        assert_int_equal(w.used, sum);
    }
    window_done(&w);
}

/* A coarse slot leaves with its last millisecond: nothing is let go of too early. */
TEST(window_of_a_great_limit_is_coarse_on_the_safe_side)
{
    Window w = {0};
    window_advance(&w, 1000);
    window_add(&w, 1, LIMIT_EXACT_MAX + 1);
    window_advance(&w, 1099);
    window_add(&w, 1, LIMIT_EXACT_MAX + 1); /* the same slot */
    window_advance(&w, 61098);
    assert_int_equal(w.used, 2);
    window_advance(&w, 61099);
    assert_int_equal(w.used, 0);
    window_done(&w);
}

TEST(window_memory_is_bounded_whatever_the_limits_were)
{
    Window w = {0};
    uint64_t now = 1;
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < LIMIT_EXACT_MAX; i++) { /* a run each */
            window_advance(&w, now++);
            window_add(&w, 1, LIMIT_EXACT_MAX);
        }
        for (int i = 0; i < 100000; i++, now++) { /* then the limit is raised */
            window_advance(&w, now);
            window_add(&w, 1, 1000000000);
            assert_true(window_bytes(&w) <= LIMIT_RUNS_MAX * sizeof(WindowRun));
        }
    }
    now += 2 * WINDOW_MS;
    window_advance(&w, now);
    assert_int_equal(window_bytes(&w), 0); /* an idle tenant's ring is given back */
    window_add(&w, 1, 5);
    assert_true(window_bytes(&w) <= 64);
    window_done(&w);
}

TEST_MAIN()
