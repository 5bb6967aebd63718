/* Errands on real loops. The test's own thread is the store's writer: it takes what was submitted and
 * settles it, with the registry and the live side replaced by what notes their calls. */
#include "app/errand.h"

#include <semaphore.h>

#include "app/app.h"
#include "app/courier/courier.h"
#include "app/live.h"
#include "app/key_fetch.h"
#include "app/measure.h"
#include "check_test.h"

enum { LANES = 3 };

static struct {
    App app;
    StoreOps ops;
    Store store;
    Snapshot before, after;
    Status submit_answers;
    StoreCall *submitted;
    sem_t moved; /* posted at each step another thread waits for */
    /* what happened, in the order of a counter */
    atomic_int clock;
    int published_at, unstaged_at, swapped_at, back_at;
    int back_lane;
    Status back_st;
    int lanes_swapped; /* seen by `back` */
    int answered;      /* by errand_send itself */
    int parted_at;     /* the client was told that nothing is known */
    int measured_at;
    Config config;
} t;

static int tick(void)
{
    return atomic_fetch_add(&t.clock, 1) + 1;
}

/* ---- the neighbours ---- */

void live_committed(App *app, StoreCall *call)
{
    (void)app;
    if (call->kind == STORE_ACCEPT && call->st == ST_OK) t.published_at = tick();
}

void courier_accepted(Courier *c, const AcceptCall *call)
{
    (void)c;
    (void)call;
}

void courier_adopt(Courier *c, Snapshot *snapshot)
{
    (void)c;
    (void)snapshot;
}

void live_recheck(Lane *lane)
{
    (void)lane;
}

Snapshot *registry_publish(Registry *r, StagedTenant *staged)
{
    (void)r;
    (void)staged;
    t.swapped_at = tick();
    return snapshot_ref(&t.after);
}

void key_fetch_look(KeyFetch *f)
{
    (void)f;
}

void registry_unstage(StagedTenant *staged)
{
    (void)staged;
    t.unstaged_at = tick();
}

void respond_status(Request *rq, Status st, const Err *err)
{
    (void)rq;
    (void)st;
    (void)err;
    t.answered++;
}

void respond_unknown(Request *rq)
{
    (void)rq;
    t.parted_at = tick();
    sem_post(&t.moved);
}

void measure_accept(const AcceptCall *call)
{
    (void)call;
    t.measured_at = tick();
}

static Status submit(Store *store, StoreCall *call)
{
    (void)store;
    if (t.submit_answers == ST_OK) t.submitted = call;
    sem_post(&t.moved);
    return t.submit_answers;
}

/* ---- a process ---- */

typedef struct Trip {
    Mail mail;
    Request rq;
    StoreKind kind;
} Trip;

static void on_start(Loop *l)
{
    l->lane = &t.app.lanes[l->index];
    sem_post(&t.moved);
}

static void app_start(void)
{
    memset(&t, 0, sizeof t);
    sem_init(&t.moved, 0, 0);
    t.ops.submit = submit;
    t.store.ops = &t.ops;
    t.app.store = &t.store;
    t.app.lane_count = LANES;
    t.config.store_timeout = 300;
    t.app.config = &t.config;
    atomic_init(&t.before._refs, LANES + 1); /* one of our own: the test frees nothing */
    atomic_init(&t.after._refs, 1);
    for (int i = 0; i < LANES; i++) {
        Lane *lane = &t.app.lanes[i];
        lane->app = &t.app;
        lane->snapshot = &t.before;
        lane->loop = loop_new(i);
        loop_start(lane->loop, on_start);
        sem_wait(&t.moved);
    }
}

static void stop_here(Mail *mail, Loop *here)
{
    (void)mail;
    loop_stop(here);
}

static void app_stop(void)
{
    for (int i = 0; i < LANES; i++) {
        Mail mail = {.open = stop_here};
        mailbox_post(t.app.lanes[i].loop, &mail);
        loop_join(t.app.lanes[i].loop);
        loop_free(t.app.lanes[i].loop);
    }
    sem_destroy(&t.moved);
}

static void back(Request *rq, Errand *e)
{
    t.back_at = tick();
    t.back_st = e->call.st;
    t.back_lane = (int)(rq->lane - t.app.lanes);
    for (int i = 0; i < LANES; i++) t.lanes_swapped += t.app.lanes[i].snapshot == &t.after;
    arena_done(&rq->arena);
    sem_post(&t.moved);
}

