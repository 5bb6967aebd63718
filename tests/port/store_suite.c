/* Each test opens an empty store, says what it does in its name, and closes it. */
#include "port/store_suite.h"

#include "base/limits.h"
#include "check_test.h"

enum { T1 = 1, T2 = 2 };

static Arena test_arena(void)
{
    Arena arena;
    arena_init(&arena, MIB(8));
    return arena;
}

static void assert_same_id(Uuid a, Uuid b)
{
    assert_memory_equal(a.at, b.at, sizeof a.at);
}

/* ---- feed ---- */

void store_suite_feed_shows_accepted_newest_first(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena = test_arena();
    Uuid ids[3];

    for (int i = 0; i < 3; i++) ids[i] = suite_notify(s, T1, "ada", i);
    FeedCall feed = suite_feed(s, T1, "ada", 50, 0, &arena);
    assert_int_equal(feed.ret_count, 3);
    for (int i = 0; i < 3; i++) {
        const FeedItem *item = &feed.ret_items[2 - i];
        assert_same_id(item->id, ids[i]);
        assert_int_equal(item->seq, i + 1);
        assert_int_equal(item->created_ms, 1700000000000 + i);
        assert_false(item->is_read);
        assert_str(item->event_type, "order.shipped");
        assert_str(item->body, "Your order is on its way");
    }
    assert_str(feed.ret_items[0].title, "title 2");
    arena_done(&arena);
    store_close(s);
}

void store_suite_feed_pages_by_limit_and_offset(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena = test_arena();

    for (int i = 0; i < 10; i++) suite_notify(s, T1, "ada", i);
    FeedCall page = suite_feed(s, T1, "ada", 4, 0, &arena);
    assert_int_equal(page.ret_count, 4);
    assert_int_equal(page.ret_items[0].seq, 10);
    page = suite_feed(s, T1, "ada", 4, 8, &arena);
    assert_int_equal(page.ret_count, 2);
    assert_int_equal(page.ret_items[0].seq, 2);
    assert_int_equal(page.ret_items[1].seq, 1);
    assert_int_equal(suite_feed(s, T1, "ada", 4, 10, &arena).ret_count, 0);
    assert_int_equal(suite_feed(s, T1, "ada", 4, UINT32_MAX, &arena).ret_count, 0);
    arena_done(&arena);
    store_close(s);
}

void store_suite_feed_of_unknown_user_is_empty(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena = test_arena();

    suite_notify(s, T1, "ada", 1);
    assert_int_equal(suite_feed(s, T1, "bob", 50, 0, &arena).ret_count, 0);
    assert_int_equal(suite_feed(s, T2, "ada", 50, 0, &arena).ret_count, 0);
    arena_done(&arena);
    store_close(s);
}

void store_suite_feed_that_outgrows_its_arena_is_refused(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena;

    for (int i = 0; i < 20; i++) suite_notify(s, T1, "ada", i);
    arena_init(&arena, 100);
    Waiting w = {.feed = {.tenant_no = T1, .user_id = S("ada"), .limit = 20, .arena = &arena}};
    assert_status(waiting_run(&w, s, STORE_FEED), ST_TOO_BIG);
    arena_done(&arena);
    arena = test_arena(); /* and the next one is served */
    assert_int_equal(suite_feed(s, T1, "ada", 20, 0, &arena).ret_count, 20);
    arena_done(&arena);
    store_close(s);
}

/* ---- mark read ---- */

void store_suite_mark_read_is_idempotent(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena = test_arena();

    Uuid first = suite_notify(s, T1, "ada", 1);
    suite_notify(s, T1, "ada", 2);
    assert_status(suite_mark_read(s, T1, "ada", first), ST_OK);
    assert_status(suite_mark_read(s, T1, "ada", first), ST_OK);
    FeedCall feed = suite_feed(s, T1, "ada", 50, 0, &arena);
    assert_false(feed.ret_items[0].is_read);
    assert_true(feed.ret_items[1].is_read);
    arena_done(&arena);
    store_close(s);
}

