/* A complete head becomes an HttpHead.
 *
 * The head lies in one piece in the request's arena, so llhttp runs over it once and every string is
 * a view: nothing is copied here. llhttp reads the structure; the rules around it are ours, because
 * llhttp is made to get along with more peers than we want to know:
 *
 *   1. the request line is method SP target SP version, single spaces, HTTP/1.0 or 1.1;
 *   2. the target is in origin form (or "*" for OPTIONS), visible ASCII, without a fragment;
 *   3. llhttp and the scanner (http_scan.c) found the same headers: same count, each name directly
 *      followed by its colon. Two readers that disagree are how smuggling starts;
 *   4. the length of the body is said once, in one way, in plain digits or as exactly `chunked`. */
#include "proto/http1_parts.h"

#include <llhttp.h>

/* What llhttp's callbacks fill. */
typedef struct Reading {
    HttpHeader *headers;
    uint32_t count, room;
    bool in_header; /* the header at `count` has a name */
    bool complete;
} Reading;

/* What the headers say, gathered in one pass. */
typedef struct Facts {
    uint32_t hosts, lengths, encodings;
    Str host, length, encoding;
    bool close, keep_alive, connection_upgrade, upgrade_websocket;
    bool expects, expects_other;
} Facts;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* --- the request line --- */

static bool version_check(Str version, HttpHead *head, HttpFail *ret_fail)
{
    if (version.at == NULL) return parse_failed(ret_fail, 505, "the request line has no version");
    bool shaped = version.len == 8 && str_starts(version, S("HTTP/")) && is_digit(version.at[5]) &&
                  version.at[6] == '.' && is_digit(version.at[7]);
    if (!shaped) return parse_failed(ret_fail, 400, "the request line is malformed");
    if (version.at[5] != '1' || version.at[7] > '1')
        return parse_failed(ret_fail, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    head->minor_version = (uint8_t)(version.at[7] - '0');
    return true;
}

/* CONNECT has a form of its own, for proxies; with a path it is malformed. */
static bool target_check(Str target, const HttpHead *head, HttpFail *ret_fail)
{
    bool star = head->method == METHOD_OPTIONS && str_eq(target, S("*"));
    bool path = str_starts(target, S("/")) && !str_eq(head->method_name, S("CONNECT"));
    if (!star && !path) return parse_failed(ret_fail, 400, "the target is not a path");
    for (size_t i = 0; i < target.len; i++) {
        uint8_t c = (uint8_t)target.at[i];
        if (c <= ' ' || c >= 127 || c == '#')
            return parse_failed(ret_fail, 400, "the target holds a forbidden character");
    }
    return true;
}

static HttpMethod method_of(Str name)
{
    static const struct {
        Str name;
        HttpMethod method;
    } known[] = {
        {STR_INIT("GET"), METHOD_GET},         {STR_INIT("POST"), METHOD_POST},
        {STR_INIT("PUT"), METHOD_PUT},         {STR_INIT("DELETE"), METHOD_DELETE},
        {STR_INIT("PATCH"), METHOD_PATCH},     {STR_INIT("HEAD"), METHOD_HEAD},
        {STR_INIT("OPTIONS"), METHOD_OPTIONS},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq(known[i].name, name)) return known[i].method;
    return METHOD_OTHER;
}

static bool is_token(Str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!http_is_token_byte((uint8_t)s.at[i])) return false;
    return s.len > 0;
}

static bool request_line_parse(Str line, HttpHead *head, HttpFail *ret_fail)
{
    Str rest = line;
    head->method_name = str_cut(&rest, ' ');
    if (!is_token(head->method_name) || rest.at == NULL)
        return parse_failed(ret_fail, 400, "the request line is malformed");
    head->method = method_of(head->method_name);
    head->target = str_cut(&rest, ' ');
    return version_check(rest, head, ret_fail) && target_check(head->target, head, ret_fail);
}

/* --- llhttp --- */

