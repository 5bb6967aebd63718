/* Order (E.8): whoever calls accept_begin has authenticated and validated; then the limit, then the key and
 * the event in one transaction. So what is refused takes no key, and what fails releases it: there is
 * nothing to release. */
#include "app/api/accept.h"

#include "app/api/limit.h"
#include "app/app.h"
#include "base/log.h"
#include "domain/intake/key.h"

static void warn_if_silent(const Tenant *tenant, const Trigger *trigger);
static Status answer_make(Request *rq, const Tenant *tenant, EventPlan *plan, Err *err);

Acceptance *accept_begin(Request *rq, const Tenant *tenant, uint32_t count)
{
    if (!limit_admit(rq, tenant, count)) return NULL;
    Acceptance *a = arena_new(&rq->arena, Acceptance);
    *a = (Acceptance){.tenant = tenant, .admitted = count};
    a->plans = arena_try(&rq->arena, count * sizeof *a->plans);
    if (a->plans) return a;
    accept_fail(rq, a, ST_TOO_BIG, NULL);
    return NULL;
}

PlanContext accept_context(Request *rq, const Tenant *tenant)
{
    Lane *lane = rq->lane;
    return (PlanContext){.snapshot = rq->snapshot,
                         .tenant = tenant,
                         .now_ms = lane->loop->now_ms,
                         .random = &lane->loop->random,
                         .arena = &rq->arena,
                         .scratch = &lane->scratch};
}

Status accept_plan(Request *rq, Acceptance *a, const Trigger *trigger, Err *err)
{
    PlanContext ctx = accept_context(rq, a->tenant);
    EventPlan *plan = &a->plans[a->count];
    bool later = trigger->send_at_ms != 0;
    /* A repeat that comes while the first one still waits must not be a second one. */
    int64_t expires_ms = (later ? trigger->send_at_ms : ctx.now_ms) +
                         rq->lane->app->config->idempotency_ttl * 1000;

    warn_if_silent(a->tenant, trigger);
    Status st = later ? plan_later(&ctx, trigger, plan, err) : plan_event(&ctx, trigger, plan, err);
    if (st == ST_OK) st = answer_make(rq, a->tenant, plan, err);
    if (st != ST_OK) return st;
    plan->key = key_of_trigger(trigger, expires_ms);
    a->count++;
    return ST_OK;
}

static Status answer_make(Request *rq, const Tenant *tenant, EventPlan *plan, Err *err)
{
    Buf *b = &rq->lane->scratch;

    buf_clear(b);
    buf_lit(b, "Event ");
    buf_add(b, plan->event_type);
    buf_add(b, plan->schedule.send_at_ms ? S(" scheduled") : S(" dispatched"));
    buf_lit(b, " securely for ");
    buf_add(b, tenant->name);
    if (arena_copy(&rq->arena, buf_view(b), &plan->answer)) return ST_OK;
    return err_set(err, ST_TOO_BIG, "the request is too large");
}

void accept_send(Request *rq, Acceptance *a, void (*back)(Request *rq, Errand *e), void *extra)
{
    Errand *e = errand_new(rq, back);
    e->extra = extra;
    e->accept = (AcceptCall){.events = a->plans, .event_count = a->count, .arena = &rq->arena};
    errand_send(e, STORE_ACCEPT);
}

/* All that was admitted but for so many. */
static void keep_admitted(Request *rq, Acceptance *a, uint32_t stored)
{
    if (a->admitted > stored) limit_give_back(rq, a->tenant, a->admitted - stored);
    a->admitted = stored;
}

void accept_fail(Request *rq, Acceptance *a, Status st, const Err *err)
{
    keep_admitted(rq, a, 0);
    respond_status(rq, st, err);
}

bool accept_ended(Request *rq, const Errand *e, Acceptance *a)
{
    Status st = e->call.st;
    uint32_t stored = a->count;

    if (st != ST_OK) { /* a conflict would be between ids of our own: no answer of the client's */
        accept_fail(rq, a, st == ST_CONFLICT ? ST_INTERNAL : st, &e->call.err);
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++)
        if (a->plans[i].ret_replay.is || a->plans[i].schedule.ret_refused) stored--;
    keep_admitted(rq, a, stored);
    return true;
}

/* E.3: a global.* event without title or message is accepted and will say little. */
static void warn_if_silent(const Tenant *tenant, const Trigger *trigger)
{
    if (!str_starts(trigger->event_type, S("global."))) return;
    if (json_get(&trigger->variables, 0, S("title")) != JSON_NONE &&
        json_get(&trigger->variables, 0, S("message")) != JSON_NONE)
        return;
    LOG(LOG_WARN, "event.silent", log_str("tenant", tenant->id_text),
        log_str("eventType", trigger->event_type),
        log_str("why", S("variables have no title or no message")));
}
