/* One socket of the workspace dialect with its clock in our hands. What goes over real sockets is proven in
 * tests/e2e/workspace_test.mjs; here is what that would have to wait for. */
#include "domain/realtime/dialect_workspace.h"

#include "dialect_test.h"

#define MEMBER "\"sub\":\"u\",\"workspaces\":[\"other\",\"ws\"]"

static void open_with(Workspace *w, Str token, Str slug)
{
    workspace_init(w, &world.realtime, &test_ops);
    workspace_enter(w, token, slug, 0);
}

static void closes_with(Str token, Str slug, int code)
{
    Workspace w;
    world.closed_with = 0;
    open_with(&w, token, slug);
    assert_false(workspace_is_in(&w));
    assert_int_equal(world.closed_with, code);
    assert_true(world.reason.len > 0);
    workspace_close(&w, WORKSPACE_SHUTDOWN, S("again")); /* it is out: nothing follows */
    workspace_done(&w);
}

TEST(workspace_refuses_in_the_documented_order)
{
    world_open();
    closes_with(S(""), S(""), 4001);
    closes_with(S("x"), S(""), 4002);
    closes_with(S("x"), S("ws"), 4001);
    closes_with(token_of("\"sub\":\"u\"", -1000), S("ws"), 4003);
    closes_with(token_of("\"sub\":\"u\"", 0), S("ws"), 4003); /* leeway 0 */
    closes_with(token_of("\"sub\":\"u\"", 60000), S("ws"), 4001);
    closes_with(token_of(MEMBER, 60000), S("other"), 4001);
    closes_with(token_of("\"workspaces\":[\"ws\"]", 60000), S("ws"), 4001);
    world.tenant.active = false;
    closes_with(token_of(MEMBER, 60000), S("ws"), 4001);
    world_done();
}

/* Lets time pass to the point the session asked for. */
static void wait_for_it(Workspace *w)
{
    assert_true(world.armed_ms > world.now_ms);
    world.now_ms = world.armed_ms;
    workspace_on_time(w);
}

TEST(workspace_that_is_silent_is_closed_and_activity_puts_it_off)
{
    Workspace w;
    world_open();
    open_with(&w, token_of(MEMBER, 3600000), S("ws"));
    assert_true(workspace_is_in(&w));
    assert_int_equal(buf_len(&world.sent), 0);
    world.now_ms += IDLE_MS / 2;
    workspace_on_activity(&w);
    wait_for_it(&w);
    assert_int_equal(world.closed_with, 0);
    wait_for_it(&w);
    assert_int_equal(world.now_ms, START_MS + IDLE_MS + IDLE_MS / 2);
    assert_int_equal(world.closed_with, 1001);
    assert_str(world.reason, "Inactivity timeout");
    workspace_done(&w);
    world_done();
}

TEST(workspace_is_closed_when_its_token_ends)
{
    Workspace w;
    world_open();
    open_with(&w, token_of(MEMBER, 10000), S("ws"));
    wait_for_it(&w);
    assert_int_equal(world.now_ms, START_MS + 10000);
    assert_int_equal(world.closed_with, 4003);
    workspace_done(&w);
    world_done();
}

TEST(workspace_hears_what_is_for_its_user_and_what_is_for_all)
{
    Workspace w;
    Notice notice = {.id = S("i"), .title = S("mine"), .body = S("b"), .workspace_only = true};
    world_open();
    open_with(&w, token_of(MEMBER, 10000), S("ws"));
    NoticeChannel mine = notice_channel(S("u")), other = notice_channel(S("u2"));
    publish(notice_channel_name(&other), &notice);
    assert_int_equal(buf_len(&world.sent), 0);
    publish(notice_channel_name(&mine), &notice);
    assert_true(heard("\"title\":\"mine\""));
    notice.title = S("all");
    publish(NOTICE_CHANNEL_ALL, &notice);
    assert_true(heard("\"title\":\"all\""));
    workspace_done(&w);
    world_done();
}

TEST(workspace_newest_of_a_user_stays_in_whatever_order_it_is_heard_of)
{
    Workspace older, newer;
    NoticeChannel mine = notice_channel(S("u"));
    world_open();
    workspace_init(&older, &world.realtime, &test_ops);
    workspace_init(&newer, &world.realtime, &test_ops);
    workspace_enter(&newer, token_of(MEMBER, 10000), S("ws"), 8);
    workspace_enter(&older, token_of(MEMBER, 10000), S("ws"), 7);
    Hub *hub = world.realtime.hub;
    workspace_replace(hub, TENANT_NO, notice_channel_name(&mine), 7);
    assert_int_equal(world.closed_with, 0);
    workspace_replace(hub, TENANT_NO, notice_channel_name(&mine), 8);
    assert_int_equal(world.closed_with, 4009);
    assert_false(workspace_is_in(&older));
    assert_true(workspace_is_in(&newer));
    assert_int_equal(hub_visit(hub, TENANT_NO, NOTICE_CHANNEL_ALL, WIRE_WORKSPACE, NULL, NULL), 1);
    workspace_done(&older);
    workspace_done(&newer);
    world_done();
}

TEST_MAIN()
