/* guard.h: who asks? Decided once per request, before its handler runs and before its body is read
 * as anything but bytes (E.8: size limit -> key and tenant -> signature -> ...).
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_HTTP_GUARD_H
#define ORQ_APP_HTTP_GUARD_H

#include "app/http/request.h"

/* By the guard of rq->route: sets rq->tenant, rq->token_user or rq->session and returns true, or answers
 * 401 itself and returns false. Wants rq->head, rq->route and rq->snapshot set. */
bool guard_admit(Request *rq);

/* The 401 body of every identity failure on the tenant API (KIT-14, E.4): it tells neither which part
 * was wrong nor whether another tenant's thing exists. */
void guard_refuse(Request *rq);

#endif
