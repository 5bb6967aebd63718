/* Any bytes as the messages of one centrifuge connection, on a socket that takes what it likes:
 *  1. what leaves is whole WebSocket text frames whose lines are each one JSON object, none empty;
 *  2. nothing leaves before an answer to connect but an error, and nothing after the close;
 *  3. a close code is one of the protocol's, with a reason, and comes once;
 *  4. whatever happened, the client leaves every channel behind.
 *
 * Input: first byte: bit 0 connects first, bits 1-7 how much the socket takes at once; then messages
 * separated by a zero byte; a message "\x01" lets time pass, "\x02" publishes to the channel, "\x03" and
 * "\x04" let the store answer what it was asked, well or badly, "\x05" lets patience with it end. */
#include "fuzz.h"

#include "base/mem.h"
#include "domain/realtime/call.h"
#include "proto/ws_frame.h"

FUZZ_INIT()

#define SECRET    S("0123456789abcdef0123456789abcdef")
#define TENANT_ID "018f0000-0000-7000-8000-000000000001"

typedef struct Socket {
    Client client; /* first */
    Buf taken;
    size_t appetite;
    bool wants_writable, closed;
    int64_t due_ms;
} Socket;

static int64_t now_ms = 1800000000000;

static ssize_t op_write(Writer *w, const struct iovec *parts, int count)
{
    Socket *s = (Socket *)(void *)w;
    size_t left = s->appetite;
    ssize_t total = 0;
    for (int i = 0; i < count && left; i++) {
        size_t n = parts[i].iov_len < left ? parts[i].iov_len : left;
        buf_add(&s->taken, str_make(parts[i].iov_base, n));
        left -= n;
        total += (ssize_t)n;
    }
    return total;
}

static void op_want(Writer *w, bool wanted)
{
    ((Socket *)(void *)w)->wants_writable = wanted;
}

static void op_slow(Writer *w)
{
    client_close((Client *)(void *)w, CF_CLOSE_SLOW);
}

static void op_finished(Writer *w)
{
    (void)w;
}

static void op_arm(Client *c, int64_t at_ms)
{
    ((Socket *)(void *)c)->due_ms = at_ms;
}

static void op_close(Client *c, uint16_t code, Str reason)
{
    Socket *s = (Socket *)(void *)c;
    uint8_t frame[2 + WS_CONTROL_MAX];
    CHECK(!s->closed && code >= 3000 && code < 4000 && reason.len > 0);
    s->closed = true;
    if (code == CF_CLOSE_SLOW) writer_abandon(&c->writer);
    (void)!writer_finish(&c->writer, str_make(frame, ws_close_frame(frame, code, reason)));
}

static const ClientOps ops = {{op_write, op_want, op_slow, op_finished}, op_arm, op_close, NULL};

/* ---- the store: it forgets nothing and has one publication ---- */

static RealtimeCall *asked[4096];
static unsigned asked_count;

static RealtimeCall *make_call(Realtime *r)
{
    (void)r;
    return mem_new(RealtimeCall);
}

static Status take_call(RealtimeCall *call)
{
    if (asked_count == sizeof asked / sizeof *asked) return ST_FULL;
    asked[asked_count++] = call;
    return ST_OK;
}

static void drop_call(RealtimeCall *call)
{
    mem_free(call);
}

/* What a client says is heard by this loop at once. */
static void say_call(Realtime *r, uint32_t tenant_no, Str channel, const Publication *p, bool keep)
{
    static uint64_t places;
    Publication said = *p;
    if (keep) said.offset = ++places;
    hub_publish(r->hub, tenant_no, channel, &said);
}

static const CallOps call_ops = {make_call, take_call, drop_call, say_call};

static void fill_in(StreamCall *s)
{
    static StreamItem item = {1, STR_INIT("{\"title\":\"first\"}")};
    s->ret_epoch = 0xe1;
    s->ret_top = 1;
    s->ret_items = &item;
    s->ret_count = s->limit && s->since == 0;
}

static void store_answers(Status st)
{
    for (unsigned i = 0; i < asked_count; i++) {
        asked[i]->store.st = st;
        if (asked[i]->way != CALL_PEOPLE && asked[i]->store.kind == STORE_STREAM)
            fill_in(&asked[i]->stream);
        call_answered(asked[i]);
    }
    asked_count = 0;
}

static Str id_of(const void *t)
{
    return ((const Tenant *)t)->id_text;
}

static void wake(void *ctx)
{
    (void)ctx;
}

static Tenant tenant = {.no = 1,
                        .id_text = STR_INIT(TENANT_ID),
                        .active = true,
                        .allow_client_publish = true,
                        ._refs = 1};
