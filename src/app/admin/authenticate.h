/* authenticate.h: the guards of the admin API: GUARD_SESSION, GUARD_ADMIN, GUARD_OPERATOR (routes.def).
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_ADMIN_AUTHENTICATE_H
#define ORQ_APP_ADMIN_AUTHENTICATE_H

#include "app/http/request.h"

/* Fills rq->session and returns true, or answers and returns false: 401 (no live session), 403 (not
 * for this role, a password that must be changed first, a suspended tenant), 404 (another tenant's). */
bool admin_authenticate(Request *rq);

#endif
