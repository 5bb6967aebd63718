/* A herd: many clients, a server that is killed and started again, and publications that are accepted while
 * they come back. README.md says how to read the table.
 *
 *   AWAY --its delay is over--> CONNECTING --upgrade--> JOINING --subscribe reply--> BACK
 *    ^-------- refused, closed, or not answered in time --------------------------------'
 *
 * Each client waits as the official one does: 500 ms at first, twice as long after each failure, up to 20 s,
 * with the same jitter. It knows the last position it has seen, asks for what came behind it, and ends
 * the program when a position is missing. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "kit.h"

enum {
    BACKOFF_MIN_MS = 500,
    BACKOFF_MAX_MS = 20000,
    ANSWER_MS = 5000, /* then a client gives up and tries again */
    EVENTS = 512,
    CLIENT_BYTES = 2048,
    BATCH = 200,
    PATIENCE_S = 120
};

static unsigned clients = 10000, workers = 1;
static const char *binary;

typedef enum Step { AWAY, CONNECTING, JOINING, BACK } Step;
typedef enum Wish { STAY, LEAVE } Wish;

typedef struct Board { /* shared with the herd's process */
    _Atomic int wish;
    atomic_uint back;      /* clients that are subscribed now */
    atomic_uint caught_up; /* and have seen everything */
    atomic_uint attempts, late;
    _Atomic uint64_t top;   /* the position everybody shall reach */
    _Atomic uint64_t since; /* the server went away */
    Samples *delays;        /* from then to each one's return */
} Board;

typedef struct Herd {
    const Server *server;
    Board *board;
} Herd;

typedef struct One {
    int fd;
    Step step;
    unsigned failures, have;
    uint64_t due_ns; /* AWAY: tries; else: gives up */
    uint64_t top;    /* position */
    bool joined, is_counted;
    char token[512], epoch[32];
    char bytes[CLIENT_BYTES];
} One;

static Herd herd;
static One *all;
static int epoll;

/* ---- waiting, as the official client does (its utils.backoff) ---- */

static uint64_t backoff_ns(unsigned failures)
{
    uint64_t room = failures < 6 ? (uint64_t)BACKOFF_MIN_MS << failures : BACKOFF_MAX_MS;
    if (room > BACKOFF_MAX_MS) room = BACKOFF_MAX_MS;
    uint64_t delay = BACKOFF_MIN_MS + (uint64_t)random() % (room + 1);
    return (delay < BACKOFF_MAX_MS ? delay : BACKOFF_MAX_MS) * 1000000ull;
}

static void go_away(One *o)
{
    Board *b = herd.board;
    if (o->step == BACK) atomic_fetch_sub(&b->back, 1);
    if (o->is_counted) atomic_fetch_sub(&b->caught_up, 1);
    if (o->fd >= 0) close(o->fd);
    o->is_counted = false;
    o->fd = -1;
    o->have = 0;
    o->step = AWAY;
    o->due_ns = now_ns() + backoff_ns(o->failures++);
}

static void say(One *o, Str bytes)
{
    if (send(o->fd, bytes.at, bytes.len, MSG_NOSIGNAL) != (ssize_t)bytes.len) go_away(o);
}

