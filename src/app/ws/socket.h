/* socket.h: one WebSocket connection of any dialect: the upgrade, frames in and out, pings, the closing
 * handshake. What the messages mean is the dialect's business (SocketDialect), whose session lives inside
 * the socket and begins with its Writer.
 *
 *   OPEN --socket_close--> CLOSING --the peer's close frame, or WS_CLOSE_TIMEOUT_MS--> gone
 *
 * Thread: the lane's loop.  Ownership: a socket frees itself at its end, after `done`. */
#ifndef ORQ_APP_WS_SOCKET_H
#define ORQ_APP_WS_SOCKET_H

#include "app/http/request.h"
#include "base/metric.h"
#include "domain/realtime/writer.h"
#include "net/conn.h"
#include "proto/ws_frame.h"

typedef struct Socket Socket;

typedef enum SocketEnding { /* the server's reasons to end one; each dialect has its own code */
                            SOCKET_SHUTDOWN, /* the process drains */
                            SOCKET_SHUT_OUT, /* the tenant was suspended or deleted */
                            SOCKET_SLOW      /* it does not read */
} SocketEnding;

typedef struct SocketDialect {
    MetricValue metric;   /* of METRIC_CONNECTIONS */
    size_t session_bytes; /* zeroed at birth */
    bool may_deflate;     /* it writes compressed messages when the socket's `deflates` says so */
    void (*on_message)(Writer *session, bool is_text, Str message);
    void (*on_control)(
        Writer *session);             /* a ping or pong came (pings are answered). NULL: whatever */
    void (*on_time)(Writer *session); /* what socket_arm asked for */
    void (*end)(Writer *session, SocketEnding why); /* ends with socket_close; may come again */
    /* The transport closes: the peer said so, or broke the protocol. Nothing more is read or said. */
    void (*gone)(Writer *session);
    void (*done)(Writer *session);                  /* leaves the hub, frees what it holds */
    const Tenant *(*tenant)(const Writer *session); /* NULL: not known, or over */
} SocketDialect;

struct Socket {
    const SocketDialect *dialect;
    Conn *conn;
    WsDecoder decoder;
    Timer timer;
    ListNode node;        /* in the server's list */
    uint32_t ping_second; /* when the pings below were counted */
    uint16_t pings;
    bool deflates; /* permessage-deflate was agreed on */
    bool close_sent;
    bool hang_up; /* nothing more is read: once all is written our side shuts, then the peer's */
    _Alignas(8) uint8_t session[];
};

/* Answers 101 and takes the connection over; NULL: the request was refused, and answered. `protocol` is
 * echoed when it was offered; "" for a dialect without one. */
Socket *socket_open(Request *rq, List *sockets, const SocketDialect *dialect, Str protocol);
void socket_cut(Socket *s); /* without a closing handshake: the drain took too long */

static inline Writer *socket_session(Socket *s)
{
    return (Writer *)(void *)s->session;
}
static inline Socket *socket_of(Writer *session)
{
    return CONTAINER_OF(session, Socket, session);
}

/* ---- what sessions ask of their transport ---- */

ssize_t socket_write(Writer *session, const struct iovec *parts, int count);
void socket_want_writable(Writer *session, bool wanted);
void socket_slow(Writer *session);
void socket_finished(Writer *session);
#define SOCKET_WRITER_OPS                                                                          \
    {                                                                                              \
        socket_write, socket_want_writable, socket_slow, socket_finished                           \
    }

void socket_arm(Writer *session, int64_t at_ms); /* wall clock; replaces the last one */
/* A close frame behind all that was written; nothing when one is out already. */
void socket_close(Writer *session, uint16_t code, Str reason);
void socket_set_reading(Writer *session, bool wanted); /* off: backpressure */

#endif