void store_suite_mark_read_refuses_what_is_not_ones_own(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena = test_arena();

    Uuid id = suite_notify(s, T1, "ada", 1);
    suite_notify(s, T1, "bob", 2);
    suite_notify(s, T2, "ada", 3);
    assert_status(suite_mark_read(s, T1, "ada", uuid_v4(suite_random())), ST_NOT_FOUND);
    assert_status(suite_mark_read(s, T1, "bob", id), ST_NOT_FOUND);
    assert_status(suite_mark_read(s, T2, "ada", id), ST_NOT_FOUND);
    assert_status(suite_mark_read(s, T1, "nobody", id), ST_NOT_FOUND);
    assert_false(suite_feed(s, T1, "ada", 50, 0, &arena).ret_items[0].is_read);
    arena_done(&arena);
    store_close(s);
}

/* ---- tenants, positions ---- */

void store_suite_tenants_with_equal_users_never_mix(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena = test_arena();

    Uuid one = suite_notify(s, T1, "ada", 1), two = suite_notify(s, T2, "ada", 2);
    FeedCall a = suite_feed(s, T1, "ada", 50, 0, &arena);
    FeedCall b = suite_feed(s, T2, "ada", 50, 0, &arena);
    assert_int_equal(a.ret_count, 1);
    assert_int_equal(b.ret_count, 1);
    assert_same_id(a.ret_items[0].id, one);
    assert_same_id(b.ret_items[0].id, two);
    assert_int_equal(b.ret_items[0].seq, 1);
    arena_done(&arena);
    store_close(s);
}

static uint64_t notify_seq(Store *s, const char *user, int n)
{
    PlanRoom room;
    EventPlan plan = suite_push(T1, user, n, &room);
    assert_status(suite_accept(s, &plan, 1), ST_OK);
    return plan.ret_feed_seq;
}

void store_suite_seq_grows_per_user_across_restart(const StoreDriver *driver)
{
    Store *s = driver->open_empty();

    assert_int_equal(notify_seq(s, "ada", 1), 1);
    assert_int_equal(notify_seq(s, "bob", 2), 1);
    assert_int_equal(notify_seq(s, "ada", 3), 2);
    store_close(s);
    s = driver->open_again();
    assert_int_equal(notify_seq(s, "ada", 4), 3);
    assert_int_equal(notify_seq(s, "bob", 5), 2);
    store_close(s);
}

static Status prune(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    Status st = tx_run(tx, "UPDATE end_user SET seq_floor = 2", NO_VALUES, NULL, err);
    return st == ST_OK ? tx_run(tx, "DELETE FROM inbox", NO_VALUES, NULL, err) : st;
}

static Status erase(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    Status st = tx_run(tx, "DELETE FROM inbox", NO_VALUES, NULL, err);
    return st == ST_OK ? tx_run(tx, "DELETE FROM end_user", NO_VALUES, NULL, err) : st;
}

/* What the writer remembers of a user must not outlive what a job does to the tables. */
void store_suite_seq_survives_deletion_of_rows(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena = test_arena();

    assert_int_equal(notify_seq(s, "ada", 1), 1);
    assert_int_equal(notify_seq(s, "ada", 2), 2);
    assert_status(job_write(s, prune, NULL), ST_OK);
    assert_int_equal(notify_seq(s, "ada", 3), 3);
    assert_status(job_write(s, erase, NULL), ST_OK);
    assert_int_equal(notify_seq(s, "ada", 4), 1);
    assert_int_equal(suite_feed(s, T1, "ada", 50, 0, &arena).ret_count, 1);
    arena_done(&arena);
    store_close(s);
}

/* ---- accept ---- */

void store_suite_accept_is_all_or_nothing(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    PlanRoom rooms[3];
    EventPlan plans[3];

    for (int i = 0; i < 3; i++) plans[i] = suite_push(T1, "ada", i, &rooms[i]);
    plans[2].deliveries[0].id = plans[0].deliveries[0].id;
    assert_status(suite_accept(s, plans, 3), ST_CONFLICT);
    assert_int_equal(store_number(s, "SELECT count(*) FROM event"), 0);
    assert_int_equal(store_number(s, "SELECT count(*) FROM delivery"), 0);
    assert_int_equal(store_number(s, "SELECT count(*) FROM inbox"), 0);
    plans[2].deliveries[0].id = uuid_v4(suite_random());
    assert_status(suite_accept(s, plans, 3), ST_OK);
    assert_int_equal(plans[2].ret_feed_seq, 3);
    assert_int_equal(store_number(s, "SELECT count(*) FROM inbox"), 3);
    store_close(s);
}

