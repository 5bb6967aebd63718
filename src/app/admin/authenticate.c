/* authenticate.c: who is the admin that asks? And, now and then, writing down that the session is alive. */
#include "app/admin/authenticate.h"
#include "app/admin/session_store.h"
#include "app/app.h"
#include "app/http/router.h"
#include "base/mem.h"

/* Written on the side: nobody waits for it, and a lost one costs idle minutes after a restart. */
typedef struct Touch {
    StoreJob job;
    Session session;
} Touch;

static Status touch_run(StoreTx *tx, StoreJob *job, Err *err)
{
    return session_touch(tx, &CONTAINER_OF(job, Touch, job)->session, err);
}

static void touch_done(StoreCall *call)
{
    mem_free(CONTAINER_OF(call, Touch, job.call));
}

static void touch(App *app, const Session *session)
{
    Touch *touch = mem_new(Touch);
    touch->session = *session;
    touch->job.run = touch_run;
    touch->job.call.kind = STORE_WRITE_JOB;
    touch->job.call.done = touch_done;
    if (store_submit(app->store, &touch->job.call) != ST_OK) mem_free(touch);
}

/* Authorization: Bearer <token>; the scheme in any case (RFC 9110 11.1). */
static Str bearer(const Request *rq)
{
    Str rest = request_header(rq, S("authorization"));
    Str scheme = str_cut(&rest, ' ');
    return str_eq_nocase(scheme, S("bearer")) ? str_trim(rest) : S("");
}

static bool refuse(Request *rq, int status, Str why)
{
    respond_error(rq, status, why);
    return false;
}

/* Its own tenant, or none in the path. What is another tenant's looks as if it were nobody's. */
static bool tenant_is_own(Request *rq, const Tenant *own)
{
    Uuid id;
    if (!rq->params[0].at) return true;
    return uuid_parse(rq->params[0], &id) && memcmp(id.at, own->id.at, sizeof id.at) == 0;
}

static bool admit_tenant_admin(Request *rq, const Session *session)
{
    const Tenant *own = snapshot_by_no(rq->snapshot, session->tenant_no);
    if (!own) return refuse(rq, 401, S("Sign in first")); /* deleted with its tenant */
    if (rq->route->guard == GUARD_SESSION) return true;
    if (rq->route->guard != GUARD_ADMIN) return refuse(rq, 403, S("Only the operator may do this"));
    if (!tenant_is_own(rq, own)) return refuse(rq, 404, S("Tenant not found"));
    if (!own->active) return refuse(rq, 403, S("This tenant is suspended; ask the operator"));
    return true;
}

static bool admit(Request *rq, const Session *session)
{
    if (session->must_reset && rq->route->guard != GUARD_SESSION)
        return refuse(rq, 403, S("Choose a new password first: POST /api/v1/admin/auth/password"));
    switch (session->role) {
    case ROLE_OPERATOR:
        return true;
    case ROLE_TENANT_ADMIN:
        return admit_tenant_admin(rq, session);
    }
    return refuse(rq, 403, S("You may not do this"));
}

bool admin_authenticate(Request *rq)
{
    App *app = rq->lane->app;
    Session *session = arena_new(&rq->arena, Session);
    Str token = bearer(rq);
    if (token.len != SESSION_TOKEN_LEN ||
        !sessions_check(app->sessions, token, rq->lane->loop->now_ms, session)) {
        return refuse(rq, 401, S("Sign in first"));
    }
    if (!admit(rq, session)) return false;
    if (session->touch_due) touch(app, session);
    rq->session = session;
    return true;
}
