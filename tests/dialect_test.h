/* dialect_test.h: a loop of one tenant around a session, with its clock in our hands. */
#ifndef ORQ_TESTS_DIALECT_TEST_H
#define ORQ_TESTS_DIALECT_TEST_H

#include "base/limits.h"
#include "check_test.h"
#include "domain/realtime/client.h"
#include "domain/realtime/dialect.h"
#include "domain/realtime/notice.h"

#define TENANT_ID "01a1fbdf-0178-70e1-8dd3-c51781abc30d"
#define SECRET    "a-secret-that-is-longer-than-32-bytes"

enum { START_MS = 1000000000, IDLE_MS = 300000, TENANT_NO = 1 };

typedef struct World {
    atomic_uint people_listeners;
    Realtime realtime;
    Random random;
    Snapshot snapshot, *current;
    Tenant tenant;
    int64_t now_ms, armed_ms;
    Buf sent; /* since the last look, frame headers included */
    int closed_with;
    Str reason; /* a constant of the dialect's */
    char token[JWT_BYTES_MAX];
} World;

static World world;

static ssize_t take(Writer *w, const struct iovec *parts, int count)
{
    ssize_t total = 0;
    (void)w;
    for (int i = 0; i < count; i++) {
        buf_add(&world.sent, str_make(parts[i].iov_base, parts[i].iov_len));
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

static void note_arm(Writer *session, int64_t at_ms)
{
    (void)session;
    world.armed_ms = at_ms;
}

static void note_close(Writer *session, uint16_t code, Str reason)
{
    (void)session;
    assert_int_equal(world.closed_with, 0); /* once */
    world.closed_with = code;
    world.reason = reason;
}

static const DialectOps test_ops = {{take, want, never, never}, note_arm, note_close};

static void nothing(void *ctx)
{
    (void)ctx;
}

static Str id_of(const void *tenant)
{
    return ((const Tenant *)tenant)->id_text;
}

static void world_open(void)
{
    World *w = &world;
    *w = (World){.now_ms = START_MS, .current = &w->snapshot};
    random_init(&w->random);
    buf_init(&w->sent, MIB(1));
    w->tenant = (Tenant){.no = TENANT_NO, .active = true, .id_text = S(TENANT_ID), .slug = S("ws")};
    atomic_init(&w->tenant._refs, 1); /* ours: it is never freed */
    map_init(&w->snapshot.by_id, 1, id_of);
    assert_status(map_put(&w->snapshot.by_id, &w->tenant), ST_OK);
    w->realtime = (Realtime){.hub = hub_new(nothing, NULL),
                             .people_listeners = &w->people_listeners,
                             .token_key = jwt_key_new(S(SECRET)),
                             .snapshot = &w->current,
                             .now_ms = &w->now_ms,
                             .random = &w->random,
                             .workspace_idle_ms = IDLE_MS};
    buf_init(&w->realtime.replies, MIB(1));
}

static void world_done(void)
{
    World *w = &world;
    assert_int_equal(atomic_load(&w->tenant._refs), 1);
    hub_free(w->realtime.hub); /* which insists that nobody reads any more */
    jwt_key_free(w->realtime.token_key);
    buf_done(&w->realtime.replies);
    buf_done(&w->sent);
    map_done(&w->snapshot.by_id);
}

/* A token of these claims, our tenant's and one that ends so far from now. */
static Str token_of(const char *claims, int64_t life_ms)
{
    Buf json, token;
    buf_init(&json, KIB(4));
    buf_init(&token, JWT_BYTES_MAX);
    buf_format(&json, "{\"tenant\":\"" TENANT_ID "\",\"exp\":%lld%s%s}",
               (long long)((world.now_ms + life_ms) / 1000), claims[0] ? "," : "", claims);
    assert_status(jwt_sign(world.realtime.token_key, buf_view(&json), &token), ST_OK);
    size_t len = buf_len(&token);
    memcpy(world.token, buf_view(&token).at, len);
    buf_done(&json);
    buf_done(&token);
    return str_make(world.token, len);
}

__attribute__((unused)) static bool heard(const char *text)
{
    Str all = buf_view(&world.sent);
    return all.len && memmem(all.at, all.len, text, strlen(text));
}

/* Says it on that channel, and lets everyone read. */
__attribute__((unused)) static void publish(Str channel, const Notice *notice)
{
    Publication p = {.data = S("{}"), .notice = notice};
    hub_publish(world.realtime.hub, TENANT_NO, channel, &p);
    while (hub_pump(world.realtime.hub, 10)) {
    }
}

#endif
