/* The hub and the writer against transports that take what they like: whatever they take, each socket
 * must carry whole frames, publications in order and complete, own frames in order. */
#include "domain/realtime/hub.h"

#include "base/limits.h"
#include "base/random.h"
#include "check_test.h"
#include "proto/ws_frame.h"

typedef struct Socket {
    Writer writer;
    Buf taken;
    size_t appetite; /* bytes it takes before it would block */
    bool wants_writable, slow, finished;
} Socket;

static Random rnd;

static ssize_t take(Writer *w, const struct iovec *parts, int count)
{
    Socket *s = CONTAINER_OF(w, Socket, writer);
    ssize_t total = 0;
    for (int i = 0; i < count && s->appetite; i++) {
        size_t n = parts[i].iov_len < s->appetite ? parts[i].iov_len : s->appetite;
        buf_add(&s->taken, str_make(parts[i].iov_base, n));
        s->appetite -= n;
        total += (ssize_t)n;
    }
    return total;
}

static void want(Writer *w, bool wanted)
{
    CONTAINER_OF(w, Socket, writer)->wants_writable = wanted;
}

static void note_slow(Writer *w)
{
    CONTAINER_OF(w, Socket, writer)->slow = true;
}

static void note_finished(Writer *w)
{
    CONTAINER_OF(w, Socket, writer)->finished = true;
}

static const WriterOps ops = {take, want, note_slow, note_finished};

static void nothing(void *ctx)
{
    (void)ctx;
}

static void socket_open(Socket *s, size_t appetite)
{
    *s = (Socket){.appetite = appetite};
    buf_init(&s->taken, MIB(64));
    writer_init(&s->writer, &ops, WIRE_JSON_WS, NULL);
}

static void socket_done(Socket *s)
{
    writer_done(&s->writer);
    buf_done(&s->taken);
}

static void feed(Socket *s, size_t appetite)
{
    s->appetite = appetite;
    if (s->wants_writable && appetite) writer_on_writable(&s->writer);
}

/* Own frames are numbered o<n>, publications of a channel <name><n>: both must count up from 0. */
static void send_own(Socket *s, unsigned n)
{
    Buf frame;
    buf_init(&frame, 100);
    CfOut out = wire_begin(WIRE_JSON_WS, &frame);
    buf_format(&frame, "o%u", n);
    assert_true(wire_end(WIRE_JSON_WS, &out));
    writer_send(&s->writer, buf_view(&frame));
    buf_done(&frame);
}

static void publish(Hub *h, const char *channel, unsigned n, size_t padding)
{
    static char zeros[4000];
    Buf data;
    buf_init(&data, 8192);
    memset(zeros, '0', sizeof zeros);
    buf_lit(&data, "1");
    buf_add(&data, str_make(zeros, padding)); /* a number, so valid JSON */
    buf_format(&data, "%06u", n);
    hub_publish(h, 1, str_of(channel), &(Publication){.data = buf_view(&data)});
    buf_done(&data);
}

typedef struct Counts {
    unsigned own, a, b;
} Counts;

/* Reads what a socket took; checks order and wholeness. `rest` may be a cut frame at the end. */
static Counts count_frames(const Socket *s, size_t *ret_rest)
{
    Counts seen = {0};
    Str all = buf_view(&s->taken);
    while (all.len >= 2) {
        size_t head = (all.at[1] & 0x7f) == 126 ? 4 : 2;
        if (all.len < head) break;
        size_t len = wire_frame_len(WIRE_JSON_WS, (const uint8_t *)all.at);
        if (len > all.len) break;
        assert_int_equal((uint8_t)all.at[0], 0x81);
        Str payload = str_make(all.at + head, len - head);
        uint64_t n = 0;
        if (payload.at[0] == 'o') {
            assert_true(str_to_u64(str_from(payload, 1), &n));
            assert_int_equal(n, seen.own++);
        } else {
            Str prefix_a = S("{\"push\":{\"channel\":\"a\"");
            assert_true(str_ends(payload, S("}}}")));
            assert_true(str_to_u64(str_make(payload.at + payload.len - 9, 6), &n));
            assert_int_equal(n, str_starts(payload, prefix_a) ? seen.a++ : seen.b++);
        }
        all = str_from(all, len);
    }
    *ret_rest = all.len;
    return seen;
}

