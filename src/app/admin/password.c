/* password.c: POST /api/v1/admin/auth/password: a signed-in admin chooses a new password.
 *
 *   reader   argon2id twice: does the current one fit, what is the new one's hash
 *   writer   the user has it, other sessions are gone, audit
 *   loop     the same in memory, answer; this session goes on
 *
 * Failures count like failed sign-ins: a stolen session must not be a way to guess the password. */
#include "app/admin/fields.h"
#include "app/admin/job.h"
#include "app/admin/login_gate.h"
#include "app/admin/operator.h"
#include "app/admin/session_store.h"
#include "app/api/body.h"
#include "app/app.h"
#include "app/http/router.h"

typedef struct PasswordChange {
    Str current, wanted;
    LoginGate *gate;
    uint64_t mono_ms;
    AdminUser user; /* as it was, then as it will be */
    PasswordHash hash;
} PasswordChange;

static Status compare_and_hash(AdminJob *job, PasswordChange *change, Err *err)
{
    if (!password_fits(change->current, &change->user.hash)) {
        login_gate_failed(change->gate, LOGIN_ACCOUNT, job->actor, change->mono_ms);
        return err_set(err, ST_FORBIDDEN, "The current password is wrong");
    }
    return password_hash(change->wanted, &change->hash, err);
}

static Status run_hash(StoreTx *tx, AdminJob *job, Err *err)
{
    PasswordChange *change = job->input;
    Status st = admin_user_read(tx, job->actor, &change->user, err);
    if (st != ST_OK) return st;
    if (login_gate_wait_s(change->gate, LOGIN_ACCOUNT, job->actor, change->mono_ms) > 0)
        return err_set(err, ST_LIMITED, "Too many failed tries. Wait, then try again");
    if (!login_gate_enter(change->gate))
        return err_set(err, ST_LIMITED, "Too many passwords at once. Try again");
    st = compare_and_hash(job, change, err);
    login_gate_leave(change->gate);
    secret_wipe((void *)(uintptr_t)change->current.at, change->current.len);
    secret_wipe((void *)(uintptr_t)change->wanted.at, change->wanted.len);
    return st;
}

static Status check_unchanged(StoreTx *tx, const AdminJob *job, Err *err)
{
    const PasswordChange *change = job->input;
    AdminUser now;
    Status st = admin_user_read(tx, job->actor, &now, err);
    if (st != ST_OK || str_is(str_of(now.hash.text), change->user.hash.text)) return st;
    return err_set(err, ST_CONFLICT, "The password was changed meanwhile");
}

static Status run_write(StoreTx *tx, AdminJob *job, Err *err)
{
    PasswordChange *change = job->input;
    const Session *session = job->rq->session;
    AdminUser after = change->user;
    after.hash = change->hash;
    after.must_reset = false;
    Status st = check_unchanged(tx, job, err);
    if (st == ST_OK) st = admin_user_write(tx, job->actor, &after, job->now_ms, err);
    if (st == ST_OK) st = session_delete_others(tx, job->actor, session->id_hash, err);
    if (st == ST_OK)
        st = admin_job_audit_named(tx, job, session->tenant_no, "admin.password_changed",
                                   job->actor, (Str){NULL, 0}, (Str){NULL, 0}, err);
    buf_lit(&job->data, "{\"changed\":true}");
    return st;
}

static void written(AdminJob *job)
{
    const Request *rq = job->rq;
    sessions_password_changed(rq->lane->app->sessions, job->actor, rq->session->id_hash);
    admin_job_answer(job);
}

static void go_write(AdminJob *job)
{
    job->_run = run_write;
    job->then = written;
    admin_job_send(job, STORE_WRITE_JOB);
}

static bool read_passwords(Request *rq, PasswordChange *change)
{
    static const Str known[] = {STR_INIT("currentPassword"), STR_INIT("newPassword")};
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    if (fields_open(&f, known, 2)) {
        fields_require(&f, known[0], "a string");
        fields_require(&f, known[1], "a string");
        bool both = fields_text(&f, known[0], 1, PASSWORD_BYTES_MAX, &change->current);
        both &= fields_text(&f, known[1], PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX, &change->wanted);
        if (both && str_eq(change->current, change->wanted))
            fields_problem(&f, "newPassword must differ from currentPassword");
    }
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

/* With the setting, the next start would bring the old one back: better to say so now. */
static bool is_set_elsewhere(const Request *rq)
{
    return rq->session->role == ROLE_OPERATOR && rq->lane->app->config->operator_password.len > 0 &&
           str_is(OPERATOR_NAME, rq->session->username);
}

void admin_password(Request *rq)
{
    PasswordChange *change = arena_new(&rq->arena, PasswordChange);
    if (is_set_elsewhere(rq)) {
        respond_error(rq, 409,
                      S("The setting operator_password holds this password; change it there"));
        return;
    }
    if (!read_passwords(rq, change)) return;
    AdminJob *job = admin_job_new(rq, run_hash, change);
    if (!job) return;
    change->gate = rq->lane->app->logins;
    change->mono_ms = rq->lane->loop->mono_ms;
    job->then = go_write;
    admin_job_send(job, STORE_READ_JOB);
}
