/* DELETE /api/v1/events/{eventId}: an event that waits for its sendAt does not happen.
 *
 * A plain yes or no: 200 means that it will not fire, 404 that there is nothing to take back, because it
 * fired, was cancelled before, is another tenant's, or never was. The key under which it was accepted
 * stays taken, so that a late repeat of the trigger does not bring it back. */
#include "app/admin/put.h"
#include "app/errand.h"
#include "app/http/router.h"
#include "app/schedule_audit.h"
#include "base/metric.h"
#include "domain/schedule/schedule_store.h"

typedef struct Cancel {
    uint32_t tenant_no;
    Str event_id;
    int64_t now_ms;
    int64_t count; /* the job's result */
} Cancel;

static Status audit(StoreTx *tx, const Cancel *c, const ScheduledRow *row, Err *err)
{
    const EndedEvent ended = {.end = SCHEDULE_CANCELLED,
                              .event_id = row->event_id,
                              .event_type = row->event_type,
                              .trace_id = row->trace_id,
                              .created_ms = row->created_ms,
                              .send_at_ms = row->send_at_ms,
                              .ended_ms = c->now_ms};
    return schedule_audit(tx, c->tenant_no, &ended, err);
}

static Status run(StoreTx *tx, StoreJob *job, Err *err)
{
    Errand *e = CONTAINER_OF(job, Errand, job);
    Cancel *c = e->extra;
    ScheduledRow row;
    Status st = schedule_read(tx, c->tenant_no, c->event_id, &e->rq->arena, &row, err);

    if (st == ST_NOT_FOUND)
        return err_set(err, ST_NOT_FOUND,
                       "No scheduled event has this id: it has fired, was cancelled, or never was");
    if (st == ST_OK) st = schedule_cancel(tx, c->tenant_no, c->event_id, &c->count, err);
    return st == ST_OK ? audit(tx, c, &row, err) : st;
}

static void back(Request *rq, Errand *e)
{
    const Cancel *c = e->extra;
    Buf *out = &rq->lane->scratch;

    if (e->call.st != ST_OK) {
        respond_status(rq, e->call.st, &e->call.err);
        return;
    }
    metric_add(METRIC_SCHEDULED_WAITING, -c->count);
    metric_add(METRIC_SCHEDULED_DROPPED, c->count);
    buf_clear(out);
    put_open(out);
    put_flag(out, "success", true);
    put_text(out, "message", S("Scheduled event cancelled"));
    put_text(out, "eventId", c->event_id);
    put_close(out);
    respond_json(rq, 200, buf_view(out));
}

void api_event_cancel(Request *rq)
{
    Cancel *c = arena_new(&rq->arena, Cancel);
    *c = (Cancel){
        .tenant_no = rq->tenant->no, .event_id = rq->params[0], .now_ms = rq->lane->loop->now_ms};
    Errand *e = errand_new(rq, back);
    e->extra = c;
    e->job = (StoreJob){.run = run};
    errand_send(e, STORE_WRITE_JOB);
}
