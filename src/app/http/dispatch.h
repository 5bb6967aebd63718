/* dispatch.h: from a complete request to its handler: route, guard, CORS.
 *
 * Thread: the lane's loop. */
#ifndef ORQ_APP_HTTP_DISPATCH_H
#define ORQ_APP_HTTP_DISPATCH_H

#include "app/http/request.h"

void dispatch(Request *rq);
/* The request never became complete: answer in the envelope and close. rq->head may be NULL. */
void dispatch_refused(Request *rq, int status, Str reason);

#endif
