#include "domain/intake/key.h"

#include "base/limits.h"
#include "check_test.h"

static EventKey key_of(const char *key, const char *event_id, const char *raw)
{
    Trigger trigger = {.key = str_of(key), .event_id = str_of(event_id), .raw = str_of(raw)};
    return key_of_trigger(&trigger, 1234);
}

static void assert_same(EventKey a, EventKey b)
{
    assert_memory_equal(a.hash, b.hash, EVENT_KEY_BYTES);
}

static void assert_differ(EventKey a, EventKey b)
{
    assert_memory_not_equal(a.hash, b.hash, EVENT_KEY_BYTES);
}

TEST(key_is_the_chosen_one_else_the_event_id_else_none)
{
    assert_false(key_of("", NULL, "{}").set);
    EventKey chosen = key_of("1", NULL, "{}"), by_id = key_of("", "1", "{}");
    assert_true(chosen.set);
    assert_true(by_id.set);
    assert_int_equal(chosen.expires_ms, 1234);
    assert_same(chosen, key_of("1", "2", "{}"));
    assert_same(by_id, key_of("", "1", "{}"));
    assert_differ(chosen, by_id);
    assert_differ(chosen, key_of("2", NULL, "{}"));
    assert_differ(by_id, key_of("", "2", "{}"));
}

TEST(key_remembers_the_raw_body)
{
    EventKey key = key_of("1", NULL, "{}"), same = key_of("2", NULL, "{}"),
             spaced = key_of("1", NULL, "{ }");
    assert_memory_equal(key.body_hash, same.body_hash, EVENT_KEY_BYTES);
    assert_memory_not_equal(key.body_hash, spaced.body_hash, EVENT_KEY_BYTES);
}

TEST(key_takes_the_longest_names)
{
    char name[EVENT_ID_MAX + 1];
    memset(name, 'x', EVENT_ID_MAX);
    name[EVENT_ID_MAX] = '\0';
    assert_true(key_of("", name, "{}").set);
    assert_true(key_of(name, NULL, "{}").set);
}

TEST(key_is_1_to_255_visible_characters)
{
    char name[IDEMPOTENCY_KEY_MAX + 1];
    memset(name, '~', sizeof name);
    assert_true(key_is_valid(str_make(name, IDEMPOTENCY_KEY_MAX)));
    assert_false(key_is_valid(str_make(name, IDEMPOTENCY_KEY_MAX + 1)));
    assert_true(key_is_valid(S("!")));
    assert_false(key_is_valid(S("")));
    assert_false(key_is_valid(S("a b")));
    assert_false(key_is_valid(S("a\x7f")));
    assert_false(key_is_valid(S("a\n")));
    assert_false(key_is_valid(S("\xc3\xbc")));
}

TEST_MAIN()
