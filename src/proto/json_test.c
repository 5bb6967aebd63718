#include "proto/json.h"

#include <math.h>

#include "base/limits.h"
#include "check_test.h"
#include "proto/json_cases.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Parses a copy whose last byte is the last of its memory, so that ASan sees a read past the end. */
static Status parse(Str text, Err *err)
{
    Arena a;
    Json j;
    char *exact = mem_alloc(text.len);
    if (text.len) memcpy(exact, text.at, text.len);
    arena_init(&a, REQUEST_ARENA_MAX);
    Status st = json_parse(str_make(exact, text.len), &a, &j, err);
    arena_done(&a);
    mem_free(exact);
    return st;
}

/* A document that must be good; the test frees the arena. */
static Json good(Arena *a, Str text)
{
    Json j = {0};
    arena_init(a, REQUEST_ARENA_MAX);
    assert_status(json_parse(text, a, &j, NULL), ST_OK);
    return j;
}

static const char document[] =
    "{ \"eventType\" : \"order.shipped\", \"n\":[1,-2.5e3 ,[],{}],\"payload\":{\"recipients\":["
    "{\"userId\":\"u-1\",\"tags\":[true,false,null]} , {\"userId\":\"u\\u002d2\"}],"
    "\"variables\":{\"caf\xc3\xa9\":\"\\ud83d\\ude00 \xe2\x82\xac\", \"nested\": "
    "{\"a\":{\"b\":1}}}}}";

TEST(json_accepts)
{
    for (size_t i = 0; i < COUNT_OF(json_accepted); i++) {
        Err err = {0};
        if (parse(json_accepted[i], &err) != ST_OK)
            fail_msg("%.*s: %s", STR_FMT(json_accepted[i]), err.text);
    }
}

TEST(json_refuses_and_says_where_and_why)
{
    for (size_t i = 0; i < COUNT_OF(json_refused); i++) {
        Err err = {0};
        assert_status(parse(json_refused[i].text, &err), ST_INVALID);
        assert_string_equal(err.text, json_refused[i].why);
    }
}

/* No proper prefix of an object, array or string is a document itself. */
TEST(json_refuses_every_truncation)
{
    Str whole = str_of(document);
    assert_status(parse(whole, NULL), ST_OK);
    for (size_t len = 0; len < whole.len; len++)
        assert_status(parse(str_head(whole, len), NULL), ST_INVALID);
    for (size_t i = 0; i < COUNT_OF(json_accepted); i++) {
        Str text = json_accepted[i];
        if (!strchr("[{\"", text.at[0])) continue;
        for (size_t len = 0; len < text.len; len++)
            assert_status(parse(str_head(text, len), NULL), ST_INVALID);
    }
}

/* What a parsed document promises, whatever it is: spans nest and follow each other, counts and
 * links agree, and each child is a document. Returns the index after the subtree. */
static JsonRef check_tree(const Json *j, JsonRef at, unsigned depth)
{
    const JsonNode *n = &j->nodes[at];
    uint32_t count = 0, from = n->start;
    JsonRef expected = at + 1;
    assert_true(n->start < n->end && n->end <= j->text.len && depth <= JSON_DEPTH_MAX);
    for (JsonRef c = json_first(j, at); c != JSON_NONE; c = json_next(j, at, c), count++) {
        assert_int_equal(c, expected);
        if (n->kind == JSON_OBJECT) {
            assert_true(json_is(j, c, JSON_STRING));
            expected = check_tree(j, c, depth + 1);
            assert_int_equal(expected, c + 1);
        }
        expected = check_tree(j, expected, depth + 1);
        assert_true(j->nodes[c].start > from && j->nodes[expected - 1].end < n->end);
        from = j->nodes[expected - 1].end;
    }
    assert_int_equal(count, json_count(j, at));
    assert_int_equal(expected, n->next);
    return expected;
}

TEST(json_survives_every_changed_byte)
{
    Str whole = str_of(document);
    char text[sizeof document];
    size_t accepted = 0;
    for (size_t i = 0; i < whole.len; i++)
        for (int byte = 0; byte < 256; byte++) {
            Arena a;
            Json j;
            memcpy(text, document, sizeof text);
            text[i] = (char)byte;
            arena_init(&a, REQUEST_ARENA_MAX);
            if (json_parse(str_make(text, whole.len), &a, &j, NULL) == ST_OK) {
                assert_int_equal(check_tree(&j, 0, 1), j.count);
                accepted++;
            }
            arena_done(&a);
        }
    assert_in_range(accepted, whole.len, whole.len * 128); /* both outcomes were seen */
}

static void nest(char *text, uint32_t depth, char open, char close)
{
    memset(text, open, depth);
    memset(text + depth, close, depth);
}

