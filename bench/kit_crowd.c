/* A crowd is a process of its own: what it costs to receive is not what we measure, so it receives as
 * cheaply as Linux allows (MSG_TRUNC drops the bytes of a TCP socket instead of copying them) and only
 * counts. Joining is done in ranks: a rank connects, asks and is answered together, so that the server
 * is never asked for more than RANK handshakes at once. */
#include "kit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RANK = 64, EVENTS = 512, JOIN_PATIENCE_S = 120, BELL_PATIENCE_MS = 20000 };

/* ---- joining ---- */

static void user_name(CrowdKind kind, unsigned index, char *ret, size_t room)
{
    if (kind == CROWD_OWN_USERS)
        snprintf(ret, room, "user%u", index);
    else
        snprintf(ret, room, "crowd");
}

#define UPGRADE_REST                                                                               \
    " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YmVuY2gtYmVuY2gtYmVuYw==\r\n\r\n"

static void ask_upgrade(int fd, CrowdKind kind)
{
    send_all(fd, kind == CROWD_PROTOBUF
                     ? S("GET /connection/websocket?format=protobuf" UPGRADE_REST)
                     : S("GET /connection/websocket" UPGRADE_REST));
}

static void receive_upgrade(int fd)
{
    char bytes[1024];
    Answer answer;
    size_t have = 0;
    do {
        ssize_t n = recv(fd, bytes + have, sizeof bytes - have, 0);
        if (n <= 0) fail("the upgrade was not answered");
        have += (size_t)n;
    } while (!answer_read(str_make(bytes, have), &answer));
    if (answer.status != 101) fail("upgrade: %.*s", (int)have, bytes);
}

static void put_json(Buf *out, Str token, Str channel)
{
    buf_format(out,
               "{\"id\":1,\"connect\":{\"token\":\"%.*s\"}}\n"
               "{\"id\":2,\"subscribe\":{\"channel\":\"%.*s\"}}",
               STR_FMT(token), STR_FMT(channel));
}

static void put_varint(Buf *out, size_t value)
{
    for (; value >= 0x80; value >>= 7) buf_add_byte(out, (uint8_t)(value | 0x80));
    buf_add_byte(out, (uint8_t)value);
}

static size_t varint_len(size_t value)
{
    return value < 0x80 ? 1 : 1 + varint_len(value >> 7);
}

/* Command { id = 1; request = <field> { text = 1 } }, behind its length. */
static void put_protobuf(Buf *out, uint8_t id, uint8_t field, Str text)
{
    size_t inner = 1 + varint_len(text.len) + text.len;
    put_varint(out, 2 + 1 + varint_len(inner) + inner);
    buf_add(out, str_make((const uint8_t[]){0x08, id, (uint8_t)(field << 3 | 2)}, 3));
    put_varint(out, inner);
    buf_add_byte(out, 0x0a);
    put_varint(out, text.len);
    buf_add(out, text);
}

/* Connect and subscribe in one frame; the mask is zero, which is a mask like any other. */
static void ask_join(int fd, const Server *s, CrowdKind kind, Str user, JwtKey *key)
{
    Buf commands, frame, token, channel;
    buf_init(&commands, 4096);
    buf_init(&frame, 4096);
    buf_init(&token, 1024);
    buf_init(&channel, 256);
    server_token(key, s, user, &token);
    buf_format(&channel, "global_system#%.*s", STR_FMT(user));
    if (kind == CROWD_PROTOBUF) {
        put_protobuf(&commands, 1, 4, buf_view(&token));
        put_protobuf(&commands, 2, 5, buf_view(&channel));
    } else {
        put_json(&commands, buf_view(&token), buf_view(&channel));
    }
    size_t len = buf_len(&commands);
    CHECK(len >= 126 && len < 65536);
    uint8_t head[8] = {kind == CROWD_PROTOBUF ? 0x82 : 0x81, 0x80 | 126, (uint8_t)(len >> 8),
                       (uint8_t)len};
    buf_add(&frame, str_make(head, sizeof head));
    buf_add(&frame, buf_view(&commands));
    send_all(fd, buf_view(&frame));
    buf_done(&commands);
    buf_done(&frame);
    buf_done(&token);
    buf_done(&channel);
}

static void receive_join(int fd, CrowdKind kind)
{
    /* Reply { id = 1: 2; subscribe = 6 }, or the same in words. */
    Str joined = kind == CROWD_PROTOBUF ? S("\x08\x02\x32") : S("\"subscribe\":{");
    char bytes[2048];
    size_t have = 0;
    while (!memmem(bytes, have, joined.at, joined.len)) {
        ssize_t n = recv(fd, bytes + have, sizeof bytes - have, 0);
        if (n <= 0) fail("a subscription was not answered: %.*s", (int)have, bytes);
        have += (size_t)n;
        if (memmem(bytes, have, "\"error\"", 7)) fail("joining: %.*s", (int)have, bytes);
    }
}

int ws_join(const Server *s, Str user, JwtKey *key)
{
    int fd = connect_loopback(s->port);
    if (fd < 0) fail("a subscriber cannot connect: %s", strerror(errno));
    ask_upgrade(fd, CROWD_ONE_USER);
    receive_upgrade(fd);
    ask_join(fd, s, CROWD_ONE_USER, user, key);
    receive_join(fd, CROWD_ONE_USER);
    return fd;
}

