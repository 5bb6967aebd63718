/* What waits, on the store this build is wired to (the domain may not name a driver, so its tests live
 * here). */
#include "domain/schedule/schedule_store.h"

#include "base/mem.h"
#include "check_test.h"
#include "domain/tenant/erase.h"
#include "domain/tenant/erase_user.h"
#include "port/store_suite.h"
#include "wired_store_test.h"

enum { T1 = 1, T2 = 2 };

static void put_body(Store *store, uint32_t tenant_no, const char *user, const char *id,
                     int64_t at_ms, Str body)
{
    PlanRoom room;
    EventPlan plan = suite_push(tenant_no, user, 1, &room);
    plan.event_id = str_of(id);
    plan.delivery_count = 0;
    plan.has_notification = false;
    plan.schedule = (EventSchedule){.send_at_ms = at_ms, .body = body};
    assert_status(suite_accept(store, &plan, 1), ST_OK);
}

static void put(Store *store, uint32_t tenant_no, const char *user, const char *id, int64_t at_ms)
{
    put_body(store, tenant_no, user, id, at_ms, S("{}"));
}

/* What all of these must leave alone: the count is the number of rows. */
static int64_t waiting(Store *store)
{
    assert_int_equal(store_number(store, "SELECT count(*) FROM scheduled_count c WHERE c.waiting "
                                         "<> (SELECT count(*) FROM scheduled s WHERE s.tenant = "
                                         "c.tenant)"),
                     0);
    return store_number(store, "SELECT coalesce(sum(waiting), 0) FROM scheduled_count");
}

typedef struct Ask { /* of one job, and what came of it */
    int64_t now_ms;
    uint32_t tenant_no;
    const char *id;
    uint32_t limit;
    Arena arena;
    DueEvents due;
    ScheduledRows rows;
    ScheduledRow row;
    ScheduleCursor after;
    int64_t count;
    bool flag;
} Ask;

static void ask_init(Ask *a)
{
    memset(a, 0, sizeof *a);
    a->tenant_no = T1;
    arena_init(&a->arena, MIB(32));
}

static Status run_due(StoreTx *tx, StoreJob *job, Err *err)
{
    Ask *a = job_extra(job);
    return schedule_due(tx, a->now_ms, &a->arena, &a->due, err);
}

static Status run_hold(StoreTx *tx, StoreJob *job, Err *err)
{
    Ask *a = job_extra(job);
    return schedule_hold(tx, &a->due.at[0], &a->flag, err);
}

static Status run_release(StoreTx *tx, StoreJob *job, Err *err)
{
    Ask *a = job_extra(job);
    return schedule_release(tx, a->tenant_no, a->now_ms, err);
}

static Status run_drop(StoreTx *tx, StoreJob *job, Err *err)
{
    Ask *a = job_extra(job);
    return schedule_drop(tx, &a->due.at[0], &a->flag, err);
}

static Status run_cancel(StoreTx *tx, StoreJob *job, Err *err)
{
    Ask *a = job_extra(job);
    return schedule_cancel(tx, a->tenant_no, str_of(a->id), &a->count, err);
}

static Status run_page(StoreTx *tx, StoreJob *job, Err *err)
{
    Ask *a = job_extra(job);
    return schedule_page(tx, a->tenant_no, a->after, a->limit, &a->arena, &a->rows, err);
}

static Status run_read(StoreTx *tx, StoreJob *job, Err *err)
{
    Ask *a = job_extra(job);
    return schedule_read(tx, a->tenant_no, str_of(a->id), &a->arena, &a->row, err);
}

static Status run_count(StoreTx *tx, StoreJob *job, Err *err)
{
    Ask *a = job_extra(job);
    return schedule_count(tx, &a->count, err);
}

static Status make_tenant(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    return tx_run(tx,
                  "INSERT INTO tenant (no, id, name, slug, active, api_key_hash, api_key_sealed, "
                  "created_ms, updated_ms) VALUES ($1, $2, 'n', 's', 1, $3, $4, 0, 0)",
                  VALUES(value_int(T1), value_blob("0123456789abcdef", 16), value_blob("h", 1),
                         value_blob("k", 1)),
                  NULL, err);
}

