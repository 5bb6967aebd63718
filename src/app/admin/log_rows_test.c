/* The log on the store this build is wired to: pages, filters, single things, and what stays another
 * tenant's. It lives here because the domain may not name a driver. */
#include "base/limits.h"
#include "check_test.h"
#include "domain/deliver/log_span.h"
#include "domain/deliver/log_store.h"
#include "port/store_suite.h"
#include "wired_store_test.h"

enum { MINE = 1, OTHER = 2, HOUR_MS = 3600 * 1000 };

typedef struct Bench { /* what a job of these tests works with */
    Store *store;
    Arena arena;
    uint32_t tenant_no;
    LogFilter filter;
    LogCursor from;
    uint32_t limit;
    LogPage page;
    Uuid id;
    LogRow row;
    Str event_id;
    EventRow event;
    LogRows deliveries;
    LogSpan span;
} Bench;

static void bench_init(Bench *b)
{
    *b = (Bench){
        .tenant_no = MINE, .filter = LOG_FILTER_NONE, .from = LOG_CURSOR_START, .limit = 50};
    arena_init(&b->arena, MIB(64));
    b->store = wired_store_open();
}

static void bench_done(Bench *b)
{
    wired_store_end(b->store);
    arena_done(&b->arena);
}

/* ---- events ---- */

typedef struct Given { /* what differs from suite_push() */
    uint32_t tenant_no;
    const char *user, *type, *trace, *event_id;
    int64_t at_ms;
    bool with_email; /* a second delivery, FAILED */
    bool unmatched;
} Given;

static Uuid give(Bench *b, int n, Given g)
{
    PlanRoom room;
    EventPlan plan = suite_push(g.tenant_no ? g.tenant_no : MINE, g.user ? g.user : "ada", n,
                                &room);
    if (g.type) plan.event_type = str_of(g.type);
    if (g.event_id) plan.event_id = str_of(g.event_id);
    plan.trace_id = g.trace ? str_of(g.trace) : S("");
    if (g.at_ms) {
        plan.created_ms = g.at_ms;
        plan.notification.id = uuid_v7(g.at_ms, suite_random());
    }
    if (g.with_email)
        plan.deliveries[plan.delivery_count++] = (DeliveryPlan){.id = uuid_v4(suite_random()),
                                                                .channel = CHANNEL_EMAIL,
                                                                .status = DELIVERY_FAILED,
                                                                .recipient = S("a@b.c"),
                                                                .cause = S("no way")};
    if (g.unmatched) {
        plan.delivery_count = 0;
        plan.has_notification = false;
    }
    Uuid delivery_id = plan.deliveries[0].id;
    b->id = plan.notification.id;
    assert_status(suite_accept(b->store, &plan, 1), ST_OK);
    return delivery_id;
}

/* ---- calls ---- */

static Status run_page(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    return log_page(tx, b->tenant_no, &b->filter, b->from, b->limit, &b->arena, &b->page, err);
}

static LogPage page(Bench *b)
{
    assert_status(job_read(b->store, run_page, b), ST_OK);
    return b->page;
}

static Status run_read(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    return log_read(tx, b->tenant_no, b->id, &b->arena, &b->row, err);
}

static Status run_event(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    return log_read_event(tx, b->tenant_no, b->event_id, &b->arena, &b->event, &b->deliveries, err);
}

/* All pages together: how many rows; each strictly below the one before. */
static uint32_t count_all(Bench *b, uint32_t *ret_pages)
{
    uint32_t count = 0, pages = 0;
    int64_t last = INT64_MAX;
    b->from = LOG_CURSOR_START;
    do {
        LogPage p = page(b);
        for (uint32_t i = 0; i < p.rows.count; i++) {
            int64_t place = p.rows.at[i].event_no * CHANNEL_COUNT + (int)p.rows.at[i].channel;
            assert_true(place < last);
            last = place;
        }
        count += p.rows.count;
        pages++;
        b->from = p.next;
    } while (b->page.has_more);
    b->from = LOG_CURSOR_START;
    if (ret_pages) *ret_pages = pages;
    return count;
}

/* ---- pages ---- */

TEST(log_of_an_empty_store_is_empty)
{
    Bench b;
    bench_init(&b);
    LogPage p = page(&b);
    assert_int_equal(p.rows.count, 0);
    assert_false(p.has_more);
    b.filter.from_ms = 1;
    b.filter.to_ms = 2;
    assert_int_equal(page(&b).rows.count, 0);
    bench_done(&b);
}

