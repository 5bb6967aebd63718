/* http1_test.h: what the HTTP parser says about a connection's bytes, as one line of text.
 *
 *   METHOD target[ close][ ws][ 100][ =body]. METHOD target. ...   then how it ended: nothing (between
 *   two requests), "more" (inside one), a status (refused), or "rest=..." after an upgrade
 *
 * The line does not say how the bytes were cut, so whatever the cut, it must be the same line. Each
 * piece is copied to a block of its own size: a read beyond it is the sanitizer's. */
#ifndef ORQ_TESTS_HTTP1_TEST_H
#define ORQ_TESTS_HTTP1_TEST_H

#include "base/buf.h"
#include "base/mem.h"
#include "proto/http1.h"

typedef struct Transcript {
    HttpParser *parser;
    Arena arena;
    Buf text;
    uint64_t body_bytes; /* of the request in hand */
    bool over, upgraded;
} Transcript;

static inline void transcript_init(Transcript *t)
{
    *t = (Transcript){0};
    arena_init(&t->arena, REQUEST_ARENA_MAX);
    buf_init(&t->text, MIB(16));
    t->parser = http_new(&t->arena);
}

static inline void transcript_done(Transcript *t)
{
    http_free(t->parser);
    arena_done(&t->arena);
    buf_done(&t->text);
}

static inline void transcript_head(Transcript *t)
{
    const HttpHead *h = http_head(t->parser);
    CHECK(h->has_body == (h->chunked || h->content_length > 0));
    CHECK(!h->upgrade_websocket || !h->has_body);
    if (buf_len(&t->text)) buf_lit(&t->text, " ");
    buf_add(&t->text, h->method_name);
    buf_lit(&t->text, " ");
    buf_add(&t->text, h->target);
    if (!h->keep_alive) buf_lit(&t->text, " close");
    if (h->upgrade_websocket) buf_lit(&t->text, " ws");
    if (h->expect_continue) buf_lit(&t->text, " 100");
    if (h->has_body) buf_lit(&t->text, " =");
    t->body_bytes = 0;
}

static inline void transcript_request_done(Transcript *t)
{
    const HttpHead *h = http_head(t->parser);
    if (!h->chunked) CHECK(t->body_bytes == h->content_length);
    CHECK(t->body_bytes <= HTTP_BODY_MAX);
    buf_lit(&t->text, ".");
    if (h->upgrade_websocket) {
        buf_lit(&t->text, " rest=");
        t->upgraded = true;
        return;
    }
    arena_done(&t->arena);
    http_next(t->parser, &t->arena);
}

static inline void transcript_failed(Transcript *t)
{
    CHECK(http_fail_reason(t->parser) != NULL);
    if (buf_len(&t->text)) buf_lit(&t->text, " ");
    buf_add_i64(&t->text, http_fail_status(t->parser));
    t->over = true;
}

/* Returns false when the parser wants more bytes, or none ever. */
static inline bool transcript_step(Transcript *t, Str *in)
{
    size_t used = 0;
    HttpStep step = http_step(t->parser, *in, &used);
    CHECK(used <= in->len);
    Str part = http_body_part(t->parser);
    switch (step) {
    case STEP_MORE:
        CHECK(used == in->len);
        return false;
    case STEP_HEAD:
        transcript_head(t);
        break;
    case STEP_BODY:
        CHECK(part.at >= in->at && part.at + part.len <= in->at + used && part.len > 0);
        t->body_bytes += part.len;
        buf_add(&t->text, part);
        break;
    case STEP_DONE:
        transcript_request_done(t);
        break;
    case STEP_FAILED:
        transcript_failed(t);
        break;
    }
    *in = str_from(*in, used);
    return !t->over && !t->upgraded;
}

static inline void transcript_feed(Transcript *t, Str piece)
{
    if (t->over || piece.len == 0) return;
    char *own = mem_alloc(piece.len);
    memcpy(own, piece.at, piece.len);
    Str in = str_make(own, piece.len);
    if (!t->upgraded)
        while (transcript_step(t, &in)) continue;
    if (t->upgraded) buf_add(&t->text, in);
    mem_free(own);
}

static inline void transcript_end(Transcript *t)
{
    if (t->over || t->upgraded || !http_started(t->parser)) return;
    if (buf_len(&t->text)) buf_lit(&t->text, " ");
    buf_lit(&t->text, "more");
}

/* Feeds `first` bytes, then pieces of `step` bytes. */
static inline void transcript_run(Transcript *t, Str in, size_t first, size_t step)
{
    transcript_init(t);
    Str head = str_head(in, first);
    transcript_feed(t, head);
    for (size_t at = head.len; at < in.len; at += step)
        transcript_feed(t, str_head(str_from(in, at), step));
    transcript_end(t);
}

#endif