static Status hold(StoreTx *tx, StoreJob *job, Err *err) /* lets a batch gather behind it */
{
    (void)tx, (void)err;
    while (sem_wait(job_extra(job)) != 0) continue;
    return ST_OK;
}

void store_suite_conflict_harms_no_neighbour(const StoreDriver *driver)
{
    enum { COUNT = 9, BAD = 4 };
    Store *s = driver->open_empty();
    sem_t gate;
    Waiting holder = {.job = {.run = hold}, .extra = &gate}, calls[COUNT];
    PlanRoom rooms[COUNT];
    EventPlan plans[COUNT];

    sem_init(&gate, 0, 0);
    waiting_submit(&holder, s, STORE_WRITE_JOB);
    for (int i = 0; i < COUNT; i++) {
        plans[i] = suite_push(T1, "ada", i, &rooms[i]);
        if (i == BAD) plans[i].deliveries[0].id = plans[0].deliveries[0].id;
        calls[i] = (Waiting){.accept = {.events = &plans[i], .event_count = 1}};
        waiting_submit(&calls[i], s, STORE_ACCEPT);
    }
    sem_post(&gate);
    assert_status(waiting_end(&holder), ST_OK);
    for (int i = 0; i < COUNT; i++) {
        assert_status(waiting_end(&calls[i]), i == BAD ? ST_CONFLICT : ST_OK);
        if (i != BAD) assert_int_equal(plans[i].ret_feed_seq, i < BAD ? i + 1 : i);
    }
    assert_int_equal(store_number(s, "SELECT count(*) FROM event"), COUNT - 1);
    assert_int_equal(store_number(s, "SELECT max(seq) FROM inbox"), COUNT - 1);
    sem_destroy(&gate);
    store_close(s);
}

/* Five calls in one batch: two tenants by turns, one call that is undone after two of its events, one
 * on the next day. What was undone uses up nobody's day. */
void store_suite_usage_counts_what_was_kept(const StoreDriver *driver)
{
    static const struct {
        uint32_t tenant_no;
        int events;
        bool bad, tomorrow;
    } given[] = {{T1, 1, false, false},
                 {T2, 2, false, false},
                 {T2, 3, true, false},
                 {T1, 1, false, true},
                 {T1, 2, false, false}};
    enum { CALLS = sizeof given / sizeof *given, EVENTS = 3 };
    Store *s = driver->open_empty();
    sem_t gate;
    Waiting holder = {.job = {.run = hold}, .extra = &gate}, calls[CALLS];
    PlanRoom rooms[CALLS][EVENTS];
    EventPlan plans[CALLS][EVENTS];

    sem_init(&gate, 0, 0);
    waiting_submit(&holder, s, STORE_WRITE_JOB);
    for (int i = 0; i < CALLS; i++) {
        for (int k = 0; k < given[i].events; k++) {
            plans[i][k] = suite_push(given[i].tenant_no, "ada", 10 * i + k, &rooms[i][k]);
            plans[i][k].created_ms = INT64_C(86400000) * (given[i].tomorrow ? 5 : 4) + i;
        }
        if (given[i].bad) plans[i][2].deliveries[0].id = plans[i][0].deliveries[0].id;
        calls[i] = (Waiting){
            .accept = {.events = plans[i], .event_count = (size_t)given[i].events}};
        waiting_submit(&calls[i], s, STORE_ACCEPT);
    }
    sem_post(&gate);
    assert_status(waiting_end(&holder), ST_OK);
    for (int i = 0; i < CALLS; i++)
        assert_status(waiting_end(&calls[i]), given[i].bad ? ST_CONFLICT : ST_OK);
    sem_destroy(&gate);
    suite_notify(s, T1, "ada", 99); /* another batch, another day */

    store_close(s);
    s = driver->open_again();
    assert_int_equal(store_number(s, "SELECT accepted FROM usage_day WHERE tenant = 1 AND day = 4"),
                     3);
    assert_int_equal(store_number(s, "SELECT accepted FROM usage_day WHERE tenant = 1 AND day = 5"),
                     1);
    assert_int_equal(store_number(s, "SELECT accepted FROM usage_day WHERE tenant = 2 AND day = 4"),
                     2);
    assert_int_equal(store_number(s, "SELECT sum(accepted) FROM usage_day"),
                     store_number(s, "SELECT count(*) FROM event"));
    store_close(s);
}

