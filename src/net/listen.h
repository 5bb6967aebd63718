/* listen.h: a listening socket on a loop. Every loop has its own on the same address (SO_REUSEPORT),
 * so the kernel spreads the connections and no loop hands a socket to another.
 *
 * Descriptors are counted over all loops. Near the process's limit, and beyond what an address may hold
 * (peers.h) or a second may bring (rate.h), a new connection is accepted, answered by `refuse` (which may
 * write a few bytes) and closed; when even accept has no descriptor, accepting pauses for 100 ms. Never a
 * busy loop. Within TLS nobody is told why: a handshake only to say no would cost more than to say yes.
 *
 * Thread: the loop's; listen_check_free where the process starts. */
#ifndef ORQ_NET_LISTEN_H
#define ORQ_NET_LISTEN_H

#include "net/conn.h"

typedef struct Listener Listener;

typedef enum Refusal { REFUSAL_ROOM, REFUSAL_ADDRESS, REFUSAL_RATE } Refusal;

typedef struct ListenOptions {
    Str address;                           /* "127.0.0.1:8000", "[::1]:8000", ":8000" */
    void (*on_accept)(Conn *c, void *ctx); /* sets events and owner */
    void (*refuse)(int fd, Refusal why);   /* over a limit: say so; the caller closes fd */
    struct Tls *tls;                       /* NULL: plain */
    void (*refuse_plain)(int fd);          /* with tls: the peer speaks plain text; say so */
    void *ctx;
} ListenOptions;

/* Binds without SO_REUSEPORT and lets go again: fails when anyone, also another process of ours,
 * holds the port. ST_CONFLICT; ST_INVALID for a bad address. */
Status listen_check_free(Str address, Err *err) MUST_USE;

Status listen_open(Loop *l, const ListenOptions *options, Listener **ret_listener,
                   Err *err) MUST_USE;
void listen_close(Listener *listener); /* stops accepting; frees itself at the end of the turn */
unsigned conn_count(void);             /* open connections of the process */
void conn_count_max(unsigned max);     /* set once at start */

#endif
