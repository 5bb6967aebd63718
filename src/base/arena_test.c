#include "base/arena.h"

#include "check_test.h"

TEST(arena_gives_distinct_aligned_blocks)
{
    Arena a;
    arena_init(&a, 1 << 20);
    uint8_t *last = NULL;
    for (size_t i = 1; i < 3000; i++) {
        size_t bytes = 1 + i % 97;
        uint8_t *at = arena_alloc(&a, bytes);
        assert_int_equal((uintptr_t)at % 8, 0);
        memset(at, (int)i, bytes);
        assert_ptr_not_equal(at, last);
        last = at;
    }
    arena_done(&a);
    arena_thread_done();
}

TEST(arena_refuses_past_its_ceiling)
{
    Arena a;
    arena_init(&a, 20000);
    assert_null(arena_try(&a, 20001));
    assert_null(arena_try(&a, SIZE_MAX));
    assert_non_null(arena_try(&a, 12000));
    assert_null(arena_try(&a, 12000));
    assert_non_null(arena_try(&a, 100));
    arena_done(&a);
    assert_non_null(arena_try(&a, 12000));
    arena_done(&a);
    arena_thread_done();
}

TEST(arena_keeps_the_rest_of_a_chunk_after_a_big_block)
{
    Arena a;
    arena_init(&a, 1 << 20);
    char *small = arena_alloc(&a, 8);
    arena_alloc(&a, 100000);
    char *next = arena_alloc(&a, 8);
    assert_ptr_equal(next, small + 8);
    assert_str(arena_format(&a, "%d-%s", 7, "x"), "7-x");
    arena_done(&a);
    arena_thread_done();
}

TEST_MAIN()
