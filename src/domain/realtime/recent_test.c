#include "domain/realtime/recent.h"

#include "base/limits.h"
#include "check_test.h"

static unsigned said;
static uint64_t last_offset;

static void on_say(void *ctx, uint32_t tenant_no, Str channel, const Publication *p)
{
    (void)ctx, (void)tenant_no, (void)channel;
    said++;
    last_offset = p->offset;
}

static Recent *begin(void)
{
    said = 0;
    return recent_new();
}

static RecentPlace say(Recent *r, uint32_t tenant_no, const char *channel, const char *data,
                       const char *key, int64_t at_ms)
{
    Publication p = {.data = str_of(data)};
    return recent_publish(r, tenant_no, str_of(channel), &p, str_of(key), at_ms,
                          (RecentSay){on_say, NULL});
}

/* The offsets of a page as text, "3,4". */
static void expect_page(Recent *r, const RecentQuery *q, int64_t at_ms, const char *offsets,
                        uint64_t floor)
{
    Arena arena;
    RecentPage page;
    Buf text;
    arena_init(&arena, MIB(4));
    buf_init(&text, KIB(64));
    assert_status(recent_read(r, 1, S("room"), q, at_ms, &arena, &page), ST_OK);
    for (size_t i = 0; i < page.count; i++) {
        if (i) buf_lit(&text, ",");
        buf_add_u64(&text, page.publications[i].offset);
    }
    assert_str(buf_view(&text), offsets);
    assert_int_equal(page.floor, floor);
    buf_done(&text);
    arena_done(&arena);
}

TEST(recent_counts_from_one_and_says_each_once)
{
    Recent *r = begin();
    RecentPlace a = say(r, 1, "room", "1", "", 0), b = say(r, 1, "room", "2", "", 0);
    assert_int_equal(a.offset, 1);
    assert_int_equal(b.offset, 2);
    assert_true(a.epoch == b.epoch && (a.epoch & 1));
    assert_int_equal(said, 2);
    RecentPlace other = say(r, 2, "room", "1", "", 0); /* another tenant's is another channel */
    assert_int_equal(other.offset, 1);
    recent_free(r);
}