/* A span may come in parts, but within one buffer they touch. */
static int span_extend(Str *span, const char *at, size_t len)
{
    if (span->at == NULL) span->at = at;
    if (span->at + span->len != at) return HPE_USER;
    span->len += len;
    return HPE_OK;
}

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
    Reading *r = parser->data;
    if (r->count == r->room) return HPE_USER;
    r->in_header = true;
    return span_extend(&r->headers[r->count].name, at, len);
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    Reading *r = parser->data;
    if (!r->in_header) return HPE_USER;
    return span_extend(&r->headers[r->count].value, at, len);
}

static int on_value_complete(llhttp_t *parser)
{
    Reading *r = parser->data;
    if (!r->in_header) return HPE_USER;
    HttpHeader *h = &r->headers[r->count];
    if (h->value.at == NULL) h->value.at = h->name.at + h->name.len; /* empty, but there */
    h->value = str_trim(h->value);
    r->in_header = false;
    r->count++;
    return HPE_OK;
}

static int on_complete(llhttp_t *parser)
{
    Reading *r = parser->data;
    r->complete = true;
    return HPE_PAUSED; /* the body is none of its business */
}

static const llhttp_settings_t settings = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_complete,
};

static bool headers_read(Str bytes, Reading *r, HttpFail *ret_fail)
{
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = r;
    llhttp_errno_t said = llhttp_execute(&parser, bytes.at, bytes.len);
    if (said == HPE_INVALID_METHOD) return parse_failed(ret_fail, 501, "the method is unknown");
    if (said != HPE_PAUSED || !r->complete || r->count != r->room)
        return parse_failed(ret_fail, 400, "the head is malformed");
    for (uint32_t i = 0; i < r->count; i++) {
        Str name = r->headers[i].name;
        if (!is_token(name) || name.at[name.len] != ':') /* inside `bytes`: a line end follows */
            return parse_failed(ret_fail, 400, "a header name is malformed");
    }
    return true;
}

/* --- what the headers mean --- */

static void note_connection(Facts *f, Str list)
{
    while (list.at) {
        Str token = str_trim(str_cut(&list, ','));
        if (str_eq_nocase(token, S("close"))) f->close = true;
        if (str_eq_nocase(token, S("keep-alive"))) f->keep_alive = true;
        if (str_eq_nocase(token, S("upgrade"))) f->connection_upgrade = true;
    }
}

static void note_upgrade(Facts *f, Str list)
{
    while (list.at)
        if (str_eq_nocase(str_trim(str_cut(&list, ',')), S("websocket")))
            f->upgrade_websocket = true;
}

static void note(Facts *f, const HttpHeader *h)
{
    if (str_eq_nocase(h->name, S("Host"))) {
        f->hosts++;
        f->host = h->value;
    } else if (str_eq_nocase(h->name, S("Content-Length"))) {
        f->lengths++;
        f->length = h->value;
    } else if (str_eq_nocase(h->name, S("Transfer-Encoding"))) {
        f->encodings++;
        f->encoding = h->value;
    } else if (str_eq_nocase(h->name, S("Connection"))) {
        note_connection(f, h->value);
    } else if (str_eq_nocase(h->name, S("Upgrade"))) {
        note_upgrade(f, h->value);
    } else if (str_eq_nocase(h->name, S("Expect"))) {
        f->expects = true;
        if (!str_eq_nocase(h->value, S("100-continue"))) f->expects_other = true;
    }
}

/* unreserved, sub-delims and '%' (RFC 3986 3.2.2) */
static bool is_name_byte(char c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || is_digit(c) || (c && strchr("-._~%!$&'()*+,;=", c));
}

