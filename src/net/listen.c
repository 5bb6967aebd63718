/* Accepting is bounded per turn, so a connect storm cannot starve the sockets that are served. */
#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/metric.h"
#include "net/conn_open.h"
#include "net/peers.h"
#include "net/rate.h"

enum { BACKLOG = 4096, PAUSE_MS = 100 };

struct Listener {
    uv_poll_t poll;
    Loop *loop;
    ListenOptions options;
    Timer resume;
    int fd;
};

static atomic_uint open_count;
static atomic_uint open_max = 1000;

unsigned conn_count(void)
{
    return atomic_load_explicit(&open_count, memory_order_relaxed);
}

void conn_count_max(unsigned max)
{
    atomic_store(&open_max, max);
}

void conn_counted(int change)
{
    atomic_fetch_add_explicit(&open_count, (unsigned)change, memory_order_relaxed);
}

static Status parse_address(Str text, struct sockaddr_storage *ret, socklen_t *ret_len, Err *err)
{
    ptrdiff_t colon = str_find_last(text, ':');
    uint64_t port;
    char host[INET6_ADDRSTRLEN];
    if (colon < 0 || !str_to_u64(str_from(text, (size_t)colon + 1), &port) || port > 65535)
        goto bad;
    Str name = str_head(text, (size_t)colon);
    if (name.len >= 2 && name.at[0] == '[' && name.at[name.len - 1] == ']')
        name = str_make(name.at + 1, name.len - 2);
    if (name.len == 0) name = S("0.0.0.0");
    if (str_is(name, "localhost")) name = S("127.0.0.1");
    if (name.len >= sizeof host) goto bad;
    memcpy(host, name.at, name.len);
    host[name.len] = '\0';
    memset(ret, 0, sizeof *ret);
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        *ret_len = sizeof *v4;
        return ST_OK;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        *ret_len = sizeof *v6;
        return ST_OK;
    }
bad:
    return err_set(err, ST_INVALID,
                   "listen address \"%.*s\" is not ADDRESS:PORT, e.g. 127.0.0.1:8000",
                   STR_FMT(str_head(text, 80)));
}

typedef enum PortSharing { PORT_ALONE, PORT_SHARED } PortSharing;

static Status bind_socket(Str address, PortSharing sharing, int *ret_fd, Err *err)
{
    struct sockaddr_storage at;
    socklen_t len = 0;
    int on = 1, unsent = SOCKET_UNSENT_BYTES_MAX;
    Status st = parse_address(address, &at, &len, err);
    if (st != ST_OK) return st;
    int fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return err_set(err, ST_UNAVAILABLE, "no socket for %.*s: %m", STR_FMT(address));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (sharing == PORT_SHARED) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    /* Inherited by whatever is accepted. */
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    if (bind(fd, (const struct sockaddr *)&at, len) < 0 || listen(fd, BACKLOG) < 0) {
        st = err_set(err, errno == EADDRINUSE ? ST_CONFLICT : ST_UNAVAILABLE,
                     "cannot listen on %.*s: %m", STR_FMT(str_head(address, 80)));
        close(fd);
        return st;
    }
    *ret_fd = fd;
    return ST_OK;
}

Status listen_check_free(Str address, Err *err)
{
    int fd;
    Status st = bind_socket(address, PORT_ALONE, &fd, err);
    if (st == ST_OK) close(fd);
    return st;
}

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void resume_accepting(Timer *timer)
{
    Listener *listener = CONTAINER_OF(timer, Listener, resume);
    uv_poll_start(&listener->poll, UV_READABLE, on_acceptable);
}

static void turn_away(Listener *listener, int fd, Peer *peer, Refusal why)
{
    static const MetricValue reasons[] = {[REFUSAL_ROOM] = METRIC_REFUSAL_ROOM,
                                          [REFUSAL_ADDRESS] = METRIC_REFUSAL_ADDRESS,
                                          [REFUSAL_RATE] = METRIC_REFUSAL_RATE};
    metric_add_by(METRIC_REFUSALS, reasons[why], METRIC_NONE_ALL, 1);
    if (!listener->options.tls) listener->options.refuse(fd, why);
    close(fd);
    peers_leave(peer);
    conn_counted(-1);
}

static Conn *open_conn(Listener *listener, int fd, Peer *peer)
{
    const ListenOptions *o = &listener->options;
    return o->tls ? conn_open_tls(listener->loop, fd, peer, o->tls, o->refuse_plain)
                  : conn_open(listener->loop, fd, peer);
}

static void admit(Listener *listener, int fd, const struct sockaddr_storage *address)
{
    int on = 1;
    Peer *peer = NULL;
    conn_counted(1);
    if (conn_count() > atomic_load_explicit(&open_max, memory_order_relaxed)) {
        turn_away(listener, fd, peer, REFUSAL_ROOM);
    } else if (!rate_admit(uv_hrtime())) {
        turn_away(listener, fd, peer, REFUSAL_RATE);
    } else if (peers_enter(address, &peer) != ST_OK) {
        turn_away(listener, fd, peer, REFUSAL_ADDRESS);
    } else {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Conn *c = open_conn(listener, fd, peer);
        if (c)
            listener->options.on_accept(c, listener->options.ctx);
        else
            turn_away(listener, fd, peer, REFUSAL_ROOM);
    }
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    Listener *listener = poll->data;
    (void)status;
    (void)events;
    loop_woke(listener->loop);
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage address;
        socklen_t len = sizeof address;
        int fd = accept4(listener->fd, (struct sockaddr *)&address, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            admit(listener, fd, &address);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            uv_poll_stop(&listener->poll);
            loop_arm(listener->loop, &listener->resume, PAUSE_MS, resume_accepting);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return; /* EAGAIN: all are in */
        }
    }
}

Status listen_open(Loop *l, const ListenOptions *options, Listener **ret_listener, Err *err)
{
    int fd;
    Status st = bind_socket(options->address, PORT_SHARED, &fd, err);
    if (st != ST_OK) return st;
    Listener *listener = mem_new(Listener);
    listener->loop = l;
    listener->options = *options;
    listener->fd = fd;
    CHECK(uv_poll_init(&l->uv, &listener->poll, fd) == 0);
    listener->poll.data = listener;
    uv_poll_start(&listener->poll, UV_READABLE, on_acceptable);
    *ret_listener = listener;
    return ST_OK;
}

static void on_listener_closed(uv_handle_t *handle)
{
    Listener *listener = handle->data;
    close(listener->fd);
    mem_free(listener);
}

void listen_close(Listener *listener)
{
    timer_cancel(&listener->resume);
    uv_close((uv_handle_t *)&listener->poll, on_listener_closed);
}
