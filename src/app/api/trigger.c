/* POST /api/v1/events/trigger.
 *
 *   media type -> trace id -> parse -> limit -> plan -> store (commit, fsync) -> 200 -> the sockets
 *
 * Nothing is answered before the commit (RELIABILITY P1). */
#include "app/api/trigger.h"

#include "app/api/body.h"
#include "app/api/limit.h"
#include "app/errand.h"
#include "app/http/router.h"
#include "base/limits.h"
#include "base/log.h"
#include "domain/intake/plan.h"

typedef struct Acceptance { /* what an errand to the store carries; lives in the request's arena */
    const Tenant *tenant;
    EventPlan plan;
} Acceptance;

static bool read_trace_id(Request *rq, Str *ret_trace_id);
static void warn_if_silent(const Tenant *tenant, const Trigger *trigger);
static void accept_back(Request *rq, Errand *e);

void api_trigger(Request *rq)
{
    Trigger trigger;
    Problems problems;
    Str trace_id;

    if (!body_is_json(rq) || !read_trace_id(rq, &trace_id)) return;
    if (trigger_parse(rq->body, &rq->arena, &trigger, &problems) != ST_OK) {
        respond_problems(rq, &problems);
        return;
    }
    if (!body_left_room(rq)) return;
    trigger.trace_id = trace_id;
    if (!limit_admit(rq, rq->tenant, 1)) return;
    trigger_accept(rq, rq->tenant, &trigger);
}

void trigger_accept(Request *rq, const Tenant *tenant, const Trigger *trigger)
{
    Lane *lane = rq->lane;
    Acceptance *a = arena_new(&rq->arena, Acceptance);
    PlanContext ctx = {.snapshot = rq->snapshot,
                       .tenant = tenant,
                       .now_ms = lane->loop->now_ms,
                       .random = &lane->loop->random,
                       .arena = &rq->arena,
                       .scratch = &lane->scratch};
    Err err = {0};

    warn_if_silent(tenant, trigger);
    a->tenant = tenant;
    Status st = plan_event(&ctx, trigger, &a->plan, &err);
    if (st != ST_OK) {
        limit_give_back(rq, tenant, 1);
        respond_status(rq, st, &err);
        return;
    }
    Errand *e = errand_new(rq, accept_back);
    e->extra = a;
    e->accept = (AcceptCall){.events = &a->plan, .event_count = 1};
    errand_send(e, STORE_ACCEPT);
}

/* Deliveries are named after their event, so a conflict says that this very event is durable already: a
 * client's own eventId sent again. It gets the first answer again and no second delivery (E.1, API-36). */
static bool is_accepted(Status st)
{
    return st == ST_OK || st == ST_CONFLICT;
}

static void accept_back(Request *rq, Errand *e)
{
    const Acceptance *a = e->extra;
    Buf *out = &rq->lane->scratch;

    if (e->call.st != ST_OK) limit_give_back(rq, a->tenant, 1);
    if (!is_accepted(e->call.st)) {
        respond_status(rq, e->call.st, &e->call.err);
        return;
    }
    buf_clear(out);
    buf_lit(out, "{\"success\":true,\"message\":\"Event ");
    json_put_escaped(out, a->plan.event_type);
    buf_lit(out, " dispatched securely for ");
    json_put_escaped(out, a->tenant->name);
    buf_lit(out, "\"}");
    respond_json(rq, 200, buf_view(out));
}

/* X-Trace-Id comes back in the answer, also in a refusal. Visible ASCII only: it goes into logs. */
static bool read_trace_id(Request *rq, Str *ret_trace_id)
{
    Str value = request_header(rq, S("x-trace-id"));
    bool visible = value.len <= TRACE_ID_MAX;

    for (size_t i = 0; visible && i < value.len; i++)
        visible = value.at[i] > ' ' && value.at[i] < 0x7f;
    if (!visible) {
        body_refuse(rq, S("X-Trace-Id must be 1 to 255 visible characters"));
        return false;
    }
    if (value.len > 0) respond_header(rq, S("X-Trace-Id"), value);
    *ret_trace_id = value.len > 0 ? value : S("");
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