static void join_rank(const Server *s, CrowdKind kind, JwtKey *key, int *fds, unsigned first,
                      unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        fds[i] = connect_loopback(s->port);
        if (fds[i] < 0) fail("a subscriber cannot connect: %s", strerror(errno));
        if (kind != CROWD_PLAIN) ask_upgrade(fds[i], kind);
    }
    if (kind == CROWD_PLAIN) return;
    for (unsigned i = 0; i < count; i++) {
        char user[32];
        user_name(kind, first + i, user, sizeof user);
        receive_upgrade(fds[i]);
        ask_join(fds[i], s, kind, str_of(user), key);
    }
    for (unsigned i = 0; i < count; i++) receive_join(fds[i], kind);
}

/* ---- receiving ---- */

typedef struct Order { /* what a crowd's process is born with */
    const Server *server;
    CrowdKind kind;
    const Crowd *crowd;
} Order;

static void count(const Crowd *c, uint64_t received)
{
    CrowdBoard *b = c->board;
    uint64_t one = 1;
    uint64_t bytes = atomic_fetch_add(&b->bytes, received) + received;
    uint64_t target = atomic_load(&b->target);
    if (target == 0 || bytes < target) return;
    if (atomic_compare_exchange_strong(&b->target, &target, 0))
        (void)!write(c->bell, &one, sizeof one);
}

static ssize_t receive(CrowdBoard *b, int fd)
{
    if (!atomic_load_explicit(&b->want_frame, memory_order_relaxed))
        return recv(fd, NULL, 1u << 22, MSG_TRUNC | MSG_DONTWAIT);
    ssize_t n = recv(fd, b->frame, sizeof b->frame, MSG_DONTWAIT);
    if (n > 0) {
        atomic_store(&b->want_frame, false);
        atomic_store(&b->frame_len, (unsigned)n);
    }
    return n;
}

static void receive_for_ever(const Crowd *c, int epoll)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        uint64_t received = 0;
        for (int i = 0; i < ready; i++) {
            ssize_t n = receive(c->board, events[i].data.fd);
            if (n > 0) {
                received += (uint64_t)n;
            } else if (n == 0 || errno != EAGAIN) {
                epoll_ctl(epoll, EPOLL_CTL_DEL, events[i].data.fd, NULL);
                atomic_fetch_add(&c->board->lost, 1);
            }
        }
        if (received) count(c, received);
    }
}

static void crowd_main(void *arg)
{
    const Order *order = arg;
    const Crowd *c = order->crowd;
    JwtKey *key = server_token_key();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned first = 0; first < c->count; first += RANK) {
        int fds[RANK];
        unsigned rank = c->count - first < RANK ? c->count - first : RANK;
        join_rank(order->server, order->kind, key, fds, first, rank);
        for (unsigned i = 0; i < rank; i++) {
            struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
            if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) != 0) fail("epoll_ctl");
        }
        atomic_fetch_add(&c->board->joined, rank);
    }
    jwt_key_free(key);
    receive_for_ever(c, epoll);
}

/* ---- from outside ---- */

void crowd_join(Crowd *c, const Server *s, CrowdKind kind, unsigned count_wanted)
{
    *c = (Crowd){.count = count_wanted,
                 .bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                 .board = shared_new(sizeof(CrowdBoard))};
    Order order = {s, kind, c};
    uint64_t give_up = now_ns() + JOIN_PATIENCE_S * 1000000000ull;
    c->pid = child_start(crowd_main, &order);
    while (atomic_load(&c->board->joined) < count_wanted) {
        if (child_is_gone(c->pid)) fail("the crowd did not get in");
        if (now_ns() > give_up) fail("the crowd takes too long to get in");
        sleep_ms(5);
    }
}

void crowd_leave(Crowd *c)
{
    if (atomic_load(&c->board->lost))
        fail("%u subscribers were lost", atomic_load(&c->board->lost));
    child_stop(c->pid);
    close(c->bell);
}

void crowd_expect(Crowd *c, uint64_t bytes)
{
    uint64_t one = 1;
    atomic_store(&c->board->target, bytes);
    uint64_t target = bytes; /* it may all be there already */
    if (atomic_load(&c->board->bytes) >= bytes &&
        atomic_compare_exchange_strong(&c->board->target, &target, 0))
        (void)!write(c->bell, &one, sizeof one);
}

/* The bell may still ring for an earlier target. */
void crowd_wait(Crowd *c, uint64_t bytes)
{
    struct pollfd bell = {.fd = c->bell, .events = POLLIN};
    uint64_t rings, have;
    while ((have = atomic_load(&c->board->bytes)) < bytes) {
        crowd_expect(c, bytes);
        if (poll(&bell, 1, BELL_PATIENCE_MS) <= 0)
            fail("the crowd has %llu bytes of %llu and gets no more", (unsigned long long)have,
                 (unsigned long long)bytes);
        (void)!read(c->bell, &rings, sizeof rings);
    }
}
