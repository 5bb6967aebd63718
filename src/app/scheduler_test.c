/* The scheduler on a real loop and a real store, which can be told to refuse; the live side is replaced by what
 * counts publications. */
#include "app/scheduler.h"

#include <semaphore.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "app/live.h"
#include "app/measure.h"
#include "check_test.h"
#include "domain/tenant/build.h"
#include "port/store_suite.h"
#include "wired_store_test.h"

enum { T1 = 1, T2 = 2, T3 = 3 };

static struct {
    App app;
    StoreOps ops;
    Store door;                              /* what the scheduler is given */
    Store *real;                             /* behind it */
    atomic_int refusals[STORE_READ_JOB + 1]; /* of the next calls of that kind */
    atomic_int refused;
    sem_t moved; /* posted by each publication */
    atomic_int published;
} t;

/* ---- the neighbours ---- */

void live_committed(App *app, StoreCall *done)
{
    const AcceptCall *call = CONTAINER_OF(done, AcceptCall, call);
    (void)app;
    if (done->kind != STORE_ACCEPT || done->st != ST_OK) return;
    for (size_t i = 0; i < call->event_count; i++) {
        if (!event_happened(&call->events[i])) continue;
        atomic_fetch_add(&t.published, 1);
        sem_post(&t.moved);
    }
}

void measure_accept(const AcceptCall *call)
{
    (void)call;
}

static Status submit(Store *store, StoreCall *call)
{
    (void)store;
    if (atomic_load(&t.refusals[call->kind]) == 0) return store_submit(t.real, call);
    atomic_fetch_sub(&t.refusals[call->kind], 1);
    atomic_fetch_add(&t.refused, 1);
    return ST_FULL;
}

/* ---- a process of one lane ---- */

static Status make_tenant(StoreTx *tx, StoreJob *job, Err *err)
{
    const Uuid *id = job_extra(job);
    return tx_run(
        tx,
        "INSERT INTO tenant (no, id, name, slug, active, api_key_hash, api_key_sealed, "
        "created_ms, updated_ms) VALUES ($1, $2, 'n', 's', 1, $3, $4, 0, 0)",
        VALUES(value_int(T1), value_blob(id->at, 16), value_blob("h", 1), value_blob("k", 1)), NULL,
        err);
}

static Tenant *make_team(const Uuid *id)
{
    Tenant *team = tenant_new();
    const TenantRow row = {.no = T1,
                           .id = *id,
                           .name = S("Team"),
                           .slug = S("team"),
                           .active = true,
                           .delivery_channels = CHANNELS_ALL,
                           .channels = S("[]"),
                           .sender_email = S(""),
                           .sender_name = S("")};
    assert_status(tenant_fill(team, &row, NULL), ST_OK);
    return team;
}

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void start(Loop *l)
{
    scheduler_start(((Lane *)l->lane)->app->scheduler);
}

static void world_open(void)
{
    const Uuid id = {"0123456789abcde"};
    Tenant *team = make_team(&id);
    Lane *lane = &t.app.lanes[0];

    memset(&t, 0, sizeof t);
    sem_init(&t.moved, 0, 0);
    t.real = wired_store_open();
    assert_status(job_write(t.real, make_tenant, (void *)(uintptr_t)&id), ST_OK);
    t.ops.submit = submit;
    t.door.ops = &t.ops;
    t.app.store = &t.door;
    t.app.lane_count = 1;
    lane->app = &t.app;
    lane->snapshot = snapshot_new(&team, 1, platform_new());
    lane->loop = loop_new(0);
    lane->loop->lane = lane;
    buf_init(&lane->scratch, MIB(1));
    t.app.scheduler = scheduler_new(lane);
}

static void world_start(void)
{
    loop_start(t.app.lanes[0].loop, start);
}

static void stop_here(Mail *mail, Loop *here)
{
    Lane *lane = here->lane;
    (void)mail;
    if (lane->errands_out == 0)
        loop_stop(here);
    else /* a round is out: it counts as an errand */
        mailbox_post(here, mail);
}

