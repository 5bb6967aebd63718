#include "domain/deliver/pacer.h"

#include "base/limits.h"
#include "check_test.h"

static const ProviderKind plain = {.name = STR_INIT("plain")};
static const ProviderKind slow = {.name = STR_INIT("slow"), .per_second = 2, .concurrency = 8};

static void answer(Pacer *p, OutcomeClass class, uint64_t now_ms)
{
    const Outcome outcome = {.class = class};
    pacer_begin(p, now_ms);
    pacer_end(p, &outcome, now_ms);
}

TEST(pacer_bounds_what_is_in_flight)
{
    Pacer p;
    uint64_t when;
    pacer_init(&p, &plain, 30000);
    for (uint32_t i = 0; i < PROVIDER_CONCURRENCY; i++) {
        assert_true(pacer_room(&p, 1000, &when) > 0);
        pacer_begin(&p, 1000);
    }
    assert_int_equal(pacer_room(&p, 1000, &when), 0);
    assert_true(when == PACER_WHEN_ONE_RETURNS);
    pacer_end(&p, &(Outcome){.class = OUTCOME_OK}, 1000);
    assert_int_equal(pacer_room(&p, 1000, &when), 1);
}

TEST(pacer_grows_with_success_and_halves_when_limited)
{
    Pacer p;
    uint64_t when;
    pacer_init(&p, &plain, 30000);
    for (uint32_t i = 0; i < PROVIDER_CONCURRENCY; i++) answer(&p, OUTCOME_OK, 1000);
    assert_int_equal(p.window, PROVIDER_CONCURRENCY + 1);
    pacer_begin(&p, 1000);
    pacer_end(&p, &(Outcome){.class = OUTCOME_RETRY_AFTER, .retry_after_ms = 5000}, 1000);
    assert_int_equal(p.window, (PROVIDER_CONCURRENCY + 1) / 2);
    assert_int_equal(pacer_room(&p, 5999, &when), 0);
    assert_in_range(when, 6000, 6001);
    assert_true(pacer_room(&p, 6001, &when) > 0);
    assert_int_equal(p.circuit, CIRCUIT_CLOSED); /* it works, only slower */
}

TEST(pacer_keeps_a_rate)
{
    Pacer p;
    uint64_t when;
    uint32_t calls = 0;
    pacer_init(&p, &slow, 30000);
    for (uint64_t now = 10000; now < 20000; now += 10)
        while (pacer_room(&p, now, &when)) {
            answer(&p, OUTCOME_OK, now);
            calls++;
        }
    assert_in_range(calls, 20, 23); /* two a second for ten seconds, and a second's worth at once */
}

TEST(pacer_spreads_the_last_calls_of_a_window_and_waits_for_the_next)
{
    Pacer p;
    uint64_t when;
    Outcome few = {.pace = {.has_remaining = true, .remaining = 4, .reset_ms = 8000}};
    Outcome none = {.pace = {.has_remaining = true, .remaining = 0, .reset_ms = 3000}};
    pacer_init(&p, &plain, 30000);
    pacer_begin(&p, 50000);
    pacer_end(&p, &few, 50000);
    assert_int_equal(p.gap_us, 2000000);
    pacer_begin(&p, 50000);
    pacer_end(&p, &none, 50000);
    assert_int_equal(pacer_room(&p, 52999, &when), 0);
    assert_true(pacer_room(&p, 53001, &when) > 0);
}

TEST(pacer_opens_after_failures_in_a_row_and_probes)
{
    Pacer p;
    uint64_t when;
    pacer_init(&p, &plain, 30000);
    for (int i = 0; i < PROVIDER_FAILURES_MAX - 1; i++) answer(&p, OUTCOME_RETRY, 1000);
    assert_false(pacer_is_open(&p, 1000));
    answer(&p, OUTCOME_OK, 1000);
    for (int i = 0; i < PROVIDER_FAILURES_MAX; i++) answer(&p, OUTCOME_RETRY, 1000);
    assert_true(pacer_is_open(&p, 1000));
    assert_int_equal(pacer_room(&p, 1500, &when), 0);
    assert_int_equal(when, 2000);
    assert_in_range(pacer_room(&p, 2000, &when), 1, 8); /* only a few try */
    answer(&p, OUTCOME_RETRY, 2000);
    assert_true(pacer_is_open(&p, 3999)); /* twice as long */
    assert_false(pacer_is_open(&p, 4000));
    answer(&p, OUTCOME_OK, 4000);
    assert_int_equal(p.circuit, CIRCUIT_CLOSED);
    assert_true(pacer_room(&p, 4000, &when) > 8);
}

TEST(pacer_opens_at_once_on_a_configuration_fault_and_pauses_within_its_ceiling)
{
    Pacer p;
    uint64_t now = 1000;
    pacer_init(&p, &plain, 4000);
    for (int i = 0; i < 6; i++) {
        answer(&p, OUTCOME_CONFIGURATION, now);
        assert_true(pacer_is_open(&p, now));
        assert_true(p.reopen_ms - now <= 4000);
        now = p.reopen_ms;
    }
    assert_int_equal(p.pause_ms, 4000);
}

TEST(pacer_is_not_moved_by_what_is_wrong_with_one_message)
{
    Pacer p;
    pacer_init(&p, &plain, 30000);
    for (int i = 0; i < 100; i++) answer(&p, OUTCOME_PERMANENT, 1000);
    for (int i = 0; i < 100; i++) answer(&p, OUTCOME_SUPPRESS, 1000);
    assert_int_equal(p.circuit, CIRCUIT_CLOSED);
    assert_int_equal(p.window, PROVIDER_CONCURRENCY);
}

TEST_MAIN()
