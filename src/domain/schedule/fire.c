/* The body was accepted once and cannot be refused now, but for a program that reads triggers more strictly than
 * the one that accepted it. Then there is nobody left to tell but the audit log. */
#include "domain/schedule/fire.h"

static bool is_too_late(const DueEvent *due)
{
    return due->due_ms - due->send_at_ms > SCHEDULE_LATE_S_MAX * INT64_C(1000);
}

static Status plan(const PlanContext *ctx, const DueEvent *due, EventPlan *ret_plan, Err *err)
{
    Trigger trigger;
    Problems problems;

    if (trigger_parse(due->body, ctx->arena, &trigger, &problems) != ST_OK)
        return err_set(err, ST_INVALID, "%.*s", STR_FMT(problems.text[0]));
    trigger.event_id = due->event_id;
    trigger.trace_id = due->trace_id;
    Status st = plan_event(ctx, &trigger, ret_plan, err);
    if (st == ST_OK) ret_plan->schedule.fires_no = due->no;
    return st;
}

FireVerdict fire_judge(const PlanContext *ctx, const DueEvent *due, EventPlan *ret_plan,
                       Err *ret_why)
{
    if (uuid_is_zero(due->tenant_id)) {
        (void)err_set(ret_why, ST_NOT_FOUND, "its tenant was deleted");
        return FIRE_DROP;
    }
    if (!ctx->tenant || !ctx->tenant->active) return FIRE_HOLD;
    if (is_too_late(due)) {
        (void)err_set(ret_why, ST_EXPIRED,
                      "its tenant was suspended until more than 24 hours after sendAt");
        return FIRE_DROP;
    }
    return plan(ctx, due, ret_plan, ret_why) == ST_OK ? FIRE_NOW : FIRE_DROP;
}
