/* Slow readers: sockets that never read beside healthy ones, on one channel that is spoken to all the time.
 * What do the healthy ones notice, and what does the server hold? README.md says how to read the table. */
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
    CONNECTIONS = 8,
    PADDING = 363, /* of a note, which stands in a publication twice: 1 KiB in all */
    READ_BYTES = 65536,
    EVENTS = 256,
    LATE_MS = 20000
};

static unsigned healthy = 500, slow = 2000, rate = 50, seconds = 60, alone = 20, workers = 1;
static const char *binary;

/* ---- the healthy ---- */

typedef struct Board { /* shared with their process */
    atomic_uint joined;
    _Atomic uint64_t start_ns, received, bytes;
    Samples *delays;
} Board;

typedef struct Ears {
    const Server *server;
    Board *board;
    unsigned total; /* messages */
} Ears;

static void note_marks(const Ears *e, uint64_t *next, Str received)
{
    uint64_t mark, now = now_ns();
    while (find_mark(&received, &mark)) {
        if (mark < *next) continue; /* each message has its mark twice */
        if (mark > *next) fail("a healthy reader missed message %u", (unsigned)*next);
        *next = mark + 1;
        samples_add(e->board->delays,
                    now - (atomic_load(&e->board->start_ns) + mark * 1000000000ull / rate));
        atomic_fetch_add(&e->board->received, 1);
    }
}

static void healthy_main(void *arg)
{
    const Ears *e = arg;
    static char bytes[READ_BYTES];
    struct epoll_event events[EVENTS];
    uint64_t *next = mem_zero(healthy * sizeof *next);
    int *fds = mem_zero(healthy * sizeof *fds);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    JwtKey *key = server_token_key();
    for (unsigned i = 0; i < healthy; i++) {
        fds[i] = ws_join(e->server, S("crowd"), key);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) != 0) fail("epoll_ctl");
    }
    atomic_store(&e->board->joined, healthy);
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            unsigned n = events[i].data.u32;
            ssize_t got = recv(fds[n], bytes, sizeof bytes, MSG_DONTWAIT);
            if (got <= 0) fail("a healthy reader was dropped");
            atomic_fetch_add(&e->board->bytes, (uint64_t)got);
            note_marks(e, &next[n], str_make(bytes, (size_t)got));
        }
    }
}

/* ---- the slow ---- */

typedef struct Deaf {
    const Server *server;
    atomic_uint *joined;
} Deaf;

static void slow_main(void *arg)
{
    const Deaf *d = arg;
    JwtKey *key = server_token_key();
    for (unsigned i = 0; i < slow; i++) {
        (void)ws_join(d->server, S("crowd"), key); /* and never looked at again */
        atomic_fetch_add(d->joined, 1);
    }
    for (;;) pause();
}

static void await(atomic_uint *joined, unsigned wanted, pid_t pid)
{
    while (atomic_load(joined) < wanted) {
        if (child_is_gone(pid)) fail("they did not get in");
        sleep_ms(5);
    }
}

/* ---- the server, from outside ---- */

