/* The queue on the store this build is wired to: lines, shares, claims, settling, recovery. It lives here
 * because the domain may not name a driver. */
#include "base/limits.h"
#include "check_test.h"
#include "domain/deliver/queue_store.h"
#include "domain/tenant/build.h"
#include "port/store_suite.h"
#include "wired_store_test.h"

enum { CLAIM = 77, ROOM = 64, NOW_MS = 1000000 };

static const LineKey MAIL = {1, CHANNEL_EMAIL};

typedef struct Bench {
    Store *store;
    Arena arena;
    Snapshot *snapshot;
    int64_t claim;
    LineClaim lines[4];
    uint32_t line_count;
    Claimed claimed[ROOM];
    uint32_t count;
    Settled settled[4];
    uint32_t settled_count;
    Recovered recovered;
    WaitingLine waiting[QUEUE_LINES_PAGE];
    uint32_t waiting_count;
    AttemptRows attempts;
    int64_t event_no;
} Bench;

static void bench_init(Bench *b)
{
    *b = (Bench){.claim = CLAIM, .snapshot = snapshot_new(NULL, 0, platform_new())};
    arena_init(&b->arena, MIB(64));
    b->store = wired_store_open();
}

static void bench_done(Bench *b)
{
    wired_store_end(b->store);
    snapshot_unref(b->snapshot);
    arena_done(&b->arena);
}

/* One e-mail (or SMS) more in a line. */
static void give(Bench *b, LineKey line, int n)
{
    PlanRoom room;
    EventPlan plan = suite_push(line.tenant_no, "ada", n, &room);
    plan.has_notification = false;
    plan.delivery_count = 1;
    plan.deliveries[0].channel = (Channel)line.channel;
    plan.deliveries[0].status = DELIVERY_PENDING;
    plan.deliveries[0].recipient = S("ada@example.com");
    plan.deliveries[0].template_id = (Uuid){{9}};
    plan.deliveries[0].template_version = 1;
    assert_status(suite_accept(b->store, &plan, 1), ST_OK);
}

/* ---- the calls, as jobs ---- */

static Status run_claim(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    ClaimRequest request = {.claim = b->claim,
                            .now_ms = NOW_MS,
                            .snapshot = b->snapshot,
                            .lines = b->lines,
                            .line_count = b->line_count,
                            .ret_at = b->claimed};
    Status st = queue_claim(tx, &request, &b->arena, err);
    b->count = request.ret_count;
    return st;
}

static void claim(Bench *b, LineKey line, uint32_t quota)
{
    b->lines[0] = (LineClaim){.key = line, .quota = quota};
    b->line_count = 1;
    assert_status(job_write(b->store, run_claim, b), ST_OK);
}

static Status run_settle(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    return queue_settle(tx, b->claim, b->settled, b->settled_count, err);
}

static void settle(Bench *b, const Claimed *c, DeliveryState to, int64_t due_ms,
                   const AttemptRow *attempt)
{
    b->settled[0] = (Settled){.line = c->line,
                              .event_no = c->event_no,
                              .from = c->retrying ? STATE_RETRY_WAIT : STATE_QUEUED,
                              .to = to,
                              .attempt_count = c->attempt_count + (attempt != NULL),
                              .retry_count = c->retry_count + (to == STATE_RETRY_WAIT),
                              .due_ms = due_ms,
                              .now_ms = NOW_MS,
                              .cause = to == STATE_SENT ? (Str){NULL, 0} : S("because"),
                              .provider = S("one"),
                              .attempts = attempt,
                              .new_count = attempt != NULL};
    b->settled_count = 1;
    assert_status(job_write(b->store, run_settle, b), ST_OK);
}

static Status run_recover(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    return queue_recover(tx, b->claim, NOW_MS, &b->recovered, err);
}

static Status run_lines(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    return queue_lines(tx, (LineKey){0, 0}, b->waiting, &b->waiting_count, err);
}

static Status run_attempts(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    return attempts_read(tx, 1, b->event_no, CHANNEL_EMAIL, &b->arena, &b->attempts, err);
}

static int64_t number(Bench *b, const char *sql)
{
    return store_number(b->store, sql);
}

/* ---- tests ---- */

TEST(queue_hands_out_a_line_in_accept_order_and_once)
{
    Bench b;
    bench_init(&b);
    for (int i = 0; i < 5; i++) give(&b, MAIL, i);
    claim(&b, MAIL, 3);
    assert_int_equal(b.count, 3);
    for (uint32_t i = 1; i < 3; i++) assert_true(b.claimed[i].event_no > b.claimed[i - 1].event_no);
    assert_str(b.claimed[0].user_id, "ada");
    assert_str(b.claimed[0].recipient, "ada@example.com");
    assert_false(b.claimed[0].has_source); /* no such template version */
    int64_t last = b.claimed[2].event_no;
    claim(&b, MAIL, 3);
    assert_int_equal(b.count, 2);
    assert_true(b.claimed[0].event_no > last);
    assert_true(b.lines[0].ret_due_ms == INT64_MAX);
    claim(&b, MAIL, 3);
    assert_int_equal(b.count, 0);
    bench_done(&b);
}

