/* peers.h: how many connections each address holds, when there is a limit to that.
 *
 * One address that opens connections without end must not take the room of all others. Behind a proxy
 * every client has the proxy's address, so the limit is a setting and off by default. IPv6 addresses
 * count by their /64: that is what one subscriber is given.
 *
 * Thread: peers_limit once at start; the rest from any loop (a short lock, taken only with a limit). */
#ifndef ORQ_NET_PEERS_H
#define ORQ_NET_PEERS_H

#include <sys/socket.h>

#include "base/status.h"

typedef struct Peer Peer;

void peers_limit(unsigned max_connections); /* 0: no limit, nothing is counted */
/* ST_FULL: this address has as many as it may. *ret_peer is NULL without a limit. */
Status peers_enter(const struct sockaddr_storage *address, Peer **ret_peer) MUST_USE;
void peers_leave(Peer *peer); /* NULL is fine */

#endif