TEST(hub_delivers_everything_in_order_through_any_socket)
{
    enum { SOCKETS = 12, ROUNDS = 3000 };
    static Socket sockets[SOCKETS];
    static Reader readers[SOCKETS][2];
    Hub *h = hub_new(nothing, NULL);
    unsigned a = 0, b = 0, own = 0;
    random_init(&rnd);
    for (int i = 0; i < SOCKETS; i++) {
        socket_open(&sockets[i], SIZE_MAX);
        assert_status(
            hub_subscribe(h, 1, S("a"), WIRE_JSON_WS, HUB_DATA, &sockets[i].writer, &readers[i][0]),
            ST_OK);
        if (i % 2)
            assert_status(hub_subscribe(h, 1, S("b"), WIRE_JSON_WS, HUB_DATA, &sockets[i].writer,
                                        &readers[i][1]),
                          ST_OK);
    }
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t dice = random_u64(&rnd);
        Socket *s = &sockets[dice % SOCKETS];
        size_t padding = (dice >> 40) % 8 ? (dice >> 20) % 60 : (dice >> 20) % 3000;
        switch ((dice >> 8) % 6) {
        case 0:
            publish(h, "a", a++, padding);
            break;
        case 1:
            publish(h, "b", b++, padding);
            break;
        case 2:
            if (s == &sockets[0]) send_own(s, own++);
            break;
        case 3:
            hub_pump(h, (unsigned)(dice >> 16) % 20 + 1);
            break;
        default: /* mostly hungry, often for a few bytes only */
            feed(s, (dice >> 24) % 3 ? (dice >> 32) % 500 : 100000);
        }
    }
    while (hub_pump(h, 1000)) {
    }
    for (int i = 0; i < SOCKETS; i++)
        while (sockets[i].wants_writable) feed(&sockets[i], 7777);
    while (hub_pump(h, 1000)) {
    }
    for (int i = 0; i < SOCKETS; i++) {
        size_t rest;
        Counts seen = count_frames(&sockets[i], &rest);
        assert_int_equal(rest, 0);
        assert_false(sockets[i].slow);
        assert_int_equal(seen.a, a);
        assert_int_equal(seen.b, i % 2 ? b : 0);
        assert_int_equal(seen.own, i == 0 ? own : 0);
        hub_unsubscribe(h, &readers[i][0]);
        if (i % 2) hub_unsubscribe(h, &readers[i][1]);
        socket_done(&sockets[i]);
    }
    assert_int_equal(hub_channel_count(h), 0);
    assert_int_equal(backlog_bytes(), 0);
    hub_free(h);
}

TEST(hub_unsubscribe_in_the_middle_of_a_frame_finishes_that_frame)
{
    for (size_t cut = 0; cut < 120; cut++) {
        Socket s;
        Reader r;
        size_t rest;
        Hub *h = hub_new(nothing, NULL);
        socket_open(&s, cut);
        assert_status(hub_subscribe(h, 1, S("a"), WIRE_JSON_WS, HUB_DATA, &s.writer, &r), ST_OK);
        publish(h, "a", 0, 10);
        publish(h, "a", 1, 10);
        hub_pump(h, 10);
        send_own(&s, 0);
        hub_unsubscribe(h, &r);
        send_own(&s, 1);
        while (s.wants_writable) feed(&s, 5);
        Counts seen = count_frames(&s, &rest);
        assert_int_equal(rest, 0);
        assert_int_equal(seen.own, 2);
        assert_true(seen.a <= 2);
        socket_done(&s);
        hub_free(h);
    }
}

TEST(hub_keeps_no_log_once_all_are_served)
{
    Socket fast, stuck;
    Reader r[2];
    size_t rest;
    Hub *h = hub_new(nothing, NULL);
    socket_open(&fast, SIZE_MAX);
    socket_open(&stuck, 0);
    assert_status(hub_subscribe(h, 1, S("a"), WIRE_JSON_WS, HUB_DATA, &fast.writer, &r[0]), ST_OK);
    assert_status(hub_subscribe(h, 1, S("a"), WIRE_JSON_WS, HUB_DATA, &stuck.writer, &r[1]), ST_OK);
    for (unsigned n = 0; n < 500; n++) {
        publish(h, "a", n, 100);
        hub_pump(h, 10);
    }
    assert_int_equal(count_frames(&fast, &rest).a, 500);
    assert_int_equal(buf_len(&stuck.taken), 0);
    feed(&stuck, SIZE_MAX);
    assert_int_equal(count_frames(&stuck, &rest).a, 500);
    assert_false(stuck.wants_writable);
    hub_unsubscribe(h, &r[0]);
    hub_unsubscribe(h, &r[1]);
    socket_done(&fast);
    socket_done(&stuck);
    hub_free(h);
}

TEST(hub_tells_a_reader_that_falls_too_far_behind)
{
    Socket s;
    Reader r;
    size_t rest;
    Hub *h = hub_new(nothing, NULL);
    socket_open(&s, 5);
    assert_status(hub_subscribe(h, 1, S("a"), WIRE_JSON_WS, HUB_DATA, &s.writer, &r), ST_OK);
    for (unsigned n = 0; !s.slow; n++) {
        assert_true(n < 2000);
        publish(h, "a", n, 1000);
        hub_pump(h, 10);
    }
    hub_unsubscribe(h, &r);
    writer_abandon(&s.writer);
    send_own(&s, 0);
    while (s.wants_writable) feed(&s, 100);
    Counts seen = count_frames(&s, &rest);
    assert_int_equal(rest, 0);
    assert_int_equal(seen.a, 1); /* the frame in hand, then only the farewell */
    assert_int_equal(seen.own, 1);
    socket_done(&s);
    hub_free(h);
}