TEST(log_row_knows_delivery_event_and_user)
{
    Bench b;
    bench_init(&b);
    give(&b, 1, (Given){.trace = "t-1", .with_email = true});
    LogPage p = page(&b);
    assert_int_equal(p.rows.count, 2);
    const LogRow *push = &p.rows.at[0], *email = &p.rows.at[1]; /* newest first, then by channel */
    assert_int_equal(push->channel, CHANNEL_PUSH);
    assert_int_equal(push->status, DELIVERY_SENT);
    assert_null(push->recipient.at);
    assert_null(push->cause.at);
    assert_str(push->event_type, "order.shipped");
    assert_str(push->user_id, "ada");
    assert_str(push->trace_id, "t-1");
    assert_int_equal(push->created_ms, 1700000000001);
    assert_int_equal(email->channel, CHANNEL_EMAIL);
    assert_int_equal(email->status, DELIVERY_FAILED);
    assert_str(email->recipient, "a@b.c");
    assert_str(email->cause, "no way");
    assert_true(str_eq(email->event_id, push->event_id));
    bench_done(&b);
}

TEST(log_pages_are_complete_at_every_limit)
{
    enum { EVENTS = 23 };
    Bench b;
    bench_init(&b);
    for (int i = 0; i < EVENTS; i++) {
        give(&b, i, (Given){.with_email = i % 3 == 0});
        give(&b, i, (Given){.tenant_no = OTHER});
    }
    for (b.limit = 1; b.limit < 40; b.limit++) {
        uint32_t pages;
        assert_int_equal(count_all(&b, &pages), EVENTS + 8);
        assert_int_equal(pages, (EVENTS + 8 + b.limit - 1) / b.limit);
    }
    bench_done(&b);
}

TEST(log_pages_do_not_move_while_events_come_in)
{
    Bench b;
    bench_init(&b);
    for (int i = 0; i < 10; i++) give(&b, i, (Given){0});
    b.limit = 4;
    LogPage first = page(&b);
    for (int i = 10; i < 15; i++) give(&b, i, (Given){0});
    b.from = first.next;
    LogPage second = page(&b);
    assert_int_equal(second.rows.count, 4);
    assert_int_equal(second.rows.at[0].event_no, first.rows.at[3].event_no - 1);
    bench_done(&b);
}

TEST(log_filters_choose_and_combine)
{
    Bench b;
    bench_init(&b);
    give(&b, 1, (Given){.user = "ada", .type = "a", .trace = "t", .with_email = true});
    give(&b, 2, (Given){.user = "bob", .type = "a", .trace = "t"});
    give(&b, 3, (Given){.user = "bob", .type = "b"});
    give(&b, 4, (Given){.user = "bob", .type = "b", .trace = "t", .tenant_no = OTHER});

    b.filter.channel = CHANNEL_EMAIL;
    assert_int_equal(page(&b).rows.count, 1);
    b.filter.status = DELIVERY_SENT;
    assert_int_equal(page(&b).rows.count, 0);
    b.filter.channel = LOG_ANY;
    assert_int_equal(page(&b).rows.count, 3);
    b.filter.status = LOG_ANY;
    b.filter.event_type = S("a");
    assert_int_equal(page(&b).rows.count, 3);
    b.filter.event_type = S("A");
    assert_int_equal(page(&b).rows.count, 0);
    b.filter.event_type = (Str){NULL, 0};
    b.filter.user_id = S("bob");
    assert_int_equal(page(&b).rows.count, 2);
    b.filter.trace_id = S("t");
    assert_int_equal(page(&b).rows.count, 1);
    b.filter.user_id = (Str){NULL, 0};
    assert_int_equal(page(&b).rows.count, 3);
    b.limit = 2;
    assert_int_equal(count_all(&b, NULL), 3);
    b.filter.user_id = S("nobody");
    assert_int_equal(page(&b).rows.count, 0);
    assert_false(b.page.has_more);
    bench_done(&b);
}

/* Days apart, and one that was committed after younger ones. */
TEST(log_span_holds_what_lies_between_two_moments)
{
    enum { DAYS = 40, A_DAY_MS = 24 * HOUR_MS };
    const int64_t start = 1700000000000;
    Bench b;
    bench_init(&b);
    for (int i = 0; i < DAYS; i++) give(&b, i, (Given){.at_ms = start + (int64_t)i * A_DAY_MS});
    give(&b, 99, (Given){.at_ms = start + (DAYS - 1) * (int64_t)A_DAY_MS - HOUR_MS / 2});
    for (int from = 0; from < DAYS; from += 3)
        for (int to = from; to < DAYS - 1; to += 5) {
            b.filter.from_ms = start + (int64_t)from * A_DAY_MS;
            b.filter.to_ms = start + (int64_t)to * A_DAY_MS;
            assert_int_equal(page(&b).rows.count, to - from + 1);
        }
    b.filter.to_ms = INT64_MAX;
    b.filter.from_ms = start + (DAYS - 1) * (int64_t)A_DAY_MS - HOUR_MS / 2;
    assert_int_equal(page(&b).rows.count, 2);
    b.filter.from_ms++;
    assert_int_equal(page(&b).rows.count, 1);
    b.filter.from_ms = INT64_MAX;
    assert_int_equal(page(&b).rows.count, 0);
    bench_done(&b);
}

static Status run_span(StoreTx *tx, StoreJob *job, Err *err)
{
    Bench *b = job_extra(job);
    return log_span(tx, b->filter.from_ms, b->filter.to_ms, &b->arena, &b->span, err);
}

