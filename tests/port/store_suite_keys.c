/* Keys: an event is accepted once under each, whoever comes with it and whenever. */
#include "port/store_suite.h"

#include "base/limits.h"
#include "check_test.h"

enum { T1 = 1, T2 = 2, TTL_MS = 1000 };

typedef struct Keyed { /* a PUSH with a key, and what its strings need */
    PlanRoom room;
    EventPlan plan;
    Arena arena; /* for a replay */
} Keyed;

static void keyed_init(Keyed *k, uint32_t tenant_no, uint8_t key, uint8_t body, int n)
{
    k->plan = suite_push(tenant_no, "ada", n, &k->room);
    k->plan.answer = str_of(k->room.title);
    k->plan.key = (EventKey){.set = true, .expires_ms = k->plan.created_ms + TTL_MS};
    memset(k->plan.key.hash, key, EVENT_KEY_BYTES);
    memset(k->plan.key.body_hash, body, EVENT_KEY_BYTES);
    arena_init(&k->arena, KIB(8));
}

static Status keyed_accept(Store *s, Keyed *k)
{
    Waiting w = {.accept = {.events = &k->plan, .event_count = 1, .arena = &k->arena}};
    return waiting_run(&w, s, STORE_ACCEPT);
}

static void assert_replay(const Keyed *k, const Keyed *first)
{
    assert_true(k->plan.ret_replay.is);
    assert_str(k->plan.ret_replay.answer, first->room.title);
    assert_true(str_eq(k->plan.ret_replay.event_id, first->plan.event_id));
}

static void assert_rows(Store *s, int events, int keys)
{
    assert_int_equal(store_number(s, "SELECT count(*) FROM event"), events);
    assert_int_equal(store_number(s, "SELECT count(*) FROM delivery"), events);
    assert_int_equal(store_number(s, "SELECT count(*) FROM inbox"), events);
    assert_int_equal(store_number(s, "SELECT count(*) FROM idempotency"), keys);
}

void store_suite_key_is_taken_once(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Keyed first, again, changed, other;

    keyed_init(&first, T1, 'k', 'b', 1);
    keyed_init(&again, T1, 'k', 'b', 2);
    keyed_init(&changed, T1, 'k', 'c', 3);
    keyed_init(&other, T1, 'l', 'b', 4);
    assert_status(keyed_accept(s, &first), ST_OK);
    assert_false(first.plan.ret_replay.is);
    assert_status(keyed_accept(s, &again), ST_OK);
    assert_replay(&again, &first);
    assert_false(again.plan.ret_replay.body_differs);
    assert_status(keyed_accept(s, &changed), ST_OK);
    assert_replay(&changed, &first);
    assert_true(changed.plan.ret_replay.body_differs);
    assert_status(keyed_accept(s, &other), ST_OK);
    assert_false(other.plan.ret_replay.is);
    assert_int_equal(other.plan.ret_feed_seq, 2); /* a replay takes no place in the feed */
    assert_rows(s, 2, 2);
    arena_done(&again.arena);
    arena_done(&changed.arena);
    store_close(s);
}

void store_suite_key_is_its_tenants_own(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Keyed one, two;

    keyed_init(&one, T1, 'k', 'b', 1);
    keyed_init(&two, T2, 'k', 'b', 2);
    assert_status(keyed_accept(s, &one), ST_OK);
    assert_status(keyed_accept(s, &two), ST_OK);
    assert_false(two.plan.ret_replay.is);
    assert_rows(s, 2, 2);
    store_close(s);
}

void store_suite_key_survives_a_restart(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Keyed first, again;

    keyed_init(&first, T1, 'k', 'b', 1);
    keyed_init(&again, T1, 'k', 'b', 2);
    assert_status(keyed_accept(s, &first), ST_OK);
    store_close(s);
    s = driver->open_again();
    assert_status(keyed_accept(s, &again), ST_OK);
    assert_replay(&again, &first);
    assert_rows(s, 1, 1);
    arena_done(&again.arena);
    store_close(s);
}

