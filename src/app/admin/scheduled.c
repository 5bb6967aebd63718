/* scheduled.c: what waits of a tenant's events, the soonest first.
 *
 * A page begins after the place where the last one ended (sendAt and number), so events that fire or are
 * cancelled meanwhile make it neither repeat nor leave out another. */
#include "app/admin/scheduled.h"

#include "app/admin/job.h"
#include "app/admin/put.h"
#include "app/http/router.h"
#include "domain/tenant/tenant_store.h"

typedef struct ListInput {
    ScheduleCursor after;
    uint32_t limit;
} ListInput;

void scheduled_json(Buf *out, const ScheduledRow *row)
{
    put_text(out, "id", row->event_id);
    put_text(out, "eventType", row->event_type);
    put_text(out, "userId", row->user_id);
    put_text(out, "traceId", row->trace_id);
    put_time(out, "createdAt", row->created_ms);
    put_time(out, "sendAt", row->send_at_ms);
    put_text(out, "state", row->held ? S("held") : S("scheduled"));
}

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    const ListInput *in = job->input;
    TenantRow tenant;
    ScheduledRows rows;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK)
        st = schedule_page(tx, tenant.no, in->after, in->limit + 1, job->arena, &rows, err);
    if (st != ST_OK) return st;
    for (uint32_t i = 0; i < rows.count && i < in->limit; i++) {
        put_open(&job->data);
        scheduled_json(&job->data, &rows.at[i]);
        put_close(&job->data);
    }
    if (rows.count > in->limit) {
        const ScheduledRow *last = &rows.at[in->limit - 1];
        job->next_cursor = arena_format(job->arena, "%lld.%lld", (long long)last->send_at_ms,
                                        (long long)last->no);
    }
    return ST_OK;
}

static bool cursor_parse(Str text, ScheduleCursor *ret_after)
{
    Str time = str_cut(&text, '.');
    return str_to_i64(time, &ret_after->send_at_ms) && str_to_i64(text, &ret_after->no);
}

void admin_scheduled_list(Request *rq)
{
    ListInput *in = arena_new(&rq->arena, ListInput);
    Page page;
    if (!page_read(rq, &page)) return;
    if (page.cursor.at && !cursor_parse(page.cursor, &in->after)) {
        page_refuse_cursor(rq);
        return;
    }
    in->limit = page.limit;
    AdminJob *job = admin_job_new(rq, run_list, in);
    if (!job) return;
    job->is_list = true;
    admin_job_send(job, STORE_READ_JOB);
}
