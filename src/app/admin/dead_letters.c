/* dead_letters.c: what was given up, to look at (ORQ-20): the list, its causes, and one with all there is to know:
 * event, content as it would be sent, every attempt. What changes them is in dead_letters_act.c. */
#include "app/admin/dead_letters.h"

#include "app/admin/log_json.h"
#include "app/admin/put.h"
#include "app/app.h"
#include "app/http/router.h"
#include "base/isotime.h"
#include "base/limits.h"
#include "domain/deliver/render.h"
#include "domain/deliver/timeline.h"
#include "domain/tenant/tenant_store.h"

/* ---- list ---- */

typedef struct ListInput {
    DeadFilter filter;
    LogCursor from;
    uint32_t limit;
} ListInput;

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    const ListInput *in = job->input;
    TenantRow tenant;
    LogPage page;
    char cursor[LOG_CURSOR_LEN];
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK)
        st = dead_page(tx, tenant.no, &in->filter, in->from, in->limit, job->arena, &page, err);
    if (st != ST_OK) return st;
    for (uint32_t i = 0; i < page.rows.count; i++) log_json(&job->data, &page.rows.at[i]);
    if (page.has_more) {
        log_cursor_text(page.next, cursor);
        job->next_cursor = arena_format(job->arena, "%.*s", LOG_CURSOR_LEN, cursor);
    }
    return ST_OK;
}

static bool read_query(Request *rq, DeadFilter *f)
{
    static const char *const names[] = {"eventType", "cause", "userId", "provider"};
    Str *const texts[] = {&f->event_type, &f->cause, &f->user_id, &f->provider};
    Problems problems = {.count = 0};
    Str text;
    *f = DEAD_FILTER_NONE;
    page_sent_channel(rq, &problems, &f->channel);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (request_query(rq, str_of(names[i]), &text) && text.len) *texts[i] = text;
    page_time(rq, "from", &problems, &f->from_ms);
    page_time(rq, "to", &problems, &f->to_ms);
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_dead_list(Request *rq)
{
    ListInput *in = arena_new(&rq->arena, ListInput);
    Page page;
    in->from = LOG_CURSOR_START;
    if (!page_read(rq, &page) || !read_query(rq, &in->filter)) return;
    if (page.cursor.at && !log_cursor_parse(page.cursor, &in->from)) {
        page_refuse_cursor(rq);
        return;
    }
    in->limit = page.limit;
    admin_job_list(rq, run_list, in);
}

/* ---- causes ---- */

static Status run_summary(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    DeadSummary summary;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = dead_summary(tx, tenant.no, job->arena, &summary, err);
    if (st != ST_OK) return st;
    put_open(&job->data);
    put_array_open(&job->data, "causes");
    for (uint32_t i = 0; i < summary.count; i++) {
        const DeadCause *c = &summary.at[i];
        put_open(&job->data);
        put_text(&job->data, "channel", channel_name(c->channel));
        put_text(&job->data, "cause", c->cause);
        put_num(&job->data, "count", c->count);
        put_time(&job->data, "newestAt", c->newest_ms);
        put_close(&job->data);
    }
    put_array_close(&job->data);
    put_close(&job->data);
    return ST_OK;
}

void admin_dead_summary(Request *rq)
{
    AdminJob *job = admin_job_new(rq, run_summary, NULL);
    if (job) admin_job_send(job, STORE_READ_JOB);
}

/* ---- one ---- */

static void put_event(Buf *out, const Claimed *c)
{
    Buf event;
    buf_init(&event, HTTP_RESPONSE_MAX);
    put_open(&event);
    put_raw(&event, "payload", c->payload);
    put_raw(&event, "variables", c->variables);
    put_close(&event);
    put_raw(out, "event", buf_view(&event));
    buf_done(&event);
}

static void put_part(Buf *out, const char *name, Str text)
{
    put_text(out, name, text.len ? text : (Str){NULL, 0});
}

/* As it would be sent now; what it says instead when it cannot be. */
static void put_content(Buf *out, AdminJob *job, const Claimed *c)
{
    Message m;
    Err why = {""};
    Buf content;
    const Tenant *tenant = snapshot_by_no(job->rq->snapshot, c->line.tenant_no);
    Status st = tenant ? message_render(c, tenant, claimed_template(job->rq->snapshot, tenant, c),
                                        job->arena, &m, &why)
                       : ST_NOT_FOUND;
    if (st != ST_OK) {
        put_text(out, "content", (Str){NULL, 0});
        put_text(out, "contentError", err_view(&why));
        return;
    }
    buf_init(&content, HTTP_RESPONSE_MAX);
    put_open(&content);
    put_part(&content, "from", m.from);
    put_part(&content, "to", m.to);
    put_part(&content, "subject", m.subject);
    put_part(&content, "text", m.text);
    put_part(&content, "html", m.html);
    put_close(&content);
    put_raw(out, "content", buf_view(&content));
    buf_done(&content);
}

static Status run_get(StoreTx *tx, AdminJob *job, Err *err)
{
    const Uuid *id = job->input;
    TenantRow tenant;
    LogRow row;
    AttemptRows attempts;
    ReportRows reports;
    Claimed claimed;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = log_read(tx, tenant.no, *id, job->arena, &row, err);
    if (st == ST_OK && (row.status != DELIVERY_FAILED || row.channel == CHANNEL_PUSH))
        return err_set(err, ST_NOT_FOUND, "Dead letter not found");
    if (st == ST_OK)
        st = attempts_read(tx, tenant.no, row.event_no, row.channel, job->arena, &attempts, err);
    if (st == ST_OK)
        st = reports_read(tx, tenant.no, row.event_no, row.channel, job->arena, &reports, err);
    if (st == ST_OK)
        st = queue_read(tx, job->rq->snapshot, (LineKey){tenant.no, row.channel}, row.event_no,
                        job->arena, &claimed, err);
    if (st != ST_OK) return st;
    Timeline timeline = timeline_of_delivery(&row, job->arena);
    timeline_add_story(&timeline, &row, &attempts, &reports, job->arena);
    put_open(&job->data);
    log_json_members(&job->data, &row, &attempts, &timeline);
    put_event(&job->data, &claimed);
    put_content(&job->data, job, &claimed);
    put_close(&job->data);
    return ST_OK;
}

void admin_dead_get(Request *rq)
{
    Uuid *id = arena_new(&rq->arena, Uuid);
    if (!uuid_parse(rq->params[1], id)) {
        respond_error(rq, 404, S("Dead letter not found"));
        return;
    }
    AdminJob *job = admin_job_new(rq, run_get, id);
    if (job) admin_job_send(job, STORE_READ_JOB);
}
