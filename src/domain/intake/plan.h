/* plan.h: Trigger -> Event: which templates fire, what each says, what becomes durable.
 *
 * A pure function of the snapshot, the trigger, the time and randomness: a dry run, a batch and a
 * retry all go through it. PUSH is rendered here, on the loop; e-mail and SMS are planned and rendered
 * when they are sent.
 *
 * Thread: none of its own.  Ownership: the plan's strings live in the arena and in the trigger. */
#ifndef ORQ_DOMAIN_INTAKE_PLAN_H
#define ORQ_DOMAIN_INTAKE_PLAN_H

#include "domain/intake/trigger.h"
#include "domain/tenant/tenant.h"
#include "port/store.h"

typedef struct PlanContext {
    const Snapshot *snapshot;
    const Tenant *tenant;
    int64_t now_ms;
    Random *random;
    Arena *arena;
    Buf *scratch; /* cleared by the call; lent by the loop */
} PlanContext;

/* Could it be sent to at all? An address a mail server could take, or an E.164 number. */
bool recipient_fits(Channel channel, Str address);

/* ST_OK always yields a plan: a channel that cannot be rendered or lacks its recipient becomes a
 * FAILED delivery with its cause. ST_TOO_BIG when the arena is full. */
Status plan_event(const PlanContext *ctx, const Trigger *trigger, EventPlan *ret_plan,
                  Err *err) MUST_USE;

/* The same for a trigger with send_at_ms: who it is, and its body, which is planned when it is due. */
Status plan_later(const PlanContext *ctx, const Trigger *trigger, EventPlan *ret_plan,
                  Err *err) MUST_USE;

#endif
