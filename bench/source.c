/* Deliveries are counted in bytes: what the crowd received says how many messages came, because the size of
 * each frame is known. Ours differ in two ways only: the first tells the stream's epoch, and each has its
 * position, which grows by a digit now and then. Posters must be at least as many as messages are
 * published at once. */
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

/* Digits of all numbers from 2 to n. */
static uint64_t digits_up_to(uint64_t n)
{
    uint64_t digits = n ? n - 1 : 0;
    for (uint64_t ten = 10; ten <= n; ten *= 10) digits += n - ten + 1;
    return digits;
}

/* What the crowd has received when everyone got the first so many messages. */
static uint64_t bytes_of(const Source *s, uint64_t messages)
{
    if (messages == 0) return 0;
    uint64_t each = s->first_bytes + (messages - 1) * s->frame_bytes;
    if (!s->bare) each += digits_up_to(messages);
    return each * s->crowd->count;
}

/* How many messages have reached everyone, as far as bytes can tell. */
static uint64_t arrived(Source *s)
{
    uint64_t bytes = atomic_load(&s->crowd->board->bytes);
    while (s->arrived < s->published && bytes_of(s, s->arrived + 1) <= bytes) s->arrived++;
    return s->arrived;
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
    crowd_wait(s->crowd, bytes_of(s, s->published));
}

/* One message, and the size its frame had. */
static size_t learn_frame(Source *s)
{
    CrowdBoard *b = s->crowd->board;
    uint64_t before = atomic_load(&b->bytes);
    atomic_store(&b->want_frame, true);
    publish(s, 1);
    await_answers(s);
    crowd_wait(s->crowd, before + 1);
    size_t bytes = atomic_load(&b->frame_len);
    crowd_wait(s->crowd, before + bytes * s->crowd->count);
    sleep_ms(50);
    if (atomic_load(&b->bytes) != before + bytes * s->crowd->count) fail("frames differ in size");
    return bytes;
}

void source_warm_up(Source *s, Str *ret_frame)
{
    s->first_bytes = learn_frame(s);
    s->frame_bytes = learn_frame(s);
    if (ret_frame) *ret_frame = str_make(s->crowd->board->frame, s->frame_bytes);
    if (!s->bare) s->frame_bytes--; /* its position's digit */
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
        uint64_t under_way = s->published - arrived(s);
        unsigned room = under_way < outstanding ? outstanding - (unsigned)under_way : 0;
        if (room >= refill) publish(s, room);
        crowd_expect(s->crowd, bytes_of(s, s->published - outstanding + refill));
        wait_for_anything(s);
    }
    await_answers(s);
    crowd_wait(s->crowd, bytes_of(s, s->published));
    end(s, &from, sum);
}
