/* DELETE /api/v1/events/{eventId}: an event that waits for its sendAt does not happen.
 *
 * A plain yes or no: 200 means that it will not fire, 404 that there is nothing to take back, because it
 * fired, was cancelled before, is another tenant's, or never was. The key under which it was accepted
 * stays taken, so that a late repeat of the trigger does not bring it back. */
#include "app/admin/audit.h"
#include "app/admin/put.h"
#include "app/errand.h"
#include "app/http/router.h"
#include "base/metric.h"
#include "domain/schedule/schedule_store.h"

typedef struct Cancel {
    uint32_t tenant_no;
    Str event_id;
    int64_t now_ms;
    int64_t count; /* the job's result */
} Cancel;

static Status run(StoreTx *tx, StoreJob *job, Err *err)
{
    Cancel *c = CONTAINER_OF(job, Errand, job)->extra;
    Status st = schedule_cancel(tx, c->tenant_no, c->event_id, &c->count, err);

    if (st != ST_OK) return st;
    if (c->count == 0)
        return err_set(err, ST_NOT_FOUND,
                       "No scheduled event has this id: it has fired, was cancelled, or never was");
    return audit_write(tx,
                       &(AuditEntry){.tenant_no = c->tenant_no,
                                     .at_ms = c->now_ms,
                                     .actor = S("api-key"),
                                     .action = "event.cancelled",
                                     .subject = c->event_id},
                       err);
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
