#include "port/store_suite.h"

#include "check_test.h"

static void wake(StoreCall *call)
{
    sem_post(&CONTAINER_OF(call, Waiting, call)->done);
}

void waiting_submit(Waiting *w, Store *store, StoreKind kind)
{
    assert_int_equal(sem_init(&w->done, 0, 0), 0);
    w->call.kind = kind;
    w->call.done = wake;
    assert_status(store_submit(store, &w->call), ST_OK);
}

Status waiting_end(Waiting *w)
{
    while (sem_wait(&w->done) != 0) continue;
    sem_destroy(&w->done);
    return w->call.st;
}

Status waiting_run(Waiting *w, Store *store, StoreKind kind)
{
    waiting_submit(w, store, kind);
    return waiting_end(w);
}

static Status job_of(Store *store, StoreKind kind, JobRun run, void *extra)
{
    Waiting w = {.job = {.run = run}, .extra = extra};
    return waiting_run(&w, store, kind);
}

Status job_write(Store *store, JobRun run, void *extra)
{
    return job_of(store, STORE_WRITE_JOB, run, extra);
}

Status job_read(Store *store, JobRun run, void *extra)
{
    return job_of(store, STORE_READ_JOB, run, extra);
}

void *job_extra(StoreJob *job)
{
    return CONTAINER_OF(job, Waiting, job)->extra;
}

typedef struct Number {
    const char *sql;
    int64_t value;
} Number;

static Status read_number(StoreTx *tx, StoreJob *job, Err *err)
{
    Number *n = job_extra(job);
    Arena arena;
    Rows rows;

    arena_init(&arena, 65536);
    Status st = tx_query(tx, n->sql, NO_VALUES, &arena, &rows, err);
    if (st == ST_OK) n->value = rows.count ? rows_int(&rows, 0, 0) : -1;
    arena_done(&arena);
    return st;
}

int64_t store_number(Store *store, const char *sql)
{
    Number n = {sql, -1};
    assert_status(job_read(store, read_number, &n), ST_OK);
    return n.value;
}

/* ---- plans ---- */

Random *suite_random(void)
{
    static _Thread_local Random random;
    static _Thread_local bool ready;
    if (!ready) random_init(&random);
    ready = true;
    return &random;
}

EventPlan suite_push(uint32_t tenant_no, const char *user_id, int n, PlanRoom *room)
{
    Uuid event_id = uuid_v7(1700000000000 + n, suite_random());
    Uuid message_id = uuid_v7(1700000000000 + n, suite_random());

    uuid_text(event_id, room->event_id);
    snprintf(room->title, sizeof room->title, "title %d", n);
    snprintf(room->channel, sizeof room->channel, "global_system#%s", user_id);
    return (EventPlan){
        .tenant_no = tenant_no,
        .event_id = str_make(room->event_id, UUID_TEXT_LEN),
        .event_type = S("order.shipped"),
        .user_id = str_of(user_id),
        .trace_id = S("trace-1"),
        .payload = S("{\"userId\":\"someone\"}"),
        .variables = S("{\"orderId\":\"A-1\"}"),
        .created_ms = 1700000000000 + n,
        .deliveries = {{.id = uuid_v4(suite_random()),
                        .channel = CHANNEL_PUSH,
                        .status = DELIVERY_SENT,
                        .recipient = S(""),
                        .cause = S("")}},
        .delivery_count = 1,
        .has_notification = true,
        .notification = {.id = message_id,
                         .title = str_of(room->title),
                         .body = S("Your order is on its way"),
                         .channel = str_of(room->channel),
                         .data = S("{\"title\":\"t\"}")},
    };
}

Status suite_accept(Store *store, EventPlan *plans, size_t count)
{
    Waiting w = {.accept = {.events = plans, .event_count = count}};
    return waiting_run(&w, store, STORE_ACCEPT);
}

Uuid suite_notify(Store *store, uint32_t tenant_no, const char *user_id, int n)
{
    PlanRoom room;
    EventPlan plan = suite_push(tenant_no, user_id, n, &room);
    assert_status(suite_accept(store, &plan, 1), ST_OK);
    return plan.notification.id;
}

FeedCall suite_feed(Store *store, uint32_t tenant_no, const char *user_id, uint32_t limit,
                    uint32_t offset, Arena *arena)
{
    Waiting w = {.feed = {.tenant_no = tenant_no,
                          .user_id = str_of(user_id),
                          .limit = limit,
                          .offset = offset,
                          .arena = arena}};
    assert_status(waiting_run(&w, store, STORE_FEED), ST_OK);
    return w.feed;
}

Status suite_mark_read(Store *store, uint32_t tenant_no, const char *user_id, Uuid id)
{
    Waiting w = {.mark_read = {.tenant_no = tenant_no,
                               .user_id = str_of(user_id),
                               .notification_id = id,
                               .now_ms = 1700000001000}};
    return waiting_run(&w, store, STORE_MARK_READ);
}