static void come(One *o)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)herd.server->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)(o - all)};
    o->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* loopback: connect does not wait */
    if (o->fd < 0) fail("socket: %s", strerror(errno));
    atomic_fetch_add(&herd.board->attempts, 1);
    if (connect(o->fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        go_away(o);
        return;
    }
    fcntl(o->fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, o->fd, &event) != 0) fail("epoll_ctl");
    o->step = CONNECTING;
    o->due_ns = now_ns() + ANSWER_MS * 1000000ull;
    say(o, S("GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\n"
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: YmVuY2gtYmVuY2gtYmVuYw==\r\n\r\n"));
}

static void join(One *o)
{
    char frame[1024];
    int len = snprintf(frame + 8, sizeof frame - 8,
                       "{\"id\":1,\"connect\":{\"token\":\"%s\"}}\n"
                       "{\"id\":2,\"subscribe\":{\"channel\":\"global_system#user%u\"",
                       o->token, (unsigned)(o - all));
    if (o->joined)
        len += snprintf(frame + 8 + len, sizeof frame - 8 - (size_t)len,
                        ",\"recover\":true,\"offset\":%llu,\"epoch\":\"%s\"",
                        (unsigned long long)o->top, o->epoch);
    len += snprintf(frame + 8 + len, sizeof frame - 8 - (size_t)len, "}}");
    CHECK(len >= 126 && (size_t)len < sizeof frame - 8);
    const uint8_t head[8] = {0x81, 0x80 | 126, (uint8_t)(len >> 8), (uint8_t)len}; /* mask: 0 */
    memcpy(frame, head, sizeof head);
    o->step = JOINING;
    say(o, str_make(frame, (size_t)len + 8));
}

/* ---- what it hears ---- */

static uint64_t number_behind(const char *at, const char *name)
{
    return strtoull(at + strlen(name), NULL, 10);
}

/* Positions come in their order, in a reply and behind it. */
static void hear_positions(One *o, const char *text)
{
    static const char name[] = "\"offset\":";
    for (const char *at = text; (at = strstr(at, name)); at += sizeof name - 1) {
        uint64_t offset = number_behind(at, name);
        if (offset > o->top + 1)
            fail("a gap: %llu after %llu", (unsigned long long)offset, (unsigned long long)o->top);
        if (offset > o->top) o->top = offset;
    }
}

static void hear_reply(One *o, const char *text)
{
    Board *b = herd.board;
    static const char epoch[] = "\"epoch\":\"";
    const char *at = strstr(text, epoch);
    if (o->joined && !strstr(text, "\"recovered\":true")) fail("not recovered: %s", text);
    if (!o->joined) {
        const char *top = strstr(text, "\"offset\":");
        if (!at || !top) fail("no position: %s", text);
        snprintf(o->epoch, sizeof o->epoch, "%.16s", at + sizeof epoch - 1);
        o->top = number_behind(top, "\"offset\":");
    }
    if (atomic_load(&b->since)) samples_add(b->delays, now_ns() - atomic_load(&b->since));
    o->joined = true;
    o->step = BACK;
    o->failures = 0;
    atomic_fetch_add(&b->back, 1);
}

static void hear(One *o, const char *text)
{
    if (strstr(text, "\"error\"")) fail("refused: %s", text);
    if (strstr(text, "\"subscribe\":{")) hear_reply(o, text);
    if (o->step == BACK) hear_positions(o, text);
}

/* Takes whole frames from the front of what was received; the server's text frames are below 64 KiB. */
static void take_frames(One *o)
{
    size_t at = 0;
    while (o->have - at >= 2) {
        const uint8_t *f = (const uint8_t *)o->bytes + at;
        size_t head = f[1] == 126 ? 4 : 2;
        if (o->have - at < head) break;
        size_t len = f[1] == 126 ? (size_t)f[2] << 8 | f[3] : f[1];
        if (o->have - at < head + len) break;
        if (f[0] == 0x88) {
            go_away(o);
            return;
        }
        char text[CLIENT_BYTES];
        memcpy(text, f + head, len);
        text[len] = '\0';
        hear(o, text);
        at += head + len;
    }
    o->have -= (unsigned)at;
    memmove(o->bytes, o->bytes + at, o->have);
}

static void receive(One *o)
{
    Answer answer;
    ssize_t n = recv(o->fd, o->bytes + o->have, sizeof o->bytes - 1 - o->have, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        go_away(o);
        return;
    }
    o->have += (unsigned)n;
    if (o->step == CONNECTING) {
        if (!answer_read(str_make(o->bytes, o->have), &answer)) return;
        o->have = 0;
        if (answer.status == 101)
            join(o);
        else
            go_away(o);
        return;
    }
    take_frames(o);
}

static void look_at_clock(One *o, uint64_t now)
{
    Board *b = herd.board;
    bool leaves = atomic_load(&b->wish) == LEAVE;
    if (o->step != AWAY && leaves) {
        go_away(o);
        o->failures = 0;
    } else if (o->step == AWAY && !leaves && now >= o->due_ns) {
        come(o);
    } else if ((o->step == CONNECTING || o->step == JOINING) && now >= o->due_ns) {
        atomic_fetch_add(&b->late, 1);
        go_away(o);
    } else if (o->step == BACK && o->is_counted != (o->top >= atomic_load(&b->top))) {
        o->is_counted = !o->is_counted;
        atomic_fetch_add(&b->caught_up, o->is_counted ? 1u : -1u);
    }
}

static void herd_main(void *arg)
{
    (void)arg;
    struct epoll_event events[EVENTS];
    JwtKey *key = server_token_key();
    uint64_t next_look = 0;
    srandom((unsigned)getpid());
    epoll = epoll_create1(EPOLL_CLOEXEC);
    all = mem_zero(clients * sizeof *all);
    for (unsigned i = 0; i < clients; i++) {
        char user[32];
        Buf token;
        buf_init(&token, sizeof all[i].token - 1);
        int len = snprintf(user, sizeof user, "user%u", i);
        server_token(key, herd.server, str_make(user, (size_t)len), &token);
        memcpy(all[i].token, buf_view(&token).at, buf_len(&token));
        buf_done(&token);
        all[i].fd = -1;
        all[i].due_ns = now_ns() + i * 300000ull; /* 3,000 a second come at first */
    }
    jwt_key_free(key);
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, 5);
        for (int i = 0; i < ready; i++) {
            One *o = &all[events[i].data.u32];
            if (o->step != AWAY) receive(o);
        }
        uint64_t now = now_ns();
        if (now < next_look) continue;
        for (unsigned i = 0; i < clients; i++) look_at_clock(&all[i], now);
        next_look = now + 5000000;
    }
}

/* ---- what happens to it ---- */

