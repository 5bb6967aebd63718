/* POST /api/v1/events/trigger/batch: up to BATCH_EVENTS_MAX triggers, one transaction, a result for each.
 *
 *   {"events":[trigger, ...]} -> each checked -> the good ones: accept, planned a slice a turn -> one commit
 *
 * Invariants
 * 1. An item that is refused stops no other; one that the store refuses fails the whole request, and
 *    nothing of it is kept.
 * 2. An item's key is its own: idempotencyKey, else its eventId. A repeated batch is a row of replays.
 * 3. Rendering a thousand templates takes longer than a loop may stand still, so planning is a task. While
 *    it runs it counts as an errand: the loop does not end before. */
#include "app/admin/put.h"
#include "app/api/accept.h"
#include "app/api/body.h"
#include "app/api/trigger.h"
#include "app/http/router.h"
#include "base/limits.h"
#include "domain/intake/key.h"

typedef struct BatchItem {
    const Trigger *trigger;   /* NULL: refused */
    const Problems *problems; /* of one that was refused */
    int status;               /* and the status it would have had alone */
    const EventPlan *plan;    /* once it is planned */
} BatchItem;

typedef struct Batch {
    Task task;
    Request *rq;
    BatchItem *items;
    uint32_t count, good; /* items; those that were not refused */
    uint32_t planned;     /* items looked at by the task */
    Acceptance *acceptance;
} Batch;

/* Refusals for want of memory must not ask for any. */
static const Problems not_an_object = {{STR_INIT("event must be a JSON object")}, 1};
static const Problems no_room = {{STR_INIT("the batch is too large for this event; send it again")},
                                 1};

static bool read_options(Request *rq, const Json *body, JsonRef events, Str *ret_trace_id);
static void read_items(Batch *b, const Json *body, JsonRef events, Str trace_id);
static TaskResult plan_slice(Task *task);
static void answer(Request *rq, const Batch *b);

void api_trigger_batch(Request *rq)
{
    Json body;
    Str trace_id;

    if (!body_is_json(rq) || !request_json(rq, &body)) return;
    JsonRef events = json_get(&body, 0, S("events"));
    if (!read_options(rq, &body, events, &trace_id) || !body_left_room(rq)) return;
    Batch *b = arena_new(&rq->arena, Batch);
    *b = (Batch){.task.run = plan_slice, .rq = rq, .count = json_count(&body, events)};
    b->items = arena_alloc(&rq->arena, b->count * sizeof *b->items);
    read_items(b, &body, events, trace_id);
    if (!body_left_room(rq)) return;
    if (b->good == 0) {
        answer(rq, b);
        return;
    }
    b->acceptance = accept_begin(rq, rq->tenant, b->good);
    if (!b->acceptance) return;
    rq->lane->errands_out++;
    if (plan_slice(&b->task) == TASK_AGAIN) loop_defer(rq->lane->loop, &b->task);
}

/* ---- reading ---- */

