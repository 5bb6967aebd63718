/* authenticate.c: who is the admin that asks? And, now and then, writing down that the session is alive. */
#include "app/admin/authenticate.h"
#include "app/admin/session_store.h"
#include "app/app.h"
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

bool admin_authenticate(Request *rq)
{
    App *app = rq->lane->app;
    Session *session = arena_new(&rq->arena, Session);
    Str token = bearer(rq);
    if (token.len != SESSION_TOKEN_LEN ||
        !sessions_check(app->sessions, token, rq->lane->loop->now_ms, session)) {
        respond_error(rq, 401, S("Sign in first"));
        return false;
    }
    if (session->role != ROLE_OPERATOR) {
        respond_error(rq, 403, S("Only the operator may do this"));
        return false;
    }
    if (session->touch_due) touch(app, session);
    rq->session = session;
    return true;
}
