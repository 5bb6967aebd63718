/* client_world_test.h: a client with everything around it in the test's hands: its clock, its socket, its
 * store, and a tenant with more channels than one client may have. */
#ifndef ORQ_TESTS_CLIENT_WORLD_TEST_H
#define ORQ_TESTS_CLIENT_WORLD_TEST_H

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "check_test.h"
#include "domain/realtime/call.h"
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
enum { CALLS_ROOM = 256 };
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
    /* the store: what was asked and not yet answered, and what it would answer */
    Status takes;
    uint64_t said;
    atomic_uint people_listeners;
    RealtimeCall *calls[CALLS_ROOM];
    int call_count;
    StreamCall stream; /* its results */
    StreamItem items[8];
} World;

static inline World *world_of(void *client_or_writer)
{
    return client_or_writer;
}

static inline ssize_t take(Writer *w, const struct iovec *parts, int count)
{
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        buf_add(&world_of(w)->sent, str_make(parts[i].iov_base, parts[i].iov_len));
        total += (ssize_t)parts[i].iov_len;
    }
    return total;
}

static inline void want(Writer *w, bool wanted)
{
    (void)w;
    (void)wanted;
}

static inline void never(Writer *w)
{
    (void)w;
    fail();
}

static inline void note_arm(Client *c, int64_t at_ms)
{
    world_of(c)->armed_ms = at_ms;
}

static inline void note_close(Client *c, uint16_t code, Str reason)
{
    assert_true(reason.len > 0); /* centrifuge-js reconnects for ever without one */
    world_of(c)->closed_with = code;
}

static const ClientOps ops = {{take, want, never, never}, note_arm, note_close, NULL};

/* ---- the store ---- */

static inline RealtimeCall *make_call(Realtime *realtime)
{
    (void)realtime;
    return mem_new(RealtimeCall);
}

static inline Status take_call(RealtimeCall *call)
{
    World *w = CONTAINER_OF(call->realtime, World, realtime);
    if (w->takes != ST_OK) return w->takes;
    assert_true(w->call_count < CALLS_ROOM);
    w->calls[w->call_count++] = call;
    return ST_OK;
}

static inline void drop_call(RealtimeCall *call)
{
    mem_free(call);
}

/* What clients say is heard by this loop at once. */
static inline void say_call(Realtime *realtime, uint32_t tenant_no, Str channel,
                            const Publication *p, bool keep)
{
    World *w = CONTAINER_OF(realtime, World, realtime);
    Publication said = *p;
    if (keep) said.offset = ++w->said;
    hub_publish(realtime->hub, tenant_no, channel, &said);
}

static const CallOps call_ops = {make_call, take_call, drop_call, say_call};

/* All that was asked comes home. A stream has the world's position; its items are the world's behind
 * `since`, up to the limit. */
static inline void answer_stream(const World *w, StreamCall *s)
{
    s->ret_epoch = w->stream.ret_epoch;
    s->ret_top = w->stream.ret_top;
    s->ret_floor = w->stream.ret_floor;
    s->ret_more = w->stream.ret_more;
    s->ret_items = arena_alloc(s->arena, sizeof w->items);
    for (uint32_t i = 0; i < w->stream.ret_count; i++)
        if (s->limit && w->items[i].seq > s->since) s->ret_items[s->ret_count++] = w->items[i];
}

static inline void store_answers(World *w, Status st)
{
    int count = w->call_count;
    w->call_count = 0;
    for (int i = 0; i < count; i++) {
        RealtimeCall *call = w->calls[i];
        call->store.st = st;
        if (call->store.kind == STORE_STREAM && call->way != CALL_PEOPLE)
            answer_stream(w, &call->stream);
        call_answered(call);
    }
}

static inline void nothing(void *ctx)
{
    (void)ctx;
}

static inline Str id_of(const void *tenant)
{
    return ((const Tenant *)tenant)->id_text;
}

static inline void world_open(World *w)
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
                             .calls = &call_ops,
                             .people_listeners = &w->people_listeners,
                             .token_key = jwt_key_new(S(SECRET)),
                             .snapshot = &w->current,
                             .now_ms = &w->now_ms,
                             .random = &w->random,
                             .settings = {PING_MS, PONG_MS, CONNECT_MS, GRACE_MS}};
    buf_init(&w->realtime.replies, MIB(1));
    client_init(&w->client, &w->realtime, &ops, WIRE_JSON_WS);
}

static inline void world_done(World *w)
{
    client_done(&w->client);
    store_answers(w, ST_OK); /* to nobody: what is out comes home all the same */
    assert_int_equal(atomic_load(&w->tenant._refs), 1);
    hub_free(w->realtime.hub);
    jwt_key_free(w->realtime.token_key);
    buf_done(&w->realtime.replies);
    buf_done(&w->sent);
    map_done(&w->snapshot.by_id);
}

static inline void PRINTF_LIKE(2, 3) say(World *w, const char *format, ...)
{
    char text[8192];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_clear(&w->sent);
    client_on_message(&w->client, str_make(text, (size_t)len));
}

static inline bool heard(const World *w, const char *text)
{
    Str all = buf_view(&w->sent);
    return all.len && memmem(all.at, all.len, text, strlen(text));
}

/* Sends one command with a token for "u" that expires then. */
static inline void say_token(World *w, const char *command, int64_t expires_ms)
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

static inline void connect_for(World *w, int64_t life_ms)
{
    world_open(w);
    say_token(w, "connect", w->now_ms + life_ms);
    assert_true(heard(w, "\"connect\":{\"client\":"));
}

/* Lets time pass to the point the client asked for. */
static inline void wait_for_it(World *w)
{
    assert_true(w->armed_ms > w->now_ms);
    w->now_ms = w->armed_ms;
    buf_clear(&w->sent);
    client_on_time(&w->client);
}

#endif
