/* Silence: what it costs to hold connections that are only pinged. README.md says how to read the table. */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit.h"

enum { EVENTS = 512 };

static unsigned connections = 15000, ping = 25, seconds = 50, workers = 1;
static const char *binary;

typedef struct Board { /* shared with the crowd's process */
    atomic_uint joined, pings;
} Board;

typedef struct Crowded {
    const Server *server;
    Board *board;
} Crowded;

static void answer_pings(Board *b, int epoll)
{
    static const char ping_frame[] = "\x81\x02{}";
    static const char pong_frame[] = "\x81\x82\0\0\0\0{}"; /* the mask is zero */
    struct epoll_event events[EVENTS];
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            char bytes[64];
            ssize_t n = recv(events[i].data.fd, bytes, sizeof bytes, MSG_DONTWAIT);
            if (n != sizeof ping_frame - 1 || memcmp(bytes, ping_frame, sizeof ping_frame - 1) != 0)
                fail("something other than a ping");
            send_all(events[i].data.fd, str_make(pong_frame, sizeof pong_frame - 1));
            atomic_fetch_add(&b->pings, 1);
        }
    }
}

static void crowd_main(void *arg)
{
    const Crowded *c = arg;
    JwtKey *key = server_token_key();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        event.data.fd = ws_join(c->server, S("crowd"), key);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event) != 0) fail("epoll_ctl");
        atomic_fetch_add(&c->board->joined, 1);
    }
    answer_pings(c->board, epoll);
}

int main(int arg_count, char **args)
{
    const Option options[] = {{"connections", &connections, NULL}, {"ping", &ping, NULL},
                              {"seconds", &seconds, NULL},         {"workers", &workers, NULL},
                              {"binary", NULL, &binary},           {NULL, NULL, NULL}};
    Server server;
    kit_init();
    options_read(arg_count, args, options);
    if (!connections || !ping || !seconds) fail("nothing may be 0");
    table_begin();
    table_title("Connections that are only pinged");
    server_start_pinging(&server, binary, workers, ping);
    Board *board = shared_new(sizeof *board);
    Crowded crowded = {&server, board};
    pid_t pid = child_start(crowd_main, &crowded);
    while (atomic_load(&board->joined) < connections) {
        if (child_is_gone(pid)) fail("the crowd did not get in");
        sleep_ms(20);
    }
    sleep_ms(ping * 1000); /* each has had its first one */
    uint64_t cpu_before = cpu_ns(server.pid), began = now_ns();
    unsigned pings_before = atomic_load(&board->pings);
    sleep_ms(seconds * 1000);
    double cpu = (double)(cpu_ns(server.pid) - cpu_before), wall = (double)(now_ns() - began);
    unsigned pings = atomic_load(&board->pings) - pings_before;
    if (child_is_gone(pid) || !pings) fail("the crowd is gone");
    table_note("%u connections, %.0f pings a second, %.1f us of CPU each", connections,
               pings / wall * 1e9, cpu / 1000 / pings);
    table_line("share of one core", "%", cpu / wall * 100, AT_MOST, 1);
    child_stop(pid);
    server_stop(&server);
    return 0;
}
