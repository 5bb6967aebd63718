/* login.c: POST /api/v1/admin/auth/login and /logout.
 *
 *   loop     read -> may this account and this address try now? -> is there room for a hash?
 *   reader   argon2id, against the user's hash or against nobody's: the same time either way
 *   loop     wrong: count the failure, 401          right: make the session
 *   writer   store the session, audit; the session is live
 *   loop     answer
 *
 * Live on the writer, because there sign-ins and the removal of a user happen one after the other: no
 * session is added behind the back of a removal. Should the commit fail, nobody knows the token.
 *
 * The password is wiped as soon as it was compared. What is answered never tells whether the user
 * exists. */
#include <stdio.h>

#include "app/admin/audit.h"
#include "app/admin/fields.h"
#include "app/admin/login_gate.h"
#include "app/admin/operator.h"
#include "app/admin/put.h"
#include "app/admin/session_store.h"
#include "app/app.h"
#include "app/errand.h"
#include "app/api/body.h"
#include "app/http/router.h"
#include "base/log.h"
#include "base/seal.h"

enum { ADDRESS_MAX = 64 };

typedef struct LoginTry {
    Str username, password;
    char address[ADDRESS_MAX];
    size_t address_len;
    int64_t now_ms;
    bool fits;
    AdminUser user;
    Session session;
    char token[SESSION_TOKEN_LEN];
} LoginTry;

static Status compare(StoreTx *tx, StoreJob *job, Err *err);
static void compared(Request *rq, Errand *e);
static Status store_session(StoreTx *tx, StoreJob *job, Err *err);
static void signed_in(Request *rq, Errand *e);

static bool read_credentials(Request *rq, LoginTry *try)
{
    static const Str known[] = {STR_INIT("username"), STR_INIT("password")};
    Json json;
    Problems problems = {.count = 0};
    const Fields f = {&json, &rq->arena, &problems};
    if (!request_json(rq, &json) || !body_left_room(rq)) return false;
    if (fields_open(&f, known, 2)) {
        fields_require(&f, S("username"), "a string");
        fields_require(&f, S("password"), "a string");
        fields_line(&f, S("username"), 1, USERNAME_MAX, &try->username);
        fields_text(&f, S("password"), 1, PASSWORD_BYTES_MAX, &try->password);
    }
    if (problems.count) respond_problems(rq, &problems);
    return problems.count == 0;
}

static void refuse_for_now(Request *rq, uint32_t wait_s, Str why)
{
    Buf out;
    char seconds[16];
    int len = snprintf(seconds, sizeof seconds, "%u", wait_s);
    Str retry_after;
    if (arena_copy(&rq->arena, str_make(seconds, (size_t)len), &retry_after))
        respond_header(rq, S("Retry-After"), retry_after);
    buf_init(&out, KIB(1));
    put_open(&out);
    put_num(&out, "statusCode", 429);
    put_text(&out, "message", why);
    put_text(&out, "error", S("Too Many Requests"));
    put_num(&out, "retryAfter", wait_s);
    put_close(&out);
    respond_json(rq, 429, buf_view(&out));
    buf_done(&out);
}

static Str address_of(const LoginTry *try)
{
    return str_make(try->address, try->address_len);
}

static bool gate_lets_in(Request *rq, const LoginTry *try)
{
    LoginGate *gate = rq->lane->app->logins;
    uint64_t now = rq->lane->loop->mono_ms;
    uint32_t account_s = login_gate_wait_s(gate, LOGIN_ACCOUNT, try->username, now);
    uint32_t address_s = login_gate_wait_s(gate, LOGIN_ADDRESS, address_of(try), now);
    uint32_t wait_s = account_s > address_s ? account_s : address_s;
    if (wait_s) {
        refuse_for_now(rq, wait_s, S("Too many failed sign-ins. Wait, then try again"));
        return false;
    }
    if (!login_gate_enter(gate)) {
        refuse_for_now(rq, 1, S("Too many sign-ins at once. Try again"));
        return false;
    }
    return true;
}

void admin_login(Request *rq)
{
    LoginGate *logins = rq->lane->app->logins;
    LoginTry *try = arena_new(&rq->arena, LoginTry);
    try->now_ms = rq->lane->loop->now_ms;
    try->address_len = request_peer(rq, try->address, sizeof try->address);
    if (!read_credentials(rq, try) || !gate_lets_in(rq, try)) return;

    Errand *e = errand_new(rq, compared);
    e->extra = try;
    e->job.run = compare;
    if (!errand_send(e, STORE_READ_JOB)) login_gate_leave(logins);
}

/* On a reader's thread. */
static Status compare(StoreTx *tx, StoreJob *job, Err *err)
{
    Errand *e = CONTAINER_OF(job, Errand, job);
    LoginTry *try = e->extra;
    bool decided_fits;
    /* Asked before the row is read: once it no longer decides, the row is there to be read. */
    bool decided = operator_decides(e->rq->lane->app->operator_, try->username, try->password,
                                    &decided_fits);
    Status st = admin_user_read(tx, try->username, &try->user, err);
    bool known = st == ST_OK;
    if (st == ST_NOT_FOUND) st = ST_OK;
    if (st != ST_OK) return st;

    try->fits = password_fits(try->password, known ? &try->user.hash : &PASSWORD_OF_NOBODY) &&
                known;
    if (decided) {
        try->fits = decided_fits;
        try->user.role = ROLE_OPERATOR;
    }
    return ST_OK;
}

