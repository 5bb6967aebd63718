/* The registry and the rows of tenants, templates and sessions, on the store this build is wired to. It
 * lives here because the domain may not name a driver. */
#include "domain/tenant/registry.h"

#include "app/admin/session_store.h"
#include "base/limits.h"
#include "check_test.h"
#include "domain/tenant/build.h"
#include "domain/tenant/erase.h"
#include "domain/tenant/tenant_make.h"
#include "domain/tenant/usage.h"
#include "domain/tenant/webhook.h"
#include "port/store_suite.h"
#include "wired_store_test.h"

static const uint8_t KEY[SEAL_KEY_BYTES] = {7};

typedef struct Bench { /* what a job of these tests works with */
    Store *store;
    SealKey *master;
    Arena arena;
    Registry *registry;
    StagedTenant staged;
    TenantRow row;
    Str text, webhook_secret; /* {NULL,0}: none */
    Uuid template_id;
    uint32_t number;
} Bench;

static void bench_init(Bench *b)
{
    *b = (Bench){.master = seal_key_new(KEY)};
    arena_init(&b->arena, MIB(64));
    b->store = wired_store_open();
}

static void bench_done(Bench *b)
{
    registry_free(b->registry);
    wired_store_end(b->store);
    seal_key_free(b->master);
    arena_done(&b->arena);
}

static Status make(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    Random random;
    random_init(&random);
    b->row = tenant_make(b->text, b->text, 1000, b->master, &random, &b->arena);
    const WebhookChange change = {b->webhook_secret, 0, 1000};
    Status st = webhook_change(&b->row, &change, b->master, &b->arena, err);
    return st == ST_OK ? tenant_insert(tx, &b->row, err) : st;
}

static Status load(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    return registry_load(tx, b->master, &b->registry, err);
}

static Status add_template(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    const TemplateRow row = {.tenant_no = b->row.no,
                             .id = b->template_id,
                             .event_type = S("order"),
                             .channel = (Channel)(b->template_id.at[15] % CHANNEL_COUNT),
                             .subject = S(""),
                             .body = b->text,
                             .target_channel = S(""),
                             .version = 1,
                             .active = true};
    Status st = template_insert(tx, &row, err);
    return st == ST_OK ? template_keep_version(tx, &row, err) : st;
}

static Status stage(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    return registry_stage(b->registry, tx, b->row.no, &b->staged, err);
}

static TenantRow made(Bench *b, const char *name)
{
    b->text = str_of(name);
    assert_status(job_write(b->store, make, b), ST_OK);
    return b->row;
}

static Status templated(Bench *b, uint8_t id, const char *body)
{
    b->template_id = (Uuid){{0}};
    b->template_id.at[15] = id;
    b->text = str_of(body);
    return job_write(b->store, add_template, b);
}

TEST(registry_loads_all_tenants_over_page_borders)
{
    Bench b;
    char name[32];
    bench_init(&b);
    for (int i = 0; i < 1001; i++) {
        snprintf(name, sizeof name, "team-%d", i);
        made(&b, name);
    }
    assert_status(job_read(b.store, load, &b), ST_OK);
    Snapshot *s = registry_snapshot(b.registry);
    assert_int_equal(s->count, 1001);
    assert_non_null(snapshot_by_slug(s, S("team-0")));
    assert_non_null(snapshot_by_slug(s, S("team-1000")));
    snapshot_unref(s);
    bench_done(&b);
}

