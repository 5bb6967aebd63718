/* tenants.c: making, listing and reading tenants. Changing them is tenant_change.c. */
#include "app/admin/fields.h"
#include "app/admin/job.h"
#include "app/admin/tenant_input.h"
#include "app/admin/tenant_json.h"
#include "app/api/body.h"
#include "app/http/router.h"
#include "domain/tenant/tenant_make.h"

/* ---- list ---- */

typedef struct ListInput {
    uint32_t limit;
    int64_t before_no;
} ListInput;

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    const ListInput *in = job->input;
    TenantRows rows;
    Status st = tenant_read_before(tx, in->before_no, in->limit + 1, job->arena, &rows, err);
    if (st != ST_OK) return st;
    bool more = rows.count > in->limit;
    if (more) rows.count = in->limit;
    for (uint32_t i = 0; i < rows.count; i++)
        tenant_json(&job->data, &rows.at[i], KEY_LAST4, job->master, job->arena);
    if (more) job->next_cursor = arena_format(job->arena, "%u", rows.at[rows.count - 1].no);
    return ST_OK;
}

void admin_tenant_list(Request *rq)
{
    ListInput *in = arena_new(&rq->arena, ListInput);
    Page page;
    if (!page_read(rq, &page)) return;
    in->limit = page.limit;
    in->before_no = INT64_MAX;
    if (page.cursor.at && !str_to_i64(page.cursor, &in->before_no)) {
        page_refuse_cursor(rq);
        return;
    }
    admin_job_list(rq, run_list, in);
}

/* ---- get ---- */

static Status run_get(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow row;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &row, err);
    if (st == ST_OK) tenant_json(&job->data, &row, KEY_WHOLE, job->master, job->arena);
    return st;
}

void admin_tenant_get(Request *rq)
{
    AdminJob *job = admin_job_new(rq, run_get, NULL);
    if (job) admin_job_send(job, STORE_READ_JOB);
}

/* ---- create ---- */

enum { SLUG_TRIES = 20, SUFFIX_MAX = 12 };

typedef struct CreateInput {
    TenantInput given;
    TenantRow row;
    uint32_t luck; /* for a slug that twenty others have */
} CreateInput;

static Status slug_is_free(StoreTx *tx, Str slug, Arena *arena, bool *ret_free, Err *err)
{
    TenantRow other;
    Status st = tenant_read_slug(tx, slug, arena, &other, err);
    if (st != ST_OK && st != ST_NOT_FOUND) return st;
    *ret_free = st == ST_NOT_FOUND;
    return ST_OK;
}

/* "blue-door", "blue-door-2", ... and at last a random end. */
static Status find_slug(StoreTx *tx, AdminJob *job, Str *ret_slug, Err *err)
{
    const CreateInput *in = job->input;
    Str base = slug_from(in->given.name, job->arena);
    Str stem = str_head(base, SLUG_MAX - SUFFIX_MAX);
    Str slug = base;
    bool is_free = false;
    for (unsigned i = 2;; i++) {
        Status st = slug_is_free(tx, slug, job->arena, &is_free, err);
        if (st != ST_OK) return st;
        if (is_free) break;
        if (i > SLUG_TRIES + 1) return err_set(err, ST_CONFLICT, "No free slug; please give one");
        slug = i <= SLUG_TRIES ? arena_format(job->arena, "%.*s-%u", STR_FMT(stem), i)
                               : arena_format(job->arena, "%.*s-%08x", STR_FMT(stem), in->luck);
    }
    *ret_slug = slug;
    return ST_OK;
}

static Status choose_slug(StoreTx *tx, AdminJob *job, Err *err)
{
    CreateInput *in = job->input;
    bool is_free;
    if (!in->given.has_slug) return find_slug(tx, job, &in->row.slug, err);
    Status st = slug_is_free(tx, in->given.slug, job->arena, &is_free, err);
    if (st != ST_OK || is_free) return st;
    return err_set(err, ST_CONFLICT, "The slug %.*s is taken", STR_FMT(in->given.slug));
}

static Status check_room(StoreTx *tx, AdminJob *job, Err *err)
{
    uint32_t count;
    Status st = tenant_count(tx, job->arena, &count, err);
    if (st != ST_OK || count < TENANTS_MAX) return st;
    return err_set(err, ST_CONFLICT, "There are %u tenants already; that is the limit", count);
}

static Status run_create(StoreTx *tx, AdminJob *job, Err *err)
{
    CreateInput *in = job->input;
    Buf audited;
    Status st = check_room(tx, job, err);
    if (st == ST_OK) st = choose_slug(tx, job, err);
    if (st == ST_OK) st = tenant_insert(tx, &in->row, err);
    if (st != ST_OK) return st;

    buf_init(&audited, HTTP_RESPONSE_MAX);
    tenant_json(&audited, &in->row, KEY_HIDDEN, job->master, job->arena);
    tenant_json(&job->data, &in->row, KEY_WHOLE, job->master, job->arena);
    st = admin_job_audit(tx, job, in->row.no, "tenant.created", in->row.id, (Str){NULL, 0},
                         buf_view(&audited), err);
    buf_done(&audited);
    return st == ST_OK ? admin_job_stage(tx, job, in->row.no, err) : st;
}

static bool read_create(Request *rq, CreateInput *in)
{
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    tenant_input_read(&f, &in->given);
    if (json_is(&json, 0, JSON_OBJECT)) fields_require(&f, S("name"), "a string");
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_tenant_create(Request *rq)
{
    CreateInput *in = arena_new(&rq->arena, CreateInput);
    Random *random = &rq->lane->loop->random;
    if (!read_create(rq, in)) return;
    AdminJob *job = admin_job_new(rq, run_create, in);
    if (!job) return;
    in->luck = (uint32_t)random_u64(random);
    in->row = tenant_make(in->given.name, S(""), job->now_ms, job->master, random, job->arena);
    tenant_input_apply(&in->given, &in->row);
    if (in->given.webhook_secret.at)
        in->row.webhook_sealed = vault_seal(job->master, in->row.id, SECRET_WEBHOOK,
                                            in->given.webhook_secret, job->arena);
    job->status = 201;
    admin_job_send(job, STORE_WRITE_JOB);
}
