/* trigger.h: the parts of POST /api/v1/events/trigger that others share.
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_API_TRIGGER_H
#define ORQ_APP_API_TRIGGER_H

#include "app/http/request.h"

/* Plans the event, makes it durable, answers 200 after the commit (or why not). The trigger's strings
 * live in rq->arena or rq->body, the tenant in rq->snapshot. */
void trigger_accept(Request *rq, const Tenant *tenant, const Trigger *trigger);

/* X-Trace-Id, which comes back in the answer, also in a refusal; "" when there is none or it is one for
 * the problems. */
Str trigger_trace_id(Request *rq, Problems *problems);

/* ?dryRun=true|false; anything else is one for the problems. */
bool trigger_is_dry(Request *rq, Problems *problems);

#endif
