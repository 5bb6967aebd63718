/* conn_ops.h: what a transport does below a Conn; private to net/. conn.c keeps the poll handle, the
 * flags and the end, conn_tcp.c and conn_tls.c move the bytes.
 *
 * Thread: the loop's. */
#ifndef ORQ_NET_CONN_OPS_H
#define ORQ_NET_CONN_OPS_H

#include "net/conn.h"

typedef struct ConnOps {
    ssize_t (*write)(Conn *c, const struct iovec *parts, int count); /* conn_write */
    void (*readable)(Conn *c); /* the socket is: at most one on_read, or conn_ended */
    void (*flush)(Conn *c);    /* with _flushing, when the socket is writable */
    void (*shutdown)(Conn *c); /* conn_shutdown */
    void (*done)(Conn *c);     /* before the socket is closed and the memory goes */
} ConnOps;

extern const ConnOps conn_tcp_ops;

/* Begins a Conn that the caller made (zeroed, first in its own struct; conn.c frees it). False: the loop
 * has no room, and nothing was taken. */
bool conn_begin(Conn *c, const ConnOps *ops, Loop *l, int fd, struct Peer *peer);
void conn_watch(Conn *c); /* after a change of flags */
void conn_ended(Conn *c); /* tells the owner, once */

/* As conn_write, on the bare socket. */
ssize_t conn_tcp_write(Conn *c, const struct iovec *parts, int count);

#endif