/* ---- due ---- */

TEST(schedule_due_are_the_earliest_first_and_what_comes_next)
{
    Store *store = wired_store_open();
    Ask a;
    ask_init(&a);
    put(store, T1, "ann", "c", 3000);
    put(store, T2, "bob", "b", 2000);
    put(store, T1, "ann", "a", 1000);
    put(store, T1, "ann", "b2", 2000);
    a.now_ms = 2000;
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_int_equal(a.due.count, 3);
    assert_str(a.due.at[0].event_id, "a");
    assert_str(a.due.at[1].event_id, "b");
    assert_int_equal(a.due.at[1].tenant_no, T2);
    assert_true(uuid_is_zero(a.due.at[1].tenant_id));
    assert_str(a.due.at[2].event_id, "b2");
    assert_int_equal(a.due.next_ms, 3000);
    a.now_ms = 999;
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_int_equal(a.due.count, 0);
    assert_int_equal(a.due.next_ms, 1000);
    a.now_ms = 3000;
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_int_equal(a.due.count, 4);
    assert_int_equal(a.due.next_ms, SCHEDULE_NEVER);
    arena_done(&a.arena);
    wired_store_end(store);
}

TEST(schedule_due_comes_in_rounds)
{
    Store *store = wired_store_open();
    Ask a;
    ask_init(&a);
    for (int i = 0; i <= SCHEDULE_ROUND; i++) put(store, T1, "ann", "x", 1000);
    a.now_ms = 5000;
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_int_equal(a.due.count, SCHEDULE_ROUND);
    assert_int_equal(a.due.next_ms, 1000);
    arena_done(&a.arena);
    wired_store_end(store);
}

TEST(schedule_due_stops_at_so_many_bytes)
{
    Store *store = wired_store_open();
    Ask a;
    char *large = mem_alloc(MIB(1));
    ask_init(&a);
    memset(large, 'x', MIB(1));
    for (int i = 0; i < 6; i++) put_body(store, T1, "ann", "x", 1000 + i, str_make(large, MIB(1)));
    a.now_ms = 5000;
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_int_equal(a.due.count, SCHEDULE_BODIES_MAX / MIB(1));
    assert_int_equal(a.due.next_ms, 1000 + a.due.count);
    mem_free(large);
    arena_done(&a.arena);
    wired_store_end(store);
}

/* ---- held ---- */

TEST(schedule_held_are_nobodys_business_until_released)
{
    Store *store = wired_store_open();
    Ask a;
    ask_init(&a);
    put(store, T1, "ann", "a", 1000);
    put(store, T1, "ann", "b", 2000);
    a.now_ms = 1500;
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_status(job_write(store, run_hold, &a), ST_OK); /* there is no such tenant */
    assert_true(a.flag);
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_int_equal(a.due.count, 0);
    assert_int_equal(a.due.next_ms, 2000);
    a.id = "a";
    assert_status(job_read(store, run_read, &a), ST_OK);
    assert_true(a.row.held);
    assert_int_equal(a.row.send_at_ms, 1000);
    a.now_ms = 1800;
    assert_status(job_write(store, run_release, &a), ST_OK);
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_int_equal(a.due.count, 1);
    assert_int_equal(a.due.at[0].send_at_ms, 1000);
    assert_int_equal(a.due.at[0].due_ms, 1800);
    arena_done(&a.arena);
    wired_store_end(store);
}

TEST(schedule_holds_nothing_of_a_tenant_that_is_back)
{
    Store *store = wired_store_open();
    Ask a;
    ask_init(&a);
    assert_status(job_write(store, make_tenant, NULL), ST_OK);
    put(store, T1, "ann", "a", 1000);
    a.now_ms = 1000;
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_memory_equal(a.due.at[0].tenant_id.at, "0123456789abcdef", 16);
    assert_status(job_write(store, run_hold, &a), ST_OK);
    assert_false(a.flag);
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_int_equal(a.due.count, 1);
    arena_done(&a.arena);
    wired_store_end(store);
}

