/* authenticate.h: the guard of the admin API.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_ADMIN_AUTHENTICATE_H
#define ORQ_APP_ADMIN_AUTHENTICATE_H

#include "app/http/request.h"

/* Authorization: Bearer <session> of an operator: sets rq->session and returns true; otherwise answers
 * 401 (or 403 for another role) and returns false. */
bool admin_authenticate(Request *rq);

#endif
