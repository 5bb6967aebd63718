#include "proto/url.h"

#include "check_test.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

TEST(url_split_good)
{
    static const struct {
        const char *target, *path, *query; /* query NULL: there is none */
    } cases[] = {
        {"/", "/", NULL},
        {"/?", "/", ""},
        {"/a/b", "/a/b", NULL},
        {"/a/b?x=1", "/a/b", "x=1"},
        {"/a?b?c/d", "/a", "b?c/d"},
        {"//a//", "//a//", NULL},
        {"/a%2Fb/%e2%82%ac", "/a%2Fb/%e2%82%ac", NULL},
        {"/~user/-._!$&'()*+,;=:@", "/~user/-._!$&'()*+,;=:@", NULL},
        {"/?f[]={\"a|b\"}^`<>\\", "/", "f[]={\"a|b\"}^`<>\\"},
        {"/a/../b", "/a/../b", NULL}, /* segments are the router's; nothing here is a file */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Str path, query;
        assert_status(url_split(str_of(cases[i].target), &path, &query), ST_OK);
        assert_str(path, cases[i].path);
        if (cases[i].query)
            assert_str(query, cases[i].query);
        else
            assert_null(query.at);
    }
}

TEST(url_split_refuses)
{
    static const Str bad[] = {
        STR_INIT(""),          STR_INIT("a"),         STR_INIT("?a=1"),     STR_INIT("*"),
        STR_INIT("http://a/"), STR_INIT("a.com:443"), STR_INIT("/a b"),     STR_INIT("/a\tb"),
        STR_INIT("/a\0b"),     STR_INIT("/a\nb"),     STR_INIT("/a\x7f"),   STR_INIT("/\xc3\xa9"),
        STR_INIT("/a#b"),      STR_INIT("/a?b#c"),    STR_INIT("/a?b c"),   STR_INIT("/a?\0"),
        STR_INIT("/%"),        STR_INIT("/%4"),       STR_INIT("/%4?"),     STR_INIT("/%zz"),
        STR_INIT("/%%20"),     STR_INIT("/a?b=%"),    STR_INIT("/a?b=%1"),  STR_INIT("/a?b=%g1"),
        STR_INIT("/a\\b"),     STR_INIT("/a\"b"),     STR_INIT("/a<b>"),    STR_INIT("/a[0]"),
        STR_INIT("/a{0}"),     STR_INIT("/a|b"),      STR_INIT("/?a=\xff"), STR_INIT("/a^b"),
        STR_INIT("/%u0041"),   STR_INIT("/% 41"),     STR_INIT("/?a=%+1"),  STR_INIT("\\a"),
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        Str path = S("untouched"), query = S("untouched");
        assert_status(url_split(bad[i], &path, &query), ST_INVALID);
        assert_str(path, "untouched");
        assert_str(query, "untouched");
    }
}

TEST(url_decode_segments)
{
    static const struct {
        Str raw;
        const char *text; /* NULL: refused */
    } cases[] = {
        {STR_INIT(""), ""},
        {STR_INIT("plain"), "plain"},
        {STR_INIT("a+b"), "a+b"},
        {STR_INIT("a%20b"), "a b"},
        {STR_INIT("%2F%2f"), "//"},
        {STR_INIT("%25%32%35"), "%25"}, /* once, not twice */
        {STR_INIT("caf%C3%A9"), "caf\xc3\xa9"},
        {STR_INIT("caf\xc3\xa9"), "caf\xc3\xa9"},
        {STR_INIT("%F0%9F%98%80"), "\xf0\x9f\x98\x80"},
        {STR_INIT("global_system%23u-1"), "global_system#u-1"},
        {STR_INIT("%"), NULL},
        {STR_INIT("a%2"), NULL},
        {STR_INIT("a%2x"), NULL},
        {STR_INIT("%00"), NULL},
        {STR_INIT("a\0b"), NULL},
        {STR_INIT("a%0d%0aSet-Cookie:x"), NULL},
        {STR_INIT("\r\n"), NULL},
        {STR_INIT("%1f"), NULL},
        {STR_INIT("%7F"), NULL},
        {STR_INIT("%ff"), NULL},
        {STR_INIT("%C3"), NULL},
        {STR_INIT("%C0%AF"), NULL}, /* overlong slash */
        {STR_INIT("%ED%A0%80"), NULL},
        {STR_INIT("%C3x%A9"), NULL},
        {STR_INIT("\xff"), NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena a;
        Str text = S("untouched");
        arena_init(&a, 1000);
        Status st = url_decode(cases[i].raw, &a, &text);
        assert_status(st, cases[i].text ? ST_OK : ST_INVALID);
        assert_str(text, cases[i].text ? cases[i].text : "untouched");
        arena_done(&a);
    }
}

TEST(url_decode_borrows_what_holds_no_escape)
{
    Arena a;
    Str raw = S("plain+text"), text;
    arena_init(&a, 1000);
    assert_status(url_decode(raw, &a, &text), ST_OK);
    assert_ptr_equal(text.at, raw.at);
    assert_int_equal(arena_bytes(&a), 0);
    arena_done(&a);
    arena_init(&a, 4);
    assert_status(url_decode(S("longer%20than%20four"), &a, &text), ST_TOO_BIG);
    arena_done(&a);
}

TEST(url_query_finds)
{
    static const struct {
        const char *query, *name, *value; /* value NULL: not found */
    } cases[] = {
        {"a=1", "a", "1"},     {"a=1&b=2", "b", "2"}, {"a=1&a=2", "a", "1"},
        {"&&a=1&&", "a", "1"}, {"a", "a", ""},        {"a&b=1", "a", ""},
        {"a=", "a", ""},       {"a==b", "a", "=b"},   {"a=b+c%2B", "a", "b c+"},
        {"a+b=1", "a b", "1"}, {"%61=1", "a", "1"},   {"user%49d=x", "userId", "x"},
        {"=1", "", "1"},       {"aa=1", "a", NULL},   {"a=1", "aa", NULL},
        {"A=1", "a", NULL},    {"b=a=1", "a", NULL},  {"%6=1&a=2", "a", "2"},
        {"", "a", NULL},       {"a;b=1", "b", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena a;
        Str value = S("untouched");
        arena_init(&a, 1000);
        Status st = url_query(str_of(cases[i].query), str_of(cases[i].name), &a, &value);
        assert_status(st, cases[i].value ? ST_OK : ST_NOT_FOUND);
        assert_str(value, cases[i].value ? cases[i].value : "untouched");
        arena_done(&a);
    }
    Arena a;
    Str value;
    arena_init(&a, 1000);
    assert_status(url_query((Str){NULL, 0}, S("a"), &a, &value), ST_NOT_FOUND);
    assert_status(url_query(S("a=%zz"), S("a"), &a, &value), ST_INVALID);
    assert_status(url_query(S("a=%00"), S("a"), &a, &value), ST_INVALID);
    assert_status(url_query(S("a=%ff"), S("a"), &a, &value), ST_INVALID);
    arena_done(&a);
}

/* The whole and each of its cuts: every escape in a cut is whole or the cut is refused. */
TEST(url_split_at_every_cut)
{
    Str whole = S("/a%20b/c?x=%41&y=%e2%82%ac");
    for (size_t len = 0; len <= whole.len; len++) {
        Str cut = str_head(whole, len), path, query;
        bool broken = len == 0 || (len >= 1 && cut.at[len - 1] == '%') ||
                      (len >= 2 && cut.at[len - 2] == '%');
        assert_status(url_split(cut, &path, &query), broken ? ST_INVALID : ST_OK);
    }
}

TEST_MAIN()
