/* Subscribing to a stream, with the store's answer and the publications around it in any order: each
 * position reaches the client exactly once, or it is told that it must ask for more (P12, P13). */
#include "client_world_test.h"

#define SUBSCRIBE "{\"id\":2,\"subscribe\":{\"channel\":\"c0#u\"}}"
#define RECOVER(offset, epoch)                                                                     \
    "{\"id\":2,\"subscribe\":{\"channel\":\"c0#u\",\"recover\":true,\"flag\":1,\"offset\":" offset \
    ",\"epoch\":\"" epoch "\"}}"
#define RECOVER_ALL(offset, epoch)                                                                 \
    "{\"id\":2,\"subscribe\":{\"channel\":\"c0#u\",\"recover\":true,\"flag\":3,\"offset\":" offset \
    ",\"epoch\":\"" epoch "\"}}"
#define EPOCH "00000000000000e1"

static void store_has(World *w, uint64_t top, uint64_t from)
{
    static const Str data[] = {STR_INIT("{\"n\":0}"), STR_INIT("{\"n\":1}"), STR_INIT("{\"n\":2}"),
                               STR_INIT("{\"n\":3}"), STR_INIT("{\"n\":4}"), STR_INIT("{\"n\":5}"),
                               STR_INIT("{\"n\":6}"), STR_INIT("{\"n\":7}"), STR_INIT("{\"n\":8}")};
    w->stream = (StreamCall){.ret_epoch = 0xe1, .ret_top = top};
    for (uint64_t n = from; n && n <= top; n++)
        w->items[w->stream.ret_count++] = (StreamItem){n, data[n]};
}

static void publish(World *w, uint64_t n)
{
    char data[32];
    int len = snprintf(data, sizeof data, "{\"n\":%d}", (int)n);
    hub_publish(
        w->realtime.hub, 1, S("c0#u"),
        &(Publication){.data = str_make(data, (size_t)len), .offset = n, .epoch = S(EPOCH)});
    hub_pump(w->realtime.hub, 100);
}

static void open_world(World *w)
{
    connect_for(w, 3600 * 1000);
    buf_clear(&w->sent);
}

/* The positions that were heard, in order: "6 7 8". */
static void assert_heard(const World *w, const char *expected)
{
    Str rest = buf_view(&w->sent);
    char heard_text[200] = "";
    size_t len = 0;
    const char *at = rest.len ? rest.at : "", *end = at + rest.len;
    while ((at = memmem(at, (size_t)(end - at), "{\"n\":", 5))) {
        len += (size_t)snprintf(heard_text + len, sizeof heard_text - len, "%s%c", len ? " " : "",
                                at[5]);
        at += 5;
    }
    assert_string_equal(heard_text, expected);
}

TEST(subscribe_tells_where_the_stream_is)
{
    World w;
    open_world(&w);
    store_has(&w, 7, 0);
    say(&w, SUBSCRIBE);
    assert_int_equal(buf_len(&w.sent), 0); /* it waits for the store */
    assert_int_equal(w.calls[0]->stream.limit, 0);
    assert_str(w.calls[0]->stream.user_id, "u");
    assert_str(w.calls[0]->stream.channel, "c0");
    store_answers(&w, ST_OK);
    assert_true(heard(&w, "{\"id\":2,\"subscribe\":{\"recoverable\":true,\"epoch\":\"" EPOCH
                          "\",\"offset\":7,\"positioned\":true}}"));
    publish(&w, 8);
    assert_heard(&w, "8");
    world_done(&w);
}

TEST(subscribe_delivers_each_position_once_whenever_the_store_looked)
{
    /* 8 and 9 come while the subscriber is held; the store looked before, between or after them. */
    static const char *const live[] = {"8 9", "9", ""};
    for (uint64_t seen = 0; seen <= 2; seen++) {
        World w;
        open_world(&w);
        store_has(&w, 7 + seen, 0);
        say(&w, SUBSCRIBE);
        publish(&w, 8);
        publish(&w, 9);
        assert_int_equal(buf_len(&w.sent), 0);
        store_answers(&w, ST_OK);
        hub_pump(w.realtime.hub, 100);
        assert_heard(&w, live[seen]);
        buf_clear(&w.sent);
        publish(&w, 10); /* and it is an ordinary subscriber now */
        assert_heard(&w, "1");
        world_done(&w);
    }
}

