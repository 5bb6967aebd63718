/* What is refused, and with which status: the ways to make two servers see different requests, and
 * plain nonsense. Each case whole, byte by byte and split at every point. Behind many a case stands
 * a second request: it must never be seen. */
#include "http1_cases_test.h"

#define EVIL     "GET /evil HTTP/1.1\r\n" HOST "\r\n"
#define LINE     "GET / HTTP/1.1\r\n"
#define TE       "Transfer-Encoding: chunked\r\n"
#define LAST     "0\r\n\r\n"
#define WITH(x)  CASE(LINE HOST x "\r\n\r\n" EVIL)
#define SENT(x)  CASE(POST x "\r\n\r\n" LAST EVIL)
#define CHUNK(x) CASE(CHUNKED x EVIL)

static const HttpCase lines[] = {
    {"bare LF ends the request line", CASE("GET / HTTP/1.1\n" HOST "\r\n"), "400"},
    {"bare LF ends a header", CASE(LINE "Host: x\n\r\n"), "400"},
    {"bare LF ends the head", CASE(LINE HOST "\n" EVIL), "400"},
    {"bare LFs everywhere", CASE("GET / HTTP/1.1\nHost: x\n\n"), "400"},
    {"bare LF before the request", CASE("\n" GET), "400"},
    {"bare LF in a value", WITH("A: b\nEvil: c"), "400"},
    {"bare LF in a name", WITH("A\nB: c"), "400"},
    {"bare CR ends the request line", CASE("GET / HTTP/1.1\r" HOST "\r\n"), "400"},
    {"bare CR ends a header", CASE(LINE "Host: x\rA: b\r\n\r\n"), "400"},
    {"bare CR in a value", WITH("A: b\rEvil: c"), "400"},
    {"bare CR in a name", WITH("A\rB: c"), "400"},
    {"CR CR LF", WITH("A: b\r"), "400"},
    {"CR CR LF at the end", CASE(LINE HOST "\r\r\n" EVIL), "400"},
    {"CR, then a space, ends the head", CASE(LINE HOST "\r \n" EVIL), "400"},
    {"CR before the request", CASE("\rGET / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"two empty lines before", CASE("\r\n\r\n" GET), "400"},
    {"NUL in the target", CASE("GET /\0 HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"NUL in a name", WITH("A\0: b"), "400"},
    {"NUL in a value", WITH("A: b\0c"), "400"},
    {"NUL first", CASE("\0" GET), "400"},
    {"control in a value", WITH("A: b\x01"), "400"},
    {"vertical tab in a value", WITH("A: b\vc"), "400"},
    {"form feed in a value", WITH("A: b\f"), "400"},
    {"DEL in a value", WITH("A: b\x7f"), "400"},
    {"TLS hello", CASE("\x16\x03\x01\x02\x00\x01\x00"), "400"},
    {"h2 preface", CASE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "505"},
};

static const HttpCase request_lines[] = {
    {"HTTP/0.9", CASE("GET /\r\n\r\n"), "505"},
    {"HTTP/2.0", CASE("GET / HTTP/2.0\r\n" HOST "\r\n"), "505"},
    {"HTTP/1.2", CASE("GET / HTTP/1.2\r\n" HOST "\r\n"), "505"},
    {"HTTP/0.9 by name", CASE("GET / HTTP/0.9\r\n" HOST "\r\n"), "505"},
    {"HTTP/1.10", CASE("GET / HTTP/1.10\r\n" HOST "\r\n"), "400"},
    {"HTTP/01.1", CASE("GET / HTTP/01.1\r\n" HOST "\r\n"), "400"},
    {"HTTP/1,1", CASE("GET / HTTP/1,1\r\n" HOST "\r\n"), "400"},
    {"HTTP/1", CASE("GET / HTTP/1\r\n" HOST "\r\n"), "400"},
    {"http/1.1", CASE("GET / http/1.1\r\n" HOST "\r\n"), "400"},
    {"ICE/1.0", CASE("SOURCE / ICE/1.0\r\n" HOST "\r\n"), "400"},
    {"RTSP/1.0", CASE("PLAY / RTSP/1.0\r\n" HOST "\r\n"), "400"},
    {"no target", CASE("GET HTTP/1.1\r\n" HOST "\r\n"), "505"},
    {"empty target", CASE("GET  HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"only a method", CASE("GET\r\n" HOST "\r\n"), "400"},
    {"two spaces first", CASE("GET  / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"two spaces second", CASE("GET /  HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"space at the end", CASE("GET / HTTP/1.1 \r\n" HOST "\r\n"), "400"},
    {"space before", CASE(" GET / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"tab first", CASE("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"tab second", CASE("GET /\tHTTP/1.1\r\n" HOST "\r\n"), "505"},
    {"space in the target", CASE("GET /a b HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"tab in the target", CASE("GET /a\tb HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"second version in the target", CASE("GET / HTTP/1.1 HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"DEL in the target", CASE("GET /\x7f HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"UTF-8 in the target", CASE("GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"fragment", CASE("GET /a#b HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"absolute form", CASE("GET http://x/ HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"authority form", CASE("GET x:80 HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"connect", CASE("CONNECT x:80 HTTP/1.1\r\n" HOST "\r\n" EVIL), "400"},
    {"connect a path", CASE("CONNECT /a HTTP/1.1\r\n" HOST "\r\n" EVIL), "400"},
    {"star, not options", CASE("GET * HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"star and more", CASE("OPTIONS *a HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"unknown method", CASE("BREW / HTTP/1.1\r\n" HOST "\r\n"), "501"},
    {"small letters", CASE("get / HTTP/1.1\r\n" HOST "\r\n"), "501"},
    {"method with junk", CASE("GET: / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"method from the body before", CASE("xGET / HTTP/1.1\r\n" HOST "\r\n"), "501"},
    {"h2 preface as 1.1", CASE("PRI * HTTP/1.1\r\n" HOST "\r\n"), "400"},
};

static const HttpCase headers[] = {
    {"space before the colon", WITH("A : b"), "400"},
    {"tab before the colon", WITH("A\t: b"), "400"},
    {"length, space, colon", SENT("Content-Length : 5"), "400"},
    {"coding, space, colon", SENT("Transfer-Encoding : chunked"), "400"},
    {"folded by a space", WITH("A: b\r\n c"), "400"},
    {"folded by a tab", WITH("A: b\r\n\tc"), "400"},
    {"folded coding", SENT("Transfer-Encoding:\r\n chunked"), "400"},
    {"folded first", CASE(LINE " A: b\r\n" HOST "\r\n"), "400"},
    {"only a space", WITH("A: b\r\n "), "400"},
    {"no colon", WITH("Evil"), "400"},
    {"no name", WITH(": b"), "400"},
    {"space in a name", WITH("A B: c"), "400"},
    {"parenthesis in a name", WITH("A(: c"), "400"},
    {"quote in a name", WITH("\"A\": c"), "400"},
    {"slash in a name", WITH("A/B: c"), "400"},
    {"UTF-8 in a name", WITH("\xc3\xa9: c"), "400"},
    {"no-break space before the colon", SENT("Transfer-Encoding\xa0: chunked"), "400"},

    {"no host", CASE(LINE "\r\n"), "400"},
    {"two hosts", CASE(LINE "Host: a\r\nHost: b\r\n\r\n"), "400"},
    {"two equal hosts", CASE(LINE HOST HOST "\r\n"), "400"},
    {"two hosts in 1.0", CASE("GET / HTTP/1.0\r\n" HOST HOST "\r\n"), "400"},
    {"empty host", CASE(LINE "Host:\r\n\r\n"), "400"},
    {"host list", CASE(LINE "Host: a b\r\n\r\n"), "400"},
    {"host with a path", CASE(LINE "Host: a/b\r\n\r\n"), "400"},
    {"host with a user", CASE(LINE "Host: a@b\r\n\r\n"), "400"},
    {"host with a scheme", CASE(LINE "Host: http://a\r\n\r\n"), "400"},
    {"host with a fragment", CASE(LINE "Host: a#b\r\n\r\n"), "400"},
    {"host with UTF-8", CASE(LINE "Host: \xc3\xa9\r\n\r\n"), "400"},
    {"host with a letter as port", CASE(LINE "Host: a:b\r\n\r\n"), "400"},
    {"host with a large port", CASE(LINE "Host: a:65536\r\n\r\n"), "400"},
    {"host with a signed port", CASE(LINE "Host: a:+1\r\n\r\n"), "400"},
    {"host with two ports", CASE(LINE "Host: a:1:2\r\n\r\n"), "400"},
    {"only a port", CASE(LINE "Host: :80\r\n\r\n"), "400"},
    {"open bracket", CASE(LINE "Host: [::1\r\n\r\n"), "400"},
    {"empty brackets", CASE(LINE "Host: []\r\n\r\n"), "400"},
    {"name in brackets", CASE(LINE "Host: [host]\r\n\r\n"), "400"},
    {"junk behind brackets", CASE(LINE "Host: [::1]a\r\n\r\n"), "400"},
    {"space before the colon of host", CASE(LINE "Host : x\r\n\r\n"), "400"},

    {"unknown expectation", SENT("Expect: 200-ok\r\nContent-Length: 0"), "417"},
    {"one of two expectations", SENT("Expect: 100-continue\r\nExpect: x"), "417"},
    {"list of expectations", SENT("Expect: 100-continue, x"), "417"},
};

static const HttpCase lengths[] = {
    {"both", SENT("Content-Length: 5\r\nTransfer-Encoding: chunked"), "400"},
    {"both, the other way", SENT("Transfer-Encoding: chunked\r\nContent-Length: 5"), "400"},
    {"both, length 0", SENT("Content-Length: 0\r\nTransfer-Encoding: chunked"), "400"},
    {"both on get", WITH("Content-Length: 5\r\nTransfer-Encoding: chunked"), "400"},
    {"two lengths", SENT("Content-Length: 5\r\nContent-Length: 6"), "400"},
    {"two equal lengths", SENT("Content-Length: 5\r\nContent-Length: 5"), "400"},
    {"two zero lengths", SENT("Content-Length: 0\r\nContent-Length: 0"), "400"},
    {"two lengths in odd case", SENT("Content-Length: 5\r\ncontent-length: 5"), "400"},
    {"length list", SENT("Content-Length: 5, 6"), "400"},
    {"equal length list", SENT("Content-Length: 5, 5"), "400"},
    {"empty length", SENT("Content-Length:"), "400"},
    {"blank length", SENT("Content-Length:   "), "400"},
    {"length +5", SENT("Content-Length: +5"), "400"},
    {"length -5", SENT("Content-Length: -5"), "400"},
    {"length -0", SENT("Content-Length: -0"), "400"},
    {"length 0x5", SENT("Content-Length: 0x5"), "400"},
    {"length 5.0", SENT("Content-Length: 5.0"), "400"},
    {"length 5e0", SENT("Content-Length: 5e0"), "400"},
    {"length 5 0", SENT("Content-Length: 5 0"), "400"},
    {"length 5;", SENT("Content-Length: 5;"), "400"},
    {"length \"5\"", SENT("Content-Length: \"5\""), "400"},
    {"length, tab", SENT("Content-Length: 5\t"), "400"},
    {"length, vertical tab", SENT("Content-Length: \v5"), "400"},
    {"length of 2^64", SENT("Content-Length: 18446744073709551616"), "400"},
    {"length of 2^64 + 5", SENT("Content-Length: 18446744073709551621"), "400"},
    {"length of 2^63", SENT("Content-Length: 9223372036854775808"), "413"},

    {"identity", SENT("Transfer-Encoding: identity"), "400"},
    {"gzip", SENT("Transfer-Encoding: gzip"), "400"},
    {"gzip, chunked", SENT("Transfer-Encoding: gzip, chunked"), "400"},
    {"chunked, gzip", SENT("Transfer-Encoding: chunked, gzip"), "400"},
    {"chunked, identity", SENT("Transfer-Encoding: chunked, identity"), "400"},
    {"chunked twice", SENT("Transfer-Encoding: chunked, chunked"), "400"},
    {"chunked in two headers", CASE(POST TE TE "\r\n" LAST EVIL), "400"},
    {"chunked, then identity", CASE(POST TE "Transfer-Encoding: identity\r\n\r\n" LAST EVIL),
     "400"},
    {"identity, then chunked", CASE(POST "Transfer-Encoding: identity\r\n" TE "\r\n" LAST EVIL),
     "400"},
    {"chunked and a comma", SENT("Transfer-Encoding: chunked,"), "400"},
    {"comma and chunked", SENT("Transfer-Encoding: ,chunked"), "400"},
    {"xchunked", SENT("Transfer-Encoding: xchunked"), "400"},
    {"chunkedx", SENT("Transfer-Encoding: chunkedx"), "400"},
    {"chunked;q=1", SENT("Transfer-Encoding: chunked;q=1"), "400"},
    {"\"chunked\"", SENT("Transfer-Encoding: \"chunked\""), "400"},
    {"vertical tab, chunked", SENT("Transfer-Encoding: \vchunked"), "400"},
    {"empty coding", SENT("Transfer-Encoding:"), "400"},
    {"empty coding and a length", SENT("Transfer-Encoding:\r\nContent-Length: 5"), "400"},
    {"chunked in 1.0", CASE("POST / HTTP/1.0\r\n" TE "\r\n" LAST EVIL), "400"},
    {"half of chunked folded", SENT("Transfer-Encoding: chun\r\n ked"), "400"},
};

static const HttpCase chunks[] = {
    {"bare LF behind a size", CHUNK("1\nx\r\n" LAST), "POST / = 400"},
    {"bare CR behind a size", CHUNK("1\rx\r\n" LAST), "POST / = 400"},
    {"bare LF behind data", CHUNK("1\r\nx\n" LAST), "POST / =x 400"},
    {"bare CR behind data", CHUNK("1\r\nx\r0\r\n\r\n"), "POST / =x 400"},
    {"nothing behind data", CHUNK("1\r\nx0\r\n\r\n"), "POST / =x 400"},
    {"two bytes for CRLF behind data", CHUNK("1\r\nxyz0\r\n\r\n"), "POST / =x 400"},
    {"more data than said", CHUNK("1\r\nxx\r\n" LAST), "POST / =x 400"},
    {"bare LF behind the last size", CHUNK("0\n\r\n"), "POST / = 400"},
    {"bare LF as the last line", CHUNK("0\r\n\n"), "POST / = 400"},
    {"bare CR as the last line", CHUNK("0\r\n\r"), "POST / = 400"},
    {"no size", CHUNK("\r\nx\r\n" LAST), "POST / = 400"},
    {"empty line before a size", CHUNK("1\r\nx\r\n\r\n" LAST), "POST / =x 400"},
    {"size +1", CHUNK("+1\r\nx\r\n" LAST), "POST / = 400"},
    {"size -1", CHUNK("-1\r\nx\r\n" LAST), "POST / = 400"},
    {"size 0x1", CHUNK("0x1\r\nx\r\n" LAST), "POST / = 400"},
    {"size 1h", CHUNK("1h\r\nx\r\n" LAST), "POST / = 400"},
    {"space before a size", CHUNK(" 1\r\nx\r\n" LAST), "POST / = 400"},
    {"space behind a size", CHUNK("1 \r\nx\r\n" LAST), "POST / = 400"},
    {"tab behind a size", CHUNK("1\t\r\nx\r\n" LAST), "POST / = 400"},
    {"NUL behind a size", CHUNK("1\0\r\nx\r\n" LAST), "POST / = 400"},
    {"size of 2^64", CHUNK("10000000000000000\r\nx\r\n" LAST), "POST / = 400"},
    {"size of 2^64 + 1", CHUNK("10000000000000001\r\nx\r\n" LAST), "POST / = 400"},
    {"size of 17 digits", CHUNK("00000000000000001\r\nx\r\n" LAST), "POST / = 400"},
    {"size of 2^64 - 1", CHUNK("ffffffffffffffff\r\nx\r\n" LAST), "POST / = 413"},
    {"extension without a size", CHUNK(";a=b\r\nx\r\n" LAST), "POST / = 400"},
    {"NUL in an extension", CHUNK("1;a\x01\r\nx\r\n" LAST), "POST / = 400"},
    {"extension beyond ASCII", CHUNK("1;\xc3\xa9\r\nx\r\n" LAST), "POST / = 400"},
    {"LF in an extension", CHUNK("1;a\nx\r\n" LAST), "POST / = 400"},
    {"CR in an extension", CHUNK("1;a\rb\r\nx\r\n" LAST), "POST / = 400"},
    {"quoted LF in an extension", CHUNK("1;a=\"\n\"\r\nx\r\n" LAST), "POST / = 400"},
    {"bare LF ends a trailer", CHUNK("0\r\nA: b\n\r\n"), "POST / = 400"},
    {"bare LF ends the trailers", CHUNK("0\r\nA: b\r\n\n"), "POST / = 400"},
    {"folded trailer", CHUNK("0\r\nA: b\r\n c\r\n\r\n"), "POST / = 400"},
    {"trailer without a colon", CHUNK("0\r\nEvil\r\n\r\n"), "POST / = 400"},
    {"space before a trailer's colon", CHUNK("0\r\nA : b\r\n\r\n"), "POST / = 400"},
    {"NUL in a trailer", CHUNK("0\r\nA: \0\r\n\r\n"), "POST / = 400"},
    {"the next request as a trailer", CHUNK("0\r\n"), "POST / = 400"},
};

TEST(lines_end_in_crlf_and_hold_no_controls)
{
    cases_run(lines, CASE_COUNT(lines));
}

TEST(request_lines_have_one_form)
{
    cases_run(request_lines, CASE_COUNT(request_lines));
}

TEST(headers_have_one_form)
{
    cases_run(headers, CASE_COUNT(headers));
}

TEST(the_length_is_said_once)
{
    cases_run(lengths, CASE_COUNT(lengths));
}

TEST(chunks_have_one_form)
{
    cases_run(chunks, CASE_COUNT(chunks));
}

/* Whatever byte replaces one of a good head's line ends, no second request appears in it. */
TEST(no_byte_stands_in_for_a_line_end)
{
    static const char good[] = LINE HOST "A: b\r\n\r\n" EVIL;
    for (size_t at = 0; at < sizeof good - 1; at++) {
        if (good[at] != '\r' && good[at] != '\n') continue;
        for (int byte = 0; byte < 256; byte++) {
            char bad[sizeof good];
            memcpy(bad, good, sizeof good);
            bad[at] = (char)byte;
            Transcript t;
            transcript_run(&t, str_make(bad, sizeof bad - 1), sizeof bad, 1);
            bool same = bad[at] == good[at];
            assert_int_equal(str_is(buf_view(&t.text), "GET /. GET /evil."), same);
            transcript_done(&t);
        }
    }
}

TEST_MAIN()
