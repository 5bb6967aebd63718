/* Scheduled events: a row that waits, and the accept that fires it, at most once. */
#include "port/store_suite.h"

#include "base/limits.h"
#include "check_test.h"

enum { T1 = 1, T2 = 2, DUE_MS = 5000 };

static EventPlan later(uint32_t tenant_no, int n, PlanRoom *room)
{
    EventPlan plan = suite_push(tenant_no, "ada", n, room);
    plan.delivery_count = 0;
    plan.has_notification = false;
    plan.schedule = (EventSchedule){.send_at_ms = DUE_MS + n, .body = S("{\"eventType\":\"e\"}")};
    return plan;
}

static EventPlan firing(uint32_t tenant_no, int64_t row_no, int n, PlanRoom *room)
{
    EventPlan plan = suite_push(tenant_no, "ada", n, room);
    plan.schedule.fires_no = row_no;
    return plan;
}

static void put(Store *s, uint32_t tenant_no, int n)
{
    PlanRoom room;
    EventPlan plan = later(tenant_no, n, &room);
    assert_status(suite_accept(s, &plan, 1), ST_OK);
    assert_true(event_waits(&plan));
    assert_false(event_happened(&plan));
}

static int64_t waiting(Store *s)
{
    int64_t counted = store_number(s, "SELECT coalesce(sum(waiting), 0) FROM scheduled_count");
    assert_int_equal(counted, store_number(s, "SELECT count(*) FROM scheduled"));
    return counted;
}

void store_suite_schedule_waits_and_leaves_nothing_else(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    put(s, T1, 1);
    put(s, T2, 2);
    assert_int_equal(waiting(s), 2);
    assert_int_equal(store_number(s, "SELECT count(*) FROM event"), 0);
    assert_int_equal(store_number(s, "SELECT count(*) FROM audit"), 0); /* not even unmatched */
    assert_int_equal(store_number(s, "SELECT sum(accepted) FROM usage_day"), 2);
    assert_int_equal(store_number(s, "SELECT due_ms FROM scheduled WHERE tenant = 2"), DUE_MS + 2);
    store_close(s);
    s = driver->open_again();
    assert_int_equal(waiting(s), 2);
    store_close(s);
}

void store_suite_schedule_fires_once(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    PlanRoom rooms[2];
    put(s, T1, 1);
    int64_t no = store_number(s, "SELECT no FROM scheduled");
    EventPlan plans[] = {firing(T1, no, 2, &rooms[0]), firing(T1, no, 3, &rooms[1])};
    assert_status(suite_accept(s, plans, 2), ST_OK);
    assert_true(event_happened(&plans[0]));
    assert_int_equal(plans[0].ret_feed_seq, 1);
    assert_false(event_happened(&plans[1]));
    assert_true(plans[1].schedule.ret_gone);
    assert_int_equal(waiting(s), 0);
    assert_int_equal(store_number(s, "SELECT count(*) FROM event"), 1);
    assert_int_equal(store_number(s, "SELECT count(*) FROM inbox"), 1);
    /* It counted when it was scheduled. */
    assert_int_equal(store_number(s, "SELECT sum(accepted) FROM usage_day"), 1);
    store_close(s);
}

void store_suite_schedule_is_its_tenants_own(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    PlanRoom room;
    put(s, T1, 1);
    EventPlan plan = firing(T2, store_number(s, "SELECT no FROM scheduled"), 2, &room);
    assert_status(suite_accept(s, &plan, 1), ST_OK);
    assert_true(plan.schedule.ret_gone);
    assert_int_equal(waiting(s), 1);
    store_close(s);
}

void store_suite_schedule_waits_on_when_firing_fails(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    PlanRoom rooms[2];
    put(s, T1, 1);
    EventPlan first = suite_push(T1, "ada", 2, &rooms[0]);
    assert_status(suite_accept(s, &first, 1), ST_OK);
    EventPlan plan = firing(T1, store_number(s, "SELECT no FROM scheduled"), 3, &rooms[1]);
    Uuid own = plan.deliveries[0].id;
    plan.deliveries[0].id = first.deliveries[0].id; /* taken */
    assert_status(suite_accept(s, &plan, 1), ST_CONFLICT);
    assert_int_equal(waiting(s), 1);
    plan.deliveries[0].id = own;
    assert_status(suite_accept(s, &plan, 1), ST_OK);
    assert_true(event_happened(&plan));
    assert_int_equal(waiting(s), 0);
    store_close(s);
}

static Status nearly_full(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    return tx_run(tx, "UPDATE scheduled_count SET waiting = $1 WHERE tenant = $2",
                  VALUES(value_int(TENANT_SCHEDULED_MAX - 1), value_int(T1)), NULL, err);
}

/* The key of what is refused stays free: the same event may come again when there is room. */
void store_suite_schedule_has_a_ceiling(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    PlanRoom rooms[3];
    put(s, T1, 1);
    put(s, T2, 2);
    assert_status(job_write(s, nearly_full, NULL), ST_OK);
    EventPlan plans[] = {later(T1, 3, &rooms[0]), later(T1, 4, &rooms[1]), later(T2, 5, &rooms[2])};
    Arena arena;
    arena_init(&arena, KIB(8));
    for (size_t i = 0; i < 3; i++) {
        plans[i].answer = S("scheduled");
        plans[i].key = (EventKey){.set = true, .expires_ms = INT64_MAX};
        memset(plans[i].key.hash, 'a' + (int)i, EVENT_KEY_BYTES);
    }
    Waiting w = {.accept = {.events = plans, .event_count = 3, .arena = &arena}};
    assert_status(waiting_run(&w, s, STORE_ACCEPT), ST_OK);
    assert_true(event_waits(&plans[0]));
    assert_true(plans[1].schedule.ret_refused);
    assert_false(event_waits(&plans[1]));
    assert_true(event_waits(&plans[2]));
    assert_int_equal(store_number(s, "SELECT count(*) FROM scheduled"), 4);
    assert_int_equal(store_number(s, "SELECT count(*) FROM idempotency"), 2);
    assert_int_equal(store_number(s, "SELECT sum(accepted) FROM usage_day"), 4);
    arena_done(&arena);
    store_close(s);
}

void store_suite_schedule_is_told_to_a_repeat(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    PlanRoom rooms[2];
    Arena arena;
    EventPlan plans[] = {later(T1, 1, &rooms[0]), suite_push(T1, "ada", 2, &rooms[1])};
    arena_init(&arena, KIB(8));
    for (size_t i = 0; i < 2; i++) {
        plans[i].answer = S("said");
        plans[i].key = (EventKey){.set = true, .expires_ms = INT64_MAX};
    }
    Waiting w = {.accept = {.events = plans, .event_count = 2, .arena = &arena}};
    assert_status(waiting_run(&w, s, STORE_ACCEPT), ST_OK);
    assert_true(plans[1].ret_replay.is);
    assert_int_equal(plans[1].ret_replay.send_at_ms, DUE_MS + 1);
    assert_false(event_happened(&plans[1]));
    assert_int_equal(waiting(s), 1);
    arena_done(&arena);
    store_close(s);
}
