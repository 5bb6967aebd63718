/* template_change.c: PATCH and DELETE.
 *
 * A change of what is said makes the next version and files it beside the earlier ones; switching a
 * template on or off does not. The channel stays: deliveries and their statistics hang on it. */
#include "app/admin/job.h"
#include "app/admin/template_fields.h"
#include "app/admin/template_json.h"
#include "app/api/body.h"
#include "app/http/router.h"

static Status read_both(StoreTx *tx, AdminJob *job, TenantRow *ret_tenant, TemplateRow *ret_row,
                        Err *err)
{
    Status st = tenant_read(tx, job->tenant_id, job->arena, ret_tenant, err);
    if (st != ST_OK) return st;
    return template_read(tx, ret_tenant->no, job->template_id, job->arena, ret_row, err);
}

static Str as_json(const TemplateRow *row, Buf *buf)
{
    buf_init(buf, HTTP_RESPONSE_MAX);
    template_json(buf, row);
    return buf_view(buf);
}

static bool says_the_same(const TemplateRow *a, const TemplateRow *b)
{
    return str_eq(a->event_type, b->event_type) && a->format == b->format &&
           str_eq(a->subject, b->subject) && str_eq(a->body, b->body) &&
           str_eq(a->target_channel, b->target_channel) && a->at_most_once == b->at_most_once;
}

static Status save(StoreTx *tx, const TemplateRow *before, TemplateRow *after, Err *err)
{
    bool same = says_the_same(before, after);
    if (!same) after->version++;
    Status st = template_save(tx, after, err);
    if (st == ST_CONFLICT)
        return err_set(err, ST_CONFLICT,
                       "There is a template for %.*s on %.*s already; change that one",
                       STR_FMT(after->event_type), STR_FMT(channel_name(after->channel)));
    return st == ST_OK && !same ? template_keep_version(tx, after, err) : st;
}

/* ---- PATCH ---- */

static Status run_update(StoreTx *tx, AdminJob *job, Err *err)
{
    const TemplateFields *given = job->input;
    TenantRow tenant;
    TemplateRow before, after;
    Buf was;
    Status st = read_both(tx, job, &tenant, &before, err);
    if (st != ST_OK) return st;
    after = before;
    template_fields_apply(given, &after);
    after.updated_ms = job->now_ms;
    template_row_check(&after, &tenant, job->arena, &job->problems);
    if (after.channel != before.channel)
        problems_add(&job->problems, S("channel cannot be changed; make another template"));
    if (job->problems.count) return ST_INVALID;
    st = save(tx, &before, &after, err);
    if (st != ST_OK) return st;
    template_json(&job->data, &after);
    st = admin_job_audit(tx, job, tenant.no, "template.updated", after.id, as_json(&before, &was),
                         buf_view(&job->data), err);
    buf_done(&was);
    return st == ST_OK ? admin_job_stage(tx, job, tenant.no, err) : st;
}

void admin_template_update(Request *rq)
{
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    TemplateFields *given = arena_new(&rq->arena, TemplateFields);
    AdminJob *job = admin_job_new(rq, run_update, given);
    if (!job || !request_json(rq, &json) || !body_left_room(rq)) return;
    template_fields_read(&f, given);
    if (problems.count)
        respond_problems(rq, &problems);
    else
        admin_job_send(job, STORE_WRITE_JOB);
}

/* ---- DELETE ---- */

static Status run_delete(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    TemplateRow row;
    Buf was;
    Status st = read_both(tx, job, &tenant, &row, err);
    if (st == ST_OK) st = template_delete(tx, tenant.no, row.id, err);
    if (st != ST_OK) return st;
    st = admin_job_audit(tx, job, tenant.no, "template.deleted", row.id, as_json(&row, &was),
                         (Str){NULL, 0}, err);
    buf_done(&was);
    buf_lit(&job->data, "{\"deleted\":true}");
    return st == ST_OK ? admin_job_stage(tx, job, tenant.no, err) : st;
}

void admin_template_delete(Request *rq)
{
    AdminJob *job = admin_job_new(rq, run_delete, NULL);
    if (job) admin_job_send(job, STORE_WRITE_JOB);
}