/* One subscriber of a stream: held at some moment, told `top` at another, served from there on. */
typedef struct Late {
    Socket socket;
    Reader reader;
    unsigned from, top; /* published when it was held; what its answer covered */
    bool held;
} Late;

static void publish_at(Hub *h, unsigned n, size_t padding)
{
    static char zeros[3000];
    Buf data;
    buf_init(&data, 8192);
    memset(zeros, '0', sizeof zeros);
    buf_lit(&data, "1");
    buf_add(&data, str_make(zeros, padding));
    buf_format(&data, "%06u", n);
    hub_publish(
        h, 1, S("a"),
        &(Publication){.data = buf_view(&data), .offset = n, .epoch = S("00000000000000e1")});
    buf_done(&data);
}

/* Each position behind `top`, in order, once. */
static unsigned last_heard(const Late *late)
{
    unsigned last = late->top;
    Str all = buf_view(&late->socket.taken);
    while (all.len) {
        size_t len = wire_frame_len(WIRE_JSON_WS, (const uint8_t *)all.at);
        uint64_t n = 0;
        const char *offset = memmem(all.at, len, "\"offset\":", 9);
        assert_non_null(offset);
        for (const char *at = offset + 9; *at >= '0' && *at <= '9'; at++)
            n = n * 10 + (uint64_t)(*at - '0');
        assert_int_equal(n, last + 1);
        last++;
        all = str_from(all, len);
    }
    return last;
}

TEST(hub_held_readers_hear_what_their_answer_did_not_cover_and_nothing_else)
{
    enum { LATE = 10, ROUNDS = 4000 };
    static Late late[LATE];
    Hub *h = hub_new(nothing, NULL);
    unsigned published = 0;
    random_init(&rnd);
    for (int i = 0; i < LATE; i++) late[i] = (Late){0};
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t dice = random_u64(&rnd);
        Late *one = &late[dice % LATE];
        if ((dice >> 8) % 4 == 0) {
            publish_at(h, ++published, (dice >> 40) % 4 ? 10 : (dice >> 20) % 3000);
        } else if ((dice >> 8) % 4 == 1) {
            hub_pump(h, (unsigned)(dice >> 16) % 8 + 1);
        } else if ((dice >> 8) % 4 == 2) {
            if (one->reader._run && !one->socket.slow) feed(&one->socket, (dice >> 24) % 900);
        } else if (!one->reader._run) { /* comes */
            socket_open(&one->socket, 500);
            assert_status(hub_subscribe(h, 1, S("a"), WIRE_JSON_WS, HUB_DATA, &one->socket.writer,
                                        &one->reader),
                          ST_OK);
            hub_hold(h, &one->reader);
            one->from = published;
            one->held = true;
        } else if (one->held && (dice >> 16) % 4) { /* its answer comes */
            /* it may know of what is published only later */
            one->top = one->from + (unsigned)((dice >> 20) % (published - one->from + 3));
            one->held = false;
            hub_release(h, &one->reader, one->top, 0xe1);
        } else if ((dice >> 16) % 8 == 0) { /* goes, held or not */
            hub_unsubscribe(h, &one->reader);
            while (one->socket.wants_writable) feed(&one->socket, 7777);
            if (!one->held) assert_true(last_heard(one) <= published + 2);
            socket_done(&one->socket);
            *one = (Late){0};
        }
    }
    for (int i = 0; i < LATE; i++) {
        if (!late[i].reader._run) continue;
        if (late[i].held) hub_release(h, &late[i].reader, late[i].top = published, 0xe1);
        late[i].socket.appetite = SIZE_MAX;
    }
    while (hub_pump(h, 1000)) {
    }
    for (int i = 0; i < LATE; i++) {
        if (!late[i].reader._run) continue;
        while (late[i].socket.wants_writable) feed(&late[i].socket, SIZE_MAX);
        unsigned top = late[i].top;
        assert_int_equal(last_heard(&late[i]), top > published ? top : published);
        hub_unsubscribe(h, &late[i].reader);
        socket_done(&late[i].socket);
    }
    assert_int_equal(hub_channel_count(h), 0);
    assert_int_equal(backlog_bytes(), 0);
    hub_free(h);
}

TEST(hub_keeps_tenants_apart)
{
    Socket s[2];
    Reader r[2];
    size_t rest;
    Hub *h = hub_new(nothing, NULL);
    for (uint32_t t = 0; t < 2; t++) {
        socket_open(&s[t], SIZE_MAX);
        assert_status(hub_subscribe(h, t + 1, S("a"), WIRE_JSON_WS, HUB_DATA, &s[t].writer, &r[t]),
                      ST_OK);
    }
    publish(h, "a", 0, 0);
    hub_pump(h, 10);
    assert_int_equal(count_frames(&s[0], &rest).a, 1);
    assert_int_equal(count_frames(&s[1], &rest).a, 0);
    for (int t = 0; t < 2; t++) {
        hub_unsubscribe(h, &r[t]);
        socket_done(&s[t]);
    }
    hub_free(h);
}

TEST_MAIN()
