#include "domain/deliver/timeline.h"

#include "check_test.h"

enum { ACCEPTED = 1000, UPDATED = 2000, READ = 3000 };

static LogRow row(Channel channel, DeliveryStatus status, const char *cause)
{
    return (LogRow){.channel = channel,
                    .status = status,
                    .cause = str_of(cause),
                    .created_ms = ACCEPTED,
                    .updated_ms = UPDATED};
}

/* "what" words with a space between, e.g. "accepted planned". */
static void assert_told(const Timeline *t, const char *words)
{
    char text[256] = "";
    size_t len = 0;
    for (uint32_t i = 0; i < t->count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s", i ? " " : "",
                                STR_FMT(t->at[i].what));
    assert_string_equal(text, words);
    for (uint32_t i = 1; i < t->count; i++) assert_true(t->at[i].at_ms >= t->at[i - 1].at_ms);
}

static Timeline told(LogRow delivery, Arena *arena)
{
    return timeline_of_delivery(&delivery, arena);
}

TEST(timeline_of_a_push_from_accepted_to_read)
{
    Arena arena;
    arena_init(&arena, 65536);
    LogRow push = row(CHANNEL_PUSH, DELIVERY_SENT, NULL);
    Timeline t = told(push, &arena);
    assert_told(&t, "accepted planned rendered published");
    assert_int_equal(t.at[2].at_ms, ACCEPTED);
    assert_int_equal(t.at[3].at_ms, UPDATED);
    assert_null(t.at[0].detail.at);
    assert_str(t.at[3].detail, "PUSH");
    push.read_ms = READ;
    t = told(push, &arena);
    assert_told(&t, "accepted planned rendered published read");
    assert_int_equal(t.at[4].at_ms, READ);
    arena_done(&arena);
}

TEST(timeline_tells_no_step_that_nobody_took)
{
    Arena arena;
    arena_init(&arena, 65536);
    Timeline t = told(row(CHANNEL_EMAIL, DELIVERY_PENDING, NULL), &arena);
    assert_told(&t, "accepted planned");
    t = told(row(CHANNEL_PUSH, DELIVERY_FAILED, "no"), &arena);
    assert_told(&t, "accepted planned failed");
    assert_str(t.at[2].detail, "PUSH: no");
    t = told(row(CHANNEL_SMS, DELIVERY_RETRYING, "busy"), &arena);
    assert_told(&t, "accepted planned retrying");
    assert_str(t.at[2].detail, "SMS: busy");
    t = told(row(CHANNEL_SMS, DELIVERY_SENT, NULL), &arena);
    assert_told(&t, "accepted planned sent");
    t = told(row(CHANNEL_EMAIL, DELIVERY_DELIVERED, NULL), &arena);
    assert_told(&t, "accepted planned delivered");
    arena_done(&arena);
}

TEST(timeline_keeps_the_cause_when_memory_is_gone)
{
    Arena none;
    arena_init(&none, 0);
    Timeline t = told(row(CHANNEL_SMS, DELIVERY_FAILED, "why"), &none);
    assert_str(t.at[2].detail, "why");
    arena_done(&none);
}

TEST(timeline_of_an_event_merges_its_deliveries_by_time)
{
    Arena arena;
    arena_init(&arena, 65536);
    const EventRow event = {.created_ms = ACCEPTED};
    LogRow rows[CHANNEL_COUNT] = {row(CHANNEL_EMAIL, DELIVERY_FAILED, "late"),
                                  row(CHANNEL_SMS, DELIVERY_PENDING, NULL),
                                  row(CHANNEL_PUSH, DELIVERY_SENT, NULL)};
    rows[0].updated_ms = UPDATED + 1;
    rows[2].read_ms = READ;
    const LogRows all = {rows, CHANNEL_COUNT};
    Timeline t = timeline_of_event(&event, &all, &arena);
    assert_told(&t, "accepted planned planned planned rendered published failed read");
    arena_done(&arena);
}

TEST(timeline_of_an_unmatched_event_says_so)
{
    Arena arena;
    arena_init(&arena, 65536);
    const EventRow event = {.created_ms = ACCEPTED};
    const LogRows none = {NULL, 0};
    Timeline t = timeline_of_event(&event, &none, &arena);
    assert_told(&t, "accepted unmatched");
    assert_true(t.at[1].detail.len > 0);
    arena_done(&arena);
}

TEST(timeline_of_what_waits_ends_in_the_future)
{
    Timeline t = timeline_of_scheduled(ACCEPTED, UPDATED, false);
    assert_told(&t, "accepted scheduled");
    assert_int_equal(t.at[1].at_ms, UPDATED);
    t = timeline_of_scheduled(ACCEPTED, UPDATED, true);
    assert_told(&t, "accepted held");
}

TEST(timeline_of_what_never_happened_says_how_it_ended)
{
    Timeline t = timeline_of_ended(ACCEPTED, UPDATED, S("missed"), S("too late"));
    assert_told(&t, "accepted missed");
    assert_str(t.at[1].detail, "too late");
}

TEST_MAIN()
