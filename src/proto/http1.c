/* The steps of a request.
 *
 *   START --> HEAD --STEP_HEAD--> FIXED ----all of it----> DONE
 *     (CRLF)               '----> CHUNKED --last chunk--'    (no body: straight to DONE)
 *   any of them --> FAILED
 *
 * The head is gathered in the arena: one copy when it arrives in one read, a doubling buffer when it
 * comes in pieces. Then it is parsed whole (http_head.c), so nothing there depends on the reads.
 * Bodies are never copied: their parts are slices of the input.
 *
 * llhttp does not see the body and its state lives only while a head is parsed: being as strict as
 * we want about chunks takes all the state that decoding them takes (http_chunk.c), and llhttp's own
 * moods after an upgrade, a CONNECT or a close cannot touch us. Its full parser is the oracle of the
 * fuzz target instead. */
#include "proto/http1_parts.h"

#include "base/mem.h"

typedef enum HttpState {
    HTTP_START,
    HTTP_START_LF, /* the CR of an empty line came first */
    HTTP_HEAD,
    HTTP_FIXED,
    HTTP_CHUNKED,
    HTTP_DONE,
    HTTP_FAILED
} HttpState;

struct HttpParser {
    Arena *_arena;
    HttpState _state;
    bool _skipped; /* the one empty line we put up with before a request */
    HttpFail _fail;
    HttpScan _scan;
    char *_kept; /* the head so far, in the arena */
    size_t _kept_len, _kept_room;
    HttpHead _head;
    uint64_t _left; /* bytes of a fixed body still to come */
    HttpChunk _chunk;
    Str _part;
};

enum { KEPT_FIRST_BYTES = 1024 }; /* of a head in pieces; most fit */

HttpParser *http_new(Arena *arena)
{
    HttpParser *p = mem_new(HttpParser);
    http_next(p, arena);
    return p;
}

void http_free(HttpParser *p)
{
    mem_free(p);
}

void http_next(HttpParser *p, Arena *arena)
{
    *p = (HttpParser){._arena = arena, ._state = HTTP_START};
    http_scan_init(&p->_scan);
}

static HttpStep step_failed(HttpParser *p)
{
    p->_state = HTTP_FAILED;
    return STEP_FAILED;
}

static HttpStep step_failed_with(HttpParser *p, int status, const char *reason)
{
    p->_fail = (HttpFail){status, reason};
    return step_failed(p);
}

/* --- the head --- */

static bool keep_grow(HttpParser *p, size_t room)
{
    char *at = arena_try(p->_arena, room);
    if (!at) return false;
    if (p->_kept_len) memcpy(at, p->_kept, p->_kept_len);
    p->_kept = at;
    p->_kept_room = room;
    return true;
}

static bool keep(HttpParser *p, Str bytes, bool last)
{
    size_t need = p->_kept_len + bytes.len;
    if (need > p->_kept_room) {
        size_t room = p->_kept_room ? p->_kept_room : KEPT_FIRST_BYTES;
        while (room < need) room *= 2; /* the scanner's ceilings bound it */
        if (!keep_grow(p, last ? need : room)) return false;
    }
    if (bytes.len) memcpy(p->_kept + p->_kept_len, bytes.at, bytes.len);
    p->_kept_len = need;
    return true;
}

static HttpStep head_complete(HttpParser *p)
{
    Str bytes = str_make(p->_kept, p->_kept_len);
    if (!http_head_parse(p->_arena, bytes, &p->_scan, &p->_head, &p->_fail)) return step_failed(p);
    p->_left = p->_head.content_length;
    p->_state = p->_head.chunked ? HTTP_CHUNKED : p->_left ? HTTP_FIXED : HTTP_DONE;
    if (p->_head.chunked) http_chunk_init(&p->_chunk);
    return STEP_HEAD;
}

static HttpStep head_step(HttpParser *p, Str in, size_t *ret_used)
{
    HttpPart part = http_scan(&p->_scan, in, ret_used, &p->_fail);
    if (part == PART_FAILED) return step_failed(p);
    if (!keep(p, str_head(in, *ret_used), part == PART_END))
        return step_failed_with(p, 503, "no memory is left for the request");
    return part == PART_END ? head_complete(p) : STEP_MORE;
}

/* At most one CRLF before the request line; what follows is the head. */
static HttpStep start_step(HttpParser *p, Str in, size_t *ret_used)
{
    size_t used = 0;
    while (used < in.len && p->_state != HTTP_HEAD) {
        char c = in.at[used];
        if (p->_state == HTTP_START_LF && c != '\n')
            return step_failed_with(p, 400, "a CR stands without its LF");
        if (p->_state == HTTP_START && (c != '\r' || p->_skipped)) {
            p->_state = HTTP_HEAD;
            break;
        }
        p->_skipped = true;
        p->_state = p->_state == HTTP_START ? HTTP_START_LF : HTTP_START;
        used++;
    }
    size_t taken = 0;
    HttpStep step = p->_state == HTTP_HEAD ? head_step(p, str_from(in, used), &taken) : STEP_MORE;
    *ret_used = used + taken;
    return step;
}

/* --- the body --- */

static HttpStep fixed_step(HttpParser *p, Str in, size_t *ret_used)
{
    p->_part = str_head(in, p->_left);
    p->_left -= p->_part.len;
    *ret_used = p->_part.len;
    if (!p->_left) p->_state = HTTP_DONE;
    return STEP_BODY;
}

static HttpStep chunked_step(HttpParser *p, Str in, size_t *ret_used)
{
    switch (http_chunk(&p->_chunk, in, ret_used, &p->_part, &p->_fail)) {
    case PART_MORE:
        return STEP_MORE;
    case PART_DATA:
        return STEP_BODY;
    case PART_END:
        p->_state = HTTP_DONE;
        return STEP_DONE;
    case PART_FAILED:
        break;
    }
    return step_failed(p);
}

HttpStep http_step(HttpParser *p, Str in, size_t *ret_used)
{
    *ret_used = 0;
    if (in.len == 0 && p->_state < HTTP_DONE) return STEP_MORE;
    switch (p->_state) {
    case HTTP_START:
    case HTTP_START_LF:
        return start_step(p, in, ret_used);
    case HTTP_HEAD:
        return head_step(p, in, ret_used);
    case HTTP_FIXED:
        return fixed_step(p, in, ret_used);
    case HTTP_CHUNKED:
        return chunked_step(p, in, ret_used);
    case HTTP_DONE:
        return STEP_DONE;
    case HTTP_FAILED:
        break;
    }
    return STEP_FAILED;
}

/* --- questions --- */

const HttpHead *http_head(const HttpParser *p)
{
    return &p->_head;
}

Str http_body_part(const HttpParser *p)
{
    return p->_part;
}

int http_fail_status(const HttpParser *p)
{
    return p->_fail.status;
}

const char *http_fail_reason(const HttpParser *p)
{
    return p->_fail.reason;
}

bool http_started(const HttpParser *p)
{
    return p->_state != HTTP_START && p->_state != HTTP_START_LF;
}

Str http_header(const HttpHead *head, Str name)
{
    for (uint32_t i = 0; i < head->header_count; i++)
        if (str_eq_nocase(head->headers[i].name, name)) return head->headers[i].value;
    return (Str){0};
}

bool http_header_lists(const HttpHead *head, Str name, Str token)
{
    for (uint32_t i = 0; i < head->header_count; i++) {
        if (!str_eq_nocase(head->headers[i].name, name)) continue;
        Str list = head->headers[i].value;
        while (list.at)
            if (str_eq_nocase(str_trim(str_cut(&list, ',')), token)) return true;
    }
    return false;
}