TEST(registry_publishes_one_changed_tenant_and_keeps_the_others)
{
    Bench b;
    bench_init(&b);
    made(&b, "one");
    made(&b, "two");
    assert_status(job_read(b.store, load, &b), ST_OK);
    Snapshot *old = registry_snapshot(b.registry);

    assert_status(templated(&b, CHANNEL_PUSH, "hello {{x}}"), ST_OK);
    assert_status(job_write(b.store, stage, &b), ST_OK);
    Snapshot *s = registry_publish(b.registry, &b.staged);
    const Tenant *two = snapshot_by_slug(s, S("two"));
    assert_non_null(snapshot_template(s, two, S("order"), CHANNEL_PUSH));
    assert_ptr_equal(snapshot_by_slug(s, S("one")), snapshot_by_slug(old, S("one")));
    /* Work in hand keeps what it began with. */
    assert_null(snapshot_template(old, snapshot_by_slug(old, S("two")), S("order"), CHANNEL_PUSH));
    snapshot_unref(old);
    snapshot_unref(s);

    assert_status(job_write(b.store, stage, &b), ST_OK);
    registry_unstage(&b.staged); /* rolled back: nothing leaks, nothing changes */
    bench_done(&b);
}

TEST(registry_leaves_out_what_no_longer_compiles)
{
    Bench b;
    bench_init(&b);
    made(&b, "one");
    assert_status(templated(&b, CHANNEL_SMS, "{{#if x}}"), ST_OK);
    assert_status(templated(&b, CHANNEL_PUSH, "fine"), ST_OK);
    assert_status(job_read(b.store, load, &b), ST_OK);
    const LeftOut *left = registry_left_out(b.registry);
    assert_int_equal(left->total, 1);
    assert_int_equal(left->first[0].id.at[15], CHANNEL_SMS);
    assert_non_null(strstr(left->first[0].why.text, "line 1"));
    Snapshot *s = registry_snapshot(b.registry);
    const Tenant *t = snapshot_by_slug(s, S("one"));
    assert_null(snapshot_template(s, t, S("order"), CHANNEL_SMS));
    assert_non_null(snapshot_template(s, t, S("order"), CHANNEL_PUSH));
    snapshot_unref(s);
    bench_done(&b);
}

TEST(registry_opens_webhook_secrets_or_says_that_it_cannot)
{
    static const uint8_t other_key[SEAL_KEY_BYTES] = {8};
    Bench b;
    bench_init(&b);
    made(&b, "open");
    b.webhook_secret = S("a secret of sixteen or more");
    made(&b, "secured");
    assert_status(job_read(b.store, load, &b), ST_OK);
    Snapshot *s = registry_snapshot(b.registry);
    assert_str(snapshot_by_slug(s, S("secured"))->webhook_secret, "a secret of sixteen or more");
    assert_null(snapshot_by_slug(s, S("secured"))->webhook_old_secret.at);
    assert_null(snapshot_by_slug(s, S("open"))->webhook_secret.at);
    snapshot_unref(s);
    registry_free(b.registry);
    b.registry = NULL;

    seal_key_free(b.master); /* not without signatures: rather not at all */
    b.master = seal_key_new(other_key);
    assert_status(job_read(b.store, load, &b), ST_INVALID);
    bench_done(&b);
}

/* ---- usage ---- */

typedef struct UsageBench {
    Limiter *limiter;
    int64_t now_ms;
} UsageBench;

static Status use_today(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    Status st = tx_run(
        tx, "INSERT INTO usage_day (tenant, day, accepted) SELECT no, 19, 99 FROM tenant",
        NO_VALUES, NULL, err);
    return st != ST_OK
               ? st
               : tx_run(
                     tx,
                     "INSERT INTO usage_day (tenant, day, accepted) SELECT no, 20, no FROM tenant",
                     NO_VALUES, NULL, err);
}

static Status restore_usage(StoreTx *tx, StoreJob *job, Err *err)
{
    const UsageBench *u = job_extra(job);
    return usage_restore(tx, u->limiter, u->now_ms, err);
}

