/* What is accepted: each case whole, byte by byte and split at every point. */
#include "http1_cases_test.h"

static const HttpCase accepted[] = {
    {"the least", CASE("GET / HTTP/1.1\r\n" HOST "\r\n"), "GET /."},
    {"query", CASE("GET /a?b=c&d=%20 HTTP/1.1\r\n" HOST "\r\n"), "GET /a?b=c&d=%20."},
    {"odd but visible", CASE("GET /{a}|\"^`<>\\ HTTP/1.1\r\n" HOST "\r\n"), "GET /{a}|\"^`<>\\."},
    {"double slash", CASE("GET //a HTTP/1.1\r\n" HOST "\r\n"), "GET //a."},
    {"url in query", CASE("GET /?u=http://a/ HTTP/1.1\r\n" HOST "\r\n"), "GET /?u=http://a/."},
    {"head", CASE("HEAD / HTTP/1.1\r\n" HOST "\r\n"), "HEAD /."},
    {"put", CASE("PUT / HTTP/1.1\r\n" HOST "\r\n"), "PUT /."},
    {"patch", CASE("PATCH / HTTP/1.1\r\n" HOST "\r\n"), "PATCH /."},
    {"delete", CASE("DELETE / HTTP/1.1\r\n" HOST "\r\n"), "DELETE /."},
    {"options", CASE("OPTIONS /a HTTP/1.1\r\n" HOST "\r\n"), "OPTIONS /a."},
    {"options star", CASE("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), "OPTIONS *."},
    {"known, not ours", CASE("PROPFIND / HTTP/1.1\r\n" HOST "\r\n"), "PROPFIND /."},
    {"trace", CASE("TRACE / HTTP/1.1\r\n" HOST "\r\n"), "TRACE /."},
    {"m-search", CASE("M-SEARCH / HTTP/1.1\r\n" HOST "\r\n"), "M-SEARCH /."},

    {"one empty line before", CASE("\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), "GET /."},
    {"empty line between", CASE(GET "\r\n" GET), "GET /. GET /."},
    {"only an empty line", CASE("\r\n"), ""},
    {"nothing", CASE(""), ""},
    {"a beginning", CASE("GE"), "more"},
    {"half a head", CASE("GET / HTTP/1.1\r\nHost: x\r\n"), "more"},
    {"half a body", CASE(POST "Content-Length: 5\r\n\r\nhel"), "POST / =hel more"},

    {"1.0", CASE("GET / HTTP/1.0\r\n\r\n"), "GET / close."},
    {"1.0 with host", CASE("GET / HTTP/1.0\r\n" HOST "\r\n"), "GET / close."},
    {"1.0 keep-alive", CASE("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), "GET /."},
    {"1.0 both", CASE("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"), "GET / close."},
    {"1.0 body", CASE("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi"), "POST / close =hi."},
    {"1.1 close", CASE("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), "GET / close."},
    {"close in a list", CASE("GET / HTTP/1.1\r\n" HOST "Connection: te ,CLOSE\r\n\r\n"),
     "GET / close."},
    {"close in a second header",
     CASE("GET / HTTP/1.1\r\n" HOST "Connection: te\r\nConnection: close\r\n\r\n"), "GET / close."},
    {"close and pipelined", CASE("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET),
     "GET / close. GET /."},
    {"closed is not close", CASE("GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n"), "GET /."},

    {"body", CASE(POST "Content-Length: 5\r\n\r\nhello"), "POST / =hello."},
    {"length 0", CASE(POST "Content-Length: 0\r\n\r\n"), "POST /."},
    {"length with zeros", CASE(POST "Content-Length: 0003\r\n\r\nabc"), "POST / =abc."},
    {"body on get", CASE("GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx"), "GET / =x."},
    {"body is any byte", CASE(POST "Content-Length: 4\r\n\r\n\r\n\r\n"), "POST / =\r\n\r\n."},
    {"length in odd case", CASE(POST "cOnTeNt-LeNgTh: 1\r\n\r\nx"), "POST / =x."},
    {"length with spaces", CASE(POST "Content-Length:  1  \r\n\r\nx"), "POST / =x."},
    {"length without space", CASE(POST "Content-Length:1\r\n\r\nx"), "POST / =x."},

    {"chunked", CASE(CHUNKED "5\r\nhello\r\n0\r\n\r\n"), "POST / =hello."},
    {"two chunks", CASE(CHUNKED "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), "POST / =hello."},
    {"no data", CASE(CHUNKED "0\r\n\r\n"), "POST / =."},
    {"hex sizes", CASE(CHUNKED "A\r\n0123456789\r\nb\r\nabcdefghijk\r\n0\r\n\r\n"),
     "POST / =0123456789abcdefghijk."},
    {"zeros before a size", CASE(CHUNKED "0000000000000001\r\nx\r\n00\r\n\r\n"), "POST / =x."},
    {"CRLF as data", CASE(CHUNKED "2\r\n\r\n\r\n0\r\n\r\n"), "POST / =\r\n."},
    {"extension", CASE(CHUNKED "1;a=b\r\nx\r\n0;last\r\n\r\n" GET), "POST / =x. GET /."},
    {"quoted extension", CASE(CHUNKED "1 ;a=\"b; c\"\r\nx\r\n0\r\n\r\n"), "POST / = 400"},
    {"extension with spaces", CASE(CHUNKED "1;a = \"b\tc\";;\r\nx\r\n0\r\n\r\n"), "POST / =x."},
    {"trailer", CASE(CHUNKED "1\r\nx\r\n0\r\nA: b\r\n\r\n" GET), "POST / =x. GET /."},
    {"trailers change nothing",
     CASE(CHUNKED "0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nHost: y\r\n\r\n" GET),
     "POST / =. GET /."},
    {"chunked in odd case", CASE(POST "Transfer-Encoding: CHUnked\r\n\r\n0\r\n\r\n"), "POST / =."},
    {"chunked with spaces", CASE(POST "Transfer-Encoding: \t chunked \r\n\r\n0\r\n\r\n"),
     "POST / =."},
    {"chunked and closing",
     CASE(POST "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
               "1\r\nx\r\n0\r\n\r\n"),
     "POST / close =x."},

    {"pipelined", CASE(GET GET GET), "GET /. GET /. GET /."},
    {"pipelined bodies", CASE(POST "Content-Length: 2\r\n\r\nhi" CHUNKED "1\r\nx\r\n0\r\n\r\n" GET),
     "POST / =hi. POST / =x. GET /."},
    {"pipelined, then nonsense", CASE(GET "\1"), "GET /. 400"},

    {"expect", CASE(POST "Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx"), "POST / 100 =x."},
    {"expect in odd case", CASE(POST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx"),
     "POST / 100 =x."},
    {"expect, no body", CASE(POST "Expect: 100-continue\r\n\r\n"), "POST /."},
    {"expect in 1.0", CASE("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"),
     "POST / close =x."},

    {"upgrade", CASE("GET /ws HTTP/1.1\r\n" HOST UPGRADE "\r\n\x81\x80zz"),
     "GET /ws ws. rest=\x81\x80zz"},
    {"upgrade, nothing behind", CASE("GET /ws HTTP/1.1\r\n" HOST UPGRADE "\r\n"),
     "GET /ws ws. rest="},
    {"upgrade like firefox",
     CASE("GET /ws HTTP/1.1\r\n" HOST
          "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\nq"),
     "GET /ws ws. rest=q"},
    {"upgrade to one of two",
     CASE("GET /ws HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: h2c, websocket\r\n\r\n"),
     "GET /ws ws. rest="},
    {"upgrade to something else",
     CASE("GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n" GET),
     "GET /. GET /."},
    {"upgrade, not announced", CASE("GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\n\r\n" GET),
     "GET /. GET /."},
    {"announced, not named", CASE("GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\n\r\n" GET),
     "GET /. GET /."},
    {"upgrade with a body",
     CASE("GET / HTTP/1.1\r\n" HOST UPGRADE "Content-Length: 1\r\n\r\nx" GET), "GET / =x. GET /."},
    {"upgrade with chunks",
     CASE("GET / HTTP/1.1\r\n" HOST UPGRADE "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET),
     "GET / =. GET /."},
    {"upgrade by post", CASE(POST UPGRADE "\r\n" GET), "POST /. GET /."},
    {"upgrade in 1.0", CASE("GET / HTTP/1.0\r\n" HOST UPGRADE "\r\n"), "GET / close."},

    {"empty value", CASE("GET / HTTP/1.1\r\n" HOST "A:\r\nB: \r\n\r\n"), "GET /."},
    {"empty Connection", CASE("GET / HTTP/1.1\r\n" HOST "Connection:\r\n\r\n"), "GET /."},
    {"obs-text in a value", CASE("GET / HTTP/1.1\r\n" HOST "A: \xc3\xa9\xff\r\n\r\n"), "GET /."},
    {"tab in a value", CASE("GET / HTTP/1.1\r\n" HOST "A: b\tc\r\n\r\n"), "GET /."},
    {"every token byte", CASE("GET / HTTP/1.1\r\n" HOST "!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n"),
     "GET /."},
    {"colons in a value", CASE("GET / HTTP/1.1\r\n" HOST "A: b: c:\r\n\r\n"), "GET /."},

    {"host with port", CASE("GET / HTTP/1.1\r\nHost: a.b-c:8080\r\n\r\n"), "GET /."},
    {"host with empty port", CASE("GET / HTTP/1.1\r\nHost: a:\r\n\r\n"), "GET /."},
    {"host v4", CASE("GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n"), "GET /."},
    {"host v6", CASE("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n"), "GET /."},
    {"host v6 with port", CASE("GET / HTTP/1.1\r\nhost: [2001:DB8::a.1]:65535\r\n\r\n"), "GET /."},
};

TEST(what_is_accepted_whatever_the_cut)
{
    cases_run(accepted, CASE_COUNT(accepted));
}

TEST(a_head_says_what_was_sent)
{
    Arena a;
    arena_init(&a, REQUEST_ARENA_MAX);
    HttpParser *p = http_new(&a);
    size_t used = 0;
    assert_false(http_started(p));
    assert_int_equal(http_step(p,
                               S("POST /x?y HTTP/1.1\r\nHost: h\r\nX-Two:  a  b \r\nEmpty:\r\n"
                                 "List: a, B\r\nlist: c\r\nContent-Length: 7\r\n\r\nrest"),
                               &used),
                     STEP_HEAD);
    const HttpHead *h = http_head(p);
    assert_int_equal(h->method, METHOD_POST);
    assert_str(h->target, "/x?y");
    assert_int_equal(h->minor_version, 1);
    assert_int_equal(h->header_count, 6);
    assert_int_equal(h->content_length, 7);
    assert_str(h->headers[1].name, "X-Two");
    assert_str(http_header(h, S("x-tWO")), "a  b");
    assert_str(http_header(h, S("List")), "a, B");
    assert_str(http_header(h, S("Empty")), "");
    assert_non_null(http_header(h, S("Empty")).at);
    assert_null(http_header(h, S("Missing")).at);
    assert_true(http_header_lists(h, S("LIST"), S("b")));
    assert_true(http_header_lists(h, S("LIST"), S("C")));
    assert_false(http_header_lists(h, S("LIST"), S("d")));
    assert_true(http_started(p));
    http_free(p);
    arena_done(&a);
}

TEST(the_end_of_a_request_needs_no_further_byte)
{
    Arena a;
    arena_init(&a, REQUEST_ARENA_MAX);
    HttpParser *p = http_new(&a);
    size_t used = 0;
    assert_int_equal(http_step(p, (Str){0}, &used), STEP_MORE);
    assert_int_equal(http_step(p, S(GET), &used), STEP_HEAD);
    assert_int_equal(used, sizeof(GET) - 1);
    assert_int_equal(http_step(p, (Str){0}, &used), STEP_DONE);
    assert_int_equal(http_step(p, S("x"), &used), STEP_DONE);
    assert_int_equal(used, 0);
    http_next(p, &a);
    assert_false(http_started(p));
    assert_int_equal(http_step(p, S(POST "Content-Length: 1\r\n\r\n"), &used), STEP_HEAD);
    assert_int_equal(http_step(p, (Str){0}, &used), STEP_MORE);
    assert_int_equal(http_step(p, S("xy"), &used), STEP_BODY);
    assert_int_equal(used, 1);
    assert_int_equal(http_step(p, (Str){0}, &used), STEP_DONE);
    http_free(p);
    arena_done(&a);
}

TEST(a_whole_head_is_copied_once)
{
    Arena a;
    arena_init(&a, REQUEST_ARENA_MAX);
    HttpParser *p = http_new(&a);
    size_t used = 0;
    assert_int_equal(http_step(p, S(GET), &used), STEP_HEAD);
    assert_true(arena_bytes(&a) <= ARENA_CHUNK_BYTES);
    http_free(p);
    arena_done(&a);
}

TEST(a_full_arena_is_an_answer)
{
    Arena a;
    arena_init(&a, 16);
    HttpParser *p = http_new(&a);
    size_t used = 0;
    assert_int_equal(http_step(p, S(GET), &used), STEP_FAILED);
    assert_int_equal(http_fail_status(p), 503);
    assert_int_equal(http_step(p, S(GET), &used), STEP_FAILED);
    http_free(p);
    arena_done(&a);
}

TEST(statuses_have_words)
{
    assert_string_equal(http_status_text(404), "Not Found");
    assert_string_equal(http_status_text(431), "Request Header Fields Too Large");
    assert_string_equal(http_status_text(299), "Unknown");
}

TEST_MAIN()
