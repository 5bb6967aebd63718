/* service_accounts.c: .../tenants/{id}/service-accounts: programs of a tenant that trade a secret for
 * a token (api/oidc.c). The secret is shown once and stored as a hash: 32 random bytes need no slow one. */
#include "app/admin/fields.h"
#include "app/admin/job.h"
#include "app/admin/put.h"
#include "app/api/body.h"
#include "app/app.h"
#include "app/http/router.h"
#include "base/base64.h"
#include "domain/tenant/tenant_store.h"

enum { ID_BYTES = 16, SECRET_BYTES = 32, PREFIX_LEN = 3 };

typedef struct Account {
    Str client_id, name;
    Str client_secret; /* {NULL,0}: not told again */
    int64_t created_ms;
} Account;

static void account_json(Buf *out, const Account *account)
{
    put_open(out);
    put_text(out, "clientId", account->client_id);
    if (account->client_secret.at) put_text(out, "clientSecret", account->client_secret);
    put_text(out, "name", account->name);
    put_time(out, "createdAt", account->created_ms);
    put_close(out);
}

/* ---- list: never more than SERVICE_ACCOUNTS_MAX, so there are no pages ---- */

static Status read_accounts(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Rows *ret_rows,
                            Err *err)
{
    return tx_query(tx,
                    "SELECT client_id, name, created_ms FROM service_account WHERE tenant = $1 "
                    "ORDER BY created_ms, client_id LIMIT $2",
                    VALUES(value_int(tenant_no), value_int(SERVICE_ACCOUNTS_MAX)), job->arena,
                    ret_rows, err);
}

static Account account_of(const Rows *rows, uint32_t i)
{
    return (Account){.client_id = rows_text(rows, i, 0),
                     .name = rows_text(rows, i, 1),
                     .created_ms = rows_int(rows, i, 2)};
}

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    Rows rows;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = read_accounts(tx, job, tenant.no, &rows, err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++) {
        const Account account = account_of(&rows, i);
        account_json(&job->data, &account);
    }
    return st;
}

void admin_account_list(Request *rq)
{
    admin_job_list(rq, run_list, NULL);
}

/* ---- create ---- */

/* Prefix and random bytes in base64url. */
static Str make_text(Random *random, const char *prefix, size_t bytes, Arena *arena)
{
    uint8_t raw[SECRET_BYTES];
    char *text = arena_alloc(arena, PREFIX_LEN + BASE64URL_LEN(SECRET_BYTES));
    random_fill(random, raw, bytes);
    memcpy(text, prefix, PREFIX_LEN);
    size_t len = PREFIX_LEN + base64url_encode(raw, bytes, text + PREFIX_LEN);
    secret_wipe(raw, sizeof raw);
    return str_make(text, len);
}

static Status check_room(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Err *err)
{
    Rows rows;
    Status st = read_accounts(tx, job, tenant_no, &rows, err);
    if (st != ST_OK || rows.count < SERVICE_ACCOUNTS_MAX) return st;
    return err_set(err, ST_CONFLICT,
                   "The tenant has %u service accounts already; that is the limit", rows.count);
}

static Status audit(StoreTx *tx, AdminJob *job, uint32_t tenant_no, const char *action,
                    Account account, bool is_new, Err *err)
{
    Buf text;
    account.client_secret = (Str){NULL, 0};
    buf_init(&text, KIB(4));
    account_json(&text, &account);
    Str none = {NULL, 0}, view = buf_view(&text);
    Status st = admin_job_audit_named(tx, job, tenant_no, action, account.client_id,
                                      is_new ? none : view, is_new ? view : none, err);
    buf_done(&text);
    return st;
}

static Status run_create(StoreTx *tx, AdminJob *job, Err *err)
{
    const Account *account = job->input;
    TenantRow tenant;
    Sha256 hash = hash_sha256(account->client_secret);
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = check_room(tx, job, tenant.no, err);
    if (st == ST_OK)
        st = tx_run(tx,
                    "INSERT INTO service_account (client_id, tenant, name, secret_hash, "
                    "created_ms) VALUES ($1, $2, $3, $4, $5)",
                    VALUES(value_text(account->client_id), value_int(tenant.no),
                           value_text(account->name), value_blob(hash.at, sizeof hash.at),
                           value_int(account->created_ms)),
                    NULL, err);
    if (st != ST_OK) return st;
    account_json(&job->data, account);
    return audit(tx, job, tenant.no, "service_account.created", *account, true, err);
}

static bool read_account(Request *rq, Account *account)
{
    static const Str known[] = {STR_INIT("name")};
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    if (fields_open(&f, known, 1)) {
        fields_require(&f, S("name"), "a string");
        fields_line(&f, S("name"), 1, TENANT_NAME_MAX, &account->name);
    }
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_account_create(Request *rq)
{
    Account *account = arena_new(&rq->arena, Account);
    Random *random = &rq->lane->loop->random;
    if (!read_account(rq, account)) return;
    AdminJob *job = admin_job_new(rq, run_create, account);
    if (!job) return;
    account->client_id = make_text(random, "ci_", ID_BYTES, job->arena);
    account->client_secret = make_text(random, "sk_", SECRET_BYTES, job->arena);
    account->created_ms = job->now_ms;
    job->status = 201;
    admin_job_send(job, STORE_WRITE_JOB);
}

/* ---- delete: the next token request reads the table and finds nothing ---- */

static Status find_account(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Account *ret, Err *err)
{
    Rows rows;
    Status st = read_accounts(tx, job, tenant_no, &rows, err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++) {
        if (!str_eq(rows_text(&rows, i, 0), job->rq->params[1])) continue;
        *ret = account_of(&rows, i);
        return ST_OK;
    }
    return st == ST_OK ? err_set(err, ST_NOT_FOUND, "Service account not found") : st;
}

static Status run_delete(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    Account account;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = find_account(tx, job, tenant.no, &account, err);
    if (st == ST_OK)
        st = tx_run(tx, "DELETE FROM service_account WHERE client_id = $1",
                    VALUES(value_text(account.client_id)), NULL, err);
    if (st == ST_OK) st = audit(tx, job, tenant.no, "service_account.deleted", account, false, err);
    buf_lit(&job->data, "{\"deleted\":true}");
    return st;
}

void admin_account_delete(Request *rq)
{
    AdminJob *job = admin_job_new(rq, run_delete, NULL);
    if (job) admin_job_send(job, STORE_WRITE_JOB);
}
