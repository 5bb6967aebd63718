/* Sweeping what is old and erasing one user, on the store this build is wired to (the domain may not name
 * a driver, so its tests live here). */
#include "domain/retention/sweep.h"

#include "base/limits.h"
#include "check_test.h"
#include "domain/tenant/erase_user.h"
#include "port/store_suite.h"
#include "wired_store_test.h"

enum { T1 = 1, T2 = 2 };

/* Message and event number n were made n seconds after 1970. */
static Status spread(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    Status st = tx_run(tx, "UPDATE message SET created_ms = no * 1000", NO_VALUES, NULL, err);
    if (st == ST_OK)
        st = tx_run(tx, "UPDATE event SET created_ms = no * 1000", NO_VALUES, NULL, err);
    return st;
}

typedef struct Sweeping {
    Sweep sweep;
    SweepLimits limits;
} Sweeping;

static Status step(StoreTx *tx, StoreJob *job, Err *err)
{
    Sweeping *s = job_extra(job);
    return sweep_step(tx, &s->sweep, &s->limits, err);
}

static int sweep_all(Store *store, Sweeping *s)
{
    int steps = 0;
    sweep_again(&s->sweep);
    while (!s->sweep.done && steps < 100) {
        assert_status(job_write(store, step, s), ST_OK);
        steps++;
    }
    assert_true(s->sweep.done);
    return steps;
}

static uint64_t newest_seq(Store *store, const char *user)
{
    Arena arena;
    arena_init(&arena, MIB(1));
    FeedCall feed = suite_feed(store, T1, user, 1, 0, &arena);
    uint64_t seq = feed.ret_count ? feed.ret_items[0].seq : 0;
    arena_done(&arena);
    return seq;
}

TEST(sweep_takes_read_ones_early_and_unread_ones_late)
{
    Store *store = wired_store_open();
    Uuid ids[11];
    for (int i = 1; i <= 10; i++) ids[i] = suite_notify(store, T1, i % 2 ? "ann" : "bob", i);
    for (int i = 2; i <= 9; i += 3) /* 2, 5, 8 */
        assert_status(suite_mark_read(store, T1, i % 2 ? "ann" : "bob", ids[i]), ST_OK);
    assert_status(job_write(store, spread, NULL), ST_OK);

    Sweeping s = {.limits = {.read_before_ms = 6000, .unread_before_ms = 3000}};
    sweep_all(store, &s);
    assert_int_equal(s.sweep.gone.notifications, 3); /* 1, 2 by age, 5 because it was read */
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM inbox"), 7);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM message WHERE no IN (1, 2, 5)"), 0);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM event"), 10); /* logs are kept */

    assert_status(suite_mark_read(store, T1, "ann", ids[3]), ST_OK);
    sweep_all(store, &s); /* behind the walk */
    assert_int_equal(s.sweep.gone.notifications, 0);
    sweep_round(&s.sweep);
    sweep_all(store, &s);
    assert_int_equal(s.sweep.gone.notifications, 1);
    wired_store_end(store);
}

TEST(sweep_never_gives_a_position_twice)
{
    Store *store = wired_store_open();
    for (int i = 1; i <= 5; i++) suite_notify(store, T1, "ann", i);
    assert_int_equal(newest_seq(store, "ann"), 5);
    assert_status(job_write(store, spread, NULL), ST_OK);
    Sweeping s = {.limits = {.unread_before_ms = 100000}};
    sweep_all(store, &s);
    assert_int_equal(s.sweep.gone.notifications, 5);
    assert_int_equal(newest_seq(store, "ann"), 0);
    suite_notify(store, T1, "ann", 6);
    assert_int_equal(newest_seq(store, "ann"), 6);
    wired_store_end(store);
}

static Status let_wait(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    return tx_run(tx, "UPDATE delivery SET status = 4 WHERE event = 2", NO_VALUES, NULL, err);
}

TEST(sweep_keeps_events_that_wait_to_be_sent_and_the_newest)
{
    Store *store = wired_store_open();
    for (int i = 1; i <= 4; i++) suite_notify(store, T1, "ann", i);
    assert_status(job_write(store, spread, NULL), ST_OK);
    assert_status(job_write(store, let_wait, NULL), ST_OK);
    Sweeping s = {.limits = {.logs_before_ms = 100000}};
    sweep_all(store, &s);
    assert_int_equal(s.sweep.gone.events, 2);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM event WHERE no IN (2, 4)"), 2);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM delivery"), 2);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM message"), 4); /* history stays */
    wired_store_end(store);
}

