#include "net/rate.h"

#include "check_test.h"

enum { MS = 1000000 };

static const uint64_t start = 7000ull * 1000 * MS;

static int admitted(int asked, uint64_t now_ns)
{
    int count = 0;
    for (int i = 0; i < asked; i++) count += rate_admit(now_ns);
    return count;
}

TEST(rate_without_a_limit_admits_all)
{
    rate_limit(0);
    assert_int_equal(admitted(100000, start), 100000);
}

TEST(rate_admits_a_seconds_worth_at_once_and_the_rest_evenly)
{
    rate_limit(50);
    assert_int_equal(admitted(1000, start), 50);
    assert_int_equal(admitted(10, start + 19 * MS), 0);
    assert_int_equal(admitted(10, start + 20 * MS), 1);
    assert_int_equal(admitted(10, start + 120 * MS), 5);
}

TEST(rate_forgives_after_a_quiet_second_and_saves_nothing_up)
{
    rate_limit(50);
    assert_int_equal(admitted(1000, start), 50);
    assert_int_equal(admitted(1000, start + 1000 * MS), 50);
    assert_int_equal(admitted(1000, start + 9000ull * MS), 50);
}

TEST(rate_of_one_a_second_admits_the_first)
{
    rate_limit(1);
    assert_int_equal(admitted(3, start), 1);
    assert_int_equal(admitted(3, start + 999 * MS), 0);
    assert_int_equal(admitted(3, start + 1000 * MS), 1);
}

TEST(rate_takes_a_clock_that_lags_behind)
{
    rate_limit(10);
    assert_int_equal(admitted(100, start), 10);
    assert_int_equal(admitted(100, start - 5 * MS), 0);
}

TEST_MAIN()