TEST(json_nests_to_its_limit_and_no_further)
{
    char text[2 * JSON_DEPTH_MAX + 2];
    Err err = {0};
    Buf objects;
    nest(text, JSON_DEPTH_MAX, '[', ']');
    assert_status(parse(str_make(text, (size_t)2 * JSON_DEPTH_MAX), NULL), ST_OK);
    nest(text, JSON_DEPTH_MAX + 1, '[', ']');
    assert_status(parse(str_make(text, sizeof text), &err), ST_TOO_BIG);
    assert_string_equal(err.text, "more than 64 levels of nesting at byte 64");
    buf_init(&objects, 1000);
    for (size_t i = 0; i < JSON_DEPTH_MAX; i++) buf_lit(&objects, "{\"a\":");
    assert_status(parse(buf_view(&objects), NULL), ST_INVALID);
    buf_lit(&objects, "{");
    assert_status(parse(buf_view(&objects), NULL), ST_TOO_BIG);
    buf_done(&objects);
}

TEST(json_counts_values_to_its_limit_and_no_further)
{
    size_t len = (size_t)2 * JSON_NODES_MAX + 1; /* "[0,0,...,0]": one more value than zeros */
    char *text = mem_alloc(len);
    for (size_t i = 0; i < len; i++) text[i] = i % 2 ? '0' : ',';
    text[0] = '[';
    text[len - 1] = ']';
    assert_status(parse(str_make(text, len), NULL), ST_TOO_BIG);
    text[len - 3] = ']';
    Arena a;
    Json j = good(&a, str_make(text, len - 2));
    assert_int_equal(j.count, JSON_NODES_MAX);
    assert_int_equal(json_count(&j, 0), JSON_NODES_MAX - 1);
    assert_int_equal(json_at(&j, 0, JSON_NODES_MAX - 2), JSON_NODES_MAX - 1);
    arena_done(&a);
    mem_free(text);
}

TEST(json_refuses_when_the_arena_is_full)
{
    Arena a;
    Json j = {.count = 7};
    Err err = {0};
    char text[2001];
    memset(text, '[', 1);
    for (size_t i = 1; i < sizeof text; i++) text[i] = i % 2 ? '1' : ',';
    text[sizeof text - 1] = ']';
    arena_init(&a, 8000); /* 1001 nodes want 16016 */
    assert_status(json_parse(str_make(text, sizeof text), &a, &j, &err), ST_TOO_BIG);
    assert_int_equal(j.count, 7); /* untouched */
    assert_string_equal(err.text, "no room for a document of 1001 values");
    arena_done(&a);
}

TEST(json_raw_spans_are_exact)
{
    Arena a;
    Json j = good(&a, str_of(document));
    JsonRef n = json_get(&j, 0, S("n")), payload = json_get(&j, 0, S("payload"));
    assert_str(json_raw(&j, json_get(&j, 0, S("eventType"))), "\"order.shipped\"");
    assert_str(json_raw(&j, n), "[1,-2.5e3 ,[],{}]");
    assert_str(json_raw(&j, json_at(&j, n, 1)), "-2.5e3");
    assert_str(json_raw(&j, json_at(&j, n, 3)), "{}");
    assert_str(json_raw(&j, json_get(&j, payload, S("variables"))),
               "{\"caf\xc3\xa9\":\"\\ud83d\\ude00 \xe2\x82\xac\", \"nested\": {\"a\":{\"b\":1}}}");
    assert_str(json_raw(&j, 0), document);
    assert_int_equal(check_tree(&j, 0, 1), j.count);
    arena_done(&a);
}

TEST(json_children_in_order)
{
    Arena a;
    Json j = good(&a, S("{\"a\":[1,[2,3],{\"x\":4}],\"b\":{},\"c\":5}"));
    JsonRef key = json_first(&j, 0), array = key + 1;
    assert_true(json_string_is(&j, key, S("a")));
    key = json_next(&j, 0, key);
    assert_true(json_string_is(&j, key, S("b")));
    assert_int_equal(json_first(&j, key + 1), JSON_NONE);
    key = json_next(&j, 0, key);
    assert_true(json_string_is(&j, key, S("c")));
    assert_int_equal(json_next(&j, 0, key), JSON_NONE);
    assert_int_equal(json_count(&j, 0), 3);
    assert_int_equal(json_count(&j, array), 3);
    assert_str(json_raw(&j, json_at(&j, array, 1)), "[2,3]");
    assert_str(json_raw(&j, json_at(&j, array, 2)), "{\"x\":4}");
    assert_int_equal(json_at(&j, array, 3), JSON_NONE);
    arena_done(&a);
}

