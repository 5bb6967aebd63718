/* measure.h: what the metrics say about requests and events; one place, so that counting stays out of
 * the code that works. */
#ifndef ORQ_APP_MEASURE_H
#define ORQ_APP_MEASURE_H

#include "app/http/request.h"

/* Once a request, when it has been answered (rq->_status). Thread: the lane's loop. */
void measure_request(const Request *rq);
/* Once an accept, when its fate is known. Thread: the store's writer. */
void measure_accept(const AcceptCall *call);

#endif
