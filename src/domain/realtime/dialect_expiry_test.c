/* One socket of the expiry dialect with its clock in our hands; over real sockets: tests/e2e/expiry_test.mjs. */
#include "domain/realtime/dialect_expiry.h"

#include "dialect_test.h"

#define UUID "0190a0a0-1234-7abc-8def-0123456789ab"

static int marks;

static void note_mark(Expiry *e, Uuid id)
{
    char text[UUID_TEXT_LEN];
    assert_str(expiry_user(e), "u");
    uuid_text(id, text);
    assert_str(str_make(text, sizeof text), UUID);
    marks++;
}

static void open_with(Expiry *e, Str token)
{
    marks = 0;
    buf_clear(&world.sent);
    expiry_init(e, &world.realtime, &test_ops, note_mark);
    expiry_enter(e, token);
}

static void closes_with(Str token, const char *reason)
{
    Expiry e;
    world.closed_with = 0;
    open_with(&e, token);
    assert_int_equal(world.closed_with, 1008);
    assert_str(world.reason, reason);
    assert_int_equal(buf_len(&world.sent), 0);
    expiry_on_text(&e, S("PING")); /* it is out: nothing is answered */
    assert_int_equal(buf_len(&world.sent), 0);
    expiry_done(&e);
}

TEST(expiry_refuses_with_the_reasons_clients_look_for)
{
    world_open();
    closes_with(S(""), "Access token required");
    closes_with(S("x"), "Invalid or expired access token");
    closes_with(token_of("\"sub\":\"u\"", 0), "Invalid or expired access token");
    closes_with(token_of("", 1000), "Invalid or expired access token");
    closes_with(token_of("\"userId\":\"\",\"sub\":\"u\"", 1000), "Invalid or expired access token");
    closes_with(token_of("\"userId\":true", 1000), "Invalid or expired access token");
    world_done();
}

static void greets(const char *claims, const char *user)
{
    char greeting[256];
    Expiry e;
    int len = snprintf(
        greeting, sizeof greeting,
        "..{\"type\":\"CONNECTION_ESTABLISHED\",\"message\":\"Notification WebSocket "
        "connected\",\"userId\":%s}",
        user);
    greeting[0] = (char)0x81; /* the frame's head: final, text; the length */
    greeting[1] = (char)(len - 2);
    open_with(&e, token_of(claims, 60000));
    assert_str(buf_view(&world.sent), greeting);
    expiry_done(&e);
}

TEST(expiry_greets_with_the_user_as_the_token_spells_it)
{
    world_open();
    greets("\"sub\":\"s\"", "\"s\"");
    greets("\"sub\":\"s\",\"userId\":\"u\"", "\"u\"");
    greets("\"sub\":\"s\",\"userId\":42", "42");
    greets("\"userId\":\"\\u00e9\"", "\"\\u00e9\"");
    world_done();
}

TEST(expiry_answers_ping_and_nothing_else)
{
    static const char *const silent[] = {
        "ping", "PING ", "", "{", "{}", "[]", "{\"action\":\"x\"}"};
    Expiry e;
    world_open();
    open_with(&e, token_of("\"sub\":\"u\"", 60000));
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        buf_clear(&world.sent);
        expiry_on_text(&e, str_of(silent[i]));
        assert_int_equal(buf_len(&world.sent), 0);
    }
    expiry_on_text(&e, S("PING\n"));
    assert_str(buf_view(&world.sent), "\x81\x0f{\"type\":\"pong\"}");
    expiry_done(&e);
    world_done();
}

TEST(expiry_takes_only_a_whole_mark_for_one)
{
    Expiry e;
    world_open();
    open_with(&e, token_of("\"sub\":\"u\"", 60000));
    buf_clear(&world.sent);
    expiry_on_text(&e, S("{\"action\":\"mark_read\"}"));
    expiry_on_text(&e, S("{\"action\":\"mark_read\",\"id\":7}"));
    expiry_on_text(&e, S("{\"action\":\"mark_read\",\"id\":\"no uuid\"}"));
    expiry_on_text(&e, S("{\"action\":\"mark\",\"id\":\"" UUID "\"}"));
    assert_int_equal(marks, 0);
    expiry_on_text(&e, S(" {\"x\":1, \"id\":\"" UUID "\",\"action\":\"mark_read\"} "));
    assert_int_equal(marks, 1);
    assert_int_equal(buf_len(&world.sent), 0);
    expiry_done(&e);
    world_done();
}

TEST(expiry_is_closed_when_its_token_ends_and_not_before)
{
    Expiry e;
    world_open();
    open_with(&e, token_of("\"sub\":\"u\"", 60000));
    assert_int_equal(world.armed_ms, START_MS + 60000);
    world.now_ms = world.armed_ms - 1;
    expiry_on_time(&e);
    assert_int_equal(world.closed_with, 0);
    world.now_ms = world.armed_ms;
    expiry_on_time(&e);
    assert_int_equal(world.closed_with, 1008);
    expiry_done(&e);
    world_done();
}

TEST(expiry_shows_what_is_bridged_and_not_what_is_the_workspace_s)
{
    Expiry e;
    Notice notice = {.id = S("i"), .body = S("soon"), .workspace_only = true};
    NoticeChannel mine = notice_channel(S("u"));
    world_open();
    open_with(&e, token_of("\"sub\":\"u\"", 60000));
    buf_clear(&world.sent);
    publish(notice_channel_name(&mine), &notice);
    assert_int_equal(buf_len(&world.sent), 0);
    notice.workspace_only = false;
    publish(notice_channel_name(&mine), &notice);
    assert_true(heard("\"message\":\"soon\""));
    expiry_done(&e);
    world_done();
}

TEST_MAIN()
