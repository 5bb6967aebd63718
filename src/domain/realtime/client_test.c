/* One client of the centrifuge dialect with its clock in our hands: what it answers, when it is pinged,
 * when it is closed. What goes over real sockets is proven in tests/e2e; here is what those cannot
 * reach or would have to wait for. */
#include "domain/realtime/client.h"

#include <string.h>

#include "base/limits.h"
#include "base/random.h"
#include "check_test.h"
#include "domain/realtime/command.h"

#define TENANT_ID "01a1fbdf-0178-70e1-8dd3-c51781abc30d"
#define SECRET    "a-secret-that-is-longer-than-32-bytes"

enum {
    START_MS = 1000000000,
    PING_MS = 25000,
    PONG_MS = 8000,
    CONNECT_MS = 10000,
    GRACE_MS = 25000
};
enum { MANY = CHANNELS_PER_CLIENT_MAX + 2 };

typedef struct World {
    Client client; /* first: callbacks find the world from it */
    Realtime realtime;
    Random random;
    Snapshot snapshot, *current;
    Tenant tenant;
    Str channels[MANY];
    char names[MANY][8];
    int64_t now_ms, armed_ms;
    Buf sent; /* since the last look, frame headers included */
    int closed_with;
} World;

static World *world_of(void *client_or_writer)
{
    return client_or_writer;
}

static ssize_t take(Writer *w, const struct iovec *parts, int count)
{
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        buf_add(&world_of(w)->sent, str_make(parts[i].iov_base, parts[i].iov_len));
        total += (ssize_t)parts[i].iov_len;
    }
    return total;
}

static void want(Writer *w, bool wanted)
{
    (void)w;
    (void)wanted;
}

static void never(Writer *w)
{
    (void)w;
    fail();
}

static void note_arm(Client *c, int64_t at_ms)
{
    world_of(c)->armed_ms = at_ms;
}

static void note_close(Client *c, uint16_t code, Str reason)
{
    assert_true(reason.len > 0); /* centrifuge-js reconnects for ever without one */
    world_of(c)->closed_with = code;
}

static const ClientOps ops = {{take, want, never, never}, note_arm, note_close};

static void nothing(void *ctx)
{
    (void)ctx;
}

static Str id_of(const void *tenant)
{
    return ((const Tenant *)tenant)->id_text;
}

static void world_open(World *w)
{
    *w = (World){.now_ms = START_MS, .current = &w->snapshot};
    random_init(&w->random);
    buf_init(&w->sent, MIB(1));
    for (int i = 0; i < MANY; i++) {
        int len = snprintf(w->names[i], sizeof w->names[i], "c%d", i);
        w->channels[i] = str_make(w->names[i], (size_t)len);
    }
    w->tenant = (Tenant){.no = 1, .active = true, .id_text = S(TENANT_ID)};
    w->tenant.channels = w->channels;
    w->tenant.channel_count = MANY;
    atomic_init(&w->tenant._refs, 1); /* ours: it is never freed */
    map_init(&w->snapshot.by_id, 1, id_of);
    assert_status(map_put(&w->snapshot.by_id, &w->tenant), ST_OK);
    w->realtime = (Realtime){.hub = hub_new(nothing, NULL),
                             .token_key = jwt_key_new(S(SECRET)),
                             .snapshot = &w->current,
                             .now_ms = &w->now_ms,
                             .random = &w->random,
                             .settings = {PING_MS, PONG_MS, CONNECT_MS, GRACE_MS}};
    buf_init(&w->realtime.replies, MIB(1));
    client_init(&w->client, &w->realtime, &ops, WIRE_JSON_WS);
}

static void world_done(World *w)
{
    client_done(&w->client);
    assert_int_equal(atomic_load(&w->tenant._refs), 1);
    hub_free(w->realtime.hub);
    jwt_key_free(w->realtime.token_key);
    buf_done(&w->realtime.replies);
    buf_done(&w->sent);
    map_done(&w->snapshot.by_id);
}

static void say(World *w, const char *format, ...)
{
    char text[8192];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_clear(&w->sent);
    client_on_message(&w->client, str_make(text, (size_t)len));
}

static bool heard(const World *w, const char *text)
{
    Str all = buf_view(&w->sent);
    return all.len && memmem(all.at, all.len, text, strlen(text));
}

/* Sends one command with a token for "u" that expires then. */
static void say_token(World *w, const char *command, int64_t expires_ms)
{
    Buf claims, token;
    buf_init(&claims, 1024);
    buf_init(&token, JWT_BYTES_MAX);
    buf_format(&claims, "{\"sub\":\"u\",\"tenant\":\"" TENANT_ID "\",\"exp\":%lld}",
               (long long)(expires_ms / 1000));
    assert_status(jwt_sign(w->realtime.token_key, buf_view(&claims), &token), ST_OK);
    say(w, "{\"id\":1,\"%s\":{\"token\":\"%.*s\"}}", command, STR_FMT(buf_view(&token)));
    buf_done(&claims);
    buf_done(&token);
}

static void connect_for(World *w, int64_t life_ms)
{
    world_open(w);
    say_token(w, "connect", w->now_ms + life_ms);
    assert_true(heard(w, "\"connect\":{\"client\":"));
}

/* Lets time pass to the point the client asked for. */
static void wait_for_it(World *w)
{
    assert_true(w->armed_ms > w->now_ms);
    w->now_ms = w->armed_ms;
    buf_clear(&w->sent);
    client_on_time(&w->client);
}

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
        assert_true(heard(&w, "{\"id\":2,\"subscribe\":{}}"));
    }
    say(&w, "{\"id\":3,\"subscribe\":{\"channel\":\"c%d#u\"}}", CHANNELS_PER_CLIENT_MAX);
    assert_true(heard(&w, "\"code\":106"));
    say(&w, "{\"id\":4,\"subscribe\":{\"channel\":\"c0#u\"}}");
    assert_true(heard(&w, "\"code\":105"));
    say(&w,
        "{\"id\":5,\"unsubscribe\":{\"channel\":\"c7#u\"}}\n"
        "{\"id\":6,\"subscribe\":{\"channel\":\"c%d#u\"}}",
        CHANNELS_PER_CLIENT_MAX);
    assert_true(heard(&w, "{\"id\":5,\"unsubscribe\":{}}\n{\"id\":6,\"subscribe\":{}}"));
    world_done(&w);
}

TEST_MAIN()
