/* cors.h: which browser pages may talk to us.
 *
 * Our own origin always may; others only when listed in `allowed_origins`: exact, with a star for any
 * host below a domain (scheme, star, dot, domain), or a star alone. "null" never. A client without an
 * Origin is no browser page.
 *
 * Thread: the lane's loop. */
#ifndef ORQ_APP_HTTP_CORS_H
#define ORQ_APP_HTTP_CORS_H

#include "app/config.h"
#include "app/http/request.h"

bool origin_is_allowed(const StrList *allowed, Str origin, Str host);
bool request_origin_is_allowed(const Request *rq); /* for WebSocket handshakes */
void cors_add_headers(Request *rq);                /* on an answer to a listed foreign origin */
bool cors_answer_preflight(Request *rq);           /* true: it was one and is answered */

#endif
