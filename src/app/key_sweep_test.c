/* The statement of a sweep's step, on the store this build is wired to. */
#include "base/limits.h"
#include "check_test.h"
#include "domain/intake/key.h"
#include "port/store_suite.h"
#include "wired_store_test.h"

typedef struct
    Keys { /* `count` keys of a tenant, the first expiring at from_ms, each step_ms later */
    int count, tenant_no;
    int64_t from_ms, step_ms;
} Keys;

static Status add_by(const char *sql, StoreTx *tx, StoreJob *job, Err *err)
{
    const Keys *k = job_extra(job);
    Status st = ST_OK;
    for (int i = 0; i < k->count && st == ST_OK; i++)
        st = tx_run(tx, sql,
                    VALUES(value_int(k->tenant_no), value_blob(&i, sizeof i),
                           value_int(k->from_ms + i * k->step_ms)),
                    NULL, err);
    return st;
}

static Status add(StoreTx *tx, StoreJob *job, Err *err)
{
    return add_by("INSERT INTO idempotency (tenant, key_hash, body_hash, event_id, answer, "
                  "expires_ms) VALUES ($1, $2, x'00', 'e', 'a', $3)",
                  tx, job, err);
}

static Status add_to_spill(StoreTx *tx, StoreJob *job, Err *err)
{
    return add_by("INSERT INTO idempotency_spill (tenant, key_hash, body_hash, event_id, answer, "
                  "expires_ms) VALUES ($1, $2, x'00', 'e', 'a', $3)",
                  tx, job, err);
}

static void add_keys_to(Store *s, Status (*how)(StoreTx *, StoreJob *, Err *), int tenant_no,
                        int count, int64_t from_ms, int64_t step_ms)
{
    Keys k = {count, tenant_no, from_ms, step_ms};
    assert_status(job_write(s, how, &k), ST_OK);
}

static void add_keys(Store *s, int tenant_no, int count, int64_t from_ms, int64_t step_ms)
{
    add_keys_to(s, add, tenant_no, count, from_ms, step_ms);
}

typedef struct Step {
    int64_t now_ms, deleted;
} Step;

static Status run(StoreTx *tx, StoreJob *job, Err *err)
{
    Step *step = job_extra(job);
    return keys_sweep(tx, step->now_ms, &step->deleted, err);
}

static int64_t sweep(Store *s, int64_t now_ms)
{
    Step step = {now_ms, -1};
    assert_status(job_write(s, run, &step), ST_OK);
    return step.deleted;
}

TEST(key_sweep_takes_the_expired_in_steps_and_nothing_else)
{
    Store *s = wired_store_open();
    assert_int_equal(sweep(s, 1000000), 0);
    add_keys(s, 1, 2 * KEY_SWEEP_ROWS + 10, 1000, 1);
    add_keys(s, 2, 3, 10000, 1);
    assert_int_equal(sweep(s, 999), 0);
    assert_int_equal(sweep(s, 1000), 1); /* it expires at that moment */
    assert_int_equal(sweep(s, 10000 - 1), KEY_SWEEP_ROWS);
    assert_int_equal(sweep(s, 10000 - 1), KEY_SWEEP_ROWS);
    assert_int_equal(sweep(s, 10000 - 1), 9);
    assert_int_equal(sweep(s, 10000 - 1), 0);
    assert_int_equal(store_number(s, "SELECT count(*) FROM idempotency"), 3);
    assert_int_equal(store_number(s, "SELECT min(tenant) FROM idempotency"), 2);
    wired_store_end(s);
}

TEST(key_sweep_takes_those_of_one_moment_in_steps_too)
{
    Store *s = wired_store_open();
    add_keys(s, 1, KEY_SWEEP_ROWS + 200, 1000, 0); /* as a batch leaves them */
    assert_int_equal(sweep(s, 5000), KEY_SWEEP_ROWS);
    assert_int_equal(sweep(s, 5000), 200);
    wired_store_end(s);
}

/* A shorter life that was set later waits for the longer one before it: free, not yet gone. */
TEST(key_sweep_stops_at_the_first_that_lives)
{
    Store *s = wired_store_open();
    add_keys(s, 1, 3, 1000, 0);
    add_keys(s, 2, 1, 9000, 0);
    add_keys(s, 3, 3, 2000, 0);
    assert_int_equal(sweep(s, 5000), 3);
    assert_int_equal(sweep(s, 5000), 0);
    assert_int_equal(sweep(s, 9000), 4);
    wired_store_end(s);
}

TEST(key_sweep_takes_those_of_the_spill_as_well)
{
    Store *s = wired_store_open();
    add_keys_to(s, add_to_spill, 1, KEY_SWEEP_ROWS + 10, 1000, 1);
    add_keys(s, 1, 5, 1000, 1);
    assert_int_equal(sweep(s, 1000), 2);
    assert_int_equal(sweep(s, 9000), KEY_SWEEP_ROWS + 4);
    assert_int_equal(sweep(s, 9000), 9);
    assert_int_equal(store_number(s, "SELECT count(*) FROM idempotency_spill"), 0);
    wired_store_end(s);
}

TEST_MAIN()
