/* The ceilings of limits.h: at the edge, and one beyond it, however the bytes come. */
#include "http1_cases_test.h"

enum { FILL_MAX = MIB(1) + KIB(64) };

/* A request with a hole of n bytes. */
static Buf filled(Str before, char fill, size_t n, Str after)
{
    Buf b;
    buf_init(&b, FILL_MAX);
    buf_add(&b, before);
    uint8_t *at = buf_reserve(&b, n);
    assert_non_null(at);
    memset(at, fill, n);
    buf_commit(&b, n);
    buf_add(&b, after);
    assert_status(buf_status(&b), ST_OK);
    return b;
}

static void says_at(Str in, size_t first, size_t step, const char *prefix, const char *end)
{
    Transcript t;
    transcript_run(&t, in, first, step);
    assert_true(str_starts(buf_view(&t.text), str_of(prefix)));
    assert_true(str_ends(buf_view(&t.text), str_of(end)));
    transcript_done(&t);
}

/* Frees b. */
static void says(Buf b, const char *prefix, const char *end)
{
    Str in = buf_view(&b);
    says_at(in, in.len, 1, prefix, end);
    says_at(in, 1, 1, prefix, end);
    for (size_t first = 1; first < in.len; first += 997) says_at(in, first, in.len, prefix, end);
    for (size_t last = 1; last < 8; last++) says_at(in, in.len - last, 1, prefix, end);
    buf_done(&b);
}

TEST(the_request_line_ends_at_its_ceiling)
{
    size_t rest = sizeof "GET / HTTP/1.1" - 1;
    says(filled(S("GET /"), 'a', HTTP_REQUEST_LINE_MAX - rest, S(" HTTP/1.1\r\n" HOST "\r\n")),
         "GET /aaa", "aaa.");
    says(filled(S("GET /"), 'a', HTTP_REQUEST_LINE_MAX - rest + 1, S(" HTTP/1.1\r\n" HOST "\r\n")),
         "414", "414");
    says(filled(S("GET /"), 'a', HTTP_REQUEST_LINE_MAX + 100, S("")), "414", "414");
    says(filled(S("GET /"), 'a', HTTP_REQUEST_LINE_MAX + 100, S("\n\0")), "414", "414");
}

TEST(headers_end_at_their_ceiling)
{
    size_t rest = sizeof "Host: xA:" - 1;
    Str before = S("GET / HTTP/1.1\r\n" HOST "A:"), after = S("\r\n\r\n");
    says(filled(before, 'a', HTTP_HEADERS_BYTES_MAX - rest, after), "GET /.", "GET /.");
    says(filled(before, 'a', HTTP_HEADERS_BYTES_MAX - rest + 1, after), "431", "431");
    says(filled(before, ' ', HTTP_HEADERS_BYTES_MAX - rest + 1, after), "431", "431");
    says(filled(S("GET / HTTP/1.1\r\n" HOST), 'a', HTTP_HEADERS_BYTES_MAX, S("")), "431", "431");
}

static Buf with_headers(Str before, size_t count, Str after)
{
    Buf b;
    buf_init(&b, FILL_MAX);
    buf_add(&b, before);
    for (size_t i = 0; i < count; i++) buf_lit(&b, "A: b\r\n");
    buf_add(&b, after);
    return b;
}

TEST(headers_are_counted)
{
    Str before = S("GET / HTTP/1.1\r\n" HOST), after = S("\r\n");
    says(with_headers(before, HTTP_HEADER_COUNT_MAX - 1, after), "GET /.", "GET /.");
    says(with_headers(before, HTTP_HEADER_COUNT_MAX, after), "431", "431");
}

TEST(trailers_have_the_ceilings_of_headers)
{
    Str before = S(CHUNKED "0\r\n"), after = S("\r\n");
    says(with_headers(before, HTTP_HEADER_COUNT_MAX, after), "POST /", "=.");
    says(with_headers(before, HTTP_HEADER_COUNT_MAX + 1, after), "POST /", "= 431");
    before = S(CHUNKED "0\r\nA:");
    after = S("\r\n\r\n");
    says(filled(before, 'a', HTTP_HEADERS_BYTES_MAX - 2, after), "POST /", "=.");
    says(filled(before, 'a', HTTP_HEADERS_BYTES_MAX - 1, after), "POST /", "= 431");
}

/* Whole and in halves only: a megabyte a byte at a time is for the fuzzer. */
static void body_says(Buf b, const char *end)
{
    Str in = buf_view(&b);
    says_at(in, in.len, 1, "POST /", end);
    says_at(in, in.len / 2, in.len, "POST /", end);
    says_at(in, 100, KIB(4), "POST /", end);
    buf_done(&b);
}

TEST(bodies_end_at_their_ceiling)
{
    Buf at_edge, beyond;
    at_edge = filled(S(POST "Content-Length: 1048576\r\n\r\n"), 'x', HTTP_BODY_MAX, S(GET));
    body_says(at_edge, "xxx. GET /.");
    beyond = filled(S(POST "Content-Length: 1048577\r\n\r\n"), 'x', 10, S(""));
    says(beyond, "413", "413");
}

TEST(chunked_bodies_end_at_the_same_ceiling)
{
    Str before = S(CHUNKED "5\r\nhello\r\nFFFFB\r\n");
    size_t rest = HTTP_BODY_MAX - 5;
    body_says(filled(before, 'x', rest, S("\r\n0\r\n\r\n" GET)), "xxx. GET /.");
    body_says(filled(before, 'x', rest, S("\r\n1\r\nx\r\n0\r\n\r\n")), "xxx 413");
    says(filled(S(CHUNKED "100001\r\n"), 'x', 10, S("")), "POST /", "= 413");
    says(filled(S(CHUNKED "5\r\nhello\r\nFFFFC\r\n"), 'x', 10, S("")), "POST /", "=hello 413");
}

TEST_MAIN()