static Status make_gaps(StoreTx *tx, StoreJob *job, Err *err)
{
    (void)job;
    return tx_run(tx, "DELETE FROM event WHERE no % 3 <> 1", NO_VALUES, NULL, err);
}

TEST(log_span_steps_over_gaps)
{
    Bench b;
    bench_init(&b);
    for (int i = 0; i < 30; i++)
        give(&b, i, (Given){.at_ms = 1700000000000 + i * (int64_t)HOUR_MS});
    assert_status(job_write(b.store, make_gaps, NULL), ST_OK);
    b.filter.from_ms = 1700000000000 + 13 * (int64_t)HOUR_MS; /* less the slack: event 13, kept */
    b.filter.to_ms = 1700000000000 + 14 * (int64_t)HOUR_MS;   /* with it: up to event 16, kept */
    assert_status(job_read(b.store, run_span, &b), ST_OK);
    assert_in_range(b.span.first_no, 11, 13);
    assert_in_range(b.span.end_no, 17, 19);
    bench_done(&b);
}

/* A filter that fits only the oldest: pages stay bounded, come up empty, and get there. */
TEST(log_walk_is_bounded_and_goes_on)
{
    enum { EVENTS = 2 * LOG_SCAN_MAX + 10, BATCH = 1000 };
    Bench b;
    uint32_t pages;
    bench_init(&b);
    give(&b, 0, (Given){.type = "rare", .trace = "all"});
    PlanRoom *rooms = mem_zero(sizeof *rooms * BATCH);
    EventPlan *plans = mem_zero(sizeof *plans * BATCH);
    for (int done = 0; done < EVENTS; done += BATCH) {
        int count = EVENTS - done < BATCH ? EVENTS - done : BATCH;
        for (int i = 0; i < count; i++) {
            plans[i] = suite_push(MINE, "ada", done + i + 1, &rooms[i]);
            plans[i].trace_id = S("all");
        }
        assert_status(suite_accept(b.store, plans, (size_t)count), ST_OK);
    }
    b.filter.event_type = S("rare");
    LogPage first = page(&b);
    assert_int_equal(first.rows.count, 0);
    assert_true(first.has_more);
    assert_int_equal(count_all(&b, &pages), 1);
    assert_int_equal(pages, 3);
    b.filter.trace_id = S("all");
    assert_int_equal(count_all(&b, &pages), 1);
    assert_int_equal(pages, 3);
    mem_free(rooms);
    mem_free(plans);
    bench_done(&b);
}

/* ---- one thing ---- */

TEST(log_of_one_delivery_knows_when_it_was_read)
{
    Bench b;
    bench_init(&b);
    give(&b, 1, (Given){0}); /* the same user, the same millisecond: another message */
    Uuid delivery_id = give(&b, 1, (Given){0});
    Uuid notification_id = b.id;
    b.id = delivery_id;
    assert_status(job_read(b.store, run_read, &b), ST_OK);
    assert_int_equal(b.row.read_ms, 0);
    assert_status(suite_mark_read(b.store, MINE, "ada", notification_id), ST_OK);
    assert_status(job_read(b.store, run_read, &b), ST_OK);
    assert_true(b.row.read_ms > 0);
    assert_int_equal(store_number(b.store, "SELECT count(*) FROM inbox WHERE read_ms > 0"), 1);
    bench_done(&b);
}

TEST(log_of_another_tenant_is_not_found)
{
    Bench b;
    bench_init(&b);
    b.id = give(&b, 1, (Given){.event_id = "e"});
    b.event_id = S("e");
    b.tenant_no = OTHER;
    assert_status(job_read(b.store, run_read, &b), ST_NOT_FOUND);
    assert_status(job_read(b.store, run_event, &b), ST_NOT_FOUND);
    assert_int_equal(page(&b).rows.count, 0);
    bench_done(&b);
}

TEST(log_of_an_event_is_the_newest_of_its_id)
{
    Bench b;
    bench_init(&b);
    give(&b, 1, (Given){.event_id = "again", .type = "old"});
    give(&b, 2, (Given){.event_id = "again", .type = "new", .with_email = true, .trace = "t"});
    give(&b, 3, (Given){.event_id = "again", .type = "foreign", .tenant_no = OTHER});
    give(&b, 4, (Given){.event_id = "silent", .unmatched = true});
    b.event_id = S("again");
    assert_status(job_read(b.store, run_event, &b), ST_OK);
    assert_str(b.event.type, "new");
    assert_str(b.event.user_id, "ada");
    assert_str(b.event.trace_id, "t");
    assert_int_equal(b.deliveries.count, 2);
    assert_int_equal(b.deliveries.at[0].channel, CHANNEL_EMAIL);
    b.event_id = S("silent");
    assert_status(job_read(b.store, run_event, &b), ST_OK);
    assert_int_equal(b.deliveries.count, 0);
    assert_null(b.event.trace_id.at);
    bench_done(&b);
}

TEST_MAIN()
