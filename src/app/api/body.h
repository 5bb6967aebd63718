/* body.h: what the tenant API asks of every request body.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_API_BODY_H
#define ORQ_APP_API_BODY_H

#include "app/http/request.h"

/* Is the body declared as application/json? Otherwise answers 422 (E.8) and returns false. */
bool body_is_json(Request *rq);

/* One problem, as the 422 of KIT-15. */
void body_refuse(Request *rq, Str problem);

/* Parsing took what the client's body asked for; is enough of the request's arena left to work with?
 * Otherwise answers 422 and returns false. */
bool body_left_room(Request *rq);

#endif
