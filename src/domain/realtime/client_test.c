/* One client of the centrifuge dialect with its clock in our hands: what it answers, when it is pinged,
 * when it is closed. What goes over real sockets is proven in tests/e2e; here is what those cannot
 * reach or would have to wait for. */
#include "client_world_test.h"

TEST(client_that_never_authenticates_is_stale)
{
    World w;
    world_open(&w);
    wait_for_it(&w);
    assert_int_equal(w.now_ms, START_MS + CONNECT_MS);
    assert_int_equal(w.closed_with, 3502);
    world_done(&w);
}

TEST(client_with_an_expired_token_may_do_nothing_more_and_becomes_stale)
{
    World w;
    world_open(&w);
    say_token(&w, "connect", w.now_ms); /* leeway 0: now is too late */
    assert_true(heard(&w, "\"code\":109"));
    assert_int_equal(w.closed_with, 0);
    wait_for_it(&w);
    assert_int_equal(w.closed_with, 3502);
    world_done(&w);
}

TEST(client_is_pinged_within_the_first_interval_then_every_one)
{
    World w;
    connect_for(&w, 3600 * 1000);
    wait_for_it(&w);
    assert_true(w.now_ms >= START_MS + PING_MS / 2 && w.now_ms < START_MS + PING_MS);
    for (int i = 0; i < 3; i++) {
        int64_t pinged_ms = w.now_ms;
        assert_true(heard(&w, "{}"));
        say(&w, "{}");
        assert_int_equal(w.closed_with, 0);
        wait_for_it(&w);
        assert_int_equal(w.now_ms, pinged_ms + PING_MS);
    }
    world_done(&w);
}

TEST(client_that_answers_a_ping_with_something_else_is_closed)
{
    World w;
    connect_for(&w, 3600 * 1000);
    wait_for_it(&w);
    int64_t pinged_ms = w.now_ms;
    say(&w, "{\"id\":2,\"unsubscribe\":{\"channel\":\"x\"}}");
    wait_for_it(&w);
    assert_int_equal(w.now_ms, pinged_ms + PONG_MS);
    assert_int_equal(w.closed_with, 3012);
    world_done(&w);
}

TEST(client_answers_a_ping_only_once)
{
    World w;
    connect_for(&w, 3600 * 1000);
    wait_for_it(&w);
    say(&w, "{}");
    assert_int_equal(w.closed_with, 0);
    say(&w, "{}");
    assert_int_equal(w.closed_with, 3501);
    world_done(&w);
}

TEST(client_is_closed_after_expiry_and_grace)
{
    World w;
    connect_for(&w, 5000);
    while (!w.closed_with) {
        wait_for_it(&w);
        if (heard(&w, "{}") && !w.closed_with) say(&w, "{}");
    }
    assert_int_equal(w.closed_with, 3005);
    assert_int_equal(w.now_ms, START_MS + 5000 + GRACE_MS);
    world_done(&w);
}

TEST(client_refreshed_in_its_grace_lives_on)
{
    World w;
    connect_for(&w, 5000);
    w.now_ms = START_MS + 5000 + GRACE_MS - 1;
    say_token(&w, "refresh", w.now_ms + 3600 * 1000);
    assert_true(heard(&w, "\"refresh\":{"));
    w.now_ms += 2;
    client_on_time(&w.client);
    assert_int_equal(w.closed_with, 0);
    world_done(&w);
}

TEST(client_has_at_most_128_channels)
{
    World w;
    connect_for(&w, 3600 * 1000);
    for (int i = 0; i < CHANNELS_PER_CLIENT_MAX; i++) {
        say(&w, "{\"id\":2,\"subscribe\":{\"channel\":\"c%d#u\"}}", i);
        store_answers(&w, ST_OK);
        assert_true(heard(&w, "{\"id\":2,\"subscribe\":{\"recoverable\":true"));
    }
    say(&w, "{\"id\":3,\"subscribe\":{\"channel\":\"c%d#u\"}}", CHANNELS_PER_CLIENT_MAX);
    assert_true(heard(&w, "\"code\":106"));
    say(&w, "{\"id\":4,\"subscribe\":{\"channel\":\"c0#u\"}}");
    assert_true(heard(&w, "\"code\":105"));
    say(&w,
        "{\"id\":5,\"unsubscribe\":{\"channel\":\"c7#u\"}}\n"
        "{\"id\":6,\"subscribe\":{\"channel\":\"c%d#u\"}}",
        CHANNELS_PER_CLIENT_MAX);
    assert_true(heard(&w, "{\"id\":5,\"unsubscribe\":{}}"));
    store_answers(&w, ST_OK);
    assert_true(heard(&w, "{\"id\":6,\"subscribe\":{"));
    world_done(&w);
}

TEST_MAIN()