TEST(queue_lines_are_apart)
{
    Bench b;
    const LineKey sms = {1, CHANNEL_SMS}, other = {2, CHANNEL_EMAIL};
    bench_init(&b);
    give(&b, MAIL, 0);
    give(&b, sms, 1);
    give(&b, other, 2);
    assert_status(job_write(b.store, run_lines, &b), ST_OK);
    assert_int_equal(b.waiting_count, 3);
    assert_int_equal(b.waiting[0].key.tenant_no, 1);
    assert_int_equal(b.waiting[2].key.tenant_no, 2);
    assert_int_equal(b.waiting[0].due_ms, 0);
    claim(&b, sms, 9);
    assert_int_equal(b.count, 1);
    assert_int_equal(b.claimed[0].line.channel, CHANNEL_SMS);
    assert_status(job_write(b.store, run_lines, &b), ST_OK);
    assert_int_equal(b.waiting_count, 2);
    bench_done(&b);
}

TEST(queue_settles_a_claim_with_its_attempt)
{
    Bench b;
    const AttemptRow attempt = {.no = 1,
                                .provider = S("one"),
                                .started_ms = 5,
                                .finished_ms = 9,
                                .class = OUTCOME_OK,
                                .status = 202,
                                .reference = S("ref-1")};
    bench_init(&b);
    give(&b, MAIL, 0);
    claim(&b, MAIL, 1);
    settle(&b, &b.claimed[0], STATE_SENT, 0, &attempt);
    assert_int_equal(number(&b, "SELECT count(*) FROM delivery WHERE status = 1 AND claim = 0 AND "
                                "attempt_count = 1 AND provider = 'one' AND cause IS NULL"),
                     1);
    b.event_no = b.claimed[0].event_no;
    assert_status(job_read(b.store, run_attempts, &b), ST_OK);
    assert_int_equal(b.attempts.count, 1);
    assert_int_equal(b.attempts.at[0].status, 202);
    assert_str(b.attempts.at[0].reference, "ref-1");
    assert_null(b.attempts.at[0].cause.at);
    settle(&b, &b.claimed[0], STATE_DEAD, 0, NULL); /* late: it is nobody's any more */
    assert_int_equal(number(&b, "SELECT count(*) FROM delivery WHERE status = 1"), 1);
    bench_done(&b);
}

TEST(queue_retries_come_when_due_beside_first_attempts)
{
    Bench b;
    bench_init(&b);
    for (int i = 0; i < 6; i++) give(&b, MAIL, i);
    claim(&b, MAIL, 3);
    for (uint32_t i = 0; i < 3; i++)
        settle(&b, &b.claimed[i], STATE_RETRY_WAIT, i < 2 ? NOW_MS : NOW_MS + 5, NULL);
    claim(&b, MAIL, 4); /* half for retries: two are due; and two first attempts */
    assert_int_equal(b.count, 4);
    assert_true(b.claimed[0].retrying && b.claimed[1].retrying);
    assert_false(b.claimed[2].retrying);
    assert_int_equal(b.claimed[0].retry_count, 1);
    claim(&b, MAIL, 4);
    assert_int_equal(b.count, 1);
    assert_int_equal(b.lines[0].ret_due_ms, NOW_MS + 5);
    bench_done(&b);
}

TEST(queue_release_leaves_it_as_it_was)
{
    Bench b;
    bench_init(&b);
    give(&b, MAIL, 0);
    claim(&b, MAIL, 1);
    settle(&b, &b.claimed[0], STATE_QUEUED, 0, NULL);
    claim(&b, MAIL, 1);
    assert_int_equal(b.count, 1);
    assert_false(b.claimed[0].retrying);
    assert_int_equal(b.claimed[0].attempt_count, 0);
    bench_done(&b);
}

static Status say_delivered(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    return tx_run(tx, "UPDATE delivery SET status = 2", NO_VALUES, NULL, err);
}

TEST(queue_settling_never_lowers_what_a_webhook_said)
{
    Bench b;
    bench_init(&b);
    give(&b, MAIL, 0);
    claim(&b, MAIL, 1);
    assert_status(job_write(b.store, say_delivered, &b), ST_OK);
    settle(&b, &b.claimed[0], STATE_SENT, 0, NULL);
    assert_int_equal(number(&b, "SELECT status FROM delivery"), DELIVERY_DELIVERED);
    assert_int_equal(number(&b, "SELECT claim FROM delivery"), 0);
    bench_done(&b);
}

TEST(queue_recovers_what_another_courier_claimed)
{
    Bench b;
    bench_init(&b);
    give(&b, MAIL, 0);
    give(&b, MAIL, 1);
    claim(&b, MAIL, 1);
    b.claim = CLAIM + 1;
    assert_status(job_write(b.store, run_recover, &b), ST_OK);
    assert_int_equal(b.recovered.again, 1);
    assert_int_equal(b.recovered.dead, 0);
    assert_int_equal(
        number(&b, "SELECT count(*) FROM attempt WHERE class = 6 AND provider IS NULL"), 1);
    settle(&b, &b.claimed[0], STATE_SENT, 0, NULL); /* by the new number: not claimed, no effect */
    claim(&b, MAIL, 2);
    assert_int_equal(b.count, 2);
    assert_int_equal(b.claimed[0].attempt_count, 1);
    assert_status(job_write(b.store, run_recover, &b), ST_OK);
    assert_int_equal(b.recovered.again, 0); /* its own are not uncertain */
    bench_done(&b);
}

TEST_MAIN()
