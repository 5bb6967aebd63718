/* authenticate.h: the guard of GUARD_OPERATOR.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_ADMIN_AUTHENTICATE_H
#define ORQ_APP_ADMIN_AUTHENTICATE_H

#include "app/http/request.h"

/* Fills rq->session and returns true, or answers 401 (no live session) or 403 (not an operator) and
 * returns false. */
bool admin_authenticate(Request *rq);

#endif
