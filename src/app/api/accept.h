/* accept.h: from checked triggers to durable events, one or a batch of them.
 *
 *   accept_begin   may the tenant send so many now?
 *   accept_plan    once an event
 *   accept_send    all of them in one transaction; `back` runs after the commit
 *   accept_ended   did it work? Then each plan's accept_answer and accept_event_id tell what to say
 *
 * Thread: the loop's.  Ownership: everything lives in the request's arena; the triggers' strings must live
 * as long. */
#ifndef ORQ_APP_API_ACCEPT_H
#define ORQ_APP_API_ACCEPT_H

#include "app/errand.h"
#include "base/limits.h"
#include "domain/intake/plan.h"

typedef struct Acceptance {
    const Tenant *tenant;
    EventPlan *plans;
    uint32_t count;    /* planned */
    uint32_t admitted; /* counted by the limiter, and not given back */
} Acceptance;

/* Room for `count` events, admitted by the tenant's limits; NULL: refused, and answered. */
Acceptance *accept_begin(Request *rq, const Tenant *tenant, uint32_t count);

/* Appends the trigger's event to a->plans. ST_TOO_BIG: the request's memory is used up. */
Status accept_plan(Request *rq, Acceptance *a, const Trigger *trigger, Err *err) MUST_USE;

void accept_send(Request *rq, Acceptance *a, void (*back)(Request *rq, Errand *e), void *extra);

/* First thing in `back`: false when the store failed, and that is answered. Replays, and
 * what was admitted and not stored, do not use up the tenant's day. */
bool accept_ended(Request *rq, const Errand *e, Acceptance *a);

/* Instead of accept_send: gives back what was admitted and answers with the status. */
void accept_fail(Request *rq, Acceptance *a, Status st, const Err *err);

/* What the event's sender is told: of a replay, what the first was. */
static inline Str accept_answer(const EventPlan *plan)
{
    return plan->ret_replay.is ? plan->ret_replay.answer : plan->answer;
}
static inline Str accept_event_id(const EventPlan *plan)
{
    return plan->ret_replay.is ? plan->ret_replay.event_id : plan->event_id;
}
/* When it will happen, if it was scheduled; else 0. */
static inline int64_t accept_send_at(const EventPlan *plan)
{
    return plan->ret_replay.is ? plan->ret_replay.send_at_ms : plan->schedule.send_at_ms;
}

/* For an event whose schedule.ret_refused is set: 422. */
#define ACCEPT_REFUSED                                                                             \
    S("sendAt cannot be accepted: the tenant has 100000 scheduled events waiting; cancel some, "   \
      "or "                                                                                        \
      "send this event later")
_Static_assert(TENANT_SCHEDULED_MAX == 100000, "the sentence tells the limit");

/* What a dry run shares: the context of planning, on the request's loop. */
PlanContext accept_context(Request *rq, const Tenant *tenant);

#endif