static bool read_options(Request *rq, const Json *body, JsonRef events, Str *ret_trace_id)
{
    Problems problems = {.count = 0};
    uint32_t count = json_count(body, events);

    if (!json_is(body, events, JSON_ARRAY))
        problems_add(&problems, S("events must be an array"));
    else if (count == 0 || count > BATCH_EVENTS_MAX)
        problems_add(&problems, S("events must contain 1 to 1000 events"));
    *ret_trace_id = trigger_trace_id(rq, &problems);
    if (request_header(rq, S("x-idempotency-key")).at)
        problems_add(&problems, S("X-Idempotency-Key is for a single event; give each event of a "
                                  "batch an idempotencyKey of its own"));
    if (trigger_is_dry(rq, &problems)) problems_add(&problems, S("dryRun is for a single event"));
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

/* "" when there is none, false when it is no key. null is as good as absent. */
static bool read_key(const Json *body, JsonRef event, Arena *arena, Str *ret_key)
{
    JsonRef at = json_get(body, event, S("idempotencyKey"));

    *ret_key = S("");
    if (at == JSON_NONE || json_is(body, at, JSON_NULL)) return true;
    return json_string(body, at, arena, ret_key) && key_is_valid(*ret_key);
}

static void refuse(BatchItem *item, int status, const Problems *problems)
{
    *item = (BatchItem){.problems = problems, .status = status};
}

static void read_item(Arena *arena, int64_t now_ms, const Json *body, JsonRef event, Str trace_id,
                      BatchItem *item)
{
    Trigger trigger;
    Problems problems;

    if (!json_is(body, event, JSON_OBJECT)) {
        refuse(item, 422, &not_an_object);
        return;
    }
    Status st = trigger_parse(json_raw(body, event), arena, &trigger, &problems);
    Str key;
    if (!read_key(body, event, arena, &key))
        problems_add(&problems, S("idempotencyKey must be 1 to 255 visible characters"));
    if (st == ST_OK) trigger_time(&trigger, now_ms, &problems);
    bool good = st == ST_OK && problems.count == 0;
    void *kept = arena_try(arena, good ? sizeof trigger : sizeof problems);
    if (!kept) {
        refuse(item, 413, &no_room);
    } else if (good) {
        trigger.trace_id = trace_id;
        trigger.key = key;
        *item = (BatchItem){.trigger = memcpy(kept, &trigger, sizeof trigger)};
    } else {
        refuse(item, 422, memcpy(kept, &problems, sizeof problems));
    }
}

static void read_items(Batch *b, const Json *body, JsonRef events, Str trace_id)
{
    BatchItem *item = b->items;

    for (JsonRef at = json_first(body, events); at != JSON_NONE; at = json_next(body, events, at)) {
        read_item(&b->rq->arena, b->rq->lane->loop->now_ms, body, at, trace_id, item);
        if (item->trigger) b->good++;
        item++;
    }
}

/* ---- planning ---- */

/* What the store alone could know: the tenant has enough that waits. */
static void refuse_surplus(Batch *b)
{
    Problems *problems = arena_new(&b->rq->arena, Problems);

    problems_add(problems, ACCEPT_REFUSED);
    for (uint32_t i = 0; i < b->count; i++)
        if (b->items[i].plan && b->items[i].plan->schedule.ret_refused)
            refuse(&b->items[i], 422, problems);
}

static void batch_back(Request *rq, Errand *e)
{
    Batch *b = e->extra;
    if (!accept_ended(rq, e, b->acceptance)) return;
    refuse_surplus(b);
    answer(rq, b);
}

static void planned_all(Batch *b)
{
    Request *rq = b->rq;

    rq->lane->errands_out--;
    accept_send(rq, b->acceptance, batch_back, b);
}

static void plan_item(Batch *b, BatchItem *item)
{
    Acceptance *a = b->acceptance;
    bool room = arena_bytes(&b->rq->arena) + BATCH_ARENA_RESERVE <= REQUEST_ARENA_MAX;

    if (room && accept_plan(b->rq, a, item->trigger, NULL) == ST_OK)
        item->plan = &a->plans[a->count - 1];
    else
        refuse(item, 413, &no_room);
}

static TaskResult plan_slice(Task *task)
{
    Batch *b = CONTAINER_OF(task, Batch, task);
    uint32_t until = b->count - b->planned > BATCH_SLICE ? b->planned + BATCH_SLICE : b->count;

    for (; b->planned < until; b->planned++)
        if (b->items[b->planned].trigger) plan_item(b, &b->items[b->planned]);
    if (b->planned < b->count) return TASK_AGAIN;
    planned_all(b); /* the last word: the request may be gone now, and the batch with it */
    return TASK_DONE;
}

/* ---- the answer ---- */

static void put_accepted(Buf *out, const EventPlan *plan)
{
    put_flag(out, "success", true);
    put_text(out, "message", accept_answer(plan));
    put_text(out, "eventId", accept_event_id(plan));
    put_flag(out, "replayed", plan->ret_replay.is);
    if (accept_send_at(plan)) put_time(out, "sendAt", accept_send_at(plan));
}

static void put_refused(Buf *out, const BatchItem *item)
{
    put_flag(out, "success", false);
    put_num(out, "statusCode", item->status);
    put_array_open(out, "message");
    for (uint32_t i = 0; i < item->problems->count; i++) put_item(out, item->problems->text[i]);
    put_array_close(out);
    put_text(out, "error", item->status == 422 ? S("Bad Request") : S("Payload Too Large"));
}

static void answer(Request *rq, const Batch *b)
{
    Buf out;

    buf_init(&out, HTTP_RESPONSE_MAX);
    put_open(&out);
    put_flag(&out, "success", true);
    put_array_open(&out, "results");
    for (uint32_t i = 0; i < b->count; i++) {
        put_open(&out);
        if (b->items[i].plan)
            put_accepted(&out, b->items[i].plan);
        else
            put_refused(&out, &b->items[i]);
        put_close(&out);
    }
    put_array_close(&out);
    put_close(&out);
    respond_json(rq, 200, buf_view(&out));
    buf_done(&out);
}
