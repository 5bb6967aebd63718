/* http1_cases_test.h: a case of the HTTP parser, run whole, byte by byte and split at every point. */
#ifndef ORQ_TESTS_HTTP1_CASES_TEST_H
#define ORQ_TESTS_HTTP1_CASES_TEST_H

#include "check_test.h"
#include "http1_test.h"

typedef struct HttpCase {
    const char *name;
    Str in;
    const char *said; /* a transcript (http1_test.h) */
} HttpCase;

#define CASE(literal)     STR_INIT(literal)
#define CASE_COUNT(table) (sizeof(table) / sizeof(table)[0])

#define HOST    "Host: x\r\n"
#define GET     "GET / HTTP/1.1\r\n" HOST "\r\n"
#define POST    "POST / HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define UPGRADE "Connection: Upgrade\r\nUpgrade: websocket\r\n"

static inline bool case_cut(const HttpCase *c, size_t first, size_t step)
{
    Transcript t;
    transcript_run(&t, c->in, first, step);
    Str said = buf_view(&t.text);
    bool as_expected = str_is(said, c->said);
    if (!as_expected)
        print_error("%s, first %zu bytes, then by %zu: said\n  %.*s\ninstead of\n  %s\n", c->name,
                    first, step, STR_FMT(said), c->said);
    transcript_done(&t);
    return as_expected;
}

static inline bool case_run(const HttpCase *c)
{
    bool as_expected = case_cut(c, c->in.len, 1) && case_cut(c, 1, 1);
    for (size_t at = 1; as_expected && at < c->in.len; at++)
        as_expected = case_cut(c, at, c->in.len);
    return as_expected;
}

/* All of them, so that one run names every case that fails. */
static inline void cases_run(const HttpCase *cases, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) failed += !case_run(&cases[i]);
    assert_int_equal(failed, 0);
}

#endif
