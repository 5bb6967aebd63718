/* conn.h: a byte stream on a loop, plain (conn_tcp.c) or within TLS (conn_tls.c).
 *
 * The owner gets events and writes with conn_write, which takes what the transport takes now and never
 * queues: who writes keeps what was not taken and asks for on_writable. An idle connection therefore
 * owns no buffer at all; reads land in the loop's lent buffer. During a TLS handshake nothing is taken
 * and nothing comes; how long it may last is the owner's business.
 *
 * Closing is a request: no event follows conn_close, the memory goes at the end of the turn, and the
 * owner is told through on_closed so that it can free its own.
 *
 * Thread: the loop's.  Errors: a dead peer is on_eof, then the owner closes. */
#ifndef ORQ_NET_CONN_H
#define ORQ_NET_CONN_H

#include <netinet/in.h>
#include <sys/uio.h>

#include "base/status.h"
#include "net/loop.h"

typedef struct Conn Conn;

typedef struct ConnEvents {
    void (*on_read)(Conn *c, uint8_t *at,
                    size_t len);  /* at is the loop's buffer: writable, borrowed */
    void (*on_writable)(Conn *c); /* after conn_want_write */
    void (*on_eof)(Conn *c);      /* the peer closed or the connection broke: no more events */
    void (*on_closed)(Conn *c);   /* after conn_close; the Conn is gone when this returns */
} ConnEvents;

struct Conn {
    uv_poll_t _poll;
    Loop *loop;
    const ConnEvents *events; /* the owner may swap events and owner together (an upgrade) */
    void *owner;
    const struct ConnOps *_ops;
    struct Peer *_peer; /* its address's count; NULL without a limit */
    int _fd;
    bool _reading : 1, _wants_write : 1, _closing : 1, _eof : 1;
    bool _opening : 1;  /* TLS shakes hands: the owner cannot write yet */
    bool _flushing : 1; /* TLS waits to send what it kept; the owner comes after */
};

/* Bytes taken (maybe 0: would block), or -1 when the connection is broken. */
ssize_t conn_write(Conn *c, const struct iovec *parts, int count);
void conn_want_write(Conn *c, bool wanted);
void conn_set_reading(Conn *c, bool wanted); /* off: backpressure */
void conn_shutdown(Conn *c); /* no more writing; the peer sees the end after what was taken */
/* TLS took the last bytes and the kernel did not yet: a conn_close now would lose them. */
static inline bool conn_has_unsent(const Conn *c)
{
    return c->_flushing;
}
void conn_close(Conn *c);
size_t conn_peer_text(const Conn *c, char *ret, size_t room); /* "127.0.0.1"; bytes written */

#endif
