/* Ingest: what a durable trigger costs next to its two bounds, HTTP alone and the store alone, and how
 * long it takes to the user's socket. README.md says how to read the table. */
#include <stdio.h>
#include <stdlib.h>

#include "socket_delay.h"
#include "store_bound.h"

enum { USERS = 100, SLICES = 3, DELAY_RATE = 1000, WARM_UP_MS = 300 };

/* Refused by the router after the whole request was read; as long as TRIGGER_PATH. */
#define NOWHERE_PATH "/api/v1/events/nothing"

static unsigned clients = 32, seconds = 5, workers = 1;
static const char *binary;

typedef struct Load { /* requests of one kind, in a closed loop */
    const char *path;
    const char *user; /* a format with the user's number */
    int want_status;
    uint64_t requests, cpu_ns, wall_ns;
} Load;

static void load_for(Load *load, Posters *posters, const Buf *requests, pid_t pid,
                     unsigned duration_ms)
{
    uint64_t next = 0, cpu_before = cpu_ns(pid), answered = posters->answered;
    uint64_t began = now_ns(), now = began;
    while (now - began < duration_ms * 1000000ull) {
        while (posters->idle_count) posters_send(posters, buf_view(&requests[next++ % USERS]), now);
        posters_collect(posters, 1000);
        now = now_ns();
    }
    while (posters->idle_count < posters->count) posters_collect(posters, 1000);
    load->cpu_ns += cpu_ns(pid) - cpu_before;
    load->wall_ns += now_ns() - began;
    load->requests += posters->answered - answered;
}

static void load_run(Load *load, const Server *s, unsigned duration_ms)
{
    Buf requests[USERS];
    Load ignored = {0};
    Posters *posters = calloc(1, sizeof *posters);
    CHECK(posters);
    for (unsigned i = 0; i < USERS; i++) {
        char user[32];
        snprintf(user, sizeof user, "%s%u", load->user, i);
        buf_init(&requests[i], 4096);
        put_trigger(&requests[i], s, load->path, str_of(user), i);
    }
    posters_open(posters, s, clients, load->want_status);
    load_for(&ignored, posters, requests, s->pid, WARM_UP_MS);
    load_for(load, posters, requests, s->pid, duration_ms);
    posters_close(posters);
    free(posters);
    for (unsigned i = 0; i < USERS; i++) buf_done(&requests[i]);
}

static double each_us(uint64_t cpu_ns, uint64_t count)
{
    return count ? (double)cpu_ns / (double)count / 1000 : 0;
}

static double per_second(uint64_t count, uint64_t wall_ns)
{
    return (double)count * 1e9 / (double)wall_ns;
}

static void say(const char *what, uint64_t count, uint64_t cpu_ns, uint64_t wall_ns)
{
    table_note("%-44s %7.1f us CPU each, %8.0f a second", what, each_us(cpu_ns, count),
               per_second(count, wall_ns));
}

static void measure_cost(const Server *s)
{
    Load http = {NOWHERE_PATH, "quiet", 404, 0, 0, 0};
    Load silent = {TRIGGER_PATH, "quiet", 200, 0, 0, 0};
    Load heard = {TRIGGER_PATH, "user", 200, 0, 0, 0};
    StoreBound store = {0};
    Crowd crowd;
    unsigned slice_ms = seconds * 1000 / SLICES;
    char directory[64];
    temp_directory(directory, sizeof directory);
    crowd_join(&crowd, s, CROWD_OWN_USERS, USERS);
    for (int i = 0; i < SLICES; i++) {
        load_run(&http, s, slice_ms);
        store_bound_run(directory, clients, USERS, slice_ms, &store);
        load_run(&silent, s, slice_ms);
        load_run(&heard, s, slice_ms);
    }
    crowd_leave(&crowd);
    double bound_us = each_us(http.cpu_ns, http.requests) + each_us(store.cpu_ns, store.events);
    say("HTTP alone: the same bytes, answered 404", http.requests, http.cpu_ns, http.wall_ns);
    say("store alone: the same rows, fsynced", store.events, store.cpu_ns, store.wall_ns);
    table_note("    %.1f events a commit", (double)store.events / (double)store.commits);
    say("trigger, nobody listens", silent.requests, silent.cpu_ns, silent.wall_ns);
    say("trigger, pushed to one socket", heard.requests, heard.cpu_ns, heard.wall_ns);
    table_line("CPU of a trigger nobody hears: ours / (HTTP + store)", "x",
               each_us(silent.cpu_ns, silent.requests) / bound_us, AT_MOST, 1.5);
    table_line("CPU of a trigger pushed to a socket: ours / (HTTP + store)", "x",
               each_us(heard.cpu_ns, heard.requests) / bound_us, AT_MOST, 1.5);
}

static void measure_delay(const Server *s)
{
    SocketDelay delay;
    DiskWatch *disk = disk_watch_start(s);
    socket_delay_run(s, USERS, DELAY_RATE, seconds, &delay);
    disk_watch_end(disk);
    table_note("p50 %.2f ms, p99 %.2f ms, max %.1f ms; the server used %.0f%% of a core",
               samples_ms(delay.delays, 0.5), samples_ms(delay.delays, 0.99),
               samples_ms(delay.delays, 1), delay.cpu_share * 100);
    table_line("1000 triggers/s, from due to the socket, p99", "ms", samples_ms(delay.delays, 0.99),
               AT_MOST, 20);
}

int main(int arg_count, char **args)
{
    const Option options[] = {{"clients", &clients, NULL},
                              {"seconds", &seconds, NULL},
                              {"workers", &workers, NULL},
                              {"binary", NULL, &binary},
                              {NULL, NULL, NULL}};
    Server server;
    kit_init();
    options_read(arg_count, args, options);
    if (clients == 0 || clients > POSTERS_MAX || seconds == 0)
        fail("1 to %d clients, 1 second or more", POSTERS_MAX);
    table_begin();
    server_start(&server, binary, workers);
    table_title("A durable trigger, and its two bounds in the same run");
    measure_cost(&server);
    table_title("From the trigger to the socket");
    measure_delay(&server);
    server_stop(&server);
    return 0;
}
