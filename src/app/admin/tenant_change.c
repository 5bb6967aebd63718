/* tenant_change.c: update, rotate-key, suspend, reactivate: read the row, change it, write it, audit
 * both, stage it. All of them are one function with a different middle.
 *
 * Deleting is a suspension followed by as many small jobs as the tenant's rows need (erase.h); the
 * answer waits for the last. */
#include "app/admin/job.h"
#include "app/admin/tenant_input.h"
#include "app/admin/tenant_json.h"
#include "app/api/body.h"
#include "app/http/router.h"
#include "base/metric.h"
#include "domain/catalog/template_store.h"
#include "domain/schedule/schedule_store.h"
#include "domain/tenant/erase.h"
#include "domain/tenant/tenant_make.h"
#include "domain/tenant/webhook.h"

typedef struct Change {
    const char *action; /* for the audit log */
    Status (*apply)(StoreTx *tx, AdminJob *job, TenantRow *row, Err *err);
    TenantInput given;  /* update */
    Random random;      /* rotate-key: the loop's own may not leave its loop */
    uint32_t overlap_s; /* rotate-key: how long the old key stays valid */
    Erase erase;        /* delete */
} Change;

static Status audit_change(StoreTx *tx, AdminJob *job, const TenantRow *before,
                           const TenantRow *after, Err *err)
{
    const Change *change = job->input;
    Buf was, is;
    buf_init(&was, HTTP_RESPONSE_MAX);
    buf_init(&is, HTTP_RESPONSE_MAX);
    tenant_json(&was, before, KEY_HIDDEN, job->master, job->arena);
    tenant_json(&is, after, KEY_HIDDEN, job->master, job->arena);
    Status st = admin_job_audit(tx, job, after->no, change->action, after->id, buf_view(&was),
                                buf_view(&is), err);
    buf_done(&was);
    buf_done(&is);
    return st;
}

static Status run_change(StoreTx *tx, AdminJob *job, Err *err)
{
    const Change *change = job->input;
    TenantRow before, after;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &before, err);
    if (st != ST_OK) return st;
    after = before;
    st = change->apply(tx, job, &after, err);
    after.updated_ms = job->now_ms;
    if (st == ST_OK) st = tenant_save(tx, &after, err);
    if (st == ST_OK) st = audit_change(tx, job, &before, &after, err);
    if (st != ST_OK) return st;
    tenant_json(&job->data, &after, KEY_WHOLE, job->master, job->arena);
    return admin_job_stage(tx, job, after.no, err);
}

static void send_change(AdminJob *job, const char *action,
                        Status (*apply)(StoreTx *, AdminJob *, TenantRow *, Err *))
{
    Change *change = job->input;
    change->action = action;
    change->apply = apply;
    admin_job_send(job, STORE_WRITE_JOB);
}

static AdminJob *new_change(Request *rq)
{
    return admin_job_new(rq, run_change, arena_new(&rq->arena, Change));
}

/* ---- update ---- */

static Status check_slug(StoreTx *tx, AdminJob *job, const TenantRow *row, Err *err)
{
    const Change *change = job->input;
    TenantRow other;
    if (!change->given.has_slug) return ST_OK;
    Status st = tenant_read_slug(tx, change->given.slug, job->arena, &other, err);
    if (st == ST_NOT_FOUND || (st == ST_OK && other.no == row->no)) return ST_OK;
    if (st != ST_OK) return st;
    return err_set(err, ST_CONFLICT, "The slug %.*s is taken", STR_FMT(change->given.slug));
}

/* A template must never publish to a channel that no longer exists (E.15). */
static Status check_channel_stays(StoreTx *tx, AdminJob *job, const TenantRow *row, Str name,
                                  const Json *kept, Err *err)
{
    TemplateRow user;
    bool found;
    for (JsonRef c = json_first(kept, 0); c != JSON_NONE; c = json_next(kept, 0, c))
        if (json_string_is(kept, c, name)) return ST_OK;
    Status st = template_find_target(tx, row->no, name, job->arena, &found, &user, err);
    if (st != ST_OK || !found) return st;
    return admin_job_refuse(
        job, arena_format(
                 job->arena, "channels must keep %.*s: the %.*s template for %.*s publishes to it",
                 STR_FMT(name), STR_FMT(channel_name(user.channel)), STR_FMT(user.event_type)));
}

static Status check_channels(StoreTx *tx, AdminJob *job, const TenantRow *row, Err *err)
{
    const Change *change = job->input;
    Json had, kept;
    if (!change->given.has_channels) return ST_OK;
    Status st = json_parse(row->channels, job->arena, &had, err);
    if (st == ST_OK) st = json_parse(change->given.channels, job->arena, &kept, err);
    if (st != ST_OK) return st;
    for (JsonRef c = json_first(&had, 0); st == ST_OK && c != JSON_NONE;
         c = json_next(&had, 0, c)) {
        Str name;
        if (json_string(&had, c, job->arena, &name))
            st = check_channel_stays(tx, job, row, name, &kept, err);
    }
    return st;
}

