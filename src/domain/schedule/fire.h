/* fire.h: a waiting event whose time has come: fire it, hold it, or drop it?
 *
 * It fires with the templates, the channels and the clock of this moment: what was kept is the trigger, which
 * is read and planned again. A tenant that is suspended (also while it is deleted) fires nothing; what a suspension
 * held back fires when it ends, unless that is more than SCHEDULE_LATE_S_MAX after sendAt. A server that was
 * down fires everything, however late.
 *
 * Pure.  Thread: none of its own.  Ownership: a plan's strings live in the context's arena and in `due`. */
#ifndef ORQ_DOMAIN_SCHEDULE_FIRE_H
#define ORQ_DOMAIN_SCHEDULE_FIRE_H

#include "domain/intake/plan.h"
#include "domain/schedule/schedule_store.h"

typedef enum FireVerdict {
    FIRE_NOW,  /* *ret_plan is what to accept */
    FIRE_HOLD, /* until its tenant is reactivated */
    FIRE_DROP  /* never; *ret_why says why */
} FireVerdict;

/* ctx->tenant may be NULL: the snapshot has none. */
FireVerdict fire_judge(const PlanContext *ctx, const DueEvent *due, EventPlan *ret_plan,
                       Err *ret_why);

#endif
