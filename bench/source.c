/* Deliveries are counted in bytes: all frames of a source have one size, so what the crowd received says
 * how many came. Posters must be at least as many as messages are published at once. */
#include "source.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { REFILL = 16, ROUND_LIMIT_S = 60, STEP_PATIENCE_MS = 20000 };

double work_ns_each(const Work *w)
{
    return w->deliveries ? (double)w->cpu_ns / (double)w->deliveries : 0;
}

double work_rate(const Work *w)
{
    return w->wall_ns ? (double)w->deliveries * 1e9 / (double)w->wall_ns : 0;
}

static uint64_t round_bytes(const Source *s) /* one message, everyone */
{
    return (uint64_t)s->frame_bytes * s->crowd->count;
}

static void publish(Source *s, unsigned messages)
{
    s->published += messages;
    if (s->bare) {
        bare_send(s->bare, messages);
        return;
    }
    for (unsigned i = 0; i < messages; i++) {
        while (s->posters->idle_count == 0) posters_collect(s->posters, STEP_PATIENCE_MS);
        posters_send(s->posters, s->request, 0);
    }
}

static void await_answers(Source *s)
{
    uint64_t give_up = now_ns() + STEP_PATIENCE_MS * 1000000ull;
    if (s->bare) return;
    while (s->posters->idle_count < s->posters->count) {
        posters_collect(s->posters, 1000);
        if (now_ns() > give_up) fail("a trigger is not answered");
    }
}

static void round_run(Source *s, unsigned burst)
{
    publish(s, burst);
    await_answers(s);
    crowd_wait(s->crowd, s->published * round_bytes(s));
}

void source_warm_up(Source *s, Str *ret_frame)
{
    CrowdBoard *b = s->crowd->board;
    atomic_store(&b->want_frame, true);
    publish(s, 1);
    await_answers(s);
    crowd_wait(s->crowd, 1);
    s->frame_bytes = atomic_load(&b->frame_len);
    if (ret_frame) *ret_frame = str_make(b->frame, s->frame_bytes);
    crowd_wait(s->crowd, s->published * round_bytes(s));
    sleep_ms(50);
    if (atomic_load(&b->bytes) != round_bytes(s)) fail("frames differ in size");
}

/* The sender may still be on its way back to sleep when the last byte arrives. */
static void settle(const Source *s)
{
    uint64_t before = 0, after = cpu_ns(s->pid);
    for (int i = 0; i < 100 && before != after; i++) {
        sleep_ms(2);
        before = after;
        after = cpu_ns(s->pid);
    }
}

static void begin(const Source *s, Work *from)
{
    settle(s);
    *from = (Work){s->published * s->crowd->count, cpu_ns(s->pid), now_ns()};
}

static void end(const Source *s, const Work *from, Work *sum)
{
    sum->wall_ns += now_ns() - from->wall_ns;
    settle(s);
    sum->cpu_ns += cpu_ns(s->pid) - from->cpu_ns;
    sum->deliveries += s->published * s->crowd->count - from->deliveries;
}

void source_rounds(Source *s, unsigned burst, uint64_t cpu_ns_wanted, Work *sum)
{
    Work from;
    uint64_t give_up = now_ns() + ROUND_LIMIT_S * 1000000000ull;
    begin(s, &from);
    do round_run(s, burst);
    while (cpu_ns(s->pid) - from.cpu_ns < cpu_ns_wanted && now_ns() < give_up);
    end(s, &from, sum);
}

/* Returns when the crowd has got so far or an answer has come. */
static void wait_for_anything(Source *s)
{
    uint64_t rings;
    struct pollfd waits[2] = {{.fd = s->crowd->bell, .events = POLLIN},
                              {.fd = s->bare ? -1 : s->posters->epoll, .events = POLLIN}};
    if (poll(waits, 2, STEP_PATIENCE_MS) == 0) fail("a broadcast stands still");
    if (waits[0].revents) (void)!read(s->crowd->bell, &rings, sizeof rings);
    if (waits[1].revents) posters_collect(s->posters, 0);
}

/* A message counts as delivered when as many bytes have arrived as all before it and itself have. */
void source_saturate(Source *s, unsigned outstanding, uint64_t duration_ns, Work *sum)
{
    Work from;
    unsigned refill = outstanding < REFILL ? 1 : REFILL;
    begin(s, &from);
    for (uint64_t stop = now_ns() + duration_ns; now_ns() < stop;) {
        uint64_t arrived = atomic_load(&s->crowd->board->bytes) / round_bytes(s);
        uint64_t under_way = s->published - arrived;
        unsigned room = under_way < outstanding ? outstanding - (unsigned)under_way : 0;
        if (room >= refill) publish(s, room);
        crowd_expect(s->crowd, (s->published - outstanding + refill) * round_bytes(s));
        wait_for_anything(s);
    }
    await_answers(s);
    crowd_wait(s->crowd, s->published * round_bytes(s));
    end(s, &from, sum);
}
