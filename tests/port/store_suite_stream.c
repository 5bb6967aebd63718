/* The feed by position: read marks and their counts, pages of a stream, epochs. */
#include "port/store_suite.h"

#include "base/buf.h"
#include "base/limits.h"
#include "check_test.h"

enum { T1 = 1, T2 = 2 };

/* ---- read marks ---- */

static MarkReadCall mark(Store *s, const char *user_id, Uuid id)
{
    Waiting w = {.mark_read = {.tenant_no = T1,
                               .user_id = str_of(user_id),
                               .notification_id = id,
                               .now_ms = 1700000001000}};
    waiting_run(&w, s, STORE_MARK_READ);
    return w.mark_read;
}

static uint32_t mark_all(Store *s, const char *user_id)
{
    Waiting w = {
        .mark_all_read = {.tenant_no = T1, .user_id = str_of(user_id), .now_ms = 1700000001000}};
    assert_status(waiting_run(&w, s, STORE_MARK_ALL_READ), ST_OK);
    return w.mark_all_read.ret_count;
}

static uint32_t unread(Store *s, uint32_t tenant_no, const char *user_id)
{
    Waiting w = {.unread = {.tenant_no = tenant_no, .user_id = str_of(user_id)}};
    assert_status(waiting_run(&w, s, STORE_UNREAD), ST_OK);
    return w.unread.ret_unread;
}

void store_suite_mark_read_counts_what_is_left(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Uuid ids[3];

    for (int i = 0; i < 3; i++) ids[i] = suite_notify(s, T1, "ada", i);
    suite_notify(s, T1, "bob", 3);
    assert_int_equal(unread(s, T1, "ada"), 3);
    MarkReadCall call = mark(s, "ada", ids[1]);
    assert_status(call.call.st, ST_OK);
    assert_true(call.ret_changed);
    assert_int_equal(call.ret_unread, 2);
    call = mark(s, "ada", ids[1]);
    assert_status(call.call.st, ST_OK);
    assert_false(call.ret_changed);
    call = mark(s, "bob", ids[0]);
    assert_status(call.call.st, ST_NOT_FOUND);
    assert_false(call.ret_changed);
    assert_int_equal(unread(s, T1, "ada"), 2);
    store_close(s);
}

void store_suite_mark_all_read_marks_ones_own(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena;

    Uuid first = suite_notify(s, T1, "ada", 1);
    for (int i = 2; i < 5; i++) suite_notify(s, T1, "ada", i);
    suite_notify(s, T1, "bob", 5);
    suite_notify(s, T2, "ada", 6);
    mark(s, "ada", first);
    assert_int_equal(mark_all(s, "ada"), 3);
    assert_int_equal(mark_all(s, "ada"), 0);
    assert_int_equal(mark_all(s, "nobody"), 0);
    assert_int_equal(unread(s, T1, "ada"), 0);
    assert_int_equal(unread(s, T1, "bob"), 1);
    assert_int_equal(unread(s, T2, "ada"), 1);
    arena_init(&arena, MIB(1));
    FeedCall feed = suite_feed(s, T1, "ada", 50, 0, &arena);
    for (uint32_t i = 0; i < feed.ret_count; i++) assert_true(feed.ret_items[i].is_read);
    arena_done(&arena);
    store_close(s);
}

void store_suite_unread_of_nobody_is_none(const StoreDriver *driver)
{
    Store *s = driver->open_empty();

    assert_int_equal(unread(s, T1, "nobody"), 0);
    store_close(s);
}

/* ---- pages ---- */

/* Accepts a PUSH for ada on that channel whose data is its number. */
static EventPlan publish_to(Store *s, const char *user_id, const char *channel, int n)
{
    static PlanRoom room;
    char data[16], full[80];
    EventPlan plan = suite_push(T1, user_id, n, &room);
    snprintf(data, sizeof data, "{\"n\":%d}", n);
    snprintf(full, sizeof full, "%s#%s", channel, user_id);
    plan.notification.data = str_of(data);
    plan.notification.channel = str_of(full);
    assert_status(suite_accept(s, &plan, 1), ST_OK);
    return plan;
}

typedef struct Page {
    Arena arena;
    StreamCall stream;
    char text[256]; /* "3:{"n":3} 4:{"n":4}", then "..." when there is more */
} Page;

