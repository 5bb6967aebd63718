/* http1.h: HTTP/1.1 requests (RFC 9112, 9110) as a pull parser; llhttp inside, our checks on top.
 *
 * Bytes in, one step out, no socket, no clock. The rule is reject, never repair: both
 * Content-Length and Transfer-Encoding, repeated or unequal Content-Length, any coding but one final
 * `chunked`, bare LF or CR, NUL, whitespace before a colon, folding, empty or signed sizes, chunk
 * extensions, HTTP/0.9, not exactly one Host: all are STEP_FAILED and the connection closes. One
 * empty line before a request is skipped (RFC 9112 2.2). Trailers are checked, counted and ignored.
 *
 *   for (;;) {
 *       HttpStep step = http_step(p, str_make(at, len), &used);  at += used; len -= used;
 *       STEP_MORE: stop, feed more later (all of the input was taken)
 *       STEP_HEAD: http_head(p) is complete (strings live in the arena)
 *       STEP_BODY: http_body_part(p) is a slice of the input
 *       STEP_DONE: stop, the request is complete; the rest belongs to the next one (or, after an
 *                  upgrade, to the other protocol)
 *       STEP_FAILED: stop, answer http_fail_status(p), close }
 *
 * Ask until STEP_MORE or STEP_DONE even when len is 0: the end of a request needs no further byte.
 * After STEP_DONE call http_next for the following request on the connection (pipelining).
 *
 * What is accepted does not depend on how the bytes are cut into reads.
 *
 * Thread: one owner.  Ownership: the head points into the arena given to http_new/http_next. */
#ifndef ORQ_PROTO_HTTP1_H
#define ORQ_PROTO_HTTP1_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/status.h"

typedef enum HttpMethod {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_OTHER /* known to HTTP, not to us: 405 */
} HttpMethod;

typedef struct HttpHeader {
    Str name;  /* as sent; compare with str_eq_nocase */
    Str value; /* trimmed */
} HttpHeader;

typedef struct HttpHead {
    HttpMethod method;
    Str method_name;
    Str target;             /* origin form, as sent: "/path?query", or "*" for OPTIONS */
    uint8_t minor_version;  /* HTTP/1.minor_version: 0 or 1 */
    bool keep_alive;        /* after this request, by version and Connection */
    bool upgrade_websocket; /* Connection: upgrade, Upgrade: websocket, GET, HTTP/1.1, no body */
    bool expect_continue;   /* the client waits for a 100 before it sends its body */
    bool has_body;          /* Content-Length > 0 or chunked */
    bool chunked;
    uint64_t content_length; /* 0 when chunked or absent */
    HttpHeader *headers;
    uint32_t header_count;
} HttpHead;

typedef enum HttpStep { STEP_MORE, STEP_HEAD, STEP_BODY, STEP_DONE, STEP_FAILED } HttpStep;

typedef struct HttpParser HttpParser;

HttpParser *http_new(Arena *arena);          /* on the heap */
void http_free(HttpParser *p);               /* NULL is fine */
void http_next(HttpParser *p, Arena *arena); /* ready for the next request */
HttpStep http_step(HttpParser *p, Str in, size_t *ret_used);
const HttpHead *http_head(const HttpParser *p); /* after STEP_HEAD */
Str http_body_part(const HttpParser *p);        /* after STEP_BODY */
/* After STEP_FAILED: 400; 413 body, 414 request line, 431 headers too large; 417 unknown
 * expectation; 501 unknown method; 505 version; 503 the arena is full. */
int http_fail_status(const HttpParser *p);
const char *http_fail_reason(const HttpParser *p); /* a sentence */
bool http_started(const HttpParser *p); /* a first byte of the current request was seen */

/* First header of that name, or {NULL,0}. */
Str http_header(const HttpHead *head, Str name);
/* Is the token in the comma-separated lists of all headers of that name? Case-insensitive. */
bool http_header_lists(const HttpHead *head, Str name, Str token);
const char *http_status_text(int status); /* "Not Found"; "Unknown" for one we never send */

#endif
