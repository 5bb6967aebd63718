/* An Ask leaves its loop as a store call and comes home by mail. So does one that memory can answer (recent.h):
 * everything that was said before the answer was read is in the mailbox before it. One about people goes
 * to all lanes (gather.h). What it changed is announced where all
 * changes are (committed.h), before it is home: whoever reads the reply and looks at another tab finds
 * that tab told. A lane does not end while one is out. */
#include "app/ws/ask.h"

#include "app/app.h"
#include "app/committed.h"
#include "app/gather.h"
#include "app/live.h"
#include "app/ws/endpoint.h"
#include "app/ws/people.h"
#include "base/limits.h"
#include "base/mem.h"
#include "domain/realtime/recent.h"

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

static Status to_store(Ask *a)
{
    StoreCall *call = &a->call.store;
    call->done = settle;
    Status st = store_submit(a->lane->app->store, call);
    if (st != ST_OK) return st;
    a->lane->errands_out++;
    loop_arm(a->lane->loop, &a->deadline, CLIENT_ANSWER_MS, on_deadline);
    return ST_OK;
}

/* ---- what is remembered ---- */

static bool take_page(RealtimeCall *call, const RecentPage *page)
{
    StreamCall *s = &call->stream;
    size_t room = page->count + 1;
    s->ret_epoch = page->top.epoch;
    s->ret_top = page->top.offset;
    s->ret_floor = page->floor;
    s->ret_items = arena_try(&call->arena, sizeof *s->ret_items * room);
    call->infos = arena_try(&call->arena, sizeof *call->infos * room);
    if (!s->ret_items || !call->infos) return false;
    for (uint32_t i = 0; i < page->count; i++) {
        s->ret_items[i] = (StreamItem){page->publications[i].offset, page->publications[i].data};
        call->infos[i] = page->publications[i].info;
    }
    s->ret_count = page->count;
    return true;
}

static Status to_memory(Ask *a)
{
    RealtimeCall *call = &a->call;
    const StreamCall *s = &call->stream;
    RecentQuery query = {.since = s->since, .limit = s->limit, .reverse = s->reverse};
    RecentPage page;
    Status st = recent_read(a->lane->app->recent, s->tenant_no, s->channel, &query,
                            (int64_t)a->lane->loop->mono_ms, &call->arena, &page);
    if (st == ST_OK && !take_page(call, &page)) st = ST_TOO_BIG;
    call->store.st = st;
    a->lane->errands_out++;
    mailbox_post(a->lane->loop, &a->mail);
    return ST_OK;
}

/* ---- who is there ---- */

static void visit_people(Lane *lane, GatherPart *part)
{
    const RealtimeCall *call = part->gather->ctx;
    gather_people(lane, call->stream.tenant_no, call->stream.channel, part);
}

static void people_back(Gather *g)
{
    RealtimeCall *call = g->ctx;
    call->store.st = gather_all_people(g, &call->arena, &call->people);
    call_answered(call); /* copies what it tells */
    gather_free(g);
}

static Status to_all_lanes(Ask *a)
{
    gather_go(gather_new(a->lane, visit_people, people_back, &a->call));
    return ST_OK;
}

static Status submit(RealtimeCall *call)
{
    Ask *a = of_call(call);
    a->mail.open = come_home;
    switch (call->way) {
    case CALL_STORE:
        return to_store(a);
    case CALL_RECENT:
        return to_memory(a);
    case CALL_PEOPLE:
        return to_all_lanes(a);
    }
    CHECK(false);
}

/* ---- what clients say ---- */

static void say_now(void *ctx, uint32_t tenant_no, Str channel, const Publication *p)
{
    live_say(ctx, tenant_no, channel, p);
}

static void say(Realtime *realtime, uint32_t tenant_no, Str channel, const Publication *p,
                bool keep)
{
    const Lane *lane = ws_lane(realtime);
    App *app = lane->app;
    if (keep)
        recent_publish(app->recent, tenant_no, channel, p, S(""), (int64_t)lane->loop->mono_ms,
                       (RecentSay){say_now, app});
    else
        live_say(app, tenant_no, channel, p);
}

const CallOps ask_ops = {make, submit, drop, say};
