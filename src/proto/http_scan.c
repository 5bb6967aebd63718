/* Finds the end of a head (or of trailers) and refuses, at the first byte that shows it, everything
 * about lines that parsers disagree on. Where one server sees a line end and another does not, a
 * request can be smuggled; so a line ends in CRLF and in nothing else, and neither CR nor LF nor any
 * other control byte (save a tab inside a value) may stand anywhere else.
 *
 *   REQUEST_LINE --CR--> LINE_LF --LF--> START --CR--> END_LF --LF--> end
 *                           ^              | token byte
 *                           '--CR-- VALUE <--':'-- NAME
 *
 * One decision a byte, no look at what came before: so the verdict cannot depend on how the bytes
 * were cut. Runs of plain bytes are skipped by table. Ceilings are checked when a run ends, before
 * the byte behind it is judged; one byte at a time sees the same order of events. */
#include "proto/http1_parts.h"

enum { SCAN_REQUEST_LINE, SCAN_LINE_LF, SCAN_START, SCAN_NAME, SCAN_VALUE, SCAN_END_LF, SCAN_END };

enum { PLAIN = 1, TOKEN = 2 }; /* what a byte may be part of: a line's content, a name */

/* Plain is everything but controls; a tab is plain, but only values may hold one (http_head.c
 * refuses it in a request line). Bytes from 128 up are obs-text (RFC 9110 5.5). */
static const uint8_t byte_class[256] = {
    ['\t'] = PLAIN,
    [' '] = PLAIN,
    ['!'] = PLAIN | TOKEN,
    ['"'] = PLAIN,
    ['#' ... '\''] = PLAIN | TOKEN,
    ['(' ... ')'] = PLAIN,
    ['*' ... '+'] = PLAIN | TOKEN,
    [','] = PLAIN,
    ['-' ... '.'] = PLAIN | TOKEN,
    ['/'] = PLAIN,
    ['0' ... '9'] = PLAIN | TOKEN,
    [':' ... '@'] = PLAIN,
    ['A' ... 'Z'] = PLAIN | TOKEN,
    ['[' ... ']'] = PLAIN,
    ['^' ... 'z'] = PLAIN | TOKEN,
    ['{'] = PLAIN,
    ['|'] = PLAIN | TOKEN,
    ['}'] = PLAIN,
    ['~'] = PLAIN | TOKEN,
    [128 ... 255] = PLAIN,
};

bool http_is_token_byte(uint8_t byte)
{
    return byte_class[byte] & TOKEN;
}

void http_scan_init(HttpScan *s)
{
    *s = (HttpScan){._state = SCAN_REQUEST_LINE};
}

void http_scan_init_trailers(HttpScan *s)
{
    *s = (HttpScan){._state = SCAN_START};
}

/* The next byte that needs a decision, or `end`. */
static const uint8_t *skip_run(HttpScan *s, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *start = at;
    uint8_t wanted = s->_state == SCAN_NAME ? TOKEN : PLAIN;
    bool in_run = s->_state == SCAN_REQUEST_LINE || s->_state == SCAN_NAME ||
                  s->_state == SCAN_VALUE;
    if (!in_run) return at;
    while (at < end && byte_class[*at] & wanted) at++;
    if (s->_state == SCAN_REQUEST_LINE)
        s->request_line_bytes += (uint32_t)(at - start);
    else
        s->header_bytes += (uint32_t)(at - start);
    return at;
}

static bool within_ceilings(const HttpScan *s, HttpFail *ret_fail)
{
    if (s->request_line_bytes > HTTP_REQUEST_LINE_MAX)
        return parse_failed(ret_fail, 414, "the request line is too long");
    if (s->header_bytes > HTTP_HEADERS_BYTES_MAX)
        return parse_failed(ret_fail, 431, "the headers are too large");
    if (s->header_count > HTTP_HEADER_COUNT_MAX)
        return parse_failed(ret_fail, 431, "there are too many headers");
    return true;
}

static bool go(HttpScan *s, uint8_t state)
{
    s->_state = state;
    return true;
}

static bool turn_in_line(HttpScan *s, uint8_t byte, HttpFail *ret_fail)
{
    if (byte == '\r') return go(s, SCAN_LINE_LF);
    if (byte == '\n') return parse_failed(ret_fail, 400, "a line ends in LF without CR");
    return parse_failed(ret_fail, 400, "a control character stands in the head");
}

static bool turn_at_start(HttpScan *s, uint8_t byte, HttpFail *ret_fail)
{
    if (byte == '\r') return go(s, SCAN_END_LF);
    if (byte == '\n') return parse_failed(ret_fail, 400, "a line ends in LF without CR");
    if (byte == ' ' || byte == '\t') return parse_failed(ret_fail, 400, "a header line is folded");
    if (!http_is_token_byte(byte))
        return parse_failed(ret_fail, 400, "a header name starts with a forbidden character");
    s->header_count++;
    s->header_bytes++;
    return go(s, SCAN_NAME);
}

static bool turn_in_name(HttpScan *s, uint8_t byte, HttpFail *ret_fail)
{
    if (byte == ' ' || byte == '\t')
        return parse_failed(ret_fail, 400, "whitespace stands before the colon of a header");
    if (byte == '\r' || byte == '\n')
        return parse_failed(ret_fail, 400, "a header line has no colon");
    if (byte != ':')
        return parse_failed(ret_fail, 400, "a header name holds a forbidden character");
    s->header_bytes++;
    return go(s, SCAN_VALUE);
}

static bool turn_at_lf(HttpScan *s, uint8_t byte, HttpFail *ret_fail)
{
    if (byte != '\n') return parse_failed(ret_fail, 400, "a CR stands without its LF");
    return go(s, s->_state == SCAN_END_LF ? SCAN_END : SCAN_START);
}

static bool turn(HttpScan *s, uint8_t byte, HttpFail *ret_fail)
{
    switch (s->_state) {
    case SCAN_REQUEST_LINE:
    case SCAN_VALUE:
        return turn_in_line(s, byte, ret_fail);
    case SCAN_START:
        return turn_at_start(s, byte, ret_fail);
    case SCAN_NAME:
        return turn_in_name(s, byte, ret_fail);
    default:
        return turn_at_lf(s, byte, ret_fail);
    }
}

HttpPart http_scan(HttpScan *s, Str in, size_t *ret_used, HttpFail *ret_fail)
{
    const uint8_t *start = (const uint8_t *)in.at, *at = start, *end = start + in.len;
    CHECK(s->_state != SCAN_END);
    while (in.len && s->_state != SCAN_END) {
        at = skip_run(s, at, end);
        if (!within_ceilings(s, ret_fail)) return PART_FAILED;
        if (at == end) break;
        if (!turn(s, *at++, ret_fail)) return PART_FAILED;
    }
    *ret_used = (size_t)(at - start);
    return s->_state == SCAN_END ? PART_END : PART_MORE;
}