TEST(sweep_goes_in_bites_and_stops_at_the_horizon)
{
    Store *store = wired_store_open();
    for (int i = 1; i <= 700; i++) suite_notify(store, T1, "ann", i);
    assert_status(job_write(store, spread, NULL), ST_OK);
    Sweeping s = {
        .limits = {.read_before_ms = 601000, .unread_before_ms = 601000, .logs_before_ms = 601000}};
    int steps = sweep_all(store, &s);
    assert_int_equal(s.sweep.gone.notifications, 600);
    assert_int_equal(s.sweep.gone.events, 600);
    assert_true(steps >= 2 * (600 / SWEEP_ROWS));
    assert_int_equal(store_number(store, "SELECT MIN(no) FROM message"), 601);
    wired_store_end(store);
}

static Status old_rows(StoreTx *tx, StoreJob *job, Err *err)
{
    Status st = ST_OK;
    (void)job;
    for (int i = 1; i <= 300 && st == ST_OK; i++)
        st = tx_run(tx, "INSERT INTO audit (at_ms, actor, action) VALUES ($1, 'a', 'b')",
                    VALUES(value_int(i)), NULL, err);
    for (int i = 1; i <= 3 && st == ST_OK; i++)
        st = tx_run(tx,
                    "INSERT INTO admin_session (id_hash, username, role, created_ms, expires_ms, "
                    "idle_until_ms) VALUES ($1, 'u', 0, 0, $2, 9999999)",
                    VALUES(value_blob(&i, sizeof i), value_int(i * 1000)), NULL, err);
    return st;
}

TEST(sweep_takes_old_audit_entries_and_dead_sessions)
{
    Store *store = wired_store_open();
    assert_status(job_write(store, old_rows, NULL), ST_OK);
    Sweeping s = {.limits = {.now_ms = 2000, .audit_before_ms = 291}};
    sweep_all(store, &s);
    assert_int_equal(s.sweep.gone.audit, 290);
    assert_int_equal(s.sweep.gone.sessions, 2);
    assert_int_equal(store_number(store, "SELECT MIN(at_ms) FROM audit"), 291);
    wired_store_end(store);
}

TEST(sweep_without_limits_keeps_everything)
{
    Store *store = wired_store_open();
    for (int i = 1; i <= 3; i++) suite_notify(store, T1, "ann", i);
    assert_status(job_write(store, spread, NULL), ST_OK);
    Sweeping s = {.limits = {.now_ms = 1000000000}};
    sweep_all(store, &s);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM inbox"), 3);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM event"), 3);
    wired_store_end(store);
}

/* ---- erasing one user ---- */

static Status erase_step_of(StoreTx *tx, StoreJob *job, Err *err)
{
    return erase_user_step(tx, job_extra(job), err);
}

static int erase_all(Store *store, EraseUser *erase)
{
    int steps = 0;
    for (; !erase->done && steps < 100; steps++)
        assert_status(job_write(store, erase_step_of, erase), ST_OK);
    assert_true(erase->done);
    return steps;
}

TEST(erase_user_takes_all_of_one_and_nothing_of_others)
{
    Store *store = wired_store_open();
    for (int i = 0; i < 1200; i++) suite_notify(store, T1, i % 12 ? "ann" : "bob", i);
    for (int i = 0; i < 3; i++) suite_notify(store, T2, "ann", i);
    EraseUser erase = {.tenant_no = T1, .user_id = S("ann")};
    assert_true(erase_all(store, &erase) > 1); /* in pieces */
    assert_int_equal(erase.events, 1100);
    assert_int_equal(erase.notifications, 1100);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM event"), 103);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM delivery"), 103);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM message"), 103);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM inbox"), 103);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM end_user"), 2);
    assert_int_equal(newest_seq(store, "bob"), 100);
    suite_notify(store, T1, "ann", 1); /* comes back: a feed from the beginning */
    assert_int_equal(newest_seq(store, "ann"), 1);
    wired_store_end(store);
}

TEST(erase_user_of_nobody_is_done_at_once)
{
    Store *store = wired_store_open();
    suite_notify(store, T1, "ann", 1);
    EraseUser erase = {.tenant_no = T1, .user_id = S("eve")};
    assert_int_equal(erase_all(store, &erase), 1);
    assert_int_equal(erase.events + erase.notifications, 0);
    assert_int_equal(store_number(store, "SELECT COUNT(*) FROM inbox"), 1);
    wired_store_end(store);
}

TEST_MAIN()
