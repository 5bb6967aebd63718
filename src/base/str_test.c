#include "base/str.h"

#include "base/id.h"
#include "base/isotime.h"
#include "check_test.h"

TEST(str_numbers_take_the_whole_string_or_nothing)
{
    uint64_t u = 1;
    int64_t i = 1;
    assert_true(str_to_u64(S("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_false(str_to_u64(S("18446744073709551616"), &u));
    assert_false(str_to_u64(S(""), &u));
    assert_false(str_to_u64(S("1x"), &u));
    assert_false(str_to_u64(S("+1"), &u));
    assert_false(str_to_u64(S(" 1"), &u));
    assert_true(str_to_i64(S("-9223372036854775807"), &i));
    assert_true(i == -INT64_MAX);
    assert_true(str_to_i64(S("-9223372036854775808"), &i));
    assert_true(i == INT64_MIN);
    assert_false(str_to_i64(S("9223372036854775808"), &i));
    assert_false(str_to_i64(S("-9223372036854775809"), &i));
    assert_false(str_to_i64(S("-"), &i));
}

TEST(str_cut_walks_a_list)
{
    Str rest = S("a,,b");
    assert_str(str_cut(&rest, ','), "a");
    assert_str(str_cut(&rest, ','), "");
    assert_str(str_cut(&rest, ','), "b");
    assert_null(rest.at);
    assert_str(str_trim(S(" \t x y\t ")), "x y");
    assert_true(str_eq_nocase(S("X-Api-KEY"), S("x-api-key")));
    assert_true(str_compare(S("a"), S("ab")) < 0);
}

TEST(uuid_text_and_back)
{
    Random r;
    random_init(&r);
    for (int i = 0; i < 100; i++) {
        char text[UUID_TEXT_LEN];
        Uuid id = i % 2 ? uuid_v4(&r) : uuid_v7(1790000000000, &r), back;
        uuid_text(id, text);
        assert_true(uuid_parse(str_make(text, sizeof text), &back));
        assert_memory_equal(&id, &back, sizeof id);
        assert_int_equal(text[14], i % 2 ? '4' : '7');
    }
    Uuid id;
    assert_false(uuid_parse(S("018f-"), &id));
    assert_false(uuid_parse(S("018f0000-0000-7000-8000-00000000000g"), &id));
    assert_false(uuid_parse(S("018f0000x0000-7000-8000-000000000000"), &id));
}

TEST(iso_time_both_ways)
{
    char text[ISO_MS_LEN];
    int64_t ms = 0;
    iso_ms(1776859200123, text);
    assert_true(str_eq(str_make(text, sizeof text), S("2026-04-22T12:00:00.123Z")));
    for (int64_t t = 0; t < 253402300799999; t += 86399999 * 997LL) {
        iso_ms(t, text);
        assert_true(iso_parse(str_make(text, sizeof text), &ms));
        assert_true(ms == t);
    }
    assert_true(iso_parse(S("2024-02-29T23:59:59+01:30"), &ms));
    assert_true(ms == 1709245799000);
    assert_false(iso_parse(S("2023-02-29T00:00:00Z"), &ms));
    assert_false(iso_parse(S("2023-02-28T24:00:00Z"), &ms));
    assert_false(iso_parse(S("2023-02-28 10:00:00Z"), &ms));
    assert_false(iso_parse(S("2023-02-28T10:00:00Zx"), &ms));
}

TEST_MAIN()
