/* The bare socket: what the owner writes is what the kernel gets. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/conn_open.h"
#include "net/conn_ops.h"

ssize_t conn_tcp_write(Conn *c, const struct iovec *parts, int count)
{
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

static void tcp_readable(Conn *c)
{
    Loop *l = c->loop;
    ssize_t n = read(c->_fd, l->read_buf, LOOP_READ_BYTES);
    if (n > 0)
        c->events->on_read(c, l->read_buf, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        conn_ended(c);
}

static void tcp_flush(Conn *c)
{
    (void)c;
    CHECK(false); /* it keeps nothing */
}

static void tcp_shutdown(Conn *c)
{
    shutdown(c->_fd, SHUT_WR);
}

static void tcp_done(Conn *c)
{
    (void)c;
}

const ConnOps conn_tcp_ops = {conn_tcp_write, tcp_readable, tcp_flush, tcp_shutdown, tcp_done};

Conn *conn_open(Loop *l, int fd, struct Peer *peer)
{
    Conn *c = mem_new(Conn);
    if (conn_begin(c, &conn_tcp_ops, l, fd, peer)) return c;
    mem_free(c);
    return NULL;
}
