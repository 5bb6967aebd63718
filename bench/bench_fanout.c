/* Fan-out: what a silent subscriber weighs, what a delivery costs, how fast a broadcast is, and whether
 * anybody else is kept waiting by one. README.md says how to read the table. */
#include <stdlib.h>
#include <unistd.h>

#include "source.h"

enum {
    BURST = 64,
    SLICES = 6, /* ours and the rival take turns, so that both meet the same weather */
    SLICE_CPU_NS = 250000000,
    SATURATE_S = 4,
    LATENCY_S = 8,
    LATENCY_ROOM = 1000000,
    LATENCY_OUTSTANDING = 2, /* one broadcast running, the next one waiting: never a pause */
    PLAIN_GAP_S = 2
};

static unsigned subscribers = 5000, idle = 15000, workers = 1;
static const char *binary;

static void request_for(const Server *s, Str user, Buf *out)
{
    buf_init(out, 4096);
    put_trigger(out, s, TRIGGER_PATH, user, 0);
}

/* ---- memory ---- */

/* On a fresh server: what another crowd left in the heap would make this one look free. */
static void measure_memory(CrowdKind kind, const char *what)
{
    Server server;
    Crowd crowd;
    server_start(&server, binary, workers);
    sleep_ms(200); /* the operator's password is being hashed; its memory goes back */
    uint64_t before = anon_bytes(server.pid);
    crowd_join(&crowd, &server, kind, idle);
    sleep_ms(500);
    uint64_t after = anon_bytes(server.pid);
    table_line(what, "B", ((double)after - (double)before) / idle, AT_MOST, 1024);
    crowd_leave(&crowd);
    server_stop(&server);
}

/* ---- cost and speed, against the bare rival ---- */

typedef struct Contest {
    Server server;
    Crowd our_crowd, bare_crowd;
    Posters posters;
    Bare rival;
    Buf request;
    Source ours, bare;
} Contest;

static void contest_begin(Contest *c)
{
    Str frame;
    server_start(&c->server, binary, workers);
    request_for(&c->server, S("crowd"), &c->request);
    posters_open(&c->posters, &c->server, BURST, 200);
    crowd_join(&c->our_crowd, &c->server, CROWD_ONE_USER, subscribers);
    c->ours = (Source){.pid = c->server.pid,
                       .crowd = &c->our_crowd,
                       .posters = &c->posters,
                       .request = buf_view(&c->request)};
    source_warm_up(&c->ours, &frame);
    bare_start(&c->rival, subscribers, frame);
    Server stand_in = {.port = c->rival.port};
    crowd_join(&c->bare_crowd, &stand_in, CROWD_PLAIN, subscribers);
    c->bare = (Source){.pid = c->rival.pid, .crowd = &c->bare_crowd, .bare = &c->rival};
    source_warm_up(&c->bare, NULL);
}

static void contest_end(Contest *c)
{
    posters_close(&c->posters);
    crowd_leave(&c->our_crowd);
    crowd_leave(&c->bare_crowd);
    bare_stop(&c->rival);
    server_stop(&c->server);
    buf_done(&c->request);
}

static void measure_cost(Contest *c)
{
    Work one = {0}, bare = {0}, burst = {0};
    for (int i = 0; i < SLICES; i++) {
        source_rounds(&c->ours, 1, SLICE_CPU_NS, &one);
        source_rounds(&c->bare, 1, SLICE_CPU_NS, &bare);
    }
    for (int i = 0; i < SLICES; i++) source_rounds(&c->ours, BURST, SLICE_CPU_NS, &burst);
    table_note("one message: ours %.0f ns a delivery, bare %.0f ns; bursts of %d: ours %.0f ns",
               work_ns_each(&one), work_ns_each(&bare), BURST, work_ns_each(&burst));
    table_line("one message, CPU per delivery: ours / bare", "x",
               work_ns_each(&one) / work_ns_each(&bare), AT_MOST, 1.15);
    table_line("bursts of 64, CPU per delivery: one message / burst", "x",
               work_ns_each(&one) / work_ns_each(&burst), AT_LEAST, 30);
}

static void measure_speed(Contest *c)
{
    Work ours = {0}, bare = {0};
    for (int i = 0; i < 2; i++) {
        source_saturate(&c->ours, BURST, SATURATE_S * 500000000ull, &ours);
        source_saturate(&c->bare, BURST, SATURATE_S * 500000000ull, &bare);
    }
    table_note("saturated: ours %.2f M deliveries/s (%.0f ns CPU each), bare %.3f M/s (%.0f ns)",
               work_rate(&ours) / 1e6, work_ns_each(&ours), work_rate(&bare) / 1e6,
               work_ns_each(&bare));
    table_line("64 messages under way, deliveries/s: ours / bare", "x",
               work_rate(&ours) / work_rate(&bare), AT_LEAST, 20);
}

