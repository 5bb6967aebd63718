/* Sending blocks (a request always fits a socket buffer), receiving waits in one epoll. Idle connections
 * are a stack: a light load stays on few of them, as a client's pool would. The server closes those that
 * are not used for long; they are opened again when they are needed. */
#include "kit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void open_one(Posters *p, unsigned index)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    p->at[index] = (Poster){.fd = connect_loopback(p->port)};
    if (p->at[index].fd < 0 || epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->at[index].fd, &event) != 0)
        fail("a client cannot connect: %s", strerror(errno));
}

static void open_again_if_closed(Posters *p, unsigned index)
{
    char byte;
    ssize_t n = recv(p->at[index].fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) fail("an answer that nobody asked for");
    close(p->at[index].fd);
    open_one(p, index);
}

void posters_open(Posters *p, const Server *s, unsigned count, int want_status)
{
    CHECK(count <= POSTERS_MAX);
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    p->port = s->port;
    p->count = p->idle_count = count;
    p->want_status = want_status;
    p->answered = 0;
    p->delays = NULL;
    for (unsigned i = 0; i < count; i++) {
        open_one(p, i);
        p->idle[i] = i;
    }
}

void posters_close(Posters *p)
{
    for (unsigned i = 0; i < p->count; i++) close(p->at[i].fd);
    close(p->epoll);
}

void posters_send(Posters *p, Str request, uint64_t due_ns)
{
    CHECK(p->idle_count > 0);
    unsigned index = p->idle[--p->idle_count];
    Poster *one = &p->at[index];
    open_again_if_closed(p, index);
    one->busy = true;
    one->due_ns = due_ns;
    one->have = 0;
    send_all(one->fd, request);
}

static void take(Posters *p, unsigned index)
{
    Poster *one = &p->at[index];
    Answer answer = {0};
    if (!one->busy) {
        open_again_if_closed(p, index);
        return;
    }
    ssize_t n = recv(one->fd, one->bytes + one->have, sizeof one->bytes - one->have, MSG_DONTWAIT);
    if (n <= 0) fail("a client lost its connection: %s", n ? strerror(errno) : "closed");
    one->have += (size_t)n;
    if (!answer_read(str_make(one->bytes, one->have), &answer)) {
        if (one->have == sizeof one->bytes) fail("an answer is too long");
        return;
    }
    if (answer.status != p->want_status) fail("answered %.*s", (int)one->have, one->bytes);
    if (p->delays) samples_add(p->delays, now_ns() - one->due_ns);
    one->busy = false;
    p->answered++;
    p->idle[p->idle_count++] = index;
}

void posters_collect(Posters *p, int timeout_ms)
{
    struct epoll_event events[POSTERS_MAX];
    int count = epoll_wait(p->epoll, events, POSTERS_MAX, timeout_ms);
    if (count < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < count; i++) take(p, events[i].data.u32);
}
