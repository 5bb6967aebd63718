/* POST /api/v1/events/trigger.
 *
 *   media type -> body and headers, all their problems at once -> accept (commit, fsync) -> 200
 *
 * Nothing is answered before the commit (RELIABILITY P1). */
#include "app/api/trigger.h"

#include "app/api/accept.h"
#include "app/api/body.h"
#include "app/api/dry_run.h"
#include "app/http/router.h"
#include "base/isotime.h"
#include "base/limits.h"
#include "domain/intake/key.h"

static Str read_key(const Request *rq, Problems *problems);
static void accept_back(Request *rq, Errand *e);

void api_trigger(Request *rq)
{
    Trigger trigger;
    Problems problems;

    if (!body_is_json(rq)) return;
    Status st = trigger_parse(rq->body, &rq->arena, &trigger, &problems);
    Str trace_id = trigger_trace_id(rq, &problems);
    Str key = read_key(rq, &problems);
    bool dry = trigger_is_dry(rq, &problems);
    if (st == ST_OK) trigger_time(&trigger, rq->lane->loop->now_ms, &problems);
    if (st != ST_OK || problems.count) {
        respond_problems(rq, &problems);
        return;
    }
    if (!body_left_room(rq)) return;
    trigger.trace_id = trace_id;
    trigger.key = key;
    if (dry)
        dry_run(rq, rq->tenant, &trigger);
    else
        trigger_accept(rq, rq->tenant, &trigger);
}

void trigger_accept(Request *rq, const Tenant *tenant, const Trigger *trigger)
{
    Err err = {0};
    Acceptance *a = accept_begin(rq, tenant, 1);

    if (!a) return;
    Status st = accept_plan(rq, a, trigger, &err);
    if (st == ST_OK)
        accept_send(rq, a, accept_back, a);
    else
        accept_fail(rq, a, st, &err);
}

/* Who schedules an event is told the id to cancel it by; the answer to others stays as it always was. */
static void put_time_of(Buf *out, const EventPlan *plan)
{
    char at[ISO_MS_LEN];

    iso_ms(accept_send_at(plan), at);
    buf_lit(out, ",\"eventId\":");
    json_put_string(out, accept_event_id(plan));
    buf_lit(out, ",\"sendAt\":");
    json_put_string(out, str_make(at, sizeof at));
}

static void accept_back(Request *rq, Errand *e)
{
    const EventPlan *plan = &e->accept.events[0];
    Buf *out = &rq->lane->scratch;

    if (!accept_ended(rq, e, e->extra)) return;
    if (plan->schedule.ret_refused) {
        body_refuse(rq, ACCEPT_REFUSED);
        return;
    }
    if (plan->ret_replay.is) respond_header(rq, S("Idempotency-Replayed"), S("true"));
    buf_clear(out);
    buf_lit(out, "{\"success\":true,\"message\":");
    json_put_string(out, accept_answer(plan));
    if (accept_send_at(plan)) put_time_of(out, plan);
    buf_lit(out, "}");
    respond_json(rq, 200, buf_view(out));
}

/* ---- headers and query ---- */

/* Visible ASCII only: it goes into logs. */
Str trigger_trace_id(Request *rq, Problems *problems)
{
    Str value = request_header(rq, S("x-trace-id"));
    bool visible = value.len <= TRACE_ID_MAX;

    if (value.len == 0) return S("");
    for (size_t i = 0; visible && i < value.len; i++)
        visible = value.at[i] > ' ' && value.at[i] < 0x7f;
    if (!visible) {
        problems_add(problems, S("X-Trace-Id must be 1 to 255 visible characters"));
        return S("");
    }
    respond_header(rq, S("X-Trace-Id"), value);
    return value;
}

static Str read_key(const Request *rq, Problems *problems)
{
    Str value = request_header(rq, S("x-idempotency-key"));

    if (!value.at) return S("");
    if (key_is_valid(value)) return value;
    problems_add(problems, S("X-Idempotency-Key must be 1 to 255 visible characters"));
    return S("");
}

bool trigger_is_dry(Request *rq, Problems *problems)
{
    Str value;

    if (!request_query(rq, S("dryRun"), &value) || str_is(value, "false")) return false;
    if (!str_is(value, "true")) problems_add(problems, S("dryRun must be true or false"));
    return true;
}
