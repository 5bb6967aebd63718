/* providers.c: who sends a tenant's e-mails and SMS (ORQ-27).
 *
 * baseUrl is the operator's alone (threat 18): a tenant's admin may name a vendor, not a machine. What a
 * tenant's admin can name, a webhook's URL or a mail server, is guarded when it is saved, which says why
 * at once, and when it is called, which sees what the name has come to mean. The audit log has what the API
 * shows: no secret. */
#include "app/admin/job.h"
#include "app/admin/provider_input.h"
#include "app/api/body.h"
#include "app/app.h"
#include "app/http/router.h"
#include "domain/tenant/tenant_store.h"

enum { PRIORITY_DEFAULT = 100 };

typedef struct ProviderJob {
    const ProviderKinds *kinds;
    Str public_url;
    const OutboundPolicy *outbound;
    Uuid id; /* of the path, or new */
    bool is_operator;
    const Json *json;
    ProviderInput input;
} ProviderJob;

static ProviderJob *job_new(Request *rq)
{
    ProviderJob *p = arena_new(&rq->arena, ProviderJob);
    p->kinds = rq->lane->app->provider_kinds;
    p->public_url = rq->lane->app->config->public_url;
    p->outbound = &rq->lane->app->outbound;
    p->is_operator = rq->session->role == ROLE_OPERATOR;
    return p;
}

/* NULL, and answered, when the second id of the path is none. */
static ProviderJob *job_of_path(Request *rq)
{
    ProviderJob *p = job_new(rq);
    if (uuid_parse(rq->params[1], &p->id)) return p;
    respond_error(rq, 404, S("Provider not found"));
    return NULL;
}

/* NULL when they cannot be opened. */
static const Credentials *opened(const AdminJob *job, const ProviderRow *row,
                                 const ProviderKind *kind)
{
    Str json;
    Credentials *c = arena_try(job->arena, sizeof *c);
    if (!c || !kind ||
        provider_open(job->master, job->tenant_id, row->id, row->credentials_sealed, job->arena,
                      &json, NULL) != ST_OK ||
        !credentials_parse(kind, json, job->arena, c))
        return NULL;
    return c;
}

/* Without the setting public_url the path alone: whoever set up the proxy knows what stands before it. */
static Str webhook_url(const AdminJob *job, const ProviderRow *row, const ProviderKind *kind)
{
    const ProviderJob *p = job->input;
    Str hook;
    if (!kind || !kind->report ||
        provider_hook_open(job->master, job->tenant_id, row, job->arena, &hook, NULL) != ST_OK)
        return (Str){NULL, 0};
    return provider_hook_url(p->public_url, row->kind, hook, job->arena);
}

static void put_provider(Buf *out, const AdminJob *job, const ProviderRow *row)
{
    const ProviderJob *p = job->input;
    const ProviderKind *kind = provider_kind_find(p->kinds, row->kind);
    provider_json(out, row, kind, opened(job, row, kind), webhook_url(job, row, kind));
}

static void put_for_audit(Buf *out, const AdminJob *job, const ProviderRow *row)
{
    const ProviderJob *p = job->input;
    const ProviderKind *kind = provider_kind_find(p->kinds, row->kind);
    buf_init(out, HTTP_RESPONSE_MAX);
    provider_json(out, row, kind, opened(job, row, kind), (Str){NULL, 0});
}

static Status audit(StoreTx *tx, const AdminJob *job, uint32_t tenant_no, const char *action,
                    const Buf *before, const ProviderRow *after, Err *err)
{
    Buf now = {0};
    const ProviderJob *p = job->input;
    if (after) put_for_audit(&now, job, after);
    Status st = admin_job_audit(tx, job, tenant_no, action, p->id,
                                before ? buf_view(before) : (Str){NULL, 0},
                                after ? buf_view(&now) : (Str){NULL, 0}, err);
    buf_done(&now);
    return st;
}

/* One made before there were hooks gets its own with the next change. */
static void make_hook(const AdminJob *job, ProviderRow *row)
{
    Random random;
    random_init(&random);
    if (!row->hook_sealed.at)
        provider_hook_make(job->master, job->tenant_id, row, &random, job->arena);
}

static Status read_one(StoreTx *tx, AdminJob *job, TenantRow *ret_tenant, ProviderRow *ret_row,
                       Err *err)
{
    const ProviderJob *p = job->input;
    Status st = tenant_read(tx, job->tenant_id, job->arena, ret_tenant, err);
    return st == ST_OK ? provider_read(tx, ret_tenant->no, p->id, job->arena, ret_row, err) : st;
}

