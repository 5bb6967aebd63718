#include "check_test.h"
#include "app/http/assets.h"

TEST(assets_are_found_by_their_exact_path)
{
    for (size_t i = 0; i < asset_count; i++)
        assert_ptr_equal(asset_find(asset_table[i].path), &asset_table[i]);
    assert_null(asset_find(S("/no/such/file")));
    assert_null(asset_find(S("")));
    assert_null(asset_find(S("/demo/")));
}

TEST(assets_carry_what_an_answer_needs)
{
    for (size_t i = 0; i < asset_count; i++) {
        const Asset *a = &asset_table[i];
        assert_true(str_starts(a->path, S("/")));
        assert_true(a->content_type.len > 0 && a->bytes.len > 0);
        assert_true(str_starts(a->gzip, S("\x1f\x8b\x08"))); /* RFC 1952 2.3 */
        assert_true(a->etag.len > 4 && str_starts(a->etag, S("W/\"")) &&
                    str_ends(a->etag, S("\"")));
    }
}

TEST(assets_hold_all_pages_or_none)
{
    bool built = asset_count > 0;
    assert_int_equal(asset_find(S("/")) != NULL, built);
    assert_int_equal(asset_find(S("/demo")) != NULL, built);
    assert_int_equal(asset_find(S("/favicon.svg")) != NULL, built);
}
TEST_MAIN()
