#include "proto/ws_handshake.h"

#include "check_test.h"

#define LINE    "GET /ws HTTP/1.1\r\nHost: x\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define END     "\r\n"

typedef struct Hello {
    Arena arena;
    HttpParser *parser;
    const HttpHead *head;
} Hello;

static void hello_init(Hello *h, Str request)
{
    size_t used = 0;
    arena_init(&h->arena, REQUEST_ARENA_MAX);
    h->parser = http_new(&h->arena);
    assert_int_equal(http_step(h->parser, request, &used), STEP_HEAD);
    h->head = http_head(h->parser);
}

static void hello_done(Hello *h)
{
    http_free(h->parser);
    arena_done(&h->arena);
}

static void check_says(Str request, Status expected, const char *said)
{
    Hello h;
    char accept[WS_ACCEPT_LEN];
    Err err = {0};
    hello_init(&h, request);
    Status st = ws_handshake_check(h.head, accept, &err);
    if (st != expected) print_error("%.*s", STR_FMT(request));
    assert_status(st, expected);
    if (st == ST_OK)
        assert_str(str_make(accept, sizeof accept), said);
    else
        assert_non_null(strstr(err.text, said));
    hello_done(&h);
}

TEST(the_example_of_the_rfc)
{
    check_says(S(LINE UPGRADE KEY VERSION END), ST_OK, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(browsers_write_it_their_way)
{
    check_says(S(LINE "connection: keep-alive, UPGRADE\r\nupgrade: WebSocket\r\n"
                      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                      "sec-websocket-version: 13\r\n" END),
               ST_OK, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    check_says(S(LINE UPGRADE VERSION "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" END), ST_OK,
               "ICX+Yqv66kxgM0FcWaLWlFLwTAI=");
}

TEST(what_is_missing_is_named)
{
    check_says(S(LINE "Connection: Upgrade\r\n" KEY VERSION END), ST_INVALID, "'Upgrade:");
    check_says(S(LINE "Upgrade: h2c\r\nConnection: Upgrade\r\n" KEY VERSION END), ST_INVALID,
               "'Upgrade:");
    check_says(S(LINE "Upgrade: websocket\r\n" KEY VERSION END), ST_INVALID, "'Connection:");
    check_says(S(LINE "Upgrade: websocket\r\nConnection: upgraded\r\n" KEY VERSION END), ST_INVALID,
               "'Connection:");
    check_says(S(LINE UPGRADE VERSION END), ST_INVALID, "Key");
    check_says(S(LINE UPGRADE KEY "Content-Length: 1\r\n" VERSION END "x"), ST_INVALID, "body");
    check_says(S("POST / HTTP/1.1\r\nHost: x\r\n" UPGRADE KEY VERSION END), ST_INVALID, "GET");
    check_says(S("GET / HTTP/1.0\r\nHost: x\r\n" UPGRADE KEY VERSION END), ST_INVALID, "HTTP/1.1");
}

TEST(the_key_is_16_bytes_once)
{
    static const Str bad[] = {
        STR_INIT(""),
        STR_INIT("dGhlIHNhbXBsZSBub25jZQ"),
        STR_INIT("dGhlIHNhbXBsZSBub25jZQ="),
        STR_INIT("dGhlIHNhbXBsZSBub25j"),
        STR_INIT("dGhlIHNhbXBsZSBub25jZWE="),
        STR_INIT("dGhlIHNhbXBsZSBub25jZWFh"),
        STR_INIT("dGhlIHNhbXBsZSBub25jZR=="), /* stray bits */
        STR_INIT("dGhlIHNhbXBsZSBub25_ZQ=="),
        STR_INIT("dGhlIHNhbXBsZ!Bub25jZQ=="),
        STR_INIT("dGhlIHNhbXBsZSBub25jZQ==\r\n" KEY),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        Arena a;
        arena_init(&a, REQUEST_ARENA_MAX);
        Str request = arena_format(&a, LINE UPGRADE VERSION "Sec-WebSocket-Key: %.*s\r\n" END,
                                   STR_FMT(bad[i]));
        check_says(request, ST_INVALID, "Key");
        arena_done(&a);
    }
}

TEST(other_versions_are_a_conflict)
{
    check_says(S(LINE UPGRADE KEY END), ST_CONFLICT, "13");
    check_says(S(LINE UPGRADE KEY "Sec-WebSocket-Version: 8\r\n" END), ST_CONFLICT, "13");
    check_says(S(LINE UPGRADE KEY "Sec-WebSocket-Version: 013\r\n" END), ST_CONFLICT, "13");
    check_says(S(LINE UPGRADE KEY "Sec-WebSocket-Version: 13, 8\r\n" END), ST_CONFLICT, "13");
    check_says(S(LINE UPGRADE KEY VERSION VERSION END), ST_CONFLICT, "13");
}

TEST(subprotocols_are_echoed_as_offered)
{
    Hello h;
    hello_init(&h, S(LINE "Sec-WebSocket-Protocol: a, centrifuge-protobuf ,\r\n"
                          "sec-websocket-protocol: b\r\n" END));
    assert_true(ws_protocol_offered(h.head, S("centrifuge-protobuf")));
    assert_true(ws_protocol_offered(h.head, S("a")));
    assert_true(ws_protocol_offered(h.head, S("b")));
    assert_false(ws_protocol_offered(h.head, S("Centrifuge-Protobuf")));
    assert_false(ws_protocol_offered(h.head, S("centrifuge")));
    assert_false(ws_protocol_offered(h.head, S("c")));
    assert_false(ws_protocol_offered(h.head, S("")));
    hello_done(&h);
}

TEST_MAIN()