/* A conflict is the id of a delivery met twice, and nothing else passes for one. */
void store_suite_conflict_means_a_repeated_delivery(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    PlanRoom room;

    Uuid taken = suite_notify(s, T1, "ada", 1);
    EventPlan plan = suite_push(T1, "ada", 2, &room);
    plan.notification.id = taken;
    assert_status(suite_accept(s, &plan, 1), ST_INTERNAL);
    plan = suite_push(T1, "ada", 2, &room);
    plan.deliveries[1] = plan.deliveries[0]; /* the same channel twice */
    plan.deliveries[1].id = uuid_v4(suite_random());
    plan.delivery_count = 2;
    assert_status(suite_accept(s, &plan, 1), ST_INTERNAL);
    plan.delivery_count = 1;
    assert_status(suite_accept(s, &plan, 1), ST_OK);
    assert_status(suite_accept(s, &plan, 1), ST_CONFLICT);
    plan.tenant_no = T2; /* another tenant's is its own */
    assert_status(suite_accept(s, &plan, 1), ST_OK);
    assert_int_equal(store_number(s, "SELECT count(*) FROM event"), 3);
    assert_int_equal(store_number(s, "SELECT count(*) FROM inbox"), 3);
    store_close(s);
}

void store_suite_unmatched_event_is_audited(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    PlanRoom room;
    EventPlan plan = suite_push(T1, "ada", 1, &room);

    plan.delivery_count = 0;
    plan.has_notification = false;
    assert_status(suite_accept(s, &plan, 1), ST_OK);
    assert_int_equal(store_number(s, "SELECT count(*) FROM event"), 1);
    assert_int_equal(store_number(s, "SELECT count(*) FROM audit WHERE action = 'event.unmatched' "
                                     "AND subject = 'order.shipped' AND tenant = 1 "
                                     "AND trace_id = 'trace-1' AND at_ms = 1700000000001"),
                     1);
    store_close(s);
}

void store_suite_deliveries_are_recorded(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    PlanRoom room;
    EventPlan plan = suite_push(T1, "ada", 1, &room);

    plan.deliveries[1] = (DeliveryPlan){.id = uuid_v4(suite_random()),
                                        .channel = CHANNEL_EMAIL,
                                        .status = DELIVERY_PENDING,
                                        .recipient = S("ada@example.org"),
                                        .template_id = uuid_v4(suite_random()),
                                        .template_version = 7};
    plan.deliveries[2] = (DeliveryPlan){.id = uuid_v4(suite_random()),
                                        .channel = CHANNEL_SMS,
                                        .status = DELIVERY_FAILED,
                                        .cause = S("recipientPhone is required")};
    plan.delivery_count = 3;
    assert_status(suite_accept(s, &plan, 1), ST_OK);
    assert_int_equal(store_number(s, "SELECT count(*) FROM delivery WHERE tenant = 1"), 3);
    assert_int_equal(store_number(s, "SELECT count(*) FROM delivery WHERE channel = 0 "
                                     "AND status = 0 AND recipient = 'ada@example.org' "
                                     "AND template_version = 7 AND length(template_id) = 16"),
                     1);
    assert_int_equal(store_number(s, "SELECT count(*) FROM delivery WHERE channel = 1 "
                                     "AND status = 3 AND recipient IS NULL "
                                     "AND cause = 'recipientPhone is required'"),
                     1);
    assert_int_equal(store_number(s, "SELECT count(*) FROM delivery WHERE channel = 2 "
                                     "AND status = 1 AND template_id IS NULL"),
                     1);
    assert_int_equal(
        store_number(s, "SELECT count(*) FROM message WHERE channel = 'global_system'"), 1);
    store_close(s);
}

/* ---- jobs ---- */

static Status add_audit(StoreTx *tx, const char *action, Err *err)
{
    return tx_run(tx, "INSERT INTO audit (at_ms, actor, action) VALUES ($1, $2, $3)",
                  VALUES(value_int(5), value_text(S("test")), value_text(str_of(action))), NULL,
                  err);
}

