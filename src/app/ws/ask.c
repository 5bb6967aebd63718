/* An Ask leaves its loop as a store call and comes home by mail. What it changed is announced where all
 * changes are (committed.h), before it is home: whoever reads the reply and looks at another tab finds
 * that tab told. A lane does not end while one is out.
 *
 * A read of a stream may see a commit whose publications are not on their way yet; were it answered first, they
 * would follow as if they were new. So it waits at home until all that it may have seen is told, and then
 * once around: what was told was posted before, and what was posted first is opened first.
 * A writer that has been at it for longer is waiting for its disk, and what it writes is not visible. */
#include "app/ws/ask.h"

#include "app/app.h"
#include "app/committed.h"
#include "app/ws/endpoint.h"
#include "base/limits.h"
#include "base/mem.h"

typedef struct Ask {
    RealtimeCall call;
    Mail mail;
    Timer deadline;
    Timer later;
    uint64_t home_ms; /* monotonic */
    bool ahead;       /* when it left the store, not all it had seen was told */
    Lane *lane;
} Ask;

static Ask *of_call(RealtimeCall *call)
{
    return CONTAINER_OF(call, Ask, call);
}

static RealtimeCall *make(Realtime *realtime)
{
    Ask *a = mem_new(Ask);
    a->lane = ws_lane(realtime);
    return &a->call;
}

static void drop(RealtimeCall *call)
{
    mem_free(of_call(call));
}

static bool is_ahead(const Ask *a)
{
    return a->call.store.kind == STORE_STREAM && a->call.store.st == ST_OK &&
           store_told(a->lane->app->store) < a->call.stream.ret_commit;
}

static void answer(Mail *mail, Loop *here)
{
    Ask *a = CONTAINER_OF(mail, Ask, mail);
    (void)here;
    timer_cancel(&a->deadline);
    a->lane->errands_out--;
    call_answered(&a->call);
}

static void look_again(Timer *timer)
{
    Ask *a = CONTAINER_OF(timer, Ask, later);
    Loop *here = a->lane->loop;
    if (is_ahead(a) && here->mono_ms - a->home_ms < TELLING_MS_MAX) {
        loop_arm(here, &a->later, 1, look_again);
        return;
    }
    a->mail.open = answer;
    mailbox_post(here, &a->mail);
}

static void come_home(Mail *mail, Loop *here)
{
    Ask *a = CONTAINER_OF(mail, Ask, mail);
    a->home_ms = here->mono_ms;
    if (a->ahead)
        look_again(&a->later);
    else
        answer(mail, here);
}

static void settle(StoreCall *store_call)
{
    Ask *a = of_call(CONTAINER_OF(store_call, RealtimeCall, store));
    committed(a->lane->app, store_call);
    a->ahead = is_ahead(a);
    mailbox_post(a->lane->loop, &a->mail);
}

static void on_deadline(Timer *timer)
{
    call_expired(&CONTAINER_OF(timer, Ask, deadline)->call);
}

static Status submit(RealtimeCall *call)
{
    Ask *a = of_call(call);
    a->mail.open = come_home;
    call->store.done = settle;
    Status st = store_submit(a->lane->app->store, &call->store);
    if (st != ST_OK) return st;
    a->lane->errands_out++;
    loop_arm(a->lane->loop, &a->deadline, CLIENT_ANSWER_MS, on_deadline);
    return ST_OK;
}

const CallOps ask_ops = {make, submit, drop};