static Status apply_update(StoreTx *tx, AdminJob *job, TenantRow *row, Err *err)
{
    const TenantInput *given = &((const Change *)job->input)->given;
    Status st = check_slug(tx, job, row, err);
    if (st == ST_OK) st = check_channels(tx, job, row, err);
    if (st != ST_OK) return st;
    tenant_input_apply(given, row);
    if (!given->has_webhook) return ST_OK;
    const WebhookChange change = {given->webhook_secret, given->webhook_overlap_s, job->now_ms};
    return webhook_change(row, &change, job->master, job->arena, err);
}

void admin_tenant_update(Request *rq)
{
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    AdminJob *job = new_change(rq);
    if (!job || !request_json(rq, &json) || !body_left_room(rq)) return;
    if (rq->session->role == ROLE_TENANT_ADMIN && !tenant_input_is_own(&json, &rq->arena)) {
        respond_error(rq, 403,
                      S("You may change senderEmail, senderName, channels and "
                        "webhookSecret; the rest is the operator's"));
        return;
    }
    tenant_input_read(&f, &((Change *)job->input)->given);
    if (problems.count)
        respond_problems(rq, &problems);
    else
        send_change(job, "tenant.updated", apply_update);
}

/* ---- rotate-key: the old key is refused from the answer on (ORQ-21), or after the overlap ---- */

static Status apply_rotate(StoreTx *tx, AdminJob *job, TenantRow *row, Err *err)
{
    Change *change = job->input;
    (void)tx;
    (void)err;
    if (change->overlap_s)
        tenant_change_key(row, job->now_ms + change->overlap_s * INT64_C(1000), job->master,
                          &change->random, job->arena);
    else
        tenant_give_key(row, job->master, &change->random, job->arena);
    return ST_OK;
}

/* The body may be left out; a wrong one is answered with 422 and returns false. */
static bool read_overlap(Request *rq, uint32_t *ret_overlap_s)
{
    static const Str known_field[] = {STR_INIT("overlapSeconds")};
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (rq->body.len == 0) return true;
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    if (fields_open(&f, known_field, 1))
        fields_count(&f, known_field[0], KEY_OVERLAP_MAX_S, ret_overlap_s);
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_tenant_rotate_key(Request *rq)
{
    AdminJob *job = new_change(rq);
    if (!job || !read_overlap(rq, &((Change *)job->input)->overlap_s)) return;
    random_init(&((Change *)job->input)->random);
    send_change(job, "tenant.key_rotated", apply_rotate);
}

/* ---- suspend, reactivate ---- */

static Status apply_suspend(StoreTx *tx, AdminJob *job, TenantRow *row, Err *err)
{
    (void)tx;
    (void)job;
    (void)err;
    row->active = false;
    return ST_OK;
}

static Status apply_reactivate(StoreTx *tx, AdminJob *job, TenantRow *row, Err *err)
{
    row->active = true;
    return schedule_release(tx, row->no, job->now_ms, err);
}

void admin_tenant_suspend(Request *rq)
{
    AdminJob *job = new_change(rq);
    if (job) send_change(job, "tenant.suspended", apply_suspend);
}

void admin_tenant_reactivate(Request *rq)
{
    AdminJob *job = new_change(rq);
    if (job) send_change(job, "tenant.reactivated", apply_reactivate);
}

/* ---- delete ---- */

static Status run_erase(StoreTx *tx, AdminJob *job, Err *err)
{
    Change *change = job->input;
    Erase next = change->erase; /* advances only with its commit: see erase_more */
    Status st = erase_step(tx, &next, err);
    if (st == ST_OK && next.done) st = admin_job_stage(tx, job, next.tenant_no, err);
    if (st == ST_OK) change->erase = next;
    return st;
}

static void erase_more(AdminJob *job)
{
    const Change *change = job->input;
    if (change->erase.done) {
        metric_add(METRIC_SCHEDULED_WAITING, -(int64_t)change->erase.schedules);
        buf_clear(&job->data);
        buf_lit(&job->data, "{\"deleted\":true}");
        admin_job_answer(job);
        return;
    }
    job->_run = run_erase;
    admin_job_send(job, STORE_WRITE_JOB);
}

static Status apply_delete(StoreTx *tx, AdminJob *job, TenantRow *row, Err *err)
{
    ((Change *)job->input)->erase.tenant_no = row->no;
    return apply_suspend(tx, job, row, err);
}

void admin_tenant_delete(Request *rq)
{
    AdminJob *job = new_change(rq);
    if (!job) return;
    job->then = erase_more;
    send_change(job, "tenant.deleted", apply_delete);
}
