#include "domain/deliver/excerpt.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "check_test.h"

static const ProviderKind kind = {
    .name = STR_INIT("test"),
    .fields = {{.name = STR_INIT("user")}, {.name = STR_INIT("key"), .secret = true}},
};
static const Credentials credentials = {{STR_INIT("someone"), STR_INIT("s3cr+t k/y")}};

static Str clean(Arena *arena, Str text)
{
    return excerpt_clean(text, &kind, &credentials, arena);
}

TEST(excerpt_takes_secrets_out_however_they_are_spelled)
{
    Arena arena;
    arena_init(&arena, MIB(1));
    assert_str(clean(&arena, S("key=s3cr+t k/y!")), "key=****!");
    assert_str(clean(&arena, S("key=s3cr%2Bt+k%2fy&x=1")), "key=****&x=1");
    assert_str(clean(&arena, S("/v1/s3cr%2Bt%20k%2Fy/send")), "/v1/****/send");
    assert_str(clean(&arena, S("s3cr+t k/ys3cr+t k/y")), "********");
    assert_str(clean(&arena, S("s3cr+t k?")), "s3cr+t k?");
    assert_str(clean(&arena, S("key=s3cr+t k/")), "key=****"); /* cut before it came here */
    assert_str(clean(&arena, S("s3c")), "s3c");
    assert_str(clean(&arena, S("Authorization: Basic c29tZW9uZTpzM2NyK3Qgay95!")),
               "Authorization: Basic ****!");
    assert_str(clean(&arena, S("someone")), "someone"); /* not secret */
    assert_str(clean(&arena, S("")), "");
    arena_done(&arena);
}

TEST(excerpt_is_bounded_text)
{
    Arena arena;
    char binary[8192];
    arena_init(&arena, MIB(1));
    assert_str(clean(&arena, S("a\0b\x01\xff\xc3\xa9\n")), "a?b??\xc3\xa9\n");
    memset(binary, 0xc3, sizeof binary);
    Str text = clean(&arena, str_make(binary, sizeof binary));
    assert_true(text.len <= EXCERPT_BYTES_MAX + 4 && utf8_is_valid(text));
    arena_done(&arena);
}

/* Wherever the cut falls, no part of the secret is left in front of it. */
TEST(excerpt_cut_leaves_no_half_a_secret)
{
    Arena arena;
    char text[EXCERPT_BYTES_MAX + 64];
    arena_init(&arena, MIB(4));
    for (size_t at = EXCERPT_BYTES_MAX - 16; at < EXCERPT_BYTES_MAX + 4; at++) {
        memset(text, 'x', sizeof text);
        memcpy(text + at, credentials.value[1].at, credentials.value[1].len);
        Str kept = clean(&arena, str_make(text, sizeof text));
        for (size_t i = 0; i < kept.len; i++) assert_true(kept.at[i] == 'x' || kept.at[i] == '*');
    }
    arena_done(&arena);
}

TEST(excerpt_of_a_request_has_no_headers)
{
    Arena arena;
    ProviderRequest r = {.method = S("POST"),
                         .base_url = S("https://api.example.com"),
                         .path = S("/send"),
                         .body = S("to=x&key=s3cr%2Bt+k%2Fy")};
    arena_init(&arena, MIB(1));
    provider_add_header(&r, S("Authorization"), S("Bearer s3cr+t k/y"));
    assert_str(excerpt_request(&r, true, &kind, &credentials, &arena),
               "POST https://api.example.com/send\n\nto=x&key=****");
    assert_str(excerpt_request(&r, false, &kind, &credentials, &arena),
               "POST https://api.example.com/send");
    arena_done(&arena);
}

TEST_MAIN()
