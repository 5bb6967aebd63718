/* conn_open.h: how a listener makes connections; nobody else does.
 *
 * Thread: the loop's; conn_counted from any. */
#ifndef ORQ_NET_CONN_OPEN_H
#define ORQ_NET_CONN_OPEN_H

#include "net/conn.h"

/* Takes fd (non-blocking) and its place among its address's connections. Starts reading; events and owner must be set before the turn ends.
 * NULL: the loop has no room; the caller still owns both. */
Conn *conn_open(Loop *l, int fd, struct Peer *peer);
/* The same within TLS. A peer whose first byte is none of TLS's gets `refuse_plain` and no more. */
struct Tls;
Conn *conn_open_tls(Loop *l, int fd, struct Peer *peer, struct Tls *tls,
                    void (*refuse_plain)(int fd));
void conn_counted(int change);

#endif
