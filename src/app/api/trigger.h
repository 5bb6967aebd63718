/* trigger.h: the second half of POST /api/v1/events/trigger, for whoever has a Trigger in hand.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_API_TRIGGER_H
#define ORQ_APP_API_TRIGGER_H

#include "app/http/request.h"

/* Plans the event, makes it durable, answers 200 after the commit (or why not). The trigger's strings
 * live in rq->arena or rq->body, the tenant in rq->snapshot. */
void trigger_accept(Request *rq, const Tenant *tenant, const Trigger *trigger);

#endif
