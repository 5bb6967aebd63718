/* An Ask leaves its loop as a store call and comes home by mail. What it changed is announced where all
 * changes are (committed.h), before it is home: whoever reads the reply and looks at another tab finds
 * that tab told. A lane does not end while one is out. */
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

static void come_home(Mail *mail, Loop *here)
{
    Ask *a = CONTAINER_OF(mail, Ask, mail);
    (void)here;
    timer_cancel(&a->deadline);
    a->lane->errands_out--;
    call_answered(&a->call);
}

static void settle(StoreCall *store_call)
{
    Ask *a = of_call(CONTAINER_OF(store_call, RealtimeCall, store));
    committed(a->lane->app, store_call);
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
