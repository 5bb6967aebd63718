/* scheduled.c: what waits of a tenant's events, the soonest first, and what became of one that did.
 *
 * A page begins after the place where the last one ended (sendAt and number), so events that fire or are
 * cancelled meanwhile make it neither repeat nor leave out another. */
#include "app/admin/scheduled.h"

#include "app/admin/job.h"
#include "app/admin/log_json.h"
#include "app/admin/put.h"
#include "app/http/router.h"
#include "app/schedule_audit.h"
#include "domain/schedule/schedule_store.h"
#include "domain/tenant/tenant_store.h"

typedef struct ListInput {
    ScheduleCursor after;
    uint32_t limit;
} ListInput;

static void put_members(Buf *out, const ScheduledRow *row, Str state)
{
    put_text(out, "id", row->event_id);
    put_text(out, "eventType", row->event_type);
    put_text(out, "userId", row->user_id);
    put_text(out, "traceId", row->trace_id);
    put_time(out, "createdAt", row->created_ms);
    put_time(out, "sendAt", row->send_at_ms);
    put_text(out, "state", state);
}

static Str state_of(const ScheduledRow *row)
{
    return row->held ? S("held") : S("scheduled");
}

/* ---- one ---- */

static void put_whole(Buf *out, const ScheduledRow *row, Str state, const Timeline *timeline)
{
    put_open(out);
    put_members(out, row, state);
    put_array_open(out, "deliveries");
    put_array_close(out);
    timeline_json(out, timeline);
    put_close(out);
}

/* It waited as the row it no longer is; its user's id was not kept. */
static void put_ended(Buf *out, const EndedEvent *ended)
{
    const ScheduledRow row = {.event_id = ended->event_id,
                              .event_type = ended->event_type,
                              .trace_id = ended->trace_id,
                              .send_at_ms = ended->send_at_ms,
                              .created_ms = ended->created_ms};
    Str state = ended->end == SCHEDULE_MISSED ? S("missed") : S("cancelled");
    const Timeline timeline = timeline_of_ended(ended->created_ms, ended->ended_ms, state,
                                                ended->why);
    put_whole(out, &row, state, &timeline);
}

Status scheduled_json_whole(StoreTx *tx, uint32_t tenant_no, Str event_id, Arena *arena, Buf *out,
                            Err *err)
{
    ScheduledRow row;
    EndedEvent ended;
    Status st = schedule_read(tx, tenant_no, event_id, arena, &row, err);

    if (st == ST_OK) {
        const Timeline timeline = timeline_of_scheduled(row.created_ms, row.send_at_ms, row.held);
        put_whole(out, &row, state_of(&row), &timeline);
    } else if (st == ST_NOT_FOUND) {
        st = schedule_audit_read(tx, tenant_no, event_id, arena, &ended, err);
        if (st == ST_OK) put_ended(out, &ended);
    }
    return st;
}

/* ---- all that wait ---- */

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
        put_members(&job->data, &rows.at[i], state_of(&rows.at[i]));
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
    admin_job_list(rq, run_list, in);
}