TEST(json_missing_values_answer_like_absent_ones)
{
    Arena a;
    Json j = good(&a, S("{\"a\":1,\"b\":[]}"));
    Str text;
    int64_t i;
    double d;
    JsonRef none = json_get(&j, 0, S("zz"));
    assert_int_equal(none, JSON_NONE);
    assert_int_equal(json_get(&j, none, S("a")), JSON_NONE);
    assert_int_equal(json_get(&j, json_get(&j, 0, S("b")), S("a")), JSON_NONE);
    assert_int_equal(json_at(&j, 0, 0), JSON_NONE); /* an object is no array */
    assert_int_equal(json_at(&j, none, 0), JSON_NONE);
    assert_int_equal(json_first(&j, none), JSON_NONE);
    assert_int_equal(json_next(&j, none, none), JSON_NONE);
    assert_int_equal(json_count(&j, none), 0);
    assert_false(json_is(&j, none, JSON_NULL));
    assert_null(json_raw(&j, none).at);
    assert_false(json_string(&j, none, &a, &text));
    assert_false(json_string_is(&j, none, S("")));
    assert_false(json_i64(&j, none, &i));
    assert_false(json_double(&j, none, &d));
    arena_done(&a);
}

TEST(json_last_of_equal_keys_wins)
{
    Arena a;
    Json j = good(&a, S("{\"k\":1,\"other\":0,\"k\":2,\"\\u006b\":3}"));
    int64_t value = 0;
    assert_true(json_i64(&j, json_get(&j, 0, S("k")), &value));
    assert_int_equal(value, 3);
    assert_int_equal(json_count(&j, 0), 4);
    arena_done(&a);
}

static const struct {
    Str raw, text;
} strings[] = {
    {STR_INIT("\"\""), STR_INIT("")},
    {STR_INIT("\"plain\""), STR_INIT("plain")},
    {STR_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), STR_INIT("\"\\/\b\f\n\r\t")},
    {STR_INIT("\"a\\u0000b\""), STR_INIT("a\0b")},
    {STR_INIT("\"\\u00E9\\u20ac\""), STR_INIT("\xc3\xa9\xe2\x82\xac")},
    {STR_INIT("\"\\uD83D\\uDE00\""), STR_INIT("\xf0\x9f\x98\x80")},
    {STR_INIT("\"\\udbff\\udfff\""), STR_INIT("\xf4\x8f\xbf\xbf")},
    {STR_INIT("\"\\ud800\""), STR_INIT("\xef\xbf\xbd")},
    {STR_INIT("\"\\udc00x\""), STR_INIT("\xef\xbf\xbdx")},
    {STR_INIT("\"\\ud800\\u0041\""), STR_INIT("\xef\xbf\xbd"
                                              "A")},
    {STR_INIT("\"\\ud800\\ud83d\\ude00\""), STR_INIT("\xef\xbf\xbd\xf0\x9f\x98\x80")},
    {STR_INIT("\"\\ude00\\ud83d\""), STR_INIT("\xef\xbf\xbd\xef\xbf\xbd")},
    {STR_INIT("\"\\ud83d\\\\ude00\""), STR_INIT("\xef\xbf\xbd\\ude00")},
    {STR_INIT("\"\\\\u0041\""), STR_INIT("\\u0041")},
    {STR_INIT("\"\xc3\xa9 \\\" \xe2\x82\xac\""), STR_INIT("\xc3\xa9 \" \xe2\x82\xac")},
};

TEST(json_strings_unescape)
{
    for (size_t i = 0; i < COUNT_OF(strings); i++) {
        Arena a;
        Json j = good(&a, strings[i].raw);
        Str text = {0};
        assert_true(json_string(&j, 0, &a, &text));
        if (!str_eq(text, strings[i].text)) fail_msg("%.*s", STR_FMT(strings[i].raw));
        assert_true(json_string_is(&j, 0, strings[i].text));
        if (text.len) assert_false(json_string_is(&j, 0, str_head(text, text.len - 1)));
        assert_false(json_string_is(&j, 0, S("plain, and more")));
        arena_done(&a);
    }
}

TEST(json_string_without_escapes_is_borrowed_and_a_full_arena_is_told)
{
    Arena a;
    Str text = {0}, long_one = S("[\"plain\",\"an \\\"escaped\\\" one\"]");
    Json j = good(&a, long_one);
    assert_true(json_string(&j, 1, &a, &text));
    assert_ptr_equal(text.at, long_one.at + 2);
    Arena tiny;
    arena_init(&tiny, 8);
    assert_false(json_string(&j, 2, &tiny, &text));
    assert_str(text, "plain");
    arena_done(&tiny);
    arena_done(&a);
}