void store_suite_key_is_free_once_expired(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Keyed first, before, after, again;

    keyed_init(&first, T1, 'k', 'b', 0);
    keyed_init(&before, T1, 'k', 'b', TTL_MS - 1);
    keyed_init(&after, T1, 'k', 'b', TTL_MS);
    keyed_init(&again, T1, 'k', 'b', TTL_MS + 1);
    assert_status(keyed_accept(s, &first), ST_OK);
    assert_status(keyed_accept(s, &before), ST_OK);
    assert_replay(&before, &first);
    assert_status(keyed_accept(s, &after), ST_OK);
    assert_false(after.plan.ret_replay.is);
    assert_status(keyed_accept(s, &again), ST_OK);
    assert_replay(&again, &after); /* the second one's answer took the place of the first one's */
    assert_rows(s, 2, 1);
    arena_done(&before.arena);
    arena_done(&again.arena);
    store_close(s);
}

void store_suite_key_is_free_after_a_failure(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Keyed bad, good;
    Uuid taken;

    keyed_init(&good, T1, 'o', 'b', 0);
    assert_status(keyed_accept(s, &good), ST_OK);
    taken = good.plan.deliveries[0].id;
    keyed_init(&bad, T1, 'k', 'b', 1);
    bad.plan.deliveries[0].id = taken;
    assert_status(keyed_accept(s, &bad), ST_CONFLICT);
    keyed_init(&good, T1, 'k', 'b', 2);
    assert_status(keyed_accept(s, &good), ST_OK);
    assert_false(good.plan.ret_replay.is);
    assert_rows(s, 2, 2);
    store_close(s);
}

void store_suite_key_repeats_within_one_call(const StoreDriver *driver)
{
    enum { COUNT = 4 };
    Store *s = driver->open_empty();
    Keyed k[COUNT];
    EventPlan plans[COUNT];
    Arena arena;

    arena_init(&arena, KIB(16));
    for (int i = 0; i < COUNT; i++) {
        keyed_init(&k[i], T1, (uint8_t)(i % 2), 'b', i);
        plans[i] = k[i].plan;
    }
    Waiting w = {.accept = {.events = plans, .event_count = COUNT, .arena = &arena}};
    assert_status(waiting_run(&w, s, STORE_ACCEPT), ST_OK);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(plans[i].ret_replay.is, i >= 2);
        if (i >= 2) assert_str(plans[i].ret_replay.answer, k[i - 2].room.title);
    }
    assert_rows(s, 2, 2);
    arena_done(&arena);
    store_close(s);
}

static Status hold(StoreTx *tx, StoreJob *job, Err *err) /* lets a batch gather behind it */
{
    (void)tx, (void)err;
    while (sem_wait(job_extra(job)) != 0) continue;
    return ST_OK;
}

/* Three with one key in one batch; the first of them fails, so the second is the first. What it met in
 * the run that was rolled back must not show. */
void store_suite_key_goes_to_the_first_that_succeeds(const StoreDriver *driver)
{
    enum { COUNT = 3 };
    Store *s = driver->open_empty();
    sem_t gate;
    Waiting holder = {.job = {.run = hold}, .extra = &gate}, calls[COUNT];
    Keyed other, k[COUNT];

    keyed_init(&other, T1, 'o', 'b', 0);
    assert_status(keyed_accept(s, &other), ST_OK);
    sem_init(&gate, 0, 0);
    waiting_submit(&holder, s, STORE_WRITE_JOB);
    for (int i = 0; i < COUNT; i++) {
        keyed_init(&k[i], T1, 'k', 'b', i + 1);
        if (i == 0) k[i].plan.deliveries[0].id = other.plan.deliveries[0].id;
        calls[i] = (Waiting){
            .accept = {.events = &k[i].plan, .event_count = 1, .arena = &k[i].arena}};
        waiting_submit(&calls[i], s, STORE_ACCEPT);
    }
    sem_post(&gate);
    assert_status(waiting_end(&holder), ST_OK);
    for (int i = 0; i < COUNT; i++)
        assert_status(waiting_end(&calls[i]), i == 0 ? ST_CONFLICT : ST_OK);
    assert_false(k[1].plan.ret_replay.is);
    assert_replay(&k[2], &k[1]);
    assert_rows(s, 2, 2);
    for (int i = 0; i < COUNT; i++) arena_done(&k[i].arena);
    sem_destroy(&gate);
    store_close(s);
}
