/* http1_parts.h: the three parts http1.c is made of; nobody else includes this.
 *
 *   bytes --http_scan--> where the head ends --http_head_parse--> HttpHead
 *         --http_chunk--> data of a chunked body, then its trailers (http_scan again)
 *
 * Thread: one owner.  Errors: PART_FAILED (or false) and HttpFail says how to answer. */
#ifndef ORQ_PROTO_HTTP1_PARTS_H
#define ORQ_PROTO_HTTP1_PARTS_H

#include "proto/http1.h"

typedef struct HttpFail {
    int status; /* 0 = nothing failed */
    const char *reason;
} HttpFail;

typedef enum HttpPart { PART_MORE, PART_DATA, PART_END, PART_FAILED } HttpPart;

static inline HttpPart part_failed(HttpFail *ret_fail, int status, const char *reason)
{
    *ret_fail = (HttpFail){status, reason};
    return PART_FAILED;
}
static inline bool parse_failed(HttpFail *ret_fail, int status, const char *reason)
{
    *ret_fail = (HttpFail){status, reason};
    return false;
}

/* tchar of RFC 9110 5.6.2: what names and methods are made of. */
bool http_is_token_byte(uint8_t byte);

/* --- lines: request line and headers, or trailers, up to and including the blank line --- */

typedef struct HttpScan {
    uint8_t _state;
    uint32_t request_line_bytes; /* without CRLF */
    uint32_t header_bytes;       /* names, colons and values, without CRLF */
    uint32_t header_count;
} HttpScan;

void http_scan_init(HttpScan *s);          /* expects a request line */
void http_scan_init_trailers(HttpScan *s); /* expects header lines only */
/* PART_END: *ret_used stops right behind the blank line. PART_MORE takes all of the input. */
HttpPart http_scan(HttpScan *s, Str in, size_t *ret_used, HttpFail *ret_fail);

/* --- a complete, scanned head into an HttpHead whose strings are views of `bytes` --- */

bool http_head_parse(Arena *a, Str bytes, const HttpScan *scanned, HttpHead *ret_head,
                     HttpFail *ret_fail) MUST_USE;

/* --- a chunked body (RFC 9112 7.1) --- */

typedef struct HttpChunk {
    uint8_t _state;
    uint8_t _digits; /* of the size being read, then bytes of its extension */
    uint64_t _left;  /* bytes of the chunk still to come */
    uint64_t _total; /* bytes of all chunks so far, this one included */
    HttpScan _trailers;
} HttpChunk;

void http_chunk_init(HttpChunk *c);
/* PART_DATA: *ret_data is a slice of the input. */
HttpPart http_chunk(HttpChunk *c, Str in, size_t *ret_used, Str *ret_data, HttpFail *ret_fail);

#endif