/* uri-host [ ":" port ] (RFC 9110 7.2): a registered name, an IPv4 address or an IPv6 literal. */
static bool host_is_sane(Str host)
{
    size_t i = 0;
    if (str_starts(host, S("["))) {
        ptrdiff_t end = str_find(host, ']');
        if (end < 3) return false;
        for (i = 1; i < (size_t)end; i++)
            if (!strchr("0123456789abcdefABCDEF:.", host.at[i])) return false;
        i++;
    } else {
        while (i < host.len && host.at[i] != ':') {
            if (!is_name_byte(host.at[i])) return false;
            i++;
        }
        if (i == 0) return false;
    }
    if (i == host.len) return true;
    uint64_t port = 0;
    Str digits = str_from(host, i + 1);
    return host.at[i] == ':' && (digits.len == 0 || (str_to_u64(digits, &port) && port <= 65535));
}

static bool host_check(const Facts *f, const HttpHead *head, HttpFail *ret_fail)
{
    if (f->hosts > 1) return parse_failed(ret_fail, 400, "there is more than one Host");
    if (f->hosts == 0 && head->minor_version == 1)
        return parse_failed(ret_fail, 400, "there is no Host");
    if (f->hosts == 1 && !host_is_sane(f->host))
        return parse_failed(ret_fail, 400, "the Host is malformed");
    return true;
}

static bool coding_check(const Facts *f, HttpHead *head, HttpFail *ret_fail)
{
    if (f->lengths)
        return parse_failed(ret_fail, 400, "Content-Length and Transfer-Encoding are both there");
    if (head->minor_version == 0)
        return parse_failed(ret_fail, 400, "HTTP/1.0 knows no Transfer-Encoding");
    if (f->encodings > 1 || !str_eq_nocase(f->encoding, S("chunked")))
        return parse_failed(ret_fail, 400, "the Transfer-Encoding is not exactly chunked");
    head->chunked = head->has_body = true;
    return true;
}

/* RFC 9112 6.3, without the cases that repair. */
static bool length_check(const Facts *f, HttpHead *head, HttpFail *ret_fail)
{
    if (f->encodings) return coding_check(f, head, ret_fail);
    if (f->lengths == 0) return true;
    if (f->lengths > 1) return parse_failed(ret_fail, 400, "Content-Length is said twice");
    if (!str_to_u64(f->length, &head->content_length))
        return parse_failed(ret_fail, 400, "the Content-Length is not a number");
    if (head->content_length > HTTP_BODY_MAX)
        return parse_failed(ret_fail, 413, "the body is too large");
    head->has_body = head->content_length > 0;
    return true;
}

static bool rules_apply(HttpHead *head, HttpFail *ret_fail)
{
    Facts f = {0};
    for (uint32_t i = 0; i < head->header_count; i++) note(&f, &head->headers[i]);
    if (!host_check(&f, head, ret_fail) || !length_check(&f, head, ret_fail)) return false;
    if (f.expects_other) return parse_failed(ret_fail, 417, "only 100-continue can be expected");
    bool new = head->minor_version == 1;
    head->keep_alive = !f.close && (new || f.keep_alive);
    head->expect_continue = f.expects && new && head->has_body; /* RFC 9110 10.1.1 */
    head->upgrade_websocket = f.connection_upgrade && f.upgrade_websocket && new &&
                              head->method == METHOD_GET && !head->has_body;
    return true;
}

bool http_head_parse(Arena *a, Str bytes, const HttpScan *scanned, HttpHead *ret_head,
                     HttpFail *ret_fail)
{
    HttpHead head = {0};
    if (!request_line_parse(str_head(bytes, scanned->request_line_bytes), &head, ret_fail))
        return false;
    size_t table_bytes = (scanned->header_count + 1) * sizeof(HttpHeader); /* never 0 bytes */
    Reading r = {.headers = arena_try(a, table_bytes), .room = scanned->header_count};
    if (!r.headers) return parse_failed(ret_fail, 503, "no memory is left for the request");
    memset(r.headers, 0, table_bytes);
    if (!headers_read(bytes, &r, ret_fail)) return false;
    head.headers = r.headers;
    head.header_count = r.count;
    if (!rules_apply(&head, ret_fail)) return false;
    *ret_head = head;
    return true;
}
