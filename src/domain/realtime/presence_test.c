/* Who is there, and the commands of a client about it: presence, publish, tokens of rooms and their end. */
#include "domain/realtime/presence.h"

#include "client_world_test.h"
#include "domain/realtime/subscription.h"

static void subscribe(World *w, const char *channel)
{
    say(w, "{\"id\":2,\"subscribe\":{\"channel\":\"%s\",\"join_leave\":true}}", channel);
    store_answers(w, ST_OK);
    assert_true(heard(w, "\"subscribe\":{"));
}

static void look(World *w, const char *channel, Arena *arena, Presence *ret)
{
    presence_of(w->realtime.hub, 1, str_of(channel), arena, ret);
}

TEST(presence_is_who_reads_the_channel)
{
    World w;
    Arena arena;
    Presence found;
    char id[UUID_TEXT_LEN];
    connect_for(&w, 3600 * 1000);
    arena_init(&arena, MIB(1));
    look(&w, "c0#u,v", &arena, &found);
    assert_int_equal(found.count, 0);
    say(&w, "{\"id\":2,\"subscribe\":{\"channel\":\"c0#u,v\"}}");
    look(&w, "c0#u,v", &arena, &found);
    assert_int_equal(found.count, 0); /* not before it is answered */
    store_answers(&w, ST_OK);
    look(&w, "c0#u,v", &arena, &found);
    assert_int_equal(found.count, 1);
    uuid_text(w.client.id, id);
    assert_true(str_eq(found.clients[0].client, str_make(id, sizeof id)));
    assert_str(found.clients[0].user, "u");
    look(&w, "c0#u", &arena, &found);
    assert_int_equal(found.count, 0);
    presence_of(w.realtime.hub, 2, S("c0#u,v"), &arena, &found); /* another tenant's */
    assert_int_equal(found.count, 0);
    arena_done(&arena);
    world_done(&w);
}

TEST(presence_adds_loops_and_counts_users)
{
    Arena arena;
    CfClientInfo here[] = {{.user = S("b"), .client = S("1")}, {.user = S("a"), .client = S("2")}};
    CfClientInfo there[] = {{.user = S("b"), .client = S("3")}};
    const Presence a = {here, 2, false}, b = {0}, c = {there, 1, false}, cut = {there, 1, true};
    const Presence many = {here, PRESENCE_MAX, false};
    Presence all = {0};
    arena_init(&arena, MIB(1));
    assert_int_equal(presence_users(&all), 0);
    assert_true(presence_join((const Presence *[]){&a, &b, &c}, 3, &arena, &all));
    assert_int_equal(all.count, 3);
    assert_int_equal(presence_users(&all), 2);
    assert_true(presence_join((const Presence *[]){&b, &b}, 2, &arena, &all));
    assert_int_equal(all.count, 0);
    assert_false(presence_join((const Presence *[]){&a, &cut}, 2, &arena, &all));
    assert_false(presence_join((const Presence *[]){&many, &c}, 2, &arena, &all));
    arena_done(&arena);
}

