/* members.c: the admins of a tenant, kept by the operator: .../tenants/{id}/admins.
 *
 *   create   reader: hash the password      writer: add the user, audit
 *   delete   writer: user and sessions go, audit      loop: the sessions are dead, then the answer
 *
 * A username is one person's in the whole server, because sign-in asks for nothing else. */
#include "app/admin/fields.h"
#include "app/admin/job.h"
#include "app/admin/login_gate.h"
#include "app/admin/put.h"
#include "app/admin/session_store.h"
#include "app/api/body.h"
#include "app/app.h"
#include "app/http/router.h"
#include "domain/tenant/tenant_store.h"

typedef struct Member {
    Str username, password;
    LoginGate *gate;
    AdminUser user;
    int64_t created_ms;
} Member;

static void member_json(Buf *out, const Member *member, Uuid tenant_id)
{
    put_open(out);
    put_text(out, "username", member->username);
    put_text(out, "role", role_name(ROLE_TENANT_ADMIN));
    put_id(out, "tenantId", tenant_id);
    put_flag(out, "mustReset", member->user.must_reset);
    put_time(out, "createdAt", member->created_ms);
    put_close(out);
}

/* ---- list: never more than TENANT_ADMINS_MAX, so there are no pages ---- */

static Status read_members(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Rows *ret_rows, Err *err)
{
    return tx_query(tx,
                    "SELECT username, must_reset, created_ms FROM admin_user WHERE tenant = $1 "
                    "ORDER BY username LIMIT $2",
                    VALUES(value_int(tenant_no), value_int(TENANT_ADMINS_MAX)), job->arena,
                    ret_rows, err);
}

static Status run_list(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    Rows rows;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = read_members(tx, job, tenant.no, &rows, err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++) {
        const Member member = {.username = rows_text(&rows, i, 0),
                               .user.must_reset = rows_int(&rows, i, 1) != 0,
                               .created_ms = rows_int(&rows, i, 2)};
        member_json(&job->data, &member, tenant.id);
    }
    return st;
}

void admin_members_list(Request *rq)
{
    admin_job_list(rq, run_list, NULL);
}

/* ---- create ---- */

static Status run_hash(StoreTx *tx, AdminJob *job, Err *err)
{
    Member *member = job->input;
    TenantRow tenant;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st != ST_OK) return st;
    if (!login_gate_enter(member->gate))
        return err_set(err, ST_LIMITED, "Too many passwords at once. Try again");
    st = password_hash(member->password, &member->user.hash, err);
    login_gate_leave(member->gate);
    secret_wipe((void *)(uintptr_t)member->password.at, member->password.len);
    return st;
}

static Status check_room(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Err *err)
{
    Rows rows;
    Status st = read_members(tx, job, tenant_no, &rows, err);
    if (st != ST_OK || rows.count < TENANT_ADMINS_MAX) return st;
    return err_set(err, ST_CONFLICT, "The tenant has %u admins already; that is the limit",
                   rows.count);
}

static Status check_name(StoreTx *tx, Str username, Err *err)
{
    AdminUser other;
    Status st = admin_user_read(tx, username, &other, err);
    if (st == ST_NOT_FOUND) return ST_OK;
    if (st != ST_OK) return st;
    return err_set(err, ST_CONFLICT, "The username %.*s is taken", STR_FMT(username));
}

static Status run_insert(StoreTx *tx, AdminJob *job, Err *err)
{
    Member *member = job->input;
    TenantRow tenant;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = check_room(tx, job, tenant.no, err);
    if (st == ST_OK) st = check_name(tx, member->username, err);
    if (st != ST_OK) return st;
    member->user.role = ROLE_TENANT_ADMIN;
    member->user.tenant_no = tenant.no;
    st = admin_user_write(tx, member->username, &member->user, job->now_ms, err);
    if (st != ST_OK) return st;
    member_json(&job->data, member, tenant.id);
    return admin_job_audit_named(tx, job, tenant.no, "admin.created", member->username,
                                 (Str){NULL, 0}, buf_view(&job->data), err);
}

static void go_insert(AdminJob *job)
{
    job->_run = run_insert;
    job->then = admin_job_answer;
    admin_job_send(job, STORE_WRITE_JOB);
}

static bool read_member(Request *rq, Member *member)
{
    static const Str known[] = {STR_INIT("username"), STR_INIT("password"), STR_INIT("mustReset")};
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    if (fields_open(&f, known, 3)) {
        fields_require(&f, S("username"), "a string");
        fields_require(&f, S("password"), "a string");
        fields_line(&f, S("username"), 1, USERNAME_MAX, &member->username);
        fields_text(&f, S("password"), PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX, &member->password);
        fields_flag(&f, S("mustReset"), &member->user.must_reset);
    }
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

void admin_member_create(Request *rq)
{
    Member *member = arena_new(&rq->arena, Member);
    if (!read_member(rq, member)) return;
    AdminJob *job = admin_job_new(rq, run_hash, member);
    if (!job) return;
    member->gate = rq->lane->app->logins;
    member->created_ms = job->now_ms;
    job->status = 201;
    job->then = go_insert;
    admin_job_send(job, STORE_READ_JOB);
}

/* ---- delete ---- */

static Status find_member(StoreTx *tx, AdminJob *job, uint32_t tenant_no, Member *ret, Err *err)
{
    Str username = job->rq->params[1];
    Rows rows;
    Status st = read_members(tx, job, tenant_no, &rows, err);
    for (uint32_t i = 0; st == ST_OK && i < rows.count; i++) {
        if (!str_eq(rows_text(&rows, i, 0), username)) continue;
        *ret = (Member){.username = username,
                        .user.must_reset = rows_int(&rows, i, 1) != 0,
                        .created_ms = rows_int(&rows, i, 2)};
        return ST_OK;
    }
    return st == ST_OK ? err_set(err, ST_NOT_FOUND, "Admin not found") : st;
}

static Status audit_deletion(StoreTx *tx, AdminJob *job, const TenantRow *tenant,
                             const Member *member, Err *err)
{
    Buf was;
    buf_init(&was, KIB(4));
    member_json(&was, member, tenant->id);
    Status st = admin_job_audit_named(tx, job, tenant->no, "admin.deleted", member->username,
                                      buf_view(&was), (Str){NULL, 0}, err);
    buf_done(&was);
    return st;
}

static Status run_delete(StoreTx *tx, AdminJob *job, Err *err)
{
    TenantRow tenant;
    Member member;
    Status st = tenant_read(tx, job->tenant_id, job->arena, &tenant, err);
    if (st == ST_OK) st = find_member(tx, job, tenant.no, &member, err);
    if (st == ST_OK)
        st = tx_run(tx, "DELETE FROM admin_user WHERE username = $1",
                    VALUES(value_text(member.username)), NULL, err);
    if (st == ST_OK) st = session_delete_user(tx, member.username, INT64_MAX, err);
    if (st == ST_OK) st = audit_deletion(tx, job, &tenant, &member, err);
    buf_lit(&job->data, "{\"deleted\":true}");
    return st;
}

static void sign_out(AdminJob *job)
{
    const Lane *lane = job->rq->lane;
    int64_t all_ms = lane->loop->now_ms + 60000; /* loops differ by a turn */
    sessions_remove_user(lane->app->sessions, job->rq->params[1], all_ms);
    admin_job_answer(job);
}

void admin_member_delete(Request *rq)
{
    AdminJob *job = admin_job_new(rq, run_delete, NULL);
    if (!job) return;
    job->then = sign_out;
    admin_job_send(job, STORE_WRITE_JOB);
}