/* ---- gone ---- */

TEST(schedule_drop_and_cancel_take_the_count_along)
{
    Store *store = wired_store_open();
    Ask a;
    ask_init(&a);
    put(store, T1, "ann", "a", 1000);
    put(store, T1, "ann", "twice", 2000);
    put(store, T1, "bob", "twice", 3000);
    put(store, T2, "ann", "twice", 4000);
    a.now_ms = 1000;
    assert_status(job_read(store, run_due, &a), ST_OK);
    assert_status(job_write(store, run_drop, &a), ST_OK);
    assert_true(a.flag);
    assert_status(job_write(store, run_drop, &a), ST_OK);
    assert_false(a.flag);
    assert_int_equal(waiting(store), 3);
    a.id = "twice";
    assert_status(job_write(store, run_cancel, &a), ST_OK);
    assert_int_equal(a.count, 2);
    assert_status(job_write(store, run_cancel, &a), ST_OK);
    assert_int_equal(a.count, 0);
    assert_int_equal(waiting(store), 1);
    assert_status(job_read(store, run_count, &a), ST_OK);
    assert_int_equal(a.count, 1);
    arena_done(&a.arena);
    wired_store_end(store);
}

static Status run_erase_user(StoreTx *tx, StoreJob *job, Err *err)
{
    return erase_user_step(tx, job_extra(job), err);
}

static Status run_erase(StoreTx *tx, StoreJob *job, Err *err)
{
    return erase_step(tx, job_extra(job), err);
}

TEST(schedule_of_an_erased_user_and_of_a_deleted_tenant_goes)
{
    Store *store = wired_store_open();
    for (int i = 0; i < 600; i++) put(store, T1, i % 6 ? "ann" : "bob", "x", 1000 + i);
    put(store, T2, "ann", "x", 1000);
    EraseUser user = {.tenant_no = T1, .user_id = S("ann")};
    while (!user.done) assert_status(job_write(store, run_erase_user, &user), ST_OK);
    assert_int_equal(user.schedules, 500);
    assert_int_equal(waiting(store), 101);
    Erase tenant = {.tenant_no = T1};
    while (!tenant.done) assert_status(job_write(store, run_erase, &tenant), ST_OK);
    assert_int_equal(tenant.schedules, 100);
    assert_int_equal(waiting(store), 1);
    assert_int_equal(store_number(store, "SELECT count(*) FROM scheduled_count"), 1);
    wired_store_end(store);
}

/* ---- looking ---- */

TEST(schedule_pages_go_by_time_and_know_where_they_ended)
{
    Store *store = wired_store_open();
    Ask a;
    ask_init(&a);
    put(store, T1, "ann", "late", 3000);
    put(store, T1, "ann", "soon", 1000);
    put(store, T1, "bob", "soon too", 1000);
    put(store, T2, "ann", "another's", 1000);
    a.limit = 2;
    assert_status(job_read(store, run_page, &a), ST_OK);
    assert_int_equal(a.rows.count, 2);
    assert_str(a.rows.at[0].event_id, "soon");
    assert_str(a.rows.at[1].event_id, "soon too");
    assert_str(a.rows.at[1].user_id, "bob");
    assert_false(a.rows.at[0].held);
    a.after = (ScheduleCursor){a.rows.at[1].send_at_ms, a.rows.at[1].no};
    assert_status(job_read(store, run_page, &a), ST_OK);
    assert_int_equal(a.rows.count, 1);
    assert_str(a.rows.at[0].event_id, "late");
    a.id = "another's";
    assert_status(job_read(store, run_read, &a), ST_NOT_FOUND);
    arena_done(&a.arena);
    wired_store_end(store);
}

TEST_MAIN()