TEST(subscribe_whose_answer_overtakes_a_publication_hears_it_once)
{
    World w;
    open_world(&w);
    store_has(&w, 9, 0);
    say(&w, SUBSCRIBE);
    publish(&w, 8);
    store_answers(&w, ST_OK); /* knows of 9, which was committed and is still on its way here */
    publish(&w, 9);
    assert_heard(&w, "");
    hub_publish(
        w.realtime.hub, 1, S("c0#u"), /* the user was erased and is back */
        &(Publication){.data = S("{\"n\":1}"), .offset = 1, .epoch = S("00000000000000e3")});
    hub_pump(w.realtime.hub, 100);
    assert_heard(&w, "1");
    world_done(&w);
}

TEST(recovery_gives_what_was_missed_then_what_came_meanwhile)
{
    World w;
    open_world(&w);
    store_has(&w, 8, 1);
    say(&w, RECOVER("5", EPOCH));
    publish(&w, 8); /* in the reply as well */
    publish(&w, 9);
    store_answers(&w, ST_OK);
    hub_pump(w.realtime.hub, 100);
    assert_heard(&w, "6 7 8 9");
    assert_true(heard(&w, "\"recovered\":true,\"offset\":5,"));
    assert_true(heard(&w, "\"was_recovering\":true"));
    world_done(&w);
}

static void assert_not_recovered(World *w, const char *command)
{
    say(w, "%s", command);
    store_answers(w, ST_OK);
    assert_true(heard(w, "\"was_recovering\":true"));
    assert_false(heard(w, "\"recovered\""));
    assert_false(heard(w, "publications"));
    assert_true(heard(w, "\"offset\":8"));
    say(w, "{\"id\":3,\"unsubscribe\":{\"channel\":\"c0#u\"}}");
}

TEST(recovery_is_complete_or_says_that_it_is_not)
{
    World w;
    open_world(&w);
    store_has(&w, 8, 6);
    assert_not_recovered(&w, RECOVER("5", "00000000000000e3"));
    assert_not_recovered(&w, RECOVER("5", "_"));
    assert_not_recovered(&w, RECOVER("9", EPOCH)); /* from the future */
    w.stream.ret_floor = 6;                        /* something behind 5 was removed */
    assert_not_recovered(&w, RECOVER("5", EPOCH));
    w.stream.ret_floor = 5;
    w.stream.ret_more = true; /* more than one reply may hold */
    assert_not_recovered(&w, RECOVER("5", EPOCH));
    w.stream.ret_more = false;
    say(&w, RECOVER("5", EPOCH));
    store_answers(&w, ST_OK);
    assert_heard(&w, "6 7 8");
    world_done(&w);
}

TEST(recovery_that_must_be_complete_fails_with_112)
{
    World w;
    open_world(&w);
    store_has(&w, 8, 6);
    say(&w, RECOVER_ALL("9", EPOCH));
    store_answers(&w, ST_OK);
    assert_true(
        heard(&w, "{\"id\":2,\"error\":{\"code\":112,\"message\":\"unrecoverable position\"}}"));
    assert_int_equal(w.client.channel_count, 0);
    say(&w, RECOVER_ALL("7", EPOCH));
    store_answers(&w, ST_OK);
    assert_heard(&w, "8");
    world_done(&w);
}

TEST(subscribe_before_the_first_event_learns_the_epoch_from_whatever_comes_first)
{
    World w;
    open_world(&w);
    say(&w, SUBSCRIBE);
    store_answers(&w, ST_OK);
    assert_true(heard(&w, "{\"recoverable\":true,\"positioned\":true}}"));
    publish(&w, 3); /* 1 and 2 were on another channel */
    assert_true(heard(&w, "\"offset\":3,\"epoch\":\"" EPOCH "\"}"));
    buf_clear(&w.sent);
    publish(&w, 4);
    assert_false(heard(&w, "epoch"));
    world_done(&w);
}

TEST(subscribe_in_progress_is_a_subscription)
{
    World w;
    open_world(&w);
    say(&w, SUBSCRIBE);
    say(&w, "{\"id\":3,\"subscribe\":{\"channel\":\"c0#u\"}}");
    assert_true(heard(&w, "{\"id\":3,\"error\":{\"code\":105,"));
    store_answers(&w, ST_OK);
    assert_true(heard(&w, "{\"id\":2,\"subscribe\":{"));
    world_done(&w);
}

TEST(unsubscribe_takes_a_subscribe_back)
{
    World w;
    open_world(&w);
    say(&w, SUBSCRIBE);
    say(&w, "{\"id\":3,\"unsubscribe\":{\"channel\":\"c0#u\"}}\n"
            "{\"id\":4,\"subscribe\":{\"channel\":\"c0#u\"}}");
    assert_true(heard(&w, "{\"id\":2,\"error\":{\"code\":100,"));
    assert_true(heard(&w, "\n{\"id\":3,\"unsubscribe\":{}}"));
    assert_int_equal(w.call_count, 2);
    buf_clear(&w.sent);
    store_has(&w, 7, 0);
    store_answers(&w, ST_OK);
    assert_false(heard(&w, "{\"id\":2,"));
    assert_true(heard(&w, "{\"id\":4,\"subscribe\":{"));
    publish(&w, 8);
    assert_heard(&w, "8");
    world_done(&w);
}

