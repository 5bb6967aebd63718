/* Deltas that are applied again, in every alignment; that texts stay texts; that what gains nothing is
 * not written. tests/e2e/delta_test.mjs has the official clients apply them. */
#include "check_test.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "fossil_test.h"
#include "proto/fossil.h"

static bool delta_works(Str source, Str target)
{
    Buf delta, again;
    buf_init(&delta, MIB(1));
    buf_init(&again, MIB(1));
    bool shorter = fossil_delta(source, target, &delta);
    assert_status(buf_status(&delta), ST_OK);
    if (shorter) {
        fossil_apply(source, buf_view(&delta), &again);
        assert_int_equal(buf_len(&again), target.len);
        assert_memory_equal(buf_view(&again).at, target.at, target.len);
        assert_true(buf_len(&delta) < target.len);
        if (utf8_is_valid(target)) assert_true(utf8_is_valid(buf_view(&delta)));
    } else {
        assert_int_equal(buf_len(&delta), 0);
    }
    buf_done(&delta);
    buf_done(&again);
    return shorter;
}

TEST(a_known_delta)
{
    Buf out;
    buf_init(&out, KIB(1));
    assert_true(fossil_delta(S("0123456789abcdef0123456789ABCDEF"),
                             S("0123456789abcdef!0123456789ABCDEF"), &out));
    assert_str(buf_view(&out), "X\nG@0,1:!G@G,Ju1CW;");
    buf_done(&out);
}

TEST(one_change_at_every_place)
{
    char source[200], target[201];
    for (size_t i = 0; i < sizeof source; i++) source[i] = (char)(32 + i * i * 7 % 90);
    for (size_t at = 0; at < sizeof source; at++) {
        memcpy(target, source, sizeof source);
        target[at] = '\x7f';
        assert_true(delta_works(str_make(source, sizeof source), str_make(target, sizeof source)));
        memmove(target + at + 1, source + at, sizeof source - at);
        assert_true(delta_works(str_make(source, sizeof source), str_make(target, sizeof target)));
        memmove(target + at, source + at + 1, sizeof source - at - 1);
        assert_true(
            delta_works(str_make(source, sizeof source), str_make(target, sizeof source - 1)));
    }
}

TEST(a_character_is_never_cut)
{
    Str a = S("{\"title\":\"\xc3\xa4\xc3\xb6\xc3\xbc \xf0\x9f\x8e\x89 "
              "one\",\"text\":\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"}");
    Str b = S("{\"title\":\"\xc3\xa5\xc3\xb6\xc3\xbc \xf0\x9f\x8e\x8a "
              "one\",\"text\":\"\xe2\x82\xad\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"}");
    delta_works(a, b);
    delta_works(b, a);
}

TEST(what_is_short_or_strange_goes_whole)
{
    assert_false(delta_works(S(""), S("0123456789abcdef0123456789abcdef")));
    assert_false(delta_works(S("0123456789abcdef0123456789abcdef"), S("")));
    assert_false(delta_works(S("{\"a\":1}"), S("{\"a\":2}")));
    assert_false(delta_works(S("0123456789abcdef"), S("the quick brown fox jumps over")));
}

TEST(equal_blocks_do_not_take_for_ever)
{
    static char source[KIB(64)], target[KIB(64)];
    memset(source, 'a', sizeof source);
    memset(target, 'a', sizeof target);
    for (size_t i = 15; i < sizeof target; i += 16) target[i] = 'b';
    delta_works(str_make(source, sizeof source), str_make(target, sizeof target));
    assert_true(delta_works(str_make(target, sizeof target), str_make(target, sizeof target)));
}

TEST_MAIN()