static Snapshot snapshot;
static Snapshot *current = &snapshot;
static Random rnd;
static Realtime realtime;
static atomic_uint people_listeners;
static Buf connect_message;

static void world_init(void)
{
    if (realtime.hub) return;
    random_init(&rnd);
    map_init(&snapshot.by_id, 4, id_of);
    CHECK(map_put(&snapshot.by_id, &tenant) == ST_OK);
    realtime = (Realtime){.hub = hub_new(wake, NULL),
                          .calls = &call_ops,
                          .people_listeners = &people_listeners,
                          .token_key = jwt_key_new(SECRET),
                          .snapshot = &current,
                          .now_ms = &now_ms,
                          .random = &rnd,
                          .settings = {25000, 8000, 10000, 25000}};
    buf_init(&realtime.replies, MIB(1));
    buf_init(&connect_message, KIB(4));
    buf_lit(&connect_message, "{\"id\":1,\"connect\":{\"token\":\"");
    CHECK(jwt_sign(realtime.token_key,
                   S("{\"sub\":\"u\",\"tenant\":\"" TENANT_ID "\",\"exp\":1800003600}"),
                   &connect_message) == ST_OK);
    buf_lit(&connect_message, "\"}}\n{\"id\":2,\"subscribe\":{\"channel\":\"global_system#u\"}}");
}

static void check_line(Str line)
{
    Arena a;
    Json j;
    arena_init(&a, REQUEST_ARENA_MAX);
    CHECK(line.len > 0 && json_parse(line, &a, &j, NULL) == ST_OK && json_is(&j, 0, JSON_OBJECT));
    arena_done(&a);
}

static void check_taken(const Socket *s)
{
    Str rest = buf_view(&s->taken);
    bool closed = false;
    while (rest.len) {
        size_t len = wire_frame_len(WIRE_JSON_WS, (const uint8_t *)rest.at);
        CHECK(len <= rest.len && !closed);
        uint8_t opcode = (uint8_t)rest.at[0];
        size_t head = (rest.at[1] & 0x7f) == 126 ? 4 : (rest.at[1] & 0x7f) == 127 ? 10 : 2;
        closed = opcode == (0x80 | WS_OP_CLOSE);
        CHECK(closed || opcode == (0x80 | WS_OP_TEXT));
        if (!closed)
            for (Str lines = str_make(rest.at + head, len - head); lines.at;)
                check_line(str_cut(&lines, '\n'));
        rest = str_from(rest, len);
    }
    CHECK(closed == s->closed);
}

static void drain(Socket *s)
{
    s->appetite = SIZE_MAX;
    while (hub_pump(realtime.hub, 100)) {
    }
    if (s->wants_writable) writer_on_writable(&s->client.writer);
    while (hub_pump(realtime.hub, 100)) {
    }
}

static void play(Socket *s, Str message)
{
    if (str_is(message, "\x01")) {
        now_ms = s->due_ms > now_ms ? s->due_ms : now_ms;
        client_on_time(&s->client);
    } else if (str_is(message, "\x02")) {
        static const Publication hello = {.data = STR_INIT("{\"title\":\"hello\"}"), .offset = 2};
        hub_publish(realtime.hub, 1, S("global_system#u"), &hello);
        hub_pump(realtime.hub, 100);
    } else if (str_is(message, "\x03") || str_is(message, "\x04")) {
        store_answers(message.at[0] == 3 ? ST_OK : ST_UNAVAILABLE);
    } else if (str_is(message, "\x05")) {
        for (unsigned i = 0; i < asked_count; i++) call_expired(asked[i]);
    } else {
        client_on_message(&s->client, message);
    }
    if (s->wants_writable && s->appetite) writer_on_writable(&s->client.writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Socket s = {.appetite = 0};
    if (size == 0 || size > WS_MESSAGE_MAX) return 0;
    world_init();
    now_ms = 1800000000000;
    s.appetite = data[0] >> 1 ? (size_t)(data[0] >> 1) * 3 : SIZE_MAX;
    buf_init(&s.taken, MIB(64));
    client_init(&s.client, &realtime, &ops, WIRE_JSON_WS);
    if (data[0] & 1) client_on_message(&s.client, buf_view(&connect_message));
    for (Str rest = str_make(data + 1, size - 1); rest.at;) play(&s, str_cut(&rest, '\0'));
    drain(&s);
    check_taken(&s);
    client_done(&s.client);
    store_answers(ST_OK); /* to nobody */
    buf_done(&s.taken);
    CHECK(hub_channel_count(realtime.hub) == 0);
    return 0;
}