TEST(json_integers)
{
    static const struct {
        const char *raw;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"2147483648", true, 2147483648},
        {"4294967296", true, 4294967296},
        {"9007199254740993", true, 9007199254740993},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551616", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena a;
        Json j = good(&a, str_of(cases[i].raw));
        int64_t value = 42;
        assert_int_equal(json_i64(&j, 0, &value), cases[i].ok);
        assert_true(value == (cases[i].ok ? cases[i].value : 42));
        arena_done(&a);
    }
}

TEST(json_doubles)
{
    static const struct {
        const char *raw;
        double value;
    } cases[] = {
        {"0", 0},
        {"-2.5e3", -2500},
        {"0.1", 0.1},
        {"9007199254740993", 9007199254740992.0}, /* a tie goes to even */
        {"9007199254740993.00000000000000000000000000000000000000000000000000000000000000001",
         9007199254740994.0}, /* past 64 bytes and past the tie */
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"5e-324", 5e-324},
        {"2.2250738585072011e-308", 2.2250738585072011e-308},
        {"1e-400", 0},
    };
    double value = 7;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        Arena a;
        Json j = good(&a, str_of(cases[i].raw));
        assert_true(json_double(&j, 0, &value));
        assert_memory_equal(&value, &cases[i].value, sizeof value);
        arena_done(&a);
    }
    Arena a;
    Json j = good(&a, S("[1e309,-1e99999,\"1\",null,-0]"));
    value = 7;
    for (JsonRef c = 1; c <= 4; c++) assert_false(json_double(&j, c, &value));
    assert_true(value == 7);
    assert_true(json_double(&j, 5, &value) && value == 0 && signbit(value));
    arena_done(&a);
}

TEST(json_big_documents_outgrow_the_scratch_and_keep_their_links)
{
    Buf b;
    Arena a;
    buf_init(&b, MIB(1));
    buf_lit(&b, "[");
    for (int i = 0; i < 5000; i++)
        buf_format(&b, "%s{\"id\":%d,\"t\":[\"x\",null]}", i ? "," : "", i);
    buf_lit(&b, "]");
    Json j = good(&a, buf_view(&b));
    int64_t id = 0, seen = 0;
    for (JsonRef c = json_first(&j, 0); c != JSON_NONE; c = json_next(&j, 0, c), seen++) {
        assert_true(json_i64(&j, json_get(&j, c, S("id")), &id));
        assert_int_equal(id, seen);
    }
    assert_int_equal(seen, 5000);
    assert_int_equal(check_tree(&j, 0, 1), j.count);
    arena_done(&a);
    buf_done(&b);
}

/* Writing */

static void assert_put(void (*put)(Buf *, Str), Str text, const char *expected)
{
    Buf b;
    buf_init(&b, 1000);
    put(&b, text);
    assert_status(buf_status(&b), ST_OK);
    assert_str(buf_view(&b), expected);
    buf_done(&b);
}

TEST(json_writes_strings)
{
    assert_put(json_put_string, S(""), "\"\"");
    assert_put(json_put_string, (Str){NULL, 0}, "\"\"");
    assert_put(json_put_string, S("a \"b\" \\ / c"), "\"a \\\"b\\\" \\\\ / c\"");
    assert_put(json_put_escaped, S("\b\f\n\r\t\0\x01\x1f\x7f"),
               "\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\x7f");
    assert_put(json_put_escaped, S("caf\xc3\xa9 \xf0\x9f\x98\x80"), "caf\xc3\xa9 \xf0\x9f\x98\x80");
    assert_put(json_put_escaped, S("x\xff\xc3y\xed\xa0\x80"),
               "x\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_put(json_put_escaped, S("cut \xe2\x82"), "cut \xef\xbf\xbd\xef\xbf\xbd");
}

TEST(json_writes_raw_values_on_one_line)
{
    assert_put(json_put_raw_line, S("{\r\n \"a\":\n1}\n"), "{ \"a\":1}");
    assert_put(json_put_raw_line, S("\"a\\nb\""), "\"a\\nb\"");
    assert_put(json_put_raw_line, S("\n\n"), "");
    assert_put(json_put_raw_line, S(""), "");
}

/* Every byte value at every place of a word survives writing and reading. */
TEST(json_writes_what_it_reads)
{
    for (int byte = 0; byte < 0x80; byte++)
        for (size_t place = 0; place < 20; place++) {
            char text[20];
            memset(text, 'x', sizeof text);
            text[place] = (char)byte;
            Buf b;
            Arena a;
            Str back = {0};
            buf_init(&b, 200);
            json_put_string(&b, str_make(text, sizeof text));
            Json j = good(&a, buf_view(&b));
            assert_true(json_string(&j, 0, &a, &back));
            assert_true(str_eq(back, str_make(text, sizeof text)));
            arena_done(&a);
            buf_done(&b);
        }
}

TEST_MAIN()
