/* cors.h: which browser pages may talk to us.
 *
 * Our own origin always may; others only when listed in `allowed_origins` (origin.h). "null" and a
 * repeated Origin never. A client without an Origin is no browser page.
 *
 * Thread: the lane's loop. */
#ifndef ORQ_APP_HTTP_CORS_H
#define ORQ_APP_HTTP_CORS_H

#include "app/http/request.h"

bool request_origin_is_allowed(const Request *rq); /* for WebSocket handshakes */
void cors_add_headers(Request *rq);                /* on an answer to a listed foreign origin */
bool cors_answer_preflight(Request *rq);           /* true: it was one and is answered */

#endif