TEST(usage_of_today_is_restored_over_page_borders)
{
    Bench b;
    char name[32];
    const Config config = {.store = S("sqlite:")};
    bench_init(&b);
    for (int i = 0; i < 1001; i++) {
        snprintf(name, sizeof name, "team-%d", i);
        made(&b, name);
    }
    assert_status(job_write(b.store, use_today, NULL), ST_OK);
    UsageBench u = {wire_limiter(&config), INT64_C(20) * DAY_MS + 5};
    assert_status(job_read(b.store, restore_usage, &u), ST_OK);
    for (uint32_t no = 1; no <= 1001; no += 100) { /* each has as many as its number: one is left */
        const LimitAsk ask = {.tenant_no = no, .per_day = no + 1, .count = 1, .wall_ms = u.now_ms};
        LimitVerdict v;
        limiter_take(u.limiter, &ask, &v);
        assert_int_equal(v.refused_by, LIMIT_BY_NONE);
        limiter_take(u.limiter, &ask, &v);
        assert_int_equal(v.refused_by, LIMIT_BY_DAY);
    }
    limiter_free(u.limiter);
    bench_done(&b);
}

TEST(template_rows_are_unique_by_event_type_and_channel)
{
    Bench b;
    bench_init(&b);
    made(&b, "one");
    assert_status(templated(&b, CHANNEL_PUSH, "a"), ST_OK);
    assert_status(templated(&b, CHANNEL_PUSH + CHANNEL_COUNT, "b"), ST_CONFLICT);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM template"), 1);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM template_version"), 1);
    bench_done(&b);
}

static Status erase_one(StoreTx *tx, StoreJob *job, Err *err)
{
    return erase_step(tx, job_extra(job), err);
}

TEST(erase_takes_all_of_one_tenant_and_nothing_of_another)
{
    Bench b;
    bench_init(&b);
    TenantRow one = made(&b, "one");
    assert_status(templated(&b, CHANNEL_PUSH, "x"), ST_OK);
    TenantRow two = made(&b, "two");
    assert_status(templated(&b, CHANNEL_PUSH, "x"), ST_OK);
    for (int i = 0; i < 1200; i++) suite_notify(b.store, one.no, i % 2 ? "ann" : "bob", i);
    for (int i = 0; i < 3; i++) suite_notify(b.store, two.no, "ann", i);

    Erase erase = {.tenant_no = one.no};
    int steps = 0;
    for (; !erase.done && steps < 100; steps++)
        assert_status(job_write(b.store, erase_one, &erase), ST_OK);
    assert_true(erase.done);
    assert_true(steps > 10); /* in pieces */
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM tenant"), 1);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM template"), 1);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM template_version"), 1);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM event"), 3);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM delivery"), 3);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM message"), 3);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM inbox"), 3);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM end_user"), 1);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM usage_day"), 1);
    bench_done(&b);
}

/* ---- sessions ---- */

static Session a_session(int64_t now_ms, char *ret_token)
{
    Random random;
    random_init(&random);
    return session_make(ROLE_OPERATOR, 0, S("operator"), now_ms, &random, ret_token);
}

static Status insert_session(StoreTx *tx, StoreJob *job, Err *err)
{
    return session_insert(tx, job_extra(job), 1000, err);
}

typedef struct Reload {
    Sessions *sessions;
    int64_t now_ms;
} Reload;

static Status reload(StoreTx *tx, StoreJob *job, Err *err)
{
    const Reload *r = job_extra(job);
    return sessions_load(tx, r->sessions, r->now_ms, err);
}

TEST(sessions_survive_a_restart_until_they_are_over)
{
    Bench b;
    char token[SESSION_TOKEN_LEN];
    Session found, session = a_session(1000, token);
    bench_init(&b);
    assert_status(job_write(b.store, insert_session, &session), ST_OK);

    Reload r = {sessions_new(), 2000};
    assert_status(job_write(b.store, reload, &r), ST_OK);
    assert_true(sessions_check(r.sessions, str_make(token, sizeof token), 2000, &found));
    assert_string_equal(found.username, "operator");
    sessions_free(r.sessions);

    r = (Reload){sessions_new(), 1000 + SESSION_IDLE_S * INT64_C(1000)};
    assert_status(job_write(b.store, reload, &r), ST_OK);
    assert_int_equal(sessions_count(r.sessions), 0);
    assert_int_equal(store_number(b.store, "SELECT COUNT(*) FROM admin_session"), 0);
    sessions_free(r.sessions);
    bench_done(&b);
}

TEST_MAIN()