static Status every_value(StoreTx *tx, StoreJob *job, Err *err)
{
    Arena *arena = job_extra(job);
    Rows rows;
    int64_t changed = -1;

    Status st = tx_run(tx,
                       "INSERT INTO admin_session (id_hash, username, role, tenant, created_ms, "
                       "expires_ms, idle_until_ms) VALUES ($1, $2, $3, $4, $5, $5, $5)",
                       VALUES(value_blob("\0\1\2", 3), value_text(S("")), value_int(INT64_MIN),
                              value_null(), value_int(INT64_MAX)),
                       &changed, err);
    assert_status(st, ST_OK);
    assert_int_equal(changed, 1);
    st = tx_query(tx, "SELECT id_hash, username, role, tenant, expires_ms FROM admin_session",
                  NO_VALUES, arena, &rows, err);
    assert_status(st, ST_OK);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.columns, 5);
    assert_int_equal(rows_text(&rows, 0, 0).len, 3);
    assert_memory_equal(rows_text(&rows, 0, 0).at, "\0\1\2", 3);
    assert_int_equal(rows_at(&rows, 0, 1).kind, VALUE_TEXT);
    assert_non_null(rows_text(&rows, 0, 1).at);
    assert_int_equal(rows_text(&rows, 0, 1).len, 0);
    assert_true(rows_int(&rows, 0, 2) == INT64_MIN);
    assert_int_equal(rows_at(&rows, 0, 3).kind, VALUE_NULL);
    assert_null(rows_text(&rows, 0, 3).at);
    assert_true(rows_int(&rows, 0, 4) == INT64_MAX);
    for (int i = 0; i < 100; i++) assert_status(add_audit(tx, "many", err), ST_OK);
    assert_int_equal(tx_last_id(tx), 100);
    st = tx_query(tx, "SELECT no FROM audit WHERE action = $1 ORDER BY no",
                  VALUES(value_text(S("many"))), arena, &rows, err);
    assert_status(st, ST_OK);
    assert_int_equal(rows.count, 100);
    assert_int_equal(rows_int(&rows, 99, 0), 100);
    return ST_OK;
}

void store_suite_jobs_write_and_read_every_kind_of_value(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena = test_arena();

    assert_status(job_write(s, every_value, &arena), ST_OK);
    assert_int_equal(store_number(s, "SELECT count(*) FROM audit"), 100);
    arena_done(&arena);
    store_close(s);
}

static Status good_job(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    return add_audit(tx, "good", err);
}

static Status bad_job(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    Status st = add_audit(tx, "bad", err);
    return st == ST_OK ? err_set(err, ST_FORBIDDEN, "changed its mind") : st;
}

void store_suite_failed_job_rolls_back_alone(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    sem_t gate;
    Waiting holder = {.job = {.run = hold}, .extra = &gate};
    Waiting first = {.job = {.run = good_job}}, bad = {.job = {.run = bad_job}}, last = first;

    sem_init(&gate, 0, 0);
    waiting_submit(&holder, s, STORE_WRITE_JOB);
    waiting_submit(&first, s, STORE_WRITE_JOB);
    waiting_submit(&bad, s, STORE_WRITE_JOB);
    waiting_submit(&last, s, STORE_WRITE_JOB);
    sem_post(&gate);
    assert_status(waiting_end(&holder), ST_OK);
    assert_status(waiting_end(&first), ST_OK);
    assert_status(waiting_end(&bad), ST_FORBIDDEN);
    assert_str(err_view(&bad.call.err), "changed its mind");
    assert_status(waiting_end(&last), ST_OK);
    assert_int_equal(store_number(s, "SELECT count(*) FROM audit WHERE action = 'good'"), 2);
    assert_int_equal(store_number(s, "SELECT count(*) FROM audit WHERE action = 'bad'"), 0);
    sem_destroy(&gate);
    store_close(s);
}