static void page_text(Page *p)
{
    Buf b;
    buf_init(&b, sizeof p->text - 1);
    for (uint32_t i = 0; i < p->stream.ret_count; i++) {
        const StreamItem *item = &p->stream.ret_items[i];
        if (i) buf_add_byte(&b, ' ');
        buf_add_u64(&b, item->seq);
        buf_add_byte(&b, ':');
        buf_add(&b, item->data);
    }
    if (p->stream.ret_more) buf_lit(&b, " ...");
    assert_status(buf_status(&b), ST_OK);
    memcpy(p->text, buf_view(&b).at, buf_len(&b));
    p->text[buf_len(&b)] = 0;
    buf_done(&b);
}

typedef enum Way { FORWARD, BACKWARD } Way;

static void read_page(Store *s, const char *channel, uint64_t since, Way way, uint32_t limit,
                      Page *p)
{
    *p = (Page){.text = ""};
    arena_init(&p->arena, MIB(1));
    Waiting w = {.stream = {.tenant_no = T1,
                            .user_id = S("ada"),
                            .channel = str_of(channel),
                            .since = since,
                            .reverse = way == BACKWARD,
                            .limit = limit,
                            .arena = &p->arena}};
    assert_status(waiting_run(&w, s, STORE_STREAM), ST_OK);
    p->stream = w.stream;
    if (p->stream.ret_count || p->stream.ret_more) page_text(p);
    arena_done(&p->arena);
}

static void assert_page(Store *s, uint64_t since, Way way, uint32_t limit, const char *text)
{
    Page page;
    read_page(s, "global_system", since, way, limit, &page);
    assert_string_equal(page.text, text);
}

void store_suite_stream_pages_both_ways(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Page page;

    for (int n = 1; n <= 5; n++) publish_to(s, "ada", "global_system", n);
    assert_page(s, 0, FORWARD, 10, "1:{\"n\":1} 2:{\"n\":2} 3:{\"n\":3} 4:{\"n\":4} 5:{\"n\":5}");
    assert_page(s, 3, FORWARD, 10, "4:{\"n\":4} 5:{\"n\":5}");
    assert_page(s, 2, FORWARD, 2, "3:{\"n\":3} 4:{\"n\":4} ...");
    assert_page(s, 3, FORWARD, 2, "4:{\"n\":4} 5:{\"n\":5}");
    assert_page(s, 5, FORWARD, 10, "");
    assert_page(s, 99, FORWARD, 10, "");
    assert_page(s, 0, BACKWARD, 2, "5:{\"n\":5} 4:{\"n\":4} ...");
    assert_page(s, 4, BACKWARD, 10, "3:{\"n\":3} 2:{\"n\":2} 1:{\"n\":1}");
    assert_page(s, 1, BACKWARD, 10, "");
    assert_page(s, 99, BACKWARD, 1, "5:{\"n\":5} ...");
    read_page(s, "global_system", 0, FORWARD, 0, &page); /* the position alone */
    assert_int_equal(page.stream.ret_count, 0);
    assert_false(page.stream.ret_more);
    assert_int_equal(page.stream.ret_top, 5);
    assert_int_equal(page.stream.ret_floor, 0);
    store_close(s);
}

void store_suite_stream_keeps_channels_apart(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Page page;

    for (int n = 1; n <= 6; n++) publish_to(s, "ada", n % 3 ? "global_system" : "orders", n);
    assert_page(s, 2, FORWARD, 10, "4:{\"n\":4} 5:{\"n\":5}");
    assert_page(s, 0, FORWARD, 3, "1:{\"n\":1} 2:{\"n\":2} 4:{\"n\":4} ...");
    read_page(s, "orders", 0, BACKWARD, 10, &page);
    assert_string_equal(page.text, "6:{\"n\":6} 3:{\"n\":3}");
    assert_int_equal(page.stream.ret_top, 6);
    read_page(s, "billing", 0, FORWARD, 10, &page);
    assert_int_equal(page.stream.ret_count, 0);
    assert_int_equal(page.stream.ret_top, 6);
    store_close(s);
}

