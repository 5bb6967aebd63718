/* Sockets on uv_poll: libuv tells when, we read and write ourselves. That keeps an idle connection
 * free of stream queues and lets fan-out hand the kernel a shared buffer directly. Here is what all
 * transports share; the bytes move in conn_tcp.c and conn_tls.c. */
#include "net/conn.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/conn_open.h"
#include "net/conn_ops.h"
#include "net/peers.h"

static void on_poll(uv_poll_t *poll, int status, int events);

void conn_watch(Conn *c)
{
    if (c->_closing) return;
    int events = 0;
    if (c->_reading) events |= UV_READABLE;
    if (c->_flushing || (c->_wants_write && !c->_opening)) events |= UV_WRITABLE;
    if (events)
        uv_poll_start(&c->_poll, events, on_poll);
    else
        uv_poll_stop(&c->_poll);
}

void conn_ended(Conn *c)
{
    if (c->_eof || c->_closing) return;
    c->_eof = true;
    c->_reading = c->_wants_write = c->_flushing = false;
    conn_watch(c);
    c->events->on_eof(c);
}

static void writable(Conn *c)
{
    if (c->_flushing) c->_ops->flush(c);
    if (c->_wants_write && !c->_flushing && !c->_opening && !c->_closing) c->events->on_writable(c);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    Conn *c = poll->data;
    loop_woke(c->loop);
    if (status < 0) {
        conn_ended(c);
        return;
    }
    if (events & UV_WRITABLE) writable(c);
    if ((events & UV_READABLE) && c->_reading && !c->_closing) c->_ops->readable(c);
}

bool conn_begin(Conn *c, const ConnOps *ops, Loop *l, int fd, struct Peer *peer)
{
    c->loop = l;
    c->_ops = ops;
    c->_fd = fd;
    c->_peer = peer;
    if (uv_poll_init(&l->uv, &c->_poll, fd) != 0) return false;
    c->_poll.data = c;
    c->_reading = true;
    conn_watch(c);
    return true;
}

ssize_t conn_write(Conn *c, const struct iovec *parts, int count)
{
    if (c->_eof || c->_closing) return -1;
    return c->_ops->write(c, parts, count);
}

void conn_want_write(Conn *c, bool wanted)
{
    if (c->_wants_write == wanted || c->_eof) return;
    c->_wants_write = wanted;
    conn_watch(c);
}

void conn_set_reading(Conn *c, bool wanted)
{
    if (c->_reading == wanted || c->_eof) return;
    c->_reading = wanted;
    conn_watch(c);
}

void conn_shutdown(Conn *c)
{
    c->_ops->shutdown(c);
}

static void on_handle_closed(uv_handle_t *handle)
{
    Conn *c = handle->data;
    c->_ops->done(c);
    close(c->_fd);
    peers_leave(c->_peer);
    conn_counted(-1);
    c->events->on_closed(c);
    mem_free(c);
}

void conn_close(Conn *c)
{
    if (c->_closing) return;
    c->_closing = true;
    uv_poll_stop(&c->_poll);
    uv_close((uv_handle_t *)&c->_poll, on_handle_closed);
}

size_t conn_peer_text(const Conn *c, char *ret, size_t room)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof peer;
    char text[INET6_ADDRSTRLEN] = "";
    if (getpeername(c->_fd, (struct sockaddr *)&peer, &len) == 0) {
        const void *address = peer.ss_family == AF_INET6
                                  ? (const void *)&((const struct sockaddr_in6 *)&peer)->sin6_addr
                                  : (const void *)&((const struct sockaddr_in *)&peer)->sin_addr;
        inet_ntop(peer.ss_family, address, text, sizeof text);
    }
    Str kept = str_head(str_of(text), room);
    memcpy(ret, kept.at, kept.len);
    return kept.len;
}
