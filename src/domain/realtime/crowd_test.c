#include "domain/realtime/crowd.h"

#include "check_test.h"

TEST(crowd_counts_a_user_of_a_tenant_and_nobody_else)
{
    Crowd *c = crowd_new(2);
    CrowdMember *m[4], *none;
    assert_status(crowd_enter(c, 1, S("u"), &m[0]), ST_OK);
    assert_status(crowd_enter(c, 1, S("u"), &m[1]), ST_OK);
    assert_status(crowd_enter(c, 1, S("u"), &none), ST_FULL);
    assert_null(none);
    assert_status(crowd_enter(c, 1, S("u2"), &m[2]), ST_OK);
    assert_status(crowd_enter(c, 2, S("u"), &m[3]), ST_OK);
    crowd_leave(c, m[0]);
    assert_status(crowd_enter(c, 1, S("u"), &m[0]), ST_OK);
    for (int i = 0; i < 4; i++) crowd_leave(c, m[i]);
    crowd_free(c); /* which insists that nobody is left */
}

TEST(crowd_without_a_limit_counts_nothing)
{
    Crowd *c = crowd_new(0);
    CrowdMember *m;
    for (int i = 0; i < 1000; i++) assert_status(crowd_enter(c, 1, S("u"), &m), ST_OK);
    assert_null(m);
    crowd_leave(c, m);
    crowd_free(c);
}

TEST_MAIN()
