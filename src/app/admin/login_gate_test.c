#include "app/admin/login_gate.h"

#include "base/limits.h"
#include "check_test.h"

static void fail_times(LoginGate *g, Str name, int times, uint64_t mono_ms)
{
    for (int i = 0; i < times; i++) login_gate_failed(g, LOGIN_ACCOUNT, name, mono_ms);
}

TEST(login_gate_delays_after_five_failures_and_ever_longer)
{
    LoginGate *g = login_gate_new();
    fail_times(g, S("ann"), 4, 1000);
    assert_int_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, S("ann"), 1000), 0);
    static const uint32_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60};
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        fail_times(g, S("ann"), 1, 1000);
        assert_int_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, S("ann"), 1000), waits[i]);
    }
    assert_int_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, S("ann"), 60999), 1);
    assert_int_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, S("ann"), 61000), 0);
    fail_times(g, S("ann"), 100, 61000); /* the delay stays at its ceiling */
    assert_int_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, S("ann"), 61000), LOGIN_DELAY_MAX_S);
    login_gate_free(g);
}

TEST(login_gate_keeps_accounts_and_addresses_apart)
{
    LoginGate *g = login_gate_new();
    fail_times(g, S("ann"), 6, 0);
    assert_int_equal(login_gate_wait_s(g, LOGIN_ADDRESS, S("ann"), 0), 0);
    assert_int_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, S("bob"), 0), 0);
    assert_int_not_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, S("ann"), 0), 0);
    login_gate_free(g);
}

TEST(login_gate_forgets_after_success_and_after_silence)
{
    LoginGate *g = login_gate_new();
    fail_times(g, S("ann"), 6, 0);
    login_gate_passed(g, LOGIN_ACCOUNT, S("ann"));
    assert_int_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, S("ann"), 0), 0);

    fail_times(g, S("bob"), 5, 0);
    uint64_t later = LOGIN_MEMORY_S * UINT64_C(1000);
    fail_times(g, S("bob"), 1, later); /* counts from one again */
    assert_int_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, S("bob"), later), 0);
    login_gate_free(g);
}

TEST(login_gate_remembers_a_bounded_number_of_names)
{
    LoginGate *g = login_gate_new();
    char name[32];
    fail_times(g, S("first"), 5, 0);
    for (int i = 0; i < LOGIN_NAMES_MAX; i++) {
        snprintf(name, sizeof name, "name %d", i);
        fail_times(g, str_of(name), 5, 1);
    }
    assert_int_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, S("first"), 1), 0); /* made room */
    assert_int_equal(login_gate_wait_s(g, LOGIN_ACCOUNT, str_of(name), 1), 1);
    login_gate_free(g);
}

TEST(login_gate_lets_a_few_hashes_in_at_once)
{
    LoginGate *g = login_gate_new();
    for (int i = 0; i < LOGIN_HASHES_AT_ONCE; i++) assert_true(login_gate_enter(g));
    assert_false(login_gate_enter(g));
    login_gate_leave(g);
    assert_true(login_gate_enter(g));
    login_gate_free(g);
}

TEST_MAIN()