void store_suite_stream_says_when_there_is_more(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Arena arena;

    for (int n = 1; n <= 300; n++) publish_to(s, "ada", "global_system", n);
    arena_init(&arena, 3 * ARENA_CHUNK_BYTES); /* the list, and some of the data */
    Waiting w = {.stream = {.tenant_no = T1,
                            .user_id = S("ada"),
                            .channel = S("global_system"),
                            .limit = 300,
                            .arena = &arena}};
    assert_status(waiting_run(&w, s, STORE_STREAM), ST_OK);
    assert_true(w.stream.ret_more);
    assert_in_range(w.stream.ret_count, 1, 299);
    for (uint32_t i = 0; i < w.stream.ret_count; i++)
        assert_int_equal(w.stream.ret_items[i].seq, 1 + i);
    arena_done(&arena);
    store_close(s);
}

/* ---- epochs ---- */

static uint64_t epoch_now(Store *s)
{
    Page page;
    read_page(s, "global_system", 0, FORWARD, 0, &page);
    return page.stream.ret_epoch;
}

void store_suite_stream_of_unknown_user_has_no_epoch(const StoreDriver *driver)
{
    Store *s = driver->open_empty();
    Page page;

    publish_to(s, "bob", "global_system", 1);
    read_page(s, "global_system", 0, FORWARD, 10, &page);
    assert_int_equal(page.stream.ret_epoch, 0);
    assert_int_equal(page.stream.ret_top, 0);
    assert_int_equal(page.stream.ret_count, 0);
    store_close(s);
}

void store_suite_stream_epoch_survives_a_restart(const StoreDriver *driver)
{
    Store *s = driver->open_empty();

    uint64_t told = publish_to(s, "ada", "global_system", 1).ret_feed_epoch;
    assert_true(told & 1);
    assert_int_equal(epoch_now(s), told);
    store_close(s);
    s = driver->open_again();
    assert_int_equal(epoch_now(s), told);
    EventPlan second = publish_to(s, "ada", "global_system", 2);
    assert_int_equal(second.ret_feed_epoch, told);
    assert_int_equal(second.ret_feed_seq, 2);
    store_close(s);
    s = driver->open_empty(); /* another store, another epoch */
    assert_int_not_equal(publish_to(s, "ada", "global_system", 1).ret_feed_epoch, told);
    store_close(s);
}

void store_suite_stream_epoch_is_the_users_own(const StoreDriver *driver)
{
    Store *s = driver->open_empty();

    uint64_t ada = publish_to(s, "ada", "global_system", 1).ret_feed_epoch;
    uint64_t bob = publish_to(s, "bob", "global_system", 1).ret_feed_epoch;
    assert_int_not_equal(ada, bob);
    store_close(s);
}

static Status run_sql(StoreTx *tx, StoreJob *job, Err *err)
{
    return tx_run(tx, job_extra(job), NO_VALUES, NULL, err);
}

static void run(Store *s, char *sql)
{
    assert_status(job_write(s, run_sql, sql), ST_OK);
}

/* As the sweep removes them: the position first becomes the floor. */
void store_suite_stream_tells_what_was_removed(const StoreDriver *driver)
{
    static char floor_sql[] = "UPDATE end_user SET seq_floor = 2 WHERE id = 'ada'";
    static char inbox_sql[] = "DELETE FROM inbox WHERE seq = 2";
    Store *s = driver->open_empty();
    Page page;

    for (int n = 1; n <= 3; n++) publish_to(s, "ada", "global_system", n);
    run(s, floor_sql);
    run(s, inbox_sql);
    read_page(s, "global_system", 0, FORWARD, 10, &page);
    assert_string_equal(page.text, "1:{\"n\":1} 3:{\"n\":3}");
    assert_int_equal(page.stream.ret_floor, 2);
    assert_int_equal(page.stream.ret_top, 3);
    store_close(s);
}

void store_suite_stream_of_an_erased_user_is_another(const StoreDriver *driver)
{
    static char inbox_sql[] = "DELETE FROM inbox", user_sql[] = "DELETE FROM end_user";
    Store *s = driver->open_empty();

    uint64_t first = publish_to(s, "ada", "global_system", 1).ret_feed_epoch;
    run(s, inbox_sql);
    run(s, user_sql);
    assert_int_equal(epoch_now(s), 0);
    EventPlan again = publish_to(s, "ada", "global_system", 2);
    assert_int_equal(again.ret_feed_seq, 1);
    assert_int_not_equal(again.ret_feed_epoch, first);
    assert_int_equal(epoch_now(s), again.ret_feed_epoch);
    store_close(s);
}