static void world_close(void)
{
    Lane *lane = &t.app.lanes[0];
    Mail mail = {.open = stop_here};

    mailbox_post(lane->loop, &mail);
    loop_join(lane->loop);
    wired_store_end(t.real);
    scheduler_free(t.app.scheduler);
    snapshot_unref(lane->snapshot);
    buf_done(&lane->scratch);
    loop_free(lane->loop);
    sem_destroy(&t.moved);
}

/* Accepts one that waits, and tells the scheduler as the writer would. */
static void put(uint32_t tenant_no, int64_t at_ms)
{
    PlanRoom room;
    EventPlan plan = suite_push(tenant_no, "ann", 1, &room);
    plan.delivery_count = 0;
    plan.has_notification = false;
    plan.schedule = (EventSchedule){
        .send_at_ms = at_ms, .body = S("{\"eventType\":\"e\",\"payload\":{\"userId\":\"ann\"}}")};
    assert_status(suite_accept(t.real, &plan, 1), ST_OK);
    const AcceptCall call = {.events = &plan, .event_count = 1};
    scheduler_note(t.app.scheduler, &call);
}

static void await_published(int count)
{
    for (int i = 0; i < count; i++) sem_wait(&t.moved);
}

static int64_t rows(const char *sql)
{
    return store_number(t.real, sql);
}

/* ---- */

TEST(scheduler_fires_what_is_overdue_at_its_start)
{
    world_open();
    for (int i = 0; i < 300; i++) put(T1, 1000 + i); /* more than two rounds */
    world_start();
    await_published(300);
    world_close();
    assert_int_equal(atomic_load(&t.published), 300);
}

TEST(scheduler_is_woken_by_an_earlier_one)
{
    world_open();
    put(T1, wall_ms() + 3600 * 1000);
    world_start();
    put(T1, wall_ms() + 50);
    await_published(1);
    put(T1, wall_ms() + 50);
    await_published(1);
    assert_int_equal(rows("SELECT count(*) FROM scheduled"), 1);
    assert_int_equal(rows("SELECT count(*) FROM event"), 2);
    world_close();
}

TEST(scheduler_tries_again_when_the_store_refuses)
{
    world_open();
    put(T1, 1000);
    atomic_store(&t.refusals[STORE_READ_JOB], 1);
    atomic_store(&t.refusals[STORE_ACCEPT], 1);
    world_start();
    await_published(1);
    assert_int_equal(atomic_load(&t.refused), 2);
    assert_int_equal(rows("SELECT count(*) FROM scheduled"), 0);
    world_close();
    assert_int_equal(atomic_load(&t.published), 1);
}

static Status suspend_other(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    return tx_run(tx,
                  "INSERT INTO tenant (no, id, name, slug, active, api_key_hash, api_key_sealed, "
                  "created_ms, updated_ms) VALUES ($1, $2, 'o', 'o', 0, $3, $4, 0, 0)",
                  VALUES(value_int(T2), value_blob("fedcba9876543210", 16), value_blob("i", 1),
                         value_blob("l", 1)),
                  NULL, err);
}

TEST(scheduler_sets_aside_what_cannot_fire_and_goes_on)
{
    world_open();
    assert_status(job_write(t.real, suspend_other, NULL), ST_OK);
    put(T2, 1000);
    put(T3, 1500); /* of no tenant at all */
    put(T1, 2000);
    world_start();
    await_published(1);
    put(T1, 3000); /* when it is out, the round of the others is over */
    await_published(1);
    assert_int_equal(rows("SELECT count(*) FROM scheduled WHERE due_ms IS NULL"), 1);
    assert_int_equal(rows("SELECT count(*) FROM scheduled"), 1);
    assert_int_equal(rows("SELECT count(*) FROM audit WHERE action = 'event.missed'"), 1);
    world_close();
}

TEST_MAIN()
