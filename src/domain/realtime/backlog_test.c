/* Who must go, and when: sockets with an appetite of the test's choosing, a hub, a clock and a ceiling. */
#include "domain/realtime/backlog.h"

#include "base/limits.h"
#include "base/metric.h"
#include "check_test.h"
#include "domain/realtime/hub.h"

enum { SOCKETS = 200, FRAME_BYTES = KIB(40) };

typedef struct Socket {
    Writer writer;
    Reader reader;
    size_t appetite; /* bytes it takes before it would block */
    uint64_t taken;
    unsigned number;
    bool gone;
} Socket;

static Socket sockets[SOCKETS];
static Hub *hub;
static Backlog backlog;
static uint64_t mono_ms;
static unsigned wakes, gone_count;
static unsigned last_gone;

static Socket *of(Writer *w)
{
    return CONTAINER_OF(w, Socket, writer);
}

static ssize_t take(Writer *w, const struct iovec *parts, int count)
{
    ssize_t total = 0;
    for (int i = 0; i < count && of(w)->appetite; i++) {
        size_t n = parts[i].iov_len < of(w)->appetite ? parts[i].iov_len : of(w)->appetite;
        of(w)->appetite -= n;
        total += (ssize_t)n;
    }
    of(w)->taken += (uint64_t)total;
    return total;
}

static void want(Writer *w, bool wanted)
{
    (void)w;
    (void)wanted;
}

/* As the transports do it. */
static void end(Writer *w)
{
    assert_false(of(w)->gone);
    of(w)->gone = true;
    gone_count++;
    last_gone = of(w)->number;
    writer_abandon(w);
    hub_unsubscribe(hub, &of(w)->reader);
    (void)!writer_finish(w, S("\x88\x00"));
}

static void finished(Writer *w)
{
    (void)w;
}

static const WriterOps ops = {take, want, end, finished};

static void nothing(void *ctx)
{
    (void)ctx;
}

static void wake(void *ctx)
{
    (void)ctx;
    wakes++;
}

static Str channel_of(unsigned number, char room[16])
{
    room[0] = 'c';
    room[1] = (char)('0' + number / 100);
    room[2] = (char)('0' + number / 10 % 10);
    room[3] = (char)('0' + number % 10);
    return str_make(room, 4);
}

/* Each socket has a channel of its own, so that each holds memory of its own. */
static void world_open(unsigned count, size_t appetite)
{
    char room[16];
    hub = hub_new(nothing, NULL);
    mono_ms = 7000;
    wakes = gone_count = 0;
    backlog_init(&backlog, &mono_ms, wake, NULL);
    assert_int_equal(backlog_bytes(), 0);
    for (unsigned i = 0; i < count; i++) {
        Socket *s = &sockets[i];
        *s = (Socket){.appetite = appetite, .number = i};
        writer_init(&s->writer, &ops, WIRE_JSON_WS, &backlog);
        assert_status(hub_subscribe(hub, 1, channel_of(i, room), WIRE_JSON_WS, HUB_DATA, &s->writer,
                                    &s->reader),
                      ST_OK);
    }
}

static void world_done(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!sockets[i].gone) hub_unsubscribe(hub, &sockets[i].reader);
        writer_done(&sockets[i].writer);
    }
    hub_free(hub);
    backlog_set_ceiling(0);
    assert_int_equal(backlog_bytes(), 0);
    assert_int_equal(backlog_sweep(&backlog), -1);
}

static void publish(unsigned number)
{
    static char digits[FRAME_BYTES];
    char room[16];
    memset(digits, '1', sizeof digits);
    hub_publish(hub, 1, channel_of(number, room),
                &(Publication){.data = str_make(digits, sizeof digits)});
    while (hub_pump(hub, 1000)) {
    }
}

TEST(backlog_does_not_know_who_keeps_up)
{
    world_open(2, SIZE_MAX);
    publish(0);
    publish(1);
    assert_int_equal(wakes, 0);
    assert_int_equal(backlog_bytes(), 0);
    assert_int_equal(backlog_sweep(&backlog), -1);
    world_done(2);
}