/* ---- list, get ---- */

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    ProviderRows rows;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = provider_read_all(tx, tenant.no, job->arena, &rows, err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++)
        put_provider(&job->data, job, &rows.at[i]);
    return st;
}

void admin_provider_list(Request *rq)
{
    admin_job_list(rq, run_list, job_new(rq)); /* TENANT_PROVIDERS_MAX: always one page */
}

static Status run_get(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    ProviderRow row;
    Status st = read_one(tx, job, &tenant, &row, err);
    if (st == ST_OK) put_provider(&job->data, job, &row);
    return st;
}

void admin_provider_get(Request *rq)
{
    ProviderJob *p = job_of_path(rq);
    AdminJob *job = p ? admin_job_new(rq, run_get, p) : NULL;
    if (job) admin_job_send(job, STORE_READ_JOB);
}

/* ---- create, change ---- */

static Status seal_credentials(AdminJob *job, ProviderRow *row, const ProviderKind *kind,
                               const Credentials *credentials, Err *err)
{
    Buf json;
    buf_init(&json, PROVIDER_FIELDS_MAX * 7 * CREDENTIAL_BYTES_MAX);
    credentials_put(&json, kind, credentials);
    Status st = buf_status(&json);
    if (st == ST_OK)
        row->credentials_sealed = provider_seal(job->master, job->tenant_id, row->id,
                                                buf_view(&json), job->arena);
    row->key_id = seal_key_id(job->master);
    secret_wipe((void *)(uintptr_t)buf_view(&json).at, buf_len(&json));
    buf_done(&json);
    return st == ST_OK ? st : err_set(err, st, "the credentials are too long");
}

static Status name_taken(Status st, const ProviderRow *row, Err *err)
{
    if (st != ST_CONFLICT) return st;
    return err_set(err, ST_CONFLICT, "There is a provider named %.*s already", STR_FMT(row->name));
}

static void apply(const ProviderInput *in, ProviderRow *row)
{
    if (in->has_name) row->name = in->name;
    if (in->has_base_url) row->base_url = in->base_url;
    if (in->has_priority) row->priority = in->priority;
    if (in->has_active) row->active = in->active;
}

static Status check_room(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Err *err)
{
    ProviderRows rows;
    Status st = provider_read_all(tx, tenant_no, job->arena, &rows, err);
    if (st != ST_OK || rows.count < TENANT_PROVIDERS_MAX) return st;
    return err_set(err, ST_CONFLICT, "The tenant has %d providers already; that is the limit",
                   TENANT_PROVIDERS_MAX);
}

static Status run_create(StoreTx *tx, AdminJob *job, Err *err)
{
    ProviderJob *p = job->input;
    TenantRow tenant;
    ProviderRow row = {.id = p->id,
                       .channel = p->input.channel,
                       .kind = p->input.kind->name,
                       .base_url = S(""),
                       .priority = PRIORITY_DEFAULT,
                       .active = true,
                       .created_ms = job->now_ms,
                       .updated_ms = job->now_ms};
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = check_room(tx, job, tenant.no, err);
    if (st != ST_OK) return st;
    row.tenant_no = tenant.no;
    apply(&p->input, &row);
    st = seal_credentials(job, &row, p->input.kind, &p->input.credentials, err);
    make_hook(job, &row);
    if (st == ST_OK) st = name_taken(provider_insert(tx, &row, err), &row, err);
    if (st != ST_OK) return st;
    put_provider(&job->data, job, &row);
    st = audit(tx, job, tenant.no, "provider.created", NULL, &row, err);
    return st == ST_OK ? admin_job_stage(tx, job, tenant.no, err) : st;
}

static void refuse_base_url(const Fields *f, const ProviderJob *p)
{
    if (p->input.has_base_url && p->input.base_url.len && !p->is_operator)
        fields_problem(f, "baseUrl may be set by an operator only");
}

