/* Both directions in one place, so that their use of zlib can be compared: raw deflate with the widest
 * window, each message ended by a sync flush whose four bytes are left out (RFC 7692 7.2.1). */
#include "proto/ws_deflate.h"

#include <pthread.h>
#include <zlib.h>

#include "base/mem.h"

enum { WINDOW_BITS = 15, LEVEL = 4, STEP = 4096 };

static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff};

typedef struct Streams { /* of one thread, made when first needed */
    z_stream deflater, inflater;
    bool has_deflater, has_inflater;
} Streams;

static _Thread_local Streams *mine;
static pthread_key_t at_thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void end_thread(void *streams)
{
    Streams *s = streams;
    if (s->has_deflater) deflateEnd(&s->deflater);
    if (s->has_inflater) inflateEnd(&s->inflater);
    mem_free(s);
}

static void make_key(void)
{
    CHECK(pthread_key_create(&at_thread_end, end_thread) == 0);
}

static Streams *streams(void)
{
    if (mine) return mine;
    pthread_once(&once, make_key);
    mine = mem_new(Streams);
    CHECK(pthread_setspecific(at_thread_end, mine) == 0);
    return mine;
}

static z_stream *deflater(void)
{
    Streams *s = streams();
    if (s->has_deflater)
        deflateReset(&s->deflater);
    else
        s->has_deflater = deflateInit2(&s->deflater, LEVEL, Z_DEFLATED, -WINDOW_BITS, 8,
                                       Z_DEFAULT_STRATEGY) == Z_OK;
    return s->has_deflater ? &s->deflater : NULL;
}

static z_stream *inflater(void)
{
    Streams *s = streams();
    if (s->has_inflater)
        inflateReset(&s->inflater);
    else
        s->has_inflater = inflateInit2(&s->inflater, -WINDOW_BITS) == Z_OK;
    return s->has_inflater ? &s->inflater : NULL;
}

bool ws_deflate(Str plain, uint8_t *ret, size_t room, size_t *ret_len)
{
    z_stream *z = deflater();
    if (!z) return false;
    z->next_in = (uint8_t *)(uintptr_t)plain.at;
    z->avail_in = (uInt)plain.len;
    z->next_out = ret;
    z->avail_out = (uInt)room;
    /* Room that is left over is how zlib says that the flush is complete. */
    if (deflate(z, Z_SYNC_FLUSH) != Z_OK || z->avail_in || z->avail_out == 0) return false;
    size_t len = room - z->avail_out;
    if (len < sizeof tail || memcmp(ret + len - sizeof tail, tail, sizeof tail) != 0) return false;
    *ret_len = len - sizeof tail;
    return true;
}

/* Where the next bytes go: the Buf while it has room, then one byte that must stay unused. */
static size_t make_room(z_stream *z, Buf *out, uint8_t *beyond)
{
    size_t left = out->_max - buf_len(out), step = left < STEP ? left : STEP;
    z->next_out = step ? buf_reserve(out, step) : beyond;
    z->avail_out = step ? (uInt)step : 1;
    return step;
}

/* All of `in`; a stream may end inside a message, and another begins behind it (7.2.3.5). */
static Status inflate_part(z_stream *z, const uint8_t *in, size_t len, Buf *out)
{
    z->next_in = (uint8_t *)(uintptr_t)in;
    z->avail_in = (uInt)len;
    for (;;) {
        uint8_t beyond;
        size_t step = make_room(z, out, &beyond);
        if (!z->next_out) return ST_UNAVAILABLE;
        int code = inflate(z, Z_SYNC_FLUSH);
        if (step)
            buf_commit(out, step - z->avail_out);
        else if (z->avail_out == 0)
            return ST_TOO_BIG;
        if (code == Z_STREAM_END) {
            inflateReset(z);
            if (z->avail_in == 0) return ST_OK;
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            return code == Z_MEM_ERROR ? ST_UNAVAILABLE : ST_INVALID;
        } else if (z->avail_out) { /* it wants more input than there is */
            return z->avail_in ? ST_INVALID : ST_OK;
        }
    }
}

Status ws_inflate(Str deflated, Buf *out)
{
    z_stream *z = inflater();
    if (!z) return ST_UNAVAILABLE;
    Status st = inflate_part(z, (const uint8_t *)deflated.at, deflated.len, out);
    return st == ST_OK ? inflate_part(z, tail, sizeof tail, out) : st;
}

/* ---- negotiation ---- */

typedef struct Offer {
    bool server_no_takeover, client_no_takeover, server_bits, client_bits; /* named so far */
} Offer;

static bool bits_of(Str value, uint64_t *ret_bits)
{
    if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"')
        value = str_make(value.at + 1, value.len - 2);
    if (value.len == 0 || value.at[0] == '0') return false;
    return str_to_u64(value, ret_bits) && *ret_bits >= 8 && *ret_bits <= WINDOW_BITS;
}

static bool first_time(bool *named)
{
    bool first = !*named;
    *named = true;
    return first;
}

static bool parameter_is_fine(Str parameter, Offer *o)
{
    uint64_t bits;
    Str value = parameter, name = str_trim(str_cut(&value, '='));
    bool has_value = value.at != NULL;
    value = has_value ? str_trim(value) : value;
    if (str_eq_nocase(name, S("server_no_context_takeover")))
        return first_time(&o->server_no_takeover) && !has_value;
    if (str_eq_nocase(name, S("client_no_context_takeover")))
        return first_time(&o->client_no_takeover) && !has_value;
    if (str_eq_nocase(name, S("client_max_window_bits")))
        return first_time(&o->client_bits) && (!has_value || bits_of(value, &bits));
    if (str_eq_nocase(name, S("server_max_window_bits")))
        return first_time(&o->server_bits) && has_value && bits_of(value, &bits) &&
               bits == WINDOW_BITS;
    return false;
}

static bool offer_is_fine(Str offer, Offer *ret_offer)
{
    *ret_offer = (Offer){0};
    if (!str_eq_nocase(str_trim(str_cut(&offer, ';')), S("permessage-deflate"))) return false;
    while (offer.at)
        if (!parameter_is_fine(str_trim(str_cut(&offer, ';')), ret_offer)) return false;
    return true;
}

#define ANSWER "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

Str ws_deflate_answer(const HttpHead *head)
{
    Offer offer;
    for (uint32_t i = 0; i < head->header_count; i++) {
        if (!str_eq_nocase(head->headers[i].name, S("Sec-WebSocket-Extensions"))) continue;
        Str list = head->headers[i].value;
        while (list.at)
            if (offer_is_fine(str_cut(&list, ','), &offer))
                return offer.server_bits ? S(ANSWER "; server_max_window_bits=15") : S(ANSWER);
    }
    return S("");
}
