/* ws_deflate.h: messages compressed for permessage-deflate (RFC 7692), zlib inside.
 *
 * No message refers to one before it, in either direction: so a publication is compressed once for all
 * who read it, and a connection keeps no window. Each thread keeps one of each kind of zlib's state and
 * lends it to whatever message is in hand.
 *
 * Thread: any. */
#ifndef ORQ_PROTO_WS_DEFLATE_H
#define ORQ_PROTO_WS_DEFLATE_H

#include "base/buf.h"
#include "proto/http1.h"

enum { WS_DEFLATE_BYTES_MIN = 256 }; /* a shorter message gains nothing */

/* The answer to Sec-WebSocket-Extensions; "" when nothing acceptable was offered. An offer with a parameter
 * that is unknown, repeated, out of range, or asks for a smaller window than the shared messages have,
 * is passed over (RFC 7692 5.1, 7.1). */
Str ws_deflate_answer(const HttpHead *head);

/* At most room bytes into ret; false when it would be more: the message stays as it is. */
bool ws_deflate(Str plain, uint8_t *ret, size_t room, size_t *ret_len) MUST_USE;
/* Appends to out, and stops at its ceiling: ST_TOO_BIG, having used no more. ST_INVALID: no deflated bytes. */
Status ws_inflate(Str deflated, Buf *out) MUST_USE;

#endif