static void leave(Mail *mail, Loop *here)
{
    Trip *trip = CONTAINER_OF(mail, Trip, mail);
    trip->rq.lane = here->lane;
    arena_init(&trip->rq.arena, KIB(64));
    Errand *e = errand_new(&trip->rq, back);
    CHECK(errand_registry(e) == t.app.registry);
    if (!errand_send(e, trip->kind)) {
        arena_done(&trip->rq.arena);
        sem_post(&t.moved);
    }
}

/* Sends an errand from lane 1 as far as the store. */
static Errand *depart(Trip *trip, StoreKind kind)
{
    *trip = (Trip){.mail.open = leave, .kind = kind};
    mailbox_post(t.app.lanes[1].loop, &trip->mail);
    sem_wait(&t.moved);
    assert_non_null(t.submitted);
    assert_int_equal(t.submitted->kind, kind);
    return CONTAINER_OF(t.submitted, Errand, call);
}

/* Settles it as the writer would, and waits until it is home. */
static void settle_as(Errand *e, Status st)
{
    e->call.st = st;
    e->call.done(&e->call);
    sem_wait(&t.moved);
    assert_int_equal(t.back_lane, 1);
    assert_int_equal(t.back_st, st);
}

/* ---- */

TEST(errand_comes_home_to_its_own_loop)
{
    Trip trip;
    app_start();
    settle_as(depart(&trip, STORE_FEED), ST_OK);
    assert_int_equal(t.published_at, 0);
    assert_int_equal(t.swapped_at, 0);
    app_stop();
}

TEST(errand_publishes_an_accepted_event_before_it_comes_home)
{
    Trip trip;
    app_start();
    settle_as(depart(&trip, STORE_ACCEPT), ST_OK);
    assert_int_equal(t.measured_at, 1);
    assert_int_equal(t.published_at, 2);
    assert_int_equal(t.back_at, 3);
    app_stop();
}

TEST(errand_publishes_nothing_that_was_not_committed)
{
    Trip trip;
    app_start();
    settle_as(depart(&trip, STORE_ACCEPT), ST_UNAVAILABLE);
    assert_int_equal(t.published_at, 0);
    app_stop();
}

TEST(errand_comes_home_after_every_loop_has_the_new_snapshot)
{
    Trip trip;
    app_start();
    Errand *e = depart(&trip, STORE_WRITE_JOB);
    e->changes_tenant = true;
    settle_as(e, ST_OK);
    assert_int_equal(t.lanes_swapped, LANES);
    assert_int_equal(t.swapped_at, 1);
    assert_int_equal(t.unstaged_at, 0);
    app_stop();
    assert_int_equal(atomic_load(&t.before._refs), 1);        /* every loop let it go */
    assert_int_equal(atomic_load(&t.after._refs), 1 + LANES); /* and the round its own */
}

TEST(errand_unstages_what_was_rolled_back)
{
    Trip trip;
    app_start();
    Errand *e = depart(&trip, STORE_WRITE_JOB);
    e->changes_tenant = true;
    settle_as(e, ST_CONFLICT);
    assert_int_equal(t.unstaged_at, 1);
    assert_int_equal(t.swapped_at, 0);
    assert_int_equal(t.lanes_swapped, 0);
    app_stop();
}

TEST(errand_parts_from_its_client_in_time_and_still_comes_home_once)
{
    Trip trip;
    app_start();
    t.config.store_timeout = 0;
    Errand *e = depart(&trip, STORE_ACCEPT);
    sem_wait(&t.moved); /* parted */
    assert_int_equal(t.parted_at, 1);
    assert_int_equal(t.back_at, 0);
    settle_as(e, ST_OK);
    assert_int_equal(t.published_at, 3); /* what is durable is published, whoever waits */
    assert_int_equal(t.back_at, 4);
    app_stop();
}

TEST(errand_answers_when_the_store_takes_no_more)
{
    Trip trip = {.mail.open = leave, .kind = STORE_FEED};
    app_start();
    t.submit_answers = ST_FULL;
    mailbox_post(t.app.lanes[1].loop, &trip.mail);
    sem_wait(&t.moved); /* refused */
    sem_wait(&t.moved); /* answered */
    assert_int_equal(t.answered, 1);
    assert_int_equal(t.back_at, 0);
    app_stop();
}

TEST_MAIN()
