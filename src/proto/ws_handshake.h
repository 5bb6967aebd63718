/* ws_handshake.h: the opening handshake (RFC 6455 4.2), server side.
 *
 * Thread: none of its own.  Errors: ST_INVALID with the sentence to answer 400 with; version other
 * than 13: ST_CONFLICT (answer 426 with Sec-WebSocket-Version: 13). */
#ifndef ORQ_PROTO_WS_HANDSHAKE_H
#define ORQ_PROTO_WS_HANDSHAKE_H

#include "proto/http1.h"

enum { WS_ACCEPT_LEN = 28 };

/* Checks Upgrade, Connection, key (16 bytes of base64) and version; computes Sec-WebSocket-Accept. */
Status ws_handshake_check(const HttpHead *head, char ret_accept[WS_ACCEPT_LEN], Err *err) MUST_USE;
/* Is `name` among the offered subprotocols? (Echo only what was offered.) */
bool ws_protocol_offered(const HttpHead *head, Str name);

#endif
