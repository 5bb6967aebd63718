/* endpoint.h: the WebSocket connections of one lane, of all dialects, and what they share.
 *
 * Thread: the lane's loop. */
#ifndef ORQ_APP_WS_ENDPOINT_H
#define ORQ_APP_WS_ENDPOINT_H

#include "app/ws/socket.h"
#include "domain/realtime/client.h"

typedef struct WsServer WsServer;

WsServer *ws_server_new(Lane *lane);
void ws_server_free(WsServer *s); /* all connections are gone */
/* ?tenant=ID or slug: whose own tokens come over this connection; referenced, NULL when it names none. */
const Tenant *ws_hinted_tenant(Request *rq);
/* socket_open on the lane of the request; NULL: refused, and answered (also while it drains). */
Socket *ws_server_open(Request *rq, const SocketDialect *dialect, Str protocol);
/* Ends all with their dialect's word for a shutdown; a slice of them a turn, so that other work goes on. */
void ws_server_drain(WsServer *s);
/* A tenant was suspended or deleted: ends its connections, a slice a turn. */
void ws_server_recheck(WsServer *s);
bool ws_server_is_empty(const WsServer *s);
void ws_server_close_all(WsServer *s);
Realtime *ws_server_realtime(WsServer *s);
Lane *ws_lane(Realtime *realtime); /* whose it is */

/* Every centrifuge client of the lane. `see` may close the one it is shown. */
void ws_server_each(WsServer *s, void (*see)(void *ctx, Client *c), void *ctx);
/* NULL: a socket of another dialect. */
Client *centrifuge_client(Socket *s);

#endif
