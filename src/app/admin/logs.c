/* logs.c: the log of a tenant's deliveries, and one event with what became of it (ORQ-13, API-10).
 *
 * The tenant is the one of the path; who may ask for it is the guard's business. What belongs to
 * another tenant is answered like what does not exist. */
#include "app/admin/job.h"
#include "app/admin/log_filter.h"
#include "app/admin/log_json.h"
#include "app/admin/scheduled.h"
#include "app/http/router.h"
#include "base/limits.h"
#include "domain/tenant/tenant_store.h"

/* ---- the log ---- */

typedef struct ListInput {
    LogFilter filter;
    LogCursor from;
    uint32_t limit;
} ListInput;

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    const ListInput *in = job->input;
    TenantRow tenant;
    LogPage page;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK)
        st = log_page(tx, tenant.no, &in->filter, in->from, in->limit, job->arena, &page, err);
    if (st != ST_OK) return st;
    for (uint32_t i = 0; i < page.rows.count; i++) log_json(&job->data, &page.rows.at[i]);
    if (page.has_more) {
        char cursor[LOG_CURSOR_LEN];
        log_cursor_text(page.next, cursor);
        job->next_cursor = arena_format(job->arena, "%.*s", LOG_CURSOR_LEN, cursor);
    }
    return ST_OK;
}

void admin_log_list(Request *rq)
{
    ListInput *in = arena_new(&rq->arena, ListInput);
    Page page;
    in->from = LOG_CURSOR_START;
    if (!page_read(rq, &page) || !log_filter_read(rq, &in->filter)) return;
    if (page.cursor.at && !log_cursor_parse(page.cursor, &in->from)) {
        page_refuse_cursor(rq);
        return;
    }
    in->limit = page.limit;
    admin_job_list(rq, run_list, in);
}

/* ---- one delivery ---- */

static Status run_get(StoreTx *tx, AdminJob *job, Err *err)
{
    const Uuid *id = job->input;
    TenantRow tenant;
    LogRow row;
    AttemptRows attempts;
    ReportRows reports;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = log_read(tx, tenant.no, *id, job->arena, &row, err);
    if (st == ST_OK)
        st = attempts_read(tx, tenant.no, row.event_no, row.channel, job->arena, &attempts, err);
    if (st == ST_OK)
        st = reports_read(tx, tenant.no, row.event_no, row.channel, job->arena, &reports, err);
    if (st != ST_OK) return st;
    Timeline timeline = timeline_of_delivery(&row, job->arena);
    timeline_add_story(&timeline, &row, &attempts, &reports, job->arena);
    log_json_whole(&job->data, &row, &attempts, &timeline);
    return ST_OK;
}

void admin_log_get(Request *rq)
{
    Uuid *id = arena_new(&rq->arena, Uuid);
    if (!uuid_parse(rq->params[1], id)) {
        respond_error(rq, 404, S("Log not found"));
        return;
    }
    AdminJob *job = admin_job_new(rq, run_get, id);
    if (job) admin_job_send(job, STORE_READ_JOB);
}

/* ---- one event ---- */

static Status run_event(StoreTx *tx, AdminJob *job, Err *err)
{
    const Str *event_id = job->input;
    TenantRow tenant;
    EventRow event;
    LogRows deliveries;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st != ST_OK) return st;
    st = log_read_event(tx, tenant.no, *event_id, job->arena, &event, &deliveries, err);
    if (st == ST_NOT_FOUND) /* it may still come, or never */
        return scheduled_json_whole(tx, tenant.no, *event_id, job->arena, &job->data, err);
    if (st != ST_OK) return st;
    Timeline timeline = timeline_of_event(&event, &deliveries, job->arena);
    for (uint32_t i = 0; st == ST_OK && i < deliveries.count; i++) {
        const LogRow *d = &deliveries.at[i];
        AttemptRows attempts;
        ReportRows reports;
        st = attempts_read(tx, tenant.no, d->event_no, d->channel, job->arena, &attempts, err);
        if (st == ST_OK)
            st = reports_read(tx, tenant.no, d->event_no, d->channel, job->arena, &reports, err);
        if (st == ST_OK) timeline_add_story(&timeline, d, &attempts, &reports, job->arena);
    }
    if (st != ST_OK) return st;
    event_json(&job->data, &event, &deliveries, &timeline);
    return ST_OK;
}

void admin_event_get(Request *rq)
{
    AdminJob *job = admin_job_new(rq, run_event, &rq->params[1]);
    if (job) admin_job_send(job, STORE_READ_JOB);
}
