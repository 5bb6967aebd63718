#include "base/seal.h"

#include "check_test.h"

static const uint8_t KEY_A[SEAL_KEY_BYTES] = {1, 2, 3}, KEY_B[SEAL_KEY_BYTES] = {9, 8, 7};

TEST(seal_opens_what_it_sealed)
{
    Arena a;
    Str opened;
    arena_init(&a, 1 << 20);
    SealKey *key = seal_key_new(KEY_A);
    Str sealed = seal(key, S("name"), S("hush"), &a);
    assert_int_equal(sealed.len, 4 + SEAL_OVERHEAD);
    assert_status(unseal(key, S("name"), sealed, &a, &opened, NULL), ST_OK);
    assert_str(opened, "hush");

    Str empty = seal(key, S("name"), S(""), &a);
    assert_status(unseal(key, S("name"), empty, &a, &opened, NULL), ST_OK);
    assert_int_equal(opened.len, 0);
    seal_key_free(key);
    arena_done(&a);
}

TEST(seal_never_repeats_itself)
{
    Arena a;
    arena_init(&a, 1 << 20);
    SealKey *key = seal_key_new(KEY_A);
    assert_false(str_eq(seal(key, S("n"), S("same"), &a), seal(key, S("n"), S("same"), &a)));
    seal_key_free(key);
    arena_done(&a);
}

TEST(seal_refuses_another_name_and_another_key)
{
    Arena a;
    Err err = {""};
    Str opened = S("untouched");
    arena_init(&a, 1 << 20);
    SealKey *key = seal_key_new(KEY_A), *other = seal_key_new(KEY_B);
    assert_int_not_equal(seal_key_id(key), seal_key_id(other));
    Str sealed = seal(key, S("mine"), S("hush"), &a);
    assert_status(unseal(key, S("yours"), sealed, &a, &opened, &err), ST_INVALID);
    assert_status(unseal(other, S("mine"), sealed, &a, &opened, &err), ST_INVALID);
    assert_non_null(strstr(err.text, "another master key"));
    assert_str(opened, "untouched");
    seal_key_free(key);
    seal_key_free(other);
    arena_done(&a);
}

TEST(seal_notices_every_changed_bit_and_every_lost_byte)
{
    Arena a;
    Str opened;
    arena_init(&a, 4 << 20);
    SealKey *key = seal_key_new(KEY_A);
    Str sealed = seal(key, S("n"), S("hush"), &a);
    uint8_t *bytes = arena_alloc(&a, sealed.len);
    for (size_t bit = 0; bit < sealed.len * 8; bit++) {
        memcpy(bytes, sealed.at, sealed.len);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_status(unseal(key, S("n"), str_make(bytes, sealed.len), &a, &opened, NULL),
                      ST_INVALID);
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_status(unseal(key, S("n"), str_head(sealed, len), &a, &opened, NULL), ST_INVALID);
    seal_key_free(key);
    arena_done(&a);
}

TEST_MAIN()