static void measure_contest(void)
{
    Contest c = {0};
    contest_begin(&c);
    measure_cost(&c);
    measure_speed(&c);
    contest_end(&c);
}

/* ---- somebody else meanwhile ---- */

typedef struct
    Caller { /* triggers for a user without sockets, one after the other, in its own process */
    const Server *server;
    Samples *delays;
    atomic_bool *stop;
} Caller;

static void caller_main(void *arg)
{
    const Caller *caller = arg;
    Posters *posters = calloc(1, sizeof *posters);
    Buf request;
    CHECK(posters);
    request_for(caller->server, S("somebody"), &request);
    posters_open(posters, caller->server, 1, 200);
    posters->delays = caller->delays;
    while (!atomic_load(caller->stop)) {
        posters_send(posters, buf_view(&request), now_ns());
        while (posters->idle_count == 0) posters_collect(posters, 1000);
    }
}

typedef struct CallerBoard {
    atomic_bool stop;
    Samples *delays;
    pid_t pid;
} CallerBoard;

static CallerBoard *caller_start(const Server *server)
{
    CallerBoard *board = shared_new(sizeof *board);
    board->delays = shared_new(samples_bytes(LATENCY_ROOM));
    board->delays->room = LATENCY_ROOM;
    Caller caller = {server, board->delays, &board->stop};
    board->pid = child_start(caller_main, &caller);
    return board;
}

static Samples *caller_end(CallerBoard *board)
{
    atomic_store(&board->stop, true);
    for (int ms = 0; !child_is_gone(board->pid); ms += 5) {
        if (ms > 10000) fail("the caller does not end");
        sleep_ms(5);
    }
    return board->delays;
}

static void measure_latency(void)
{
    Server server;
    Crowd crowd;
    Posters *posters = calloc(1, sizeof *posters);
    Buf request;
    Work work = {0};
    CHECK(posters);
    server_start(&server, binary, workers);
    request_for(&server, S("crowd"), &request);
    posters_open(posters, &server, LATENCY_OUTSTANDING, 200);
    CallerBoard *quiet = caller_start(&server);
    sleep_ms(PLAIN_GAP_S * 1000);
    Samples *alone = caller_end(quiet);
    crowd_join(&crowd, &server, CROWD_ONE_USER, idle);
    Source ours = {
        .pid = server.pid, .crowd = &crowd, .posters = posters, .request = buf_view(&request)};
    source_warm_up(&ours, NULL);
    DiskWatch *disk = disk_watch_start(&server);
    CallerBoard *busy = caller_start(&server);
    source_saturate(&ours, LATENCY_OUTSTANDING, LATENCY_S * 1000000000ull, &work);
    Samples *delays = caller_end(busy);
    disk_watch_end(disk);
    table_note("POST: alone p50 %.2f ms, p99 %.2f ms; during broadcasts (%.2f M deliveries/s) p50 "
               "%.2f ms, p99 %.2f ms, max %.1f ms, %u calls",
               samples_ms(alone, 0.5), samples_ms(alone, 0.99), work_rate(&work) / 1e6,
               samples_ms(delays, 0.5), samples_ms(delays, 0.99), samples_ms(delays, 1),
               delays->count);
    table_line("a POST while broadcasts to all idle sockets run, p99", "ms",
               samples_ms(delays, 0.99), AT_MOST, 10);
    crowd_leave(&crowd);
    posters_close(posters);
    server_stop(&server);
    buf_done(&request);
    free(posters);
}

int main(int arg_count, char **args)
{
    const Option options[] = {{"subscribers", &subscribers, NULL},
                              {"idle", &idle, NULL},
                              {"workers", &workers, NULL},
                              {"binary", NULL, &binary},
                              {NULL, NULL, NULL}};
    kit_init();
    options_read(arg_count, args, options);
    if (subscribers == 0 || idle == 0) fail("a crowd has at least one member");
    table_begin();
    table_title("User-space memory of a silent subscriber");
    measure_memory(CROWD_ONE_USER, "all of one user, per connection");
    measure_memory(CROWD_PROTOBUF, "the same in Protobuf, per connection");
    measure_memory(CROWD_OWN_USERS, "each its own user, per connection");
    table_title("Fan-out, and the bare epoll loop in the same run");
    measure_contest();
    table_title("Others meanwhile");
    measure_latency();
    return 0;
}