TEST(recent_pages_like_the_protocol_wants)
{
    Recent *r = begin();
    for (int i = 0; i < 5; i++) say(r, 1, "room", "{}", "", 0);
    static const struct {
        RecentQuery query;
        const char *offsets;
    } cases[] = {
        {{.limit = 0}, ""},
        {{.limit = 9}, "1,2,3,4,5"},
        {{.limit = 2}, "1,2"},
        {{.limit = 2, .reverse = true}, "5,4"},
        {{.limit = 9, .since = 3}, "4,5"},
        {{.limit = 1, .since = 3}, "4"},
        {{.limit = 9, .since = 5}, ""},
        {{.limit = 9, .since = 9}, ""},
        {{.limit = 9, .since = 3, .reverse = true}, "2,1"},
        {{.limit = 1, .since = 4, .reverse = true}, "3"},
        {{.limit = 9, .since = 1, .reverse = true}, ""},
        {{.limit = 9, .since = 9, .reverse = true}, "5,4,3,2,1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_page(r, &cases[i].query, 0, cases[i].offsets, 0);
    recent_free(r);
}

static RecentPlace place(Recent *r, const char *channel)
{
    Arena arena;
    RecentPage page;
    arena_init(&arena, MIB(1));
    assert_status(recent_read(r, 1, str_of(channel), &(RecentQuery){0}, 0, &arena, &page), ST_OK);
    arena_done(&arena);
    return page.top;
}

TEST(recent_remembers_nothing_of_silent_channels_but_their_epoch)
{
    Recent *r = begin(), *another = recent_new();
    RecentPlace before = place(r, "room");
    assert_int_equal(before.offset, 0);
    assert_true(before.epoch & 1);
    assert_true(before.epoch != place(another, "room").epoch); /* another process */
    assert_int_equal(recent_size(r).channels, 0);
    RecentPlace first = say(r, 1, "room", "1", "", 0);
    assert_true(first.epoch == before.epoch); /* who came before it misses nothing */
    recent_sweep(r, 2 * (int64_t)RECENT_PLACE_TTL_MS);
    assert_int_equal(recent_size(r).channels, 0);
    assert_true(place(r, "room").epoch != before.epoch);
    recent_free(r);
    recent_free(another);
}

TEST(recent_forgets_the_longest_silent_when_it_is_full)
{
    char channel[16];
    Recent *r = begin();
    RecentPlace first = say(r, 1, "first", "1", "", 0), second = say(r, 1, "second", "1", "", 0);
    for (unsigned i = 2; i < RECENT_CHANNELS_MAX; i++) {
        snprintf(channel, sizeof channel, "c%u", i);
        say(r, 1, channel, "1", "", 0);
    }
    say(r, 1, "first", "2", "", 1);
    say(r, 1, "one more", "1", "", 1);
    assert_int_equal(recent_size(r).channels, RECENT_CHANNELS_MAX);
    assert_int_equal(place(r, "first").offset, 2);
    assert_int_equal(place(r, "second").offset, 0);
    assert_true(place(r, "second").epoch != second.epoch);
    assert_true(place(r, "first").epoch == first.epoch);
    recent_free(r);
}

TEST(recent_keeps_the_last_ones_alone)
{
    Recent *r = begin();
    for (int i = 0; i < RECENT_PUBLICATIONS_MAX + 3; i++) say(r, 1, "room", "1", "", 0);
    expect_page(r, &(RecentQuery){.limit = 2}, 0, "4,5", 3);
    expect_page(r, &(RecentQuery){.limit = 1, .since = 3}, 0, "4", 3);
    expect_page(r, &(RecentQuery){.limit = 1, .since = 2}, 0, "4", 3);
    recent_free(r);
}

TEST(recent_says_a_key_once)
{
    Recent *r = begin();
    RecentPlace a = say(r, 1, "room", "1", "k", 0);
    say(r, 1, "room", "2", "", 0);
    RecentPlace b = say(r, 1, "room", "3", "k", 0);
    assert_int_equal(a.offset, b.offset);
    assert_int_equal(said, 2);
    assert_int_equal(last_offset, 2);
    say(r, 1, "hall", "1", "k", 0); /* another channel's key is another key */
    assert_int_equal(said, 3);
    recent_free(r);
}

TEST(recent_forgets_words_first_and_places_later)
{
    Recent *r = begin();
    RecentPlace a = say(r, 1, "room", "1", "", 0);
    expect_page(r, &(RecentQuery){.limit = 9}, RECENT_TTL_MS, "1", 0);
    expect_page(r, &(RecentQuery){.limit = 9}, 2 * RECENT_TTL_MS + 1, "", 1);
    assert_int_equal(recent_size(r).bytes, 0);
    RecentPlace b = say(r, 1, "room", "2", "", 2 * RECENT_TTL_MS + 1);
    assert_int_equal(b.offset, 2);
    assert_true(a.epoch == b.epoch && (a.epoch & 1));
    assert_false(recent_sweep(r, 2 * RECENT_TTL_MS + 2));
    assert_int_equal(recent_size(r).channels, 1);
    recent_sweep(r, 3 * RECENT_TTL_MS + RECENT_PLACE_TTL_MS);
    assert_int_equal(recent_size(r).channels, 0);
    recent_free(r);
}

TEST(recent_bytes_have_a_ceiling)
{
    static char big[KIB(60)];
    Recent *r = begin();
    memset(big, '7', sizeof big - 1);
    for (unsigned i = 0; i < 2 * RECENT_BYTES_MAX / sizeof big; i++) {
        char channel[16];
        snprintf(channel, sizeof channel, "c%u", i / 5);
        say(r, 1, channel, big, "", i);
        assert_true(recent_size(r).bytes <= RECENT_BYTES_MAX);
    }
    assert_true(recent_size(r).bytes > RECENT_BYTES_MAX / 2);
    for (int i = 0; i < 20; i++) say(r, 1, "room", big, "", 9999);
    uint64_t kept = RECENT_CHANNEL_BYTES_MAX / sizeof big; /* a little more than 60 KiB each */
    expect_page(r, &(RecentQuery){.limit = 1, .reverse = true}, 9999, "20", 20 - kept);
    recent_free(r);
}

TEST_MAIN()