static void await(atomic_uint *count, unsigned wanted, const char *what)
{
    uint64_t give_up = now_ns() + PATIENCE_S * 1000000000ull;
    while (atomic_load(count) != wanted) {
        if (now_ns() > give_up) fail("%s: %u of %u", what, atomic_load(count), wanted);
        sleep_ms(5);
    }
}

/* One notification for each user; they are durable when this returns. */
static void notify_all(const Server *s)
{
    char header[192];
    Buf body, answer;
    int fd = connect_loopback(s->port);
    buf_init(&body, KIB(512));
    buf_init(&answer, MIB(1));
    snprintf(header, sizeof header, "x-api-key: %s\r\n", s->api_key);
    for (unsigned done = 0; done < clients; done += BATCH) {
        buf_clear(&body);
        buf_lit(&body, "{\"events\":[");
        for (unsigned i = done; i < clients && i < done + BATCH; i++)
            buf_format(&body,
                       "%s{\"eventType\":\"bench.event\",\"payload\":{\"userId\":\"user%u\"}}",
                       i == done ? "" : ",", i);
        buf_lit(&body, "]}");
        if (http_call(fd, "POST", TRIGGER_PATH "/batch", header, buf_view(&body), &answer) != 200)
            fail("a batch: %.*s", STR_FMT(buf_view(&answer)));
    }
    close(fd);
    buf_done(&body);
    buf_done(&answer);
}

typedef struct Weight {
    double fds, anon;
} Weight;

static Weight weigh(const Server *s)
{
    while (server_metric(s, "orqestra_websocket_connections{dialect=\"centrifuge\"}") > 0)
        sleep_ms(20);
    return (Weight){server_metric(s, "process_open_fds"), (double)anon_bytes(s->pid)};
}

static Weight everybody_leaves(const Server *s, Board *b)
{
    atomic_store(&b->wish, LEAVE);
    await(&b->back, 0, "leaving");
    return weigh(s);
}

static void return_after_kill(Server *s, Board *b)
{
    atomic_store(&b->top, 2);
    uint64_t killed = now_ns();
    atomic_store(&b->since, killed);
    server_kill(s);
    server_start_again(s, binary, workers);
    double down_ms = (double)(now_ns() - killed) / 1e6;
    uint64_t cpu_before = cpu_ns(s->pid);
    notify_all(s);
    await(&b->caught_up, clients, "everybody has everything");
    table_note("the server was away for %.0f ms; %u attempts, %u not answered in %d s; %.0f us of "
               "its CPU a client, notifications and starting included",
               down_ms, atomic_load(&b->attempts), atomic_load(&b->late), ANSWER_MS / 1000,
               (double)(cpu_ns(s->pid) - cpu_before) / 1000 / clients);
    table_note("back after: p50 %.1f s, p95 %.1f s, last %.1f s; recoveries %.0f, lost %.0f",
               samples_ms(b->delays, 0.5) / 1000, samples_ms(b->delays, 0.95) / 1000,
               samples_ms(b->delays, 1) / 1000,
               server_metric(s, "orqestra_websocket_recoveries_total{result=\"complete\"}"),
               server_metric(s, "orqestra_websocket_recoveries_total{result=\"lost\"}"));
    table_line("95 % are back, from the kill on", "s", samples_ms(b->delays, 0.95) / 1000, AT_MOST,
               25);
    table_line("reads of the store for each user", "x",
               server_metric(s, "orqestra_websocket_stream_reads_total") / clients, AT_MOST, 1);
}

static void look_for_leaks(Server *s, Board *b)
{
    Weight first = everybody_leaves(s, b);
    atomic_store(&b->wish, STAY);
    await(&b->back, clients, "coming a second time");
    Weight second = everybody_leaves(s, b);
    table_note("when all have left: %.0f descriptors, %.1f MiB; a second time: %.0f, %.1f MiB",
               first.fds, first.anon / MIB(1), second.fds, second.anon / MIB(1));
    table_line("descriptors that stay", "", second.fds - first.fds, AT_MOST, 0);
    table_line("memory that stays, per client", "B", (second.anon - first.anon) / clients, AT_MOST,
               16);
}

int main(int arg_count, char **args)
{
    const Option options[] = {{"clients", &clients, NULL},
                              {"workers", &workers, NULL},
                              {"binary", NULL, &binary},
                              {NULL, NULL, NULL}};
    Server server;
    kit_init();
    options_read(arg_count, args, options);
    if (clients == 0) fail("a herd has at least one client");
    table_begin();
    table_title("A herd comes back after a kill");
    server_start(&server, binary, workers);
    notify_all(&server); /* each user has a stream */
    Board *board = shared_new(sizeof *board);
    board->delays = shared_new(samples_bytes(clients * 4));
    board->delays->room = clients * 4;
    atomic_store(&board->top, 1);
    herd = (Herd){&server, board};
    pid_t pid = child_start(herd_main, NULL);
    await(&board->caught_up, clients, "coming");
    atomic_store(&board->attempts, 0);
    return_after_kill(&server, board);
    look_for_leaks(&server, board);
    child_stop(pid);
    server_stop(&server);
    return 0;
}