TEST(presence_patterns_have_stars)
{
    static const struct {
        const char *pattern, *channel;
        bool fits;
    } cases[] = {
        {"", "anything", true},  {"*", "", true},          {"a", "a", true},
        {"a", "ab", false},      {"a*", "abc", true},      {"*c", "abc", true},
        {"a*c", "abc", true},    {"a*c", "abcd", false},   {"a*b*c", "a-b-b-c", true},
        {"a*b*c", "acb", false}, {"**", "x", true},        {"chat:*", "chat:", true},
        {"*#u", "c#u", true},    {"*ab*ab", "abab", true}, {"*ab*ab", "ab", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(channel_matches(str_of(cases[i].pattern), str_of(cases[i].channel)),
                         cases[i].fits);
}

TEST(presence_sums_channels_of_all_loops)
{
    ChannelCounts all;
    ChannelCount here[] = {{S("a"), 1}, {S("b"), 2}}, there[] = {{S("b"), 3}, {S("c"), 1}};
    channel_counts_init(&all);
    channel_counts_add(&all, here, 2);
    channel_counts_add(&all, there, 2);
    assert_int_equal(all.count, 3);
    assert_int_equal(all.at[1].clients, 5);
    channel_counts_done(&all);
}

/* ---- the commands ---- */

TEST(presence_is_for_those_who_are_there)
{
    World w;
    connect_for(&w, 3600 * 1000);
    say(&w, "{\"id\":2,\"presence\":{\"channel\":\"c0#u,v\"}}");
    assert_true(heard(&w, "\"code\":103"));
    subscribe(&w, "c0#u,v");
    say(&w, "{\"id\":3,\"presence_stats\":{\"channel\":\"c0#u,v\"}}");
    assert_int_equal(w.call_count, 1);
    assert_int_equal(w.calls[0]->way, CALL_PEOPLE);
    assert_str(w.calls[0]->stream.channel, "c0#u,v");
    CfClientInfo people[] = {{.user = S("u"), .client = S("1")},
                             {.user = S("v"), .client = S("2")}};
    w.calls[0]->people = (Presence){people, 2, false};
    store_answers(&w, ST_OK);
    assert_true(heard(&w, "{\"id\":3,\"presence_stats\":{\"num_clients\":2,\"num_users\":2}}"));
    say(&w, "{\"id\":4,\"presence\":{\"channel\":\"c0#u,v\"}}");
    store_answers(&w, ST_TOO_BIG);
    assert_true(heard(&w, "\"code\":106"));
    world_done(&w);
}

TEST(joins_are_said_only_while_somebody_listens)
{
    World w;
    connect_for(&w, 3600 * 1000);
    say(&w, "{\"id\":2,\"subscribe\":{\"channel\":\"c1#u\"}}");
    store_answers(&w, ST_OK);
    hub_pump(w.realtime.hub, 100);
    assert_false(heard(&w, "\"join\""));
    assert_int_equal(atomic_load(&w.people_listeners), 0);
    subscribe(&w, "c0#u,v");
    hub_pump(w.realtime.hub, 100);
    assert_int_equal(atomic_load(&w.people_listeners), 1);
    assert_true(heard(&w, "\"channel\":\"c0#u,v\",\"join\":{\"info\":{\"user\":\"u\",\"client\":"));
    say(&w, "{\"id\":5,\"unsubscribe\":{\"channel\":\"c0#u,v\"}}");
    assert_int_equal(atomic_load(&w.people_listeners), 0);
    world_done(&w);
}

TEST(publish_needs_the_tenants_word_and_a_subscription)
{
    World w;
    connect_for(&w, 3600 * 1000);
    subscribe(&w, "c0#u,v");
    subscribe(&w, "c0#u");
    say(&w, "{\"id\":3,\"publish\":{\"channel\":\"c0#u,v\",\"data\":1}}");
    assert_true(heard(&w, "\"code\":103"));
    w.tenant.allow_client_publish = true;
    say(&w, "{\"id\":4,\"publish\":{\"channel\":\"c0#u,v\",\"data\":{\"n\":1}}}");
    hub_pump(w.realtime.hub, 100);
    assert_true(heard(&w, "{\"id\":4,\"publish\":{}}"));
    assert_true(heard(&w, "\"pub\":{\"data\":{\"n\":1},\"info\":{\"user\":\"u\""));
    for (const char **c = (const char *[]){"c0#u", "c1#u,v", NULL}; *c; c++) {
        say(&w, "{\"id\":5,\"publish\":{\"channel\":\"%s\",\"data\":1}}", *c);
        assert_true(heard(&w, "\"code\":103"));
    }
    world_done(&w);
}

/* ---- tokens ---- */

/* A subscribe or sub_refresh with a token for room "r" that ends then. */
static void say_room(World *w, const char *command, int64_t expires_ms)
{
    Buf claims, token;
    buf_init(&claims, 1024);
    buf_init(&token, JWT_BYTES_MAX);
    buf_format(&claims,
               "{\"sub\":\"u\",\"tenant\":\"" TENANT_ID "\",\"channel\":\"r\",\"exp\":%lld}",
               (long long)(expires_ms / 1000));
    assert_status(jwt_sign(w->realtime.token_key, buf_view(&claims), &token), ST_OK);
    say(w, "{\"id\":2,\"%s\":{\"channel\":\"r\",\"token\":\"%.*s\"}}", command,
        STR_FMT(buf_view(&token)));
    buf_done(&claims);
    buf_done(&token);
}

/* Lets time pass, answering pings, until the clock shows it. */
static void pass_to(World *w, int64_t ms)
{
    while (w->armed_ms < ms) {
        w->now_ms = w->armed_ms;
        client_on_time(&w->client);
        if (w->client.awaits_pong) client_on_message(&w->client, S("{}"));
    }
    w->now_ms = ms;
    buf_clear(&w->sent);
    client_on_time(&w->client);
}

TEST(room_ends_with_its_token_after_the_grace)
{
    World w;
    connect_for(&w, 3600 * 1000);
    int64_t ends_ms = w.now_ms + 100 * 1000;
    say_room(&w, "subscribe", ends_ms);
    store_answers(&w, ST_OK);
    assert_true(heard(&w, "\"expires\":true,\"ttl\":100"));
    pass_to(&w, ends_ms + GRACE_MS - 1);
    assert_false(heard(&w, "unsubscribe"));
    pass_to(&w, ends_ms + GRACE_MS);
    assert_true(heard(&w, "{\"push\":{\"channel\":\"r\",\"unsubscribe\":{\"code\":2501,"));
    assert_int_equal(w.client.channel_count, 0);
    assert_int_equal(w.client.state, CLIENT_CONNECTED);
    world_done(&w);
}

TEST(room_stays_with_a_refreshed_token)
{
    World w;
    connect_for(&w, 3600 * 1000);
    int64_t ends_ms = w.now_ms + 100 * 1000;
    say_room(&w, "subscribe", ends_ms);
    store_answers(&w, ST_OK);
    pass_to(&w, ends_ms + 1000);
    say_room(&w, "sub_refresh", ends_ms + 600 * 1000);
    assert_true(heard(&w, "{\"id\":2,\"sub_refresh\":{\"expires\":true,\"ttl\":599}}"));
    pass_to(&w, ends_ms + GRACE_MS + 1000);
    assert_false(heard(&w, "unsubscribe"));
    assert_int_equal(w.client.channel_count, 1);
    say_room(&w, "sub_refresh",
             w.now_ms - 1000); /* over: it loses the room, and will be told 109 */
    assert_true(heard(&w, "\"code\":2501"));
    say_room(&w, "subscribe", w.now_ms - 1000);
    assert_true(heard(&w, "\"code\":109"));
    world_done(&w);
}

TEST(unsubscribe_by_the_server_answers_who_still_waits)
{
    World w;
    connect_for(&w, 3600 * 1000);
    say(&w, "{\"id\":2,\"subscribe\":{\"channel\":\"c0#u,v\"}}");
    client_unsubscribe(&w.client, S("c0#u,v"), CF_UNSUBSCRIBE_SERVER);
    assert_true(heard(&w, "{\"id\":2,\"error\":{\"code\":100,"));
    assert_false(heard(&w, "\"push\""));
    store_answers(&w, ST_OK);
    subscribe(&w, "c0#u,v");
    client_unsubscribe(&w.client, S("c0#u,v"), CF_UNSUBSCRIBE_SERVER);
    assert_true(heard(&w, "\"unsubscribe\":{\"code\":2000,"));
    client_unsubscribe(&w.client, S("none"), CF_UNSUBSCRIBE_SERVER);
    assert_int_equal(w.client.channel_count, 0);
    world_done(&w);
}

TEST_MAIN()
