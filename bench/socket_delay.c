/* One process sends and receives: one clock, and at this rate it is idle most of the time. Each trigger
 * carries its number as the mark, which the template prints into the body and the variables repeat; the
 * first of the two counts. */
#include "socket_delay.h"

#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum { CONNECTIONS = 32, EVENTS = 64, READ_BYTES = 65536, LATE_S = 10 };

typedef struct Run {
    const Server *server;
    unsigned users, rate, total;
    unsigned sent, received;
    uint64_t start_ns;
    int sockets; /* an epoll */
    int *fds;
    Posters posters;
    Samples *delays;
    uint8_t *seen; /* by mark */
    char bytes[READ_BYTES];
} Run;

static uint64_t due_ns(const Run *r, uint64_t mark)
{
    return r->start_ns + mark * 1000000000ull / r->rate;
}

static void join_all(Run *r)
{
    JwtKey *key = server_token_key();
    r->sockets = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < r->users; i++) {
        char user[32];
        int len = snprintf(user, sizeof user, "user%u", i);
        r->fds[i] = ws_join(r->server, str_make(user, (size_t)len), key);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = r->fds[i]};
        if (epoll_ctl(r->sockets, EPOLL_CTL_ADD, r->fds[i], &event) != 0) fail("epoll_ctl");
    }
    jwt_key_free(key);
}

static void send_due(Run *r)
{
    Buf request;
    buf_init(&request, 4096);
    while (r->sent < r->total && r->posters.idle_count && due_ns(r, r->sent) <= now_ns()) {
        char user[32];
        int len = snprintf(user, sizeof user, "user%u", r->sent % r->users);
        buf_clear(&request);
        put_trigger(&request, r->server, TRIGGER_PATH, str_make(user, (size_t)len), r->sent);
        posters_send(&r->posters, buf_view(&request), due_ns(r, r->sent));
        r->sent++;
    }
    buf_done(&request);
}

static void note_marks(Run *r, Str received, uint64_t now)
{
    uint64_t mark;
    while (find_mark(&received, &mark)) {
        if (mark >= r->sent) fail("a publication that nobody triggered");
        if (r->seen[mark]) continue;
        r->seen[mark] = 1;
        r->received++;
        samples_add(r->delays, now - due_ns(r, mark));
    }
}

static void receive(Run *r)
{
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(r->sockets, events, EVENTS, 0);
    for (int i = 0; i < ready; i++) {
        ssize_t n = recv(events[i].data.fd, r->bytes, sizeof r->bytes, MSG_DONTWAIT);
        if (n <= 0) fail("a subscriber was dropped");
        note_marks(r, str_make(r->bytes, (size_t)n), now_ns());
    }
}

static void wait_for_anything(const Run *r)
{
    uint64_t now = now_ns(), next = due_ns(r, r->sent);
    uint64_t sleep = 100000000;
    if (r->sent < r->total && r->posters.idle_count) sleep = next > now ? next - now : 0;
    struct timespec timeout = {(time_t)(sleep / 1000000000), (long)(sleep % 1000000000)};
    struct pollfd waits[2] = {{.fd = r->sockets, .events = POLLIN},
                              {.fd = r->posters.epoll, .events = POLLIN}};
    (void)ppoll(waits, 2, &timeout, NULL);
}

static void run(Run *r)
{
    uint64_t give_up = now_ns() + (r->total / r->rate + LATE_S) * 1000000000ull;
    r->start_ns = now_ns();
    while (r->received < r->total || r->posters.answered < r->total) {
        send_due(r);
        posters_collect(&r->posters, 0);
        receive(r);
        if (now_ns() > give_up)
            fail("%u of %u publications arrived in time", r->received, r->total);
        wait_for_anything(r);
    }
}

void socket_delay_run(const Server *s, unsigned users, unsigned rate, unsigned seconds,
                      SocketDelay *ret)
{
    Run *r = mem_new(Run);
    r->server = s;
    r->users = users;
    r->rate = rate;
    r->total = rate * seconds;
    r->fds = mem_zero(users * sizeof r->fds[0]);
    r->seen = mem_zero(r->total);
    r->delays = shared_new(samples_bytes(r->total));
    r->delays->room = r->total;
    join_all(r);
    posters_open(&r->posters, s, CONNECTIONS, 200);
    uint64_t cpu_before = cpu_ns(s->pid), began = now_ns();
    run(r);
    ret->cpu_share = (double)(cpu_ns(s->pid) - cpu_before) / (double)(now_ns() - began);
    ret->delays = r->delays;
    posters_close(&r->posters);
    for (unsigned i = 0; i < users; i++) close(r->fds[i]);
    close(r->sockets);
    mem_free(r->fds);
    mem_free(r->seen);
    mem_free(r);
}