TEST(backlog_ends_a_socket_that_takes_no_byte_for_too_long)
{
    int64_t before = metric_total(METRIC_STALL_CLOSES, METRIC_NONE_ALL, METRIC_NONE_ALL);
    world_open(1, 100);
    publish(0);
    assert_int_equal(wakes, 1);
    assert_true(backlog_bytes() > FRAME_BYTES);
    mono_ms += WRITE_STALL_MS - 1;
    assert_int_equal(backlog_sweep(&backlog), 1);
    assert_int_equal(gone_count, 0);
    mono_ms += 1;
    assert_int_equal(backlog_sweep(&backlog), -1);
    assert_int_equal(gone_count, 1);
    assert_int_equal(metric_total(METRIC_STALL_CLOSES, METRIC_NONE_ALL, METRIC_NONE_ALL),
                     before + 1);
    world_done(1);
}

TEST(backlog_starts_the_clock_again_with_each_byte)
{
    world_open(1, 100);
    publish(0);
    for (int i = 0; i < 10; i++) {
        mono_ms += WRITE_STALL_MS - 1;
        sockets[0].appetite = 1;
        writer_on_writable(&sockets[0].writer);
        (void)backlog_sweep(&backlog);
    }
    assert_int_equal(gone_count, 0);
    world_done(1);
}

TEST(backlog_tries_once_more_before_it_ends_a_socket)
{
    world_open(2, 100);
    publish(0);
    publish(1);
    mono_ms += WRITE_STALL_MS;
    sockets[0].appetite = 1;        /* has room, and the kernel has not said so yet */
    sockets[1].appetite = SIZE_MAX; /* likewise: it takes all, and waits no more */
    assert_true(backlog_sweep(&backlog) > 0);
    assert_int_equal(gone_count, 0);
    assert_int_equal(sockets[0].taken, 101);
    assert_true(sockets[1].taken > FRAME_BYTES);
    mono_ms += WRITE_STALL_MS;
    assert_int_equal(backlog_sweep(&backlog), -1);
    assert_int_equal(gone_count, 1);
    assert_int_equal(last_gone, 0);
    world_done(2);
}

TEST(backlog_above_the_ceiling_ends_those_that_waited_longest_and_no_more)
{
    enum { WAITING = 10, ROOM = 4 };
    world_open(WAITING, 100);
    for (unsigned i = 0; i < WAITING; i++) {
        publish(i);
        mono_ms += 10;
    }
    sockets[0].appetite = 1; /* the first one moves: it goes to the end of the line */
    writer_on_writable(&sockets[0].writer);
    uint64_t each = backlog_bytes() / WAITING;
    backlog_set_ceiling(each * ROOM + each / 2);
    backlog_look(&backlog);
    assert_int_equal(wakes, 2);
    assert_true(backlog_sweep(&backlog) > 0);
    assert_false(backlog_is_over());
    for (unsigned i = 0; i < WAITING; i++)
        assert_int_equal(sockets[i].gone, i >= 1 && i <= WAITING - ROOM);
    world_done(WAITING);
}

TEST(backlog_ends_a_slice_a_turn)
{
    world_open(SOCKETS, 100);
    for (unsigned i = 0; i < SOCKETS; i++) publish(i);
    backlog_set_ceiling(1);
    unsigned turns = 0;
    while (backlog_sweep(&backlog) == 0) turns++;
    assert_int_equal(gone_count, SOCKETS);
    assert_int_equal(turns, SOCKETS / FANOUT_SLICE);
    world_done(SOCKETS);
}

TEST(backlog_counts_replies_as_well)
{
    world_open(1, 0);
    uint8_t frame[128] = {0x81, 126 - 1};
    for (int i = 0; i < 1000; i++) writer_send(&sockets[0].writer, str_make(frame, 127));
    assert_true(backlog_bytes() >= 127000);
    mono_ms += WRITE_STALL_MS;
    assert_int_equal(backlog_sweep(&backlog), -1);
    assert_int_equal(gone_count, 1);
    assert_true(backlog_bytes() < 1000);
    world_done(1);
}

TEST_MAIN()