static bool read_create(Request *rq, ProviderJob *p)
{
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    fields_require(&f, S("name"), "a string");
    fields_require(&f, S("channel"), "one of the following values: EMAIL, SMS");
    fields_require(&f, S("kind"), "a string");
    provider_input_read(&f, p->kinds, NULL, p->outbound, &p->input);
    refuse_base_url(&f, p);
    if (p->input.kind && p->input.has_channel)
        provider_check(&f, p->input.kind, p->input.channel, &p->input.credentials);
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_provider_create(Request *rq)
{
    ProviderJob *p = job_new(rq);
    if (!read_create(rq, p)) return;
    p->id = uuid_v7(rq->lane->loop->now_ms, &rq->lane->loop->random);
    AdminJob *job = admin_job_new(rq, run_create, p);
    if (!job) return;
    job->status = 201;
    admin_job_send(job, STORE_WRITE_JOB);
}

/* What is not named stays, credential by credential; null takes one away. */
static void merge(Credentials *into, const ProviderKind *kind, const ProviderInput *in)
{
    for (uint32_t i = 0, count = provider_field_count(kind); i < count; i++)
        if (in->given[i]) into->value[i] = in->credentials.value[i];
}

static Status change_credentials(AdminJob *job, const Fields *f, ProviderRow *row, Err *err)
{
    ProviderJob *p = job->input;
    const ProviderKind *kind = provider_kind_find(p->kinds, row->kind);
    const Credentials *before = opened(job, row, kind);
    Credentials after;
    if (!p->input.has_credentials || !kind) return ST_OK;
    for (uint32_t i = 0; i < PROVIDER_FIELDS_MAX; i++)
        after.value[i] = before ? before->value[i] : S("");
    merge(&after, kind, &p->input);
    provider_check(f, kind, row->channel, &after);
    return f->problems->count ? ST_INVALID : seal_credentials(job, row, kind, &after, err);
}

/* The body is read here, because only the row says which kind's fields it may name. */
static Status read_change(AdminJob *job, const Fields *f, const ProviderRow *row)
{
    ProviderJob *p = job->input;
    provider_input_read(f, p->kinds, provider_kind_find(p->kinds, row->kind), p->outbound,
                        &p->input);
    refuse_base_url(f, p);
    if (p->input.has_channel && p->input.channel != row->channel)
        fields_problem(f, "channel cannot be changed; make another provider");
    if (p->input.has_kind && !str_eq(p->input.kind->name, row->kind))
        fields_problem(f, "kind cannot be changed; make another provider");
    return f->problems->count ? ST_INVALID : ST_OK;
}

static Status run_update(StoreTx *tx, AdminJob *job, Err *err)
{
    ProviderJob *p = job->input;
    const Fields f = {p->json, job->arena, &job->problems};
    TenantRow tenant;
    ProviderRow row;
    Buf before;
    Status st = read_one(tx, job, &tenant, &row, err);
    if (st == ST_OK) st = read_change(job, &f, &row);
    if (st != ST_OK) return st;
    put_for_audit(&before, job, &row);
    make_hook(job, &row);
    apply(&p->input, &row);
    /* Later than before, also within a millisecond: whoever remembers it as broken looks at this. */
    row.updated_ms = job->now_ms > row.updated_ms ? job->now_ms : row.updated_ms + 1;
    st = change_credentials(job, &f, &row, err);
    if (st == ST_OK) st = name_taken(provider_save(tx, &row, err), &row, err);
    if (st == ST_OK) {
        put_provider(&job->data, job, &row);
        st = audit(tx, job, tenant.no, "provider.updated", &before, &row, err);
    }
    buf_done(&before);
    return st == ST_OK ? admin_job_stage(tx, job, tenant.no, err) : st;
}

void admin_provider_update(Request *rq)
{
    Json *json = arena_new(&rq->arena, Json);
    ProviderJob *p = job_of_path(rq);
    if (!p || !request_json(rq, json) || !body_left_room(rq)) return;
    p->json = json;
    AdminJob *job = admin_job_new(rq, run_update, p);
    if (job) admin_job_send(job, STORE_WRITE_JOB);
}

/* ---- delete ---- */

static Status run_delete(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    ProviderRow row;
    Buf before;
    Status st = read_one(tx, job, &tenant, &row, err);
    if (st == ST_OK) st = provider_delete(tx, tenant.no, row.id, err);
    if (st != ST_OK) return st;
    put_for_audit(&before, job, &row);
    st = audit(tx, job, tenant.no, "provider.deleted", &before, NULL, err);
    buf_done(&before);
    buf_lit(&job->data, "{\"deleted\":true}");
    return st == ST_OK ? admin_job_stage(tx, job, tenant.no, err) : st;
}

void admin_provider_delete(Request *rq)
{
    ProviderJob *p = job_of_path(rq);
    AdminJob *job = p ? admin_job_new(rq, run_delete, p) : NULL;
    if (job) admin_job_send(job, STORE_WRITE_JOB);
}
