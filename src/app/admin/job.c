#include "app/admin/job.h"

#include "app/admin/audit.h"
#include "app/app.h"
#include "app/http/router.h"

static Status run(StoreTx *tx, StoreJob *store_job, Err *err)
{
    AdminJob *job = CONTAINER_OF(store_job, Errand, job)->extra;
    return job->_run(tx, job, err);
}

static Status put_list(const AdminJob *job, Buf *out)
{
    buf_lit(out, "{\"success\":true,\"data\":[");
    buf_add(out, buf_view(&job->data));
    buf_lit(out, "],\"nextCursor\":");
    if (job->next_cursor.at)
        json_put_string(out, job->next_cursor);
    else
        buf_lit(out, "null");
    buf_add_byte(out, '}');
    return buf_status(out);
}

static void answer_list(AdminJob *job)
{
    Buf out;
    buf_init(&out, HTTP_RESPONSE_MAX);
    Status st = put_list(job, &out);
    if (st == ST_OK)
        respond_json(job->rq, 200, buf_view(&out));
    else
        respond_status(job->rq, st, NULL);
    buf_done(&out);
}

/* The job lies in the request's arena and goes with the answer; its buffer must outlive it. */
void admin_job_answer(AdminJob *job)
{
    Buf data = job->data;
    if (buf_status(&data) != ST_OK)
        respond_status(job->rq, buf_status(&data), NULL);
    else if (job->is_list)
        answer_list(job);
    else
        respond_data(job->rq, job->status, buf_view(&data));
    buf_done(&data);
}

static void back(Request *rq, Errand *e)
{
    AdminJob *job = e->extra;
    Buf data = job->data;
    if (e->call.st == ST_OK) {
        job->then(job);
        return;
    }
    if (job->problems.count)
        respond_problems(rq, &job->problems);
    else
        respond_status(rq, e->call.st, &e->call.err);
    buf_done(&data);
}

/* False, and answered, when an id in the path is no UUID: no thing of ours has such an id. Only a
 * template's is read beside the tenant's; other handlers know what their second parameter is. */
static bool read_path(AdminJob *job)
{
    const Str *params = job->rq->params;
    bool names_template = str_starts(job->rq->route->path,
                                     S("/api/v1/admin/tenants/{id}/templates/{templateId}"));
    bool tenant = !params[0].at || uuid_parse(params[0], &job->tenant_id);
    bool template = !names_template || uuid_parse(params[1], &job->template_id);
    if (!tenant)
        respond_error(job->rq, 404, S("Tenant not found"));
    else if (!template)
        respond_error(job->rq, 404, S("Template not found"));
    return tenant && template;
}

AdminJob *admin_job_new(Request *rq, AdminRun run_it, void *input)
{
    AdminJob *job = arena_new(&rq->arena, AdminJob);
    const App *app = rq->lane->app;
    Str trace_id = request_header(rq, S("x-trace-id"));
    job->rq = rq;
    job->arena = &rq->arena;
    job->input = input;
    job->now_ms = rq->lane->loop->now_ms;
    job->master = app->secrets->master;
    job->actor = str_of(rq->session->username);
    job->trace_id = trace_id.len <= TRACE_ID_MAX ? trace_id : str_head(trace_id, TRACE_ID_MAX);
    job->status = 200;
    job->then = admin_job_answer;
    job->_run = run_it;
    if (!read_path(job)) return NULL;
    buf_init(&job->data, HTTP_RESPONSE_MAX);
    return job;
}

void admin_job_send(AdminJob *job, StoreKind kind)
{
    Errand *e = errand_new(job->rq, back);
    e->extra = job;
    e->job.run = run;
    job->_errand = e;
    errand_send(e, kind);
}

void admin_job_list(Request *rq, AdminRun run_list, void *input)
{
    AdminJob *job = admin_job_new(rq, run_list, input);
    if (!job) return;
    job->is_list = true;
    admin_job_send(job, STORE_READ_JOB);
}

Status admin_job_stage(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Err *err)
{
    Errand *e = job->_errand;
    Status st = registry_stage(errand_registry(e), tx, tenant_no, &e->staged, err);
    e->changes_tenant = st == ST_OK;
    return st;
}

Status admin_job_audit(StoreTx *tx, const AdminJob *job, uint32_t tenant_no, const char *action,
                       Uuid subject, Str before, Str after, Err *err)
{
    char id[UUID_TEXT_LEN];
    uuid_text(subject, id);
    return admin_job_audit_named(tx, job, tenant_no, action, str_make(id, sizeof id), before, after,
                                 err);
}

Status admin_job_audit_named(StoreTx *tx, const AdminJob *job, uint32_t tenant_no,
                             const char *action, Str subject, Str before, Str after, Err *err)
{
    const AuditEntry entry = {.tenant_no = tenant_no,
                              .at_ms = job->now_ms,
                              .actor = job->actor,
                              .action = action,
                              .subject = subject,
                              .trace_id = job->trace_id,
                              .before = before,
                              .after = after};
    return audit_write(tx, &entry, err);
}

Status admin_job_refuse(AdminJob *job, Str problem)
{
    problems_add(&job->problems, problem);
    return ST_INVALID;
}

void admin_job_compact(AdminJob *job)
{
    job->_errand->job.compact = true;
}

bool admin_job_compacted(const AdminJob *job)
{
    return job->_errand->job.ret_compacted;
}