static Status wrong_statements(StoreTx *tx, StoreJob *job, Err *err)
{
    static const char add[] =
        "INSERT INTO admin_user (username, password_hash, role, created_ms) VALUES ($1, $2, 0, 0)";
    (void)job;
    assert_status(tx_run(tx, add, VALUES(value_text(S("op")), value_text(S("x"))), NULL, err),
                  ST_OK);
    assert_status(tx_run(tx, add, VALUES(value_text(S("op")), value_text(S("x"))), NULL, err),
                  ST_CONFLICT);
    assert_status(tx_run(tx, add, VALUES(value_text(S("b")), value_null()), NULL, err), ST_INVALID);
    assert_status(tx_run(tx, add, VALUES(value_text(S("b"))), NULL, err), ST_INTERNAL);
    assert_status(tx_run(tx, "SELECT nonsense FROM nowhere", NO_VALUES, NULL, err), ST_INTERNAL);
    return ST_OK; /* and what was right stays */
}

void store_suite_job_errors_have_their_status(const StoreDriver *driver)
{
    Store *s = driver->open_empty();

    assert_status(job_write(s, wrong_statements, NULL), ST_OK);
    assert_int_equal(store_number(s, "SELECT count(*) FROM admin_user"), 1);
    assert_true(store_health(s).writable);
    store_close(s);
}

void store_suite_read_job_cannot_write(const StoreDriver *driver)
{
    Store *s = driver->open_empty();

    assert_status(job_read(s, good_job, NULL), ST_INTERNAL);
    assert_int_equal(store_number(s, "SELECT count(*) FROM audit"), 0);
    store_close(s);
}

/* ---- order, drain, health ---- */

enum { ORDERED = 300 };

typedef struct Ordered {
    AcceptCall accept; /* first */
    EventPlan plan;
    PlanRoom room;
    int no;
    struct OrderLog *log;
} Ordered;

typedef struct OrderLog {
    Ordered calls[ORDERED];
    int order[ORDERED];
    int count; /* written by done(), which runs on one thread */
    sem_t all;
} OrderLog;

static void note_order(StoreCall *call)
{
    Ordered *o = CONTAINER_OF(call, Ordered, accept.call);
    o->log->order[o->log->count++] = o->no;
    if (o->log->count == ORDERED) sem_post(&o->log->all);
}

static OrderLog *submit_ordered(Store *s)
{
    OrderLog *log = mem_new(OrderLog);

    sem_init(&log->all, 0, 0);
    for (int i = 0; i < ORDERED; i++) {
        Ordered *o = &log->calls[i];
        o->plan = suite_push(T1, "ada", i, &o->room);
        o->accept = (AcceptCall){.events = &o->plan, .event_count = 1};
        o->accept.call.kind = STORE_ACCEPT;
        o->accept.call.done = note_order;
        o->no = i;
        o->log = log;
        assert_status(store_submit(s, &o->accept.call), ST_OK);
    }
    return log;
}

static void check_ordered(OrderLog *log)
{
    assert_int_equal(log->count, ORDERED);
    for (int i = 0; i < ORDERED; i++) {
        assert_int_equal(log->order[i], i);
        assert_status(log->calls[i].accept.call.st, ST_OK);
        assert_int_equal(log->calls[i].plan.ret_feed_seq, i + 1);
    }
    sem_destroy(&log->all);
    mem_free(log);
}

void store_suite_done_comes_in_order(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    OrderLog *log = submit_ordered(s);

    while (sem_wait(&log->all) != 0) continue;
    store_close(s);
    check_ordered(log);
}

void store_suite_close_finishes_what_was_submitted(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    OrderLog *log = submit_ordered(s);

    store_close(s);
    check_ordered(log);
    s = driver->open_again();
    assert_int_equal(store_number(s, "SELECT count(*) FROM inbox"), ORDERED);
    store_close(s);
}

void store_suite_feed_after_done_sees_the_accept(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena = test_arena();

    for (int i = 0; i < 50; i++) {
        Uuid id = suite_notify(s, T1, "ada", i);
        FeedCall feed = suite_feed(s, T1, "ada", 1, 0, &arena);
        assert_int_equal(feed.ret_count, 1);
        assert_same_id(feed.ret_items[0].id, id);
    }
    arena_done(&arena);
    store_close(s);
}

void store_suite_health_counts(const StoreDriver *driver)
{
    Store *s = driver->open_empty();

    for (int i = 0; i < 3; i++) suite_notify(s, T1, "ada", i);
    StoreHealth health = store_health(s);
    assert_true(health.writable);
    assert_int_equal(health.calls, 3);
    assert_int_equal(health.commits, 3);
    assert_int_equal(health.queued, 0);
    store_close(s);
}