/* Of all sockets of the machine, in bytes. */
static double tcp_bytes(void)
{
    char line[256];
    unsigned long pages = 0;
    FILE *f = fopen("/proc/net/sockstat", "re");
    while (f && fgets(line, sizeof line, f)) {
        const char *at = strncmp(line, "TCP:", 4) == 0 ? strstr(line, " mem ") : NULL;
        if (at) pages = strtoul(at + 5, NULL, 10);
    }
    if (f) fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* ---- a run ---- */

typedef struct Peaks {
    double anon, held, tcp;
} Peaks;

static void look(const Server *s, Peaks *p)
{
    double anon = (double)anon_bytes(s->pid), tcp = tcp_bytes();
    double held = server_metric(s, "orqestra_websocket_backlog_bytes");
    if (anon > p->anon) p->anon = anon;
    if (held > p->held) p->held = held;
    if (tcp > p->tcp) p->tcp = tcp;
}

static void put_broadcast(Buf *out, const Server *s, uint64_t mark)
{
    char body[1024], mark_text[MARK_LEN + 2];
    put_mark(mark_text, mark);
    int len = snprintf(body, sizeof body,
                       "{\"eventType\":\"bench.event\",\"payload\":{\"userId\":\"crowd\"},"
                       "\"channels\":[\"PUSH\"],\"variables\":{\"note\":\"%.*s%0*d\"}}",
                       (int)sizeof mark_text, mark_text, PADDING, 0);
    buf_clear(out);
    buf_format(out,
               "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
               "x-api-key: %s\r\nContent-Length: %d\r\n\r\n",
               TRIGGER_PATH, s->api_key, len);
    buf_add(out, str_make(body, (size_t)len));
    CHECK(buf_status(out) == ST_OK);
}

/* An open loop: what was due while the server was busy is late from the moment it was due. */
static void broadcast(const Server *s, Board *board, unsigned total, Peaks *peaks)
{
    static Posters posters;
    Buf request;
    uint64_t next_look = 0, began = now_ns();
    buf_init(&request, KIB(4));
    posters_open(&posters, s, CONNECTIONS, 200);
    atomic_store(&board->start_ns, began);
    for (unsigned sent = 0; sent < total;) {
        uint64_t due = began + sent * 1000000000ull / rate, now = now_ns();
        if (now < due) {
            posters_collect(&posters, (int)((due - now) / 1000000) + 1);
        } else if (posters.idle_count) {
            put_broadcast(&request, s, sent++);
            posters_send(&posters, buf_view(&request), due);
        } else {
            posters_collect(&posters, 1000);
        }
        if (now < next_look) continue;
        look(s, peaks);
        next_look = now + 1000000000ull;
    }
    while (posters.idle_count < posters.count) posters_collect(&posters, 1000);
    for (unsigned ms = 0; atomic_load(&board->received) < (uint64_t)total * healthy; ms += 5) {
        if (ms > LATE_MS) fail("the healthy readers do not get everything");
        sleep_ms(5);
    }
    posters_close(&posters);
    buf_done(&request);
}

static double run(unsigned slow_wanted, unsigned duration_s)
{
    Server server;
    Peaks peaks = {0, 0, 0};
    unsigned total = rate * duration_s;
    Board *board = shared_new(sizeof *board);
    atomic_uint *deaf_joined = shared_new(sizeof *deaf_joined);
    board->delays = shared_new(samples_bytes(total * healthy));
    board->delays->room = total * healthy;
    server_start(&server, binary, workers);
    Ears ears = {&server, board, total};
    Deaf deaf = {&server, deaf_joined};
    pid_t listeners = child_start(healthy_main, &ears), sleepers = 0;
    await(&board->joined, healthy, listeners);
    if (slow_wanted) {
        sleepers = child_start(slow_main, &deaf);
        await(deaf_joined, slow_wanted, sleepers);
    }
    look(&server, &peaks);
    Peaks before = peaks;
    broadcast(&server, board, total, &peaks);
    double p99 = samples_ms(board->delays, 0.99);
    table_note(
        "%u healthy, %u slow, %u s: p50 %.2f ms, p99 %.2f ms, max %.1f ms; %.0f bytes a message",
        healthy, slow_wanted, duration_s, samples_ms(board->delays, 0.5), p99,
        samples_ms(board->delays, 1),
        (double)atomic_load(&board->bytes) / (double)atomic_load(&board->received));
    if (slow_wanted) {
        table_note("the kernel's TCP buffers grew by up to %.0f MiB (receivers' included), the "
                   "backlog held up to %.2f MiB",
                   (peaks.tcp - before.tcp) / MIB(1), peaks.held / MIB(1));
        table_line("slow readers that were closed (3008)", "",
                   server_metric(&server, "orqestra_websocket_slow_closes_total"), AT_LEAST,
                   slow_wanted);
        table_line("the server's memory grew by", "MiB", (peaks.anon - before.anon) / MIB(1),
                   AT_MOST, 512);
        child_stop(sleepers);
    }
    child_stop(listeners);
    server_stop(&server);
    return p99;
}

int main(int arg_count, char **args)
{
    const Option options[] = {{"healthy", &healthy, NULL}, {"slow", &slow, NULL},
                              {"rate", &rate, NULL},       {"seconds", &seconds, NULL},
                              {"alone", &alone, NULL},     {"workers", &workers, NULL},
                              {"binary", NULL, &binary},   {NULL, NULL, NULL}};
    kit_init();
    options_read(arg_count, args, options);
    if (!healthy || !slow || !rate || !seconds || !alone) fail("nothing may be 0");
    table_begin();
    table_title("Sockets that never read, beside healthy ones");
    double without = run(0, alone), with = run(slow, seconds);
    table_line("p99 of the healthy: with slow ones / without", "x", with / without, AT_MOST, 2);
    return 0;
}
