/* templates.c: listing, reading and making templates. Changing them is template_change.c. */
#include "app/admin/fields.h"
#include "app/admin/job.h"
#include "app/admin/template_fields.h"
#include "app/admin/template_json.h"
#include "app/api/body.h"
#include "app/http/router.h"

/* ---- list ---- */

enum {
    LIST_STEP = 8,           /* templates read at once: each may hold 256 KiB */
    LIST_BYTES_MAX = MIB(3), /* a page ends early beyond this, and says so by its cursor */
    STEP_ARENA_MAX = 2 * LIST_STEP * (TEMPLATE_SOURCE_MAX + TITLE_MAX),
};

typedef struct ListInput {
    uint32_t limit;
    Uuid before;
} ListInput;

/* One more than is shown, to know whether there is more. */
static Status list_step(StoreTx *tx, AdminJob *job, uint32_t tenant_no, ListInput *in,
                        bool *ret_more, Err *err)
{
    Arena step;
    TemplateRows rows;
    uint32_t wanted = in->limit < LIST_STEP ? in->limit : LIST_STEP;
    arena_init(&step, STEP_ARENA_MAX);
    Status st = template_read_before(tx, tenant_no, in->before, wanted + 1, &step, &rows, err);
    if (st == ST_OK) {
        *ret_more = rows.count > wanted;
        uint32_t count = *ret_more ? wanted : rows.count;
        for (uint32_t i = 0; i < count; i++) template_json(&job->data, &rows.at[i]);
        if (count) in->before = rows.at[count - 1].id;
        in->limit -= count;
    }
    arena_done(&step);
    return st;
}

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    ListInput *in = job->input;
    TenantRow tenant;
    bool more = true;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    while (st == ST_OK && more && in->limit && buf_len(&job->data) < LIST_BYTES_MAX)
        st = list_step(tx, job, tenant.no, in, &more, err);
    if (st == ST_OK && more) {
        char cursor[UUID_TEXT_LEN];
        uuid_text(in->before, cursor);
        job->next_cursor = arena_format(job->arena, "%.*s", UUID_TEXT_LEN, cursor);
    }
    return st;
}

void admin_template_list(Request *rq)
{
    ListInput *in = arena_new(&rq->arena, ListInput);
    Page page;
    if (!page_read(rq, &page)) return;
    in->limit = page.limit;
    memset(in->before.at, 0xff, sizeof in->before.at);
    if (page.cursor.at && !uuid_parse(page.cursor, &in->before)) {
        page_refuse_cursor(rq);
        return;
    }
    admin_job_list(rq, run_list, in);
}

/* ---- get ---- */

static Status run_get(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    TemplateRow row;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = template_read(tx, tenant.no, job->template_id, job->arena, &row, err);
    if (st == ST_OK) template_json(&job->data, &row);
    return st;
}

void admin_template_get(Request *rq)
{
    AdminJob *job = admin_job_new(rq, run_get, NULL);
    if (job) admin_job_send(job, STORE_READ_JOB);
}

/* ---- create ---- */

typedef struct CreateInput {
    TemplateFields given;
    TemplateRow row;
} CreateInput;

static Status check_room(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Err *err)
{
    uint32_t count;
    Status st = template_count(tx, tenant_no, job->arena, &count, err);
    if (st != ST_OK || count < TENANT_TEMPLATES_MAX) return st;
    return err_set(err, ST_CONFLICT, "The tenant has %u templates already; that is the limit",
                   count);
}

static Status insert(StoreTx *tx, const TemplateRow *row, Err *err)
{
    Status st = template_insert(tx, row, err);
    if (st == ST_CONFLICT)
        return err_set(err, ST_CONFLICT,
                       "There is a template for %.*s on %.*s already; change that one",
                       STR_FMT(row->event_type), STR_FMT(channel_name(row->channel)));
    return st == ST_OK ? template_keep_version(tx, row, err) : st;
}

static Status run_create(StoreTx *tx, AdminJob *job, Err *err)
{
    CreateInput *in = job->input;
    TenantRow tenant;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = check_room(tx, job, tenant.no, err);
    if (st != ST_OK) return st;
    template_row_check(&in->row, &tenant, job->arena, &job->problems);
    if (job->problems.count) return ST_INVALID;
    in->row.tenant_no = tenant.no;
    st = insert(tx, &in->row, err);
    if (st != ST_OK) return st;
    template_json(&job->data, &in->row);
    st = admin_job_audit(tx, job, tenant.no, "template.created", in->row.id, (Str){NULL, 0},
                         buf_view(&job->data), err);
    return st == ST_OK ? admin_job_stage(tx, job, tenant.no, err) : st;
}

static bool read_create(Request *rq, CreateInput *in)
{
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    fields_require(&f, S("eventType"), "a string");
    fields_require(&f, S("channel"), "one of the following values: EMAIL, SMS, PUSH");
    fields_require(&f, S("body"), "a string");
    template_fields_read(&f, &in->given);
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_template_create(Request *rq)
{
    CreateInput *in = arena_new(&rq->arena, CreateInput);
    if (!read_create(rq, in)) return;
    AdminJob *job = admin_job_new(rq, run_create, in);
    if (!job) return;
    /* Active unless told otherwise (RT-18): who makes a template by a call expects it to fire. */
    in->row = (TemplateRow){.id = uuid_v7(job->now_ms, &rq->lane->loop->random),
                            .format = template_format_default(in->given.channel),
                            .subject = S(""),
                            .target_channel = S(""),
                            .version = 1,
                            .active = true,
                            .created_ms = job->now_ms,
                            .updated_ms = job->now_ms};
    template_fields_apply(&in->given, &in->row);
    job->status = 201;
    admin_job_send(job, STORE_WRITE_JOB);
}