TEST(subscribe_fails_softly_when_the_store_does)
{
    World w;
    open_world(&w);
    w.takes = ST_FULL;
    say(&w, SUBSCRIBE);
    assert_true(heard(&w, "{\"id\":2,\"error\":{\"code\":100,\"message\":\"internal server error\","
                          "\"temporary\":true}}"));
    w.takes = ST_OK;
    say(&w, SUBSCRIBE);
    store_answers(&w, ST_UNAVAILABLE);
    assert_true(heard(&w, "\"code\":100"));
    assert_int_equal(w.client.channel_count, 0);
    assert_int_equal(hub_channel_count(w.realtime.hub), 0);
    say(&w, SUBSCRIBE);
    call_expired(w.calls[0]);
    assert_true(heard(&w, "\"code\":100"));
    buf_clear(&w.sent);
    store_answers(&w, ST_OK); /* too late */
    assert_int_equal(buf_len(&w.sent), 0);
    assert_int_equal(w.client.channel_count, 0);
    world_done(&w);
}

TEST(client_has_so_many_commands_waiting_and_no_more)
{
    World w;
    open_world(&w);
    for (int i = 0; i < CLIENT_CALLS_MAX; i++) {
        say(&w, "{\"id\":9,\"rpc\":{\"method\":\"feed.unreadCount\"}}");
        assert_int_equal(buf_len(&w.sent), 0);
    }
    say(&w, SUBSCRIBE);
    assert_true(heard(&w, "{\"id\":2,\"error\":{\"code\":111,"));
    say(&w, "{\"id\":3,\"rpc\":{\"method\":\"feed.unreadCount\"}}");
    assert_true(heard(&w, "{\"id\":3,\"error\":{\"code\":111,"));
    store_answers(&w, ST_OK);
    say(&w, SUBSCRIBE);
    store_answers(&w, ST_OK);
    assert_true(heard(&w, "{\"id\":2,\"subscribe\":{"));
    world_done(&w);
}

TEST(subscribes_taken_back_still_count_until_the_store_has_answered)
{
    World w;
    open_world(&w);
    for (int i = 0; i < CLIENT_CALLS_MAX; i++)
        say(&w, SUBSCRIBE "\n{\"id\":3,\"unsubscribe\":{\"channel\":\"c0#u\"}}");
    say(&w, SUBSCRIBE);
    assert_true(heard(&w, "{\"id\":2,\"error\":{\"code\":111,"));
    assert_int_equal(w.call_count, CLIENT_CALLS_MAX);
    world_done(&w);
}

/* ---- tabs ---- */

/* Another client of the same user on the same loop; its bytes are its own. */
static void open_tab(World *tab, World *w)
{
    open_world(tab);
    tab->client.realtime = &w->realtime;
}

static void done_tab(World *tab)
{
    client_done(&tab->client);
    client_init(&tab->client, &tab->realtime, &ops, WIRE_JSON_WS);
    world_done(tab);
}

TEST(tabs_that_come_back_together_ask_once)
{
    World w, tab;
    open_world(&w);
    open_tab(&tab, &w);
    store_has(&w, 8, 1);
    say(&w, RECOVER("5", EPOCH));
    publish(&w, 8);
    say(&tab, RECOVER("7", EPOCH)); /* came after 8 was published here, and needs it all the same */
    publish(&w, 9);
    assert_int_equal(w.call_count, 1);
    store_answers(&w, ST_OK);
    hub_pump(w.realtime.hub, 100);
    assert_heard(&w, "6 7 8 9");
    assert_heard(&tab, "8 9");
    done_tab(&tab);
    world_done(&w);
}

TEST(tabs_that_need_more_than_was_asked_ask_again)
{
    World w, tab;
    open_world(&w);
    open_tab(&tab, &w);
    store_has(&w, 8, 1);
    say(&w, RECOVER("7", EPOCH));
    say(&tab, RECOVER("5", EPOCH));
    assert_int_equal(w.call_count, 2);
    client_done(&w.client); /* the first tab is closed meanwhile */
    client_init(&w.client, &w.realtime, &ops, WIRE_JSON_WS);
    publish(&w, 9);
    store_answers(&w, ST_OK);
    hub_pump(w.realtime.hub, 100);
    assert_heard(&tab, "6 7 8 9");
    done_tab(&tab);
    world_done(&w);
}

TEST_MAIN()
