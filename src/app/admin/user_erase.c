/* user_erase.c: DELETE .../tenants/{id}/users/{userId}: everything that is kept of one person goes
 * (RELIABILITY threat 33). As many small jobs as it takes (erase_user.h); the answer waits for the
 * last. The audit entry says that someone was erased, not who: it outlives the person's data.
 *
 * Someone unknown is erased already: 200, with nothing counted. */
#include "app/admin/job.h"
#include "app/admin/put.h"
#include "app/http/router.h"
#include "domain/tenant/erase_user.h"
#include "domain/tenant/tenant_store.h"
#include "base/log.h"
#include "base/metric.h"

static Status finish(StoreTx *tx, AdminJob *job, const EraseUser *erase, Err *err)
{
    buf_clear(&job->data);
    put_open(&job->data);
    put_num(&job->data, "notifications", erase->notifications);
    put_num(&job->data, "events", erase->events);
    put_close(&job->data);
    return admin_job_audit_named(tx, job, erase->tenant_no, "user.erased", (Str){NULL, 0},
                                 (Str){NULL, 0}, buf_view(&job->data), err);
}

static Status run_step(StoreTx *tx, AdminJob *job, Err *err)
{
    EraseUser *erase = job->input;
    EraseUser next = *erase; /* advances only when the step did */
    TenantRow tenant;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st != ST_OK) return st;
    next.tenant_no = tenant.no;
    st = erase_user_step(tx, &next, err);
    if (st == ST_OK && next.done) st = finish(tx, job, &next, err);
    if (next.done) admin_job_compact(job);
    if (st == ST_OK) *erase = next;
    return st;
}

static void go_on(AdminJob *job)
{
    const EraseUser *erase = job->input;
    if (!erase->done) {
        admin_job_send(job, STORE_WRITE_JOB);
        return;
    }
    metric_add(METRIC_SCHEDULED_WAITING, -(int64_t)erase->schedules);
    if (!admin_job_compacted(job))
        LOG(LOG_WARN, "erase.slack_left",
            log_str("advice",
                    S("the rows are gone, but copies of moved rows may lie in unused parts of the "
                      "file; stop the server and run `orqestra compact` when you can")));
    admin_job_answer(job);
}

void admin_user_erase(Request *rq)
{
    EraseUser *erase = arena_new(&rq->arena, EraseUser);
    erase->user_id = rq->params[1];
    AdminJob *job = admin_job_new(rq, run_step, erase);
    if (!job) return;
    job->then = go_on;
    admin_job_send(job, STORE_WRITE_JOB);
}