static void refuse(Request *rq, const LoginTry *try)
{
    LoginGate *gate = rq->lane->app->logins;
    login_gate_failed(gate, LOGIN_ACCOUNT, try->username, rq->lane->loop->mono_ms);
    login_gate_failed(gate, LOGIN_ADDRESS, address_of(try), rq->lane->loop->mono_ms);
    LOG(LOG_WARN, "admin.sign_in_failed", log_str("username", try->username),
        log_str("address", address_of(try)));
    respond_error(rq, 401, S("Wrong username or password"));
}

static void compared(Request *rq, Errand *e)
{
    LoginTry *try = e->extra;
    LoginGate *gate = rq->lane->app->logins;
    login_gate_leave(gate);
    secret_wipe((void *)(uintptr_t)try->password.at, try->password.len);
    if (e->call.st != ST_OK) {
        respond_status(rq, e->call.st, &e->call.err);
        return;
    }
    if (!try->fits) {
        refuse(rq, try);
        return;
    }
    login_gate_passed(gate, LOGIN_ACCOUNT, try->username);
    login_gate_passed(gate, LOGIN_ADDRESS, address_of(try));
    try->session = session_make(try->user.role, try->user.tenant_no, try->username, try->now_ms,
                                &rq->lane->loop->random, try->token);
    try->session.must_reset = try->user.must_reset;
    Errand *next = errand_new(rq, signed_in);
    next->extra = try;
    next->job.run = store_session;
    errand_send(next, STORE_WRITE_JOB);
}

/* The password was compared a moment ago; a tenant's admin who was deleted or got another one since
 * does not sign in with it. The operator's may be on its way to the store still. */
static Status user_is_unchanged(StoreTx *tx, const LoginTry *try, Err *err)
{
    AdminUser now;
    if (try->session.role == ROLE_OPERATOR) return ST_OK;
    Status st = admin_user_read(tx, try->username, &now, err);
    if (st == ST_NOT_FOUND || (st == ST_OK && !str_is(str_of(now.hash.text), try->user.hash.text)))
        return err_set(err, ST_UNAUTHORIZED, "Wrong username or password");
    return st;
}

/* On the writer's thread. */
static Status store_session(StoreTx *tx, StoreJob *job, Err *err)
{
    const Errand *e = CONTAINER_OF(job, Errand, job);
    const LoginTry *try = e->extra;
    const AuditEntry entry = {.tenant_no = try->session.tenant_no,
                              .at_ms = try->now_ms,
                              .actor = try->username,
                              .action = "admin.signed_in",
                              .subject = address_of(try)};
    Status st = user_is_unchanged(tx, try, err);
    if (st == ST_OK) st = session_insert(tx, &try->session, try->now_ms, err);
    if (st == ST_OK) st = audit_write(tx, &entry, err);
    if (st == ST_OK) sessions_add(e->rq->lane->app->sessions, &try->session);
    return st;
}

static void put_tenant(Buf *out, const Snapshot *snapshot, const Session *session)
{
    const Tenant *own = session->role == ROLE_TENANT_ADMIN
                            ? snapshot_by_no(snapshot, session->tenant_no)
                            : NULL;
    if (own) put_id(out, "tenantId", own->id);
}

static void signed_in(Request *rq, Errand *e)
{
    const LoginTry *try = e->extra;
    Buf out;
    if (e->call.st != ST_OK) {
        respond_status(rq, e->call.st, &e->call.err);
        return;
    }
    buf_init(&out, KIB(1));
    put_open(&out);
    put_text(&out, "token", str_make(try->token, sizeof try->token));
    put_text(&out, "role", role_name(try->session.role));
    put_tenant(&out, rq->snapshot, &try->session);
    if (try->session.must_reset) put_flag(&out, "mustReset", true);
    put_time(&out, "expiresAt", try->session.expires_ms);
    put_close(&out);
    respond_data(rq, 200, buf_view(&out));
    buf_done(&out);
}

/* ---- logout ---- */

static Status forget_session(StoreTx *tx, StoreJob *job, Err *err)
{
    const Errand *e = CONTAINER_OF(job, Errand, job);
    const Session *session = e->rq->session;
    const AuditEntry entry = {.tenant_no = session->tenant_no,
                              .at_ms = *(const int64_t *)e->extra,
                              .actor = str_of(session->username),
                              .action = "admin.signed_out"};
    Status st = session_delete(tx, session->id_hash, err);
    return st == ST_OK ? audit_write(tx, &entry, err) : st;
}

static void signed_out(Request *rq, Errand *e)
{
    if (e->call.st == ST_OK)
        respond_json(rq, 200, S("{\"success\":true}"));
    else
        respond_status(rq, e->call.st, &e->call.err);
}

void admin_logout(Request *rq)
{
    sessions_remove(rq->lane->app->sessions, rq->session->id_hash); /* at once, whatever follows */
    Errand *e = errand_new(rq, signed_out);
    e->extra = memcpy(arena_alloc(&rq->arena, sizeof(int64_t)), &rq->lane->loop->now_ms,
                      sizeof(int64_t));
    e->job.run = forget_session;
    errand_send(e, STORE_WRITE_JOB);
}
