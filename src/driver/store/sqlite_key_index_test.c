#include "driver/store/sqlite_key_index.h"

#include "base/random.h"
#include "check_test.h"

enum { SLOTS_MAX = 1 << 14 };

static bool finds(const KeyIndex *ix, uint64_t hash, int64_t wanted)
{
    KeyProbe probe = key_probe(hash);
    int64_t no;
    while (key_index_next(ix, &probe, &no))
        if (no == wanted) return true;
    return false;
}

static uint32_t candidates(const KeyIndex *ix, uint64_t hash)
{
    KeyProbe probe = key_probe(hash);
    uint32_t count = 0;
    int64_t no;
    while (key_index_next(ix, &probe, &no)) count++;
    return count;
}

static void add(KeyIndex *ix, uint64_t hash, int64_t no)
{
    if (!key_index_has_room(ix)) assert_true(key_index_grow(ix, SLOTS_MAX));
    key_index_add(ix, hash, no);
}

TEST(key_index_empty_knows_nothing)
{
    KeyIndex ix;
    key_index_init(&ix);
    assert_false(finds(&ix, 7, 1));
    assert_false(key_index_has_room(&ix));
    key_index_forget_below(&ix, 5);
    assert_int_equal(key_index_count(&ix), 0);
    key_index_done(&ix);
}

/* Through all growths, with numbers that start anywhere. */
TEST(key_index_finds_each_that_was_added)
{
    static const int64_t starts[] = {1, 4294967295 - 5000, (INT64_C(1) << 40) + 3};
    enum { COUNT = SLOTS_MAX / 4 * 3 };
    static uint64_t hashes[COUNT];
    Random random;
    random_init(&random);
    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
        KeyIndex ix;
        key_index_init(&ix);
        for (int i = 0; i < COUNT; i++) add(&ix, hashes[i] = random_u64(&random), starts[s] + i);
        for (int i = 0; i < COUNT; i++) assert_true(finds(&ix, hashes[i], starts[s] + i));
        assert_int_equal(key_index_count(&ix), COUNT);
        assert_int_equal(key_index_newest(&ix), starts[s] + COUNT - 1);
        key_index_done(&ix);
    }
}

/* A new key must need no disk: that is what the index is for. */
TEST(key_index_points_a_new_key_to_almost_nothing)
{
    enum { COUNT = SLOTS_MAX / 4 * 3, ASKED = 20000 };
    uint32_t wrong = 0;
    KeyIndex ix;
    Random random;
    random_init(&random);
    key_index_init(&ix);
    for (int i = 0; i < COUNT; i++) add(&ix, random_u64(&random), 1 + i);
    for (int i = 0; i < ASKED; i++) wrong += candidates(&ix, random_u64(&random));
    assert_true(wrong < ASKED / 1000);
    key_index_done(&ix);
}

TEST(key_index_keeps_several_rows_of_one_key)
{
    KeyIndex ix;
    key_index_init(&ix);
    for (int i = 1; i <= 5; i++) add(&ix, 42, i);
    assert_int_equal(candidates(&ix, 42), 5);
    for (int i = 1; i <= 5; i++) assert_true(finds(&ix, 42, i));
    key_index_done(&ix);
}

TEST(key_index_forgets_below_a_row_and_nothing_else)
{
    enum { COUNT = 5000, FIRST = 3001 };
    static uint64_t hashes[COUNT + 1];
    KeyIndex ix;
    Random random;
    random_init(&random);
    key_index_init(&ix);
    for (int i = 1; i <= COUNT; i++) add(&ix, hashes[i] = random_u64(&random), i);
    key_index_forget_below(&ix, FIRST);
    assert_int_equal(key_index_count(&ix), COUNT - FIRST + 1);
    for (int i = 1; i <= COUNT; i++) assert_int_equal(finds(&ix, hashes[i], i), i >= FIRST);
    key_index_forget_below(&ix, COUNT + 1);
    assert_int_equal(key_index_count(&ix), 0);
    assert_int_equal(key_index_newest(&ix), COUNT); /* a number is not given twice */
    key_index_done(&ix);
}

TEST(key_index_grows_up_to_its_ceiling)
{
    KeyIndex ix;
    int64_t no = 0;
    key_index_init(&ix);
    while (key_index_has_room(&ix) || key_index_grow(&ix, SLOTS_MAX)) {
        no++;
        key_index_add(&ix, (uint64_t)no * 0x9E3779B97F4A7C15u, no);
    }
    assert_int_equal(no, SLOTS_MAX / 4 * 3);
    assert_false(key_index_grow(&ix, SLOTS_MAX));
    key_index_done(&ix);
}

TEST_MAIN()
