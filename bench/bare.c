/* One thread, one epoll that holds every socket (as a server must, to hear them), one send() per socket
 * and message. A full socket is waited for: it hardly happens, and waiting costs no CPU. */
#include "bare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, EVENTS = 64 };

typedef struct Job {
    int listener, orders, epoll;
    unsigned count;
    int *fds;
    Str frame;
} Job;

static int listen_anywhere(int *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, len) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fail("the bare server cannot listen");
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static void watch(const Job *j, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(j->epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

static void accept_all(Job *j)
{
    int on = 1;
    for (unsigned i = 0; i < j->count; i++) {
        int fd = accept4(j->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) fail("accept: %s", strerror(errno));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(j, j->fds[i] = fd);
    }
}

static void send_frame(int fd, Str frame)
{
    while (frame.len) {
        ssize_t n = send(fd, frame.at, frame.len, MSG_NOSIGNAL);
        if (n > 0) {
            frame = str_from(frame, (size_t)n);
        } else if (errno == EAGAIN) {
            struct pollfd full = {.fd = fd, .events = POLLOUT};
            poll(&full, 1, 1000);
        } else {
            fail("the bare server cannot send: %s", strerror(errno));
        }
    }
}

static void obey(const Job *j)
{
    uint32_t messages[64];
    ssize_t n = read(j->orders, messages, sizeof messages);
    if (n <= 0) fail("no more orders");
    for (size_t i = 0; i < (size_t)n / sizeof messages[0]; i++)
        for (uint32_t m = 0; m < messages[i]; m++)
            for (unsigned s = 0; s < j->count; s++) send_frame(j->fds[s], j->frame);
}

static void bare_main(void *arg)
{
    Job *j = arg;
    struct epoll_event events[EVENTS];
    j->epoll = epoll_create1(EPOLL_CLOEXEC);
    j->fds = calloc(j->count, sizeof j->fds[0]);
    CHECK(j->fds);
    accept_all(j);
    watch(j, j->orders);
    for (;;) {
        int ready = epoll_wait(j->epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == j->orders)
                obey(j);
            else /* they say nothing, so this one leaves: the measurement is over */
                epoll_ctl(j->epoll, EPOLL_CTL_DEL, events[i].data.fd, NULL);
        }
    }
}

void bare_start(Bare *b, unsigned count, Str frame)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe: %s", strerror(errno));
    Job j = {.orders = ends[0], .count = count, .frame = frame};
    j.listener = listen_anywhere(&b->port);
    b->orders = ends[1];
    b->pid = child_start(bare_main, &j);
    close(ends[0]);
    close(j.listener);
}

void bare_send(Bare *b, unsigned messages)
{
    uint32_t order = messages;
    if (write(b->orders, &order, sizeof order) != (ssize_t)sizeof order)
        fail("the bare server takes no orders");
}

void bare_stop(Bare *b)
{
    child_stop(b->pid);
    close(b->orders);
}
