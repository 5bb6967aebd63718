/* Sockets on uv_poll: libuv tells when, we read and write ourselves. That keeps an idle connection
 * free of stream queues and lets fan-out hand the kernel a shared buffer directly. */
#include "net/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/conn_open.h"
#include "net/peers.h"

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(Conn *c)
{
    if (c->_closing) return;
    int events = 0;
    if (c->_reading) events |= UV_READABLE;
    if (c->_wants_write) events |= UV_WRITABLE;
    if (events)
        uv_poll_start(&c->_poll, events, on_poll);
    else
        uv_poll_stop(&c->_poll);
}

static void ended(Conn *c)
{
    if (c->_eof || c->_closing) return;
    c->_eof = true;
    c->_reading = c->_wants_write = false;
    watch(c);
    c->events->on_eof(c);
}

static void read_some(Conn *c)
{
    Loop *l = c->loop;
    ssize_t n = read(c->_fd, l->read_buf, LOOP_READ_BYTES);
    if (n > 0)
        c->events->on_read(c, l->read_buf, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        ended(c);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    Conn *c = poll->data;
    loop_woke(c->loop);
    if (status < 0) {
        ended(c);
        return;
    }
    if ((events & UV_WRITABLE) && c->_wants_write) c->events->on_writable(c);
    if ((events & UV_READABLE) && c->_reading && !c->_closing) read_some(c);
}

Conn *conn_open(Loop *l, int fd, struct Peer *peer)
{
    Conn *c = mem_new(Conn);
    c->loop = l;
    c->_fd = fd;
    c->_peer = peer;
    if (uv_poll_init(&l->uv, &c->_poll, fd) != 0) {
        mem_free(c);
        return NULL;
    }
    c->_poll.data = c;
    c->_reading = true;
    watch(c);
    return c;
}

ssize_t conn_write(Conn *c, const struct iovec *parts, int count)
{
    if (c->_eof || c->_closing) return -1;
    ssize_t n;
    do
        n = count == 1 ? send(c->_fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL)
                       : sendmsg(c->_fd,
                                 &(struct msghdr){.msg_iov = (struct iovec *)(uintptr_t)parts,
                                                  .msg_iovlen = (size_t)count},
                                 MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0) return n;
    return errno == EAGAIN || errno == ENOBUFS ? 0 : -1;
}

void conn_want_write(Conn *c, bool wanted)
{
    if (c->_wants_write == wanted || c->_eof) return;
    c->_wants_write = wanted;
    watch(c);
}

void conn_set_reading(Conn *c, bool wanted)
{
    if (c->_reading == wanted || c->_eof) return;
    c->_reading = wanted;
    watch(c);
}

void conn_shutdown(Conn *c)
{
    shutdown(c->_fd, SHUT_WR);
}

static void on_handle_closed(uv_handle_t *handle)
{
    Conn *c = handle->data;
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
