#include "domain/deliver/unsubscribe.h"

#include "check_test.h"

static const OptOut who = {.tenant = {{1, 2, 3}},
                           .category = STR_INIT("news.weekly"),
                           .address = STR_INIT("ada@example.com")};

TEST(unsubscribe_token_comes_back)
{
    Arena arena;
    OptOut read;
    arena_init(&arena, 65536);
    Str token = unsubscribe_token(S("secret"), &who, &arena);
    assert_true(unsubscribe_open(S("secret"), token, &arena, &read));
    assert_memory_equal(read.tenant.at, who.tenant.at, 16);
    assert_str(read.category, "news.weekly");
    assert_str(read.address, "ada@example.com");
    arena_done(&arena);
}

TEST(unsubscribe_token_is_ours_to_the_last_bit)
{
    Arena arena;
    OptOut read;
    char copy[UNSUBSCRIBE_TOKEN_MAX];
    arena_init(&arena, 1 << 20);
    Str token = unsubscribe_token(S("secret"), &who, &arena);
    assert_false(unsubscribe_open(S("other"), token, &arena, &read));
    for (size_t i = 0; i < token.len; i++) {
        memcpy(copy, token.at, token.len);
        copy[i] = copy[i] == 'x' ? 'y' : 'x';
        assert_false(unsubscribe_open(S("secret"), str_make(copy, token.len), &arena, &read));
        assert_false(unsubscribe_open(S("secret"), str_head(token, i), &arena, &read));
    }
    arena_done(&arena);
}

TEST(unsubscribe_token_has_a_ceiling)
{
    Arena arena;
    char room[600];
    OptOut whose = who;
    arena_init(&arena, 65536);
    memset(room, 'a', sizeof room);
    whose.address = str_make(room, sizeof room);
    assert_null(unsubscribe_token(S("secret"), &whose, &arena).at);
    whose = who;
    whose.category = S("two\nlines");
    assert_null(unsubscribe_token(S("secret"), &whose, &arena).at);
    arena_done(&arena);
}

TEST_MAIN()
