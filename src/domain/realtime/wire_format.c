/* A frame's header comes before a payload whose length is not known yet, so room is left for it.
 *
 * WebSocket: four bytes, which fits every payload of 126 to 65,535 bytes; a shorter one is moved down by
 * two, a longer one (only a large publication) up by six.
 * HTTP chunk: the length in six hex digits, always: leading zeros are allowed (RFC 9112 7.1), and nothing
 * moves. */
#include "domain/realtime/wire_format.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "domain/realtime/notice.h"
#include "proto/fossil.h"
#include "proto/ws_deflate.h"
#include "proto/ws_frame.h"

enum { WS_ROOM = 4, CHUNK_DIGITS = 6, CHUNK_ROOM = CHUNK_DIGITS + 2, CHUNK_TAIL = 2 };

typedef enum Framing { IN_WEBSOCKET, IN_CHUNKS } Framing;

typedef struct Shape {
    const CfCodec *codec; /* NULL: no centrifuge dialect */
    Framing framing;
    WsOpcode opcode; /* IN_WEBSOCKET */
    bool deflate;    /* IN_WEBSOCKET */
    Str before, between,
        after; /* around the messages of a frame; between {NULL,0}: the codec's own */
} Shape;

static const Shape shapes[WIRE_FORMAT_COUNT] = {
    [WIRE_JSON_WS] = {.codec = &cf_json, .opcode = WS_OP_TEXT},
    [WIRE_PROTOBUF_WS] = {.codec = &cf_protobuf, .opcode = WS_OP_BINARY},
    [WIRE_JSON_STREAM] = {.codec = &cf_json, .framing = IN_CHUNKS, .after = STR_INIT("\n")},
    [WIRE_PROTOBUF_STREAM] = {.codec = &cf_protobuf, .framing = IN_CHUNKS},
    [WIRE_JSON_SSE] = {.codec = &cf_json,
                       .framing = IN_CHUNKS,
                       .before = STR_INIT("data: "),
                       .between = STR_INIT("\n\ndata: "),
                       .after = STR_INIT("\n\n")},
    [WIRE_JSON_WS_DEFLATE] = {.codec = &cf_json, .opcode = WS_OP_TEXT, .deflate = true},
    [WIRE_PROTOBUF_WS_DEFLATE] = {.codec = &cf_protobuf, .opcode = WS_OP_BINARY, .deflate = true},
    [WIRE_WORKSPACE] = {.opcode = WS_OP_TEXT}, /* one notice a frame, written here */
    [WIRE_EXPIRY] = {.opcode = WS_OP_TEXT},
};

static const Shape *shape_of(WireFormat format)
{
    unsigned plain = (unsigned)format & ~(unsigned)WIRE_DELTA;
    CHECK(plain < WIRE_FORMAT_COUNT);
    return &shapes[plain];
}

const CfCodec *wire_codec(WireFormat format)
{
    return shape_of(format)->codec;
}

/* ---- frames ---- */

static size_t room_of(const Shape *s)
{
    return s->framing == IN_CHUNKS ? CHUNK_ROOM : WS_ROOM;
}

CfOut wire_begin(WireFormat format, Buf *out)
{
    const Shape *s = shape_of(format);
    buf_add(out, str_make("\0\0\0\0\0\0\0", room_of(s)));
    buf_add(out, s->before);
    return (CfOut){out, buf_len(out), s->between};
}

static uint8_t *frame_at(Buf *out, size_t begin)
{
    return (uint8_t *)(uintptr_t)buf_view(out).at + begin;
}

enum { RSV1 = 0x40 };

/* The payload that begins at `begin` gives way to a shorter one; false when there is none. */
static bool deflate_payload(Buf *out, size_t begin)
{
    Buf deflated;
    size_t len = 0, payload = buf_len(out) - begin;
    if (payload < WS_DEFLATE_BYTES_MIN) return false;
    buf_init(&deflated, payload);
    uint8_t *room = buf_reserve(&deflated, payload);
    bool shorter = room && ws_deflate(str_from(buf_view(out), begin), room, payload, &len);
    if (shorter) {
        memcpy(frame_at(out, begin), room, len);
        buf_truncate(out, begin + len);
    }
    buf_done(&deflated);
    return shorter;
}

static void end_websocket(const Shape *s, Buf *out, size_t begin)
{
    uint8_t header[WS_HEADER_MAX];
    bool deflated = s->deflate && deflate_payload(out, begin + WS_ROOM);
    size_t payload = buf_len(out) - begin - WS_ROOM;
    size_t need = ws_header(header, s->opcode, payload);
    if (deflated) header[0] |= RSV1;
    if (need > WS_ROOM && !buf_reserve(out, need - WS_ROOM)) return;
    uint8_t *at = frame_at(out, begin);
    if (need != WS_ROOM) memmove(at + need, at + WS_ROOM, payload);
    memcpy(at, header, need);
    if (need > WS_ROOM)
        buf_commit(out, need - WS_ROOM);
    else
        buf_truncate(out, begin + need + payload);
}

static void end_chunk(Buf *out, size_t begin)
{
    static const char hex[] = "0123456789abcdef";
    size_t payload = buf_len(out) - begin - CHUNK_ROOM;
    buf_lit(out, "\r\n");
    uint8_t *at = frame_at(out, begin);
    CHECK(payload >> (4 * CHUNK_DIGITS) == 0);
    for (int i = 0; i < CHUNK_DIGITS; i++)
        at[i] = (uint8_t)hex[payload >> (4 * (CHUNK_DIGITS - 1 - i)) & 15];
    memcpy(at + CHUNK_DIGITS, "\r\n", 2);
}

bool wire_end(WireFormat format, CfOut *o)
{
    const Shape *s = shape_of(format);
    Buf *out = o->buf;
    if (buf_status(out) != ST_OK) return false;
    size_t begin = o->begin - s->before.len - room_of(s);
    if (buf_len(out) == o->begin) {
        buf_truncate(out, begin);
        return false;
    }
    buf_add(out, s->after);
    if (s->framing == IN_CHUNKS)
        end_chunk(out, begin);
    else
        end_websocket(s, out, begin);
    return buf_status(out) == ST_OK;
}

Str wire_stream_end(void)
{
    return S("000000\r\n\r\n");
}

static size_t chunk_len(const uint8_t *at)
{
    size_t payload = 0;
    for (int i = 0; i < CHUNK_DIGITS; i++)
        payload = payload << 4 | (size_t)(at[i] <= '9' ? at[i] - '0' : at[i] - 'a' + 10);
    return CHUNK_ROOM + payload + CHUNK_TAIL;
}

static size_t websocket_len(const uint8_t *at) /* RFC 6455 5.2, unmasked */
{
    size_t len = at[1] & 0x7f;
    if (len < 126) return 2 + len;
    if (len == 126) return 4 + ((size_t)at[2] << 8 | at[3]);
    len = 0;
    for (int i = 2; i < 10; i++) len = len << 8 | at[i];
    return 10 + len;
}

size_t wire_frame_len(WireFormat format, const uint8_t *at)
{
    return shape_of(format)->framing == IN_CHUNKS ? chunk_len(at) : websocket_len(at);
}

/* ---- publications ---- */

/* What stands in for the data when it is shorter. JSON carries it as text, so it must be some. */
static void make_delta(const Publication *p, Buf *room, CfPublication *publication)
{
    if (p->previous.len == 0 || !fossil_delta(p->previous, p->data, room)) return;
    if (!utf8_is_valid(buf_view(room))) return;
    publication->data = buf_view(room);
    publication->delta = true;
}

static void put_delta(const CfCodec *codec, Str channel, const Publication *p,
                      CfPublication *publication, CfOut *out)
{
    Buf room;
    buf_init(&room, 2 * p->data.len + KIB(1));
    publication->as_text = true;
    make_delta(p, &room, publication);
    codec->push_publication(out, channel, publication);
    buf_done(&room);
}

static void put_centrifuge(WireFormat format, Str channel, const Publication *p, CfOut *out)
{
    const CfCodec *codec = wire_codec(format);
    CfPublication publication = {.data = p->data,
                                 .offset = p->offset,
                                 .epoch = p->offset == 1 || p->tell_epoch ? p->epoch : S(""),
                                 .info = p->info.user.len ? &p->info : NULL};
    switch (p->kind) {
    case PUBLICATION_DATA:
        if (format & WIRE_DELTA)
            put_delta(codec, channel, p, &publication, out);
        else
            codec->push_publication(out, channel, &publication);
        return;
    case PUBLICATION_JOIN:
        codec->push_join(out, channel, &p->info);
        return;
    case PUBLICATION_LEAVE:
        codec->push_leave(out, channel, &p->info);
        return;
    }
    CHECK(false);
}

/* What such a dialect cannot show, or not in a message it may have (CEN-18), it is not sent. */
static void put_notice(WireFormat format, const Publication *p, CfOut *out)
{
    if (!p->notice) return;
    if (format == WIRE_WORKSPACE)
        notice_put_workspace(p->notice, out->buf);
    else if (!p->notice->workspace_only)
        notice_put_expiry(p->notice, out->buf);
    if (buf_len(out->buf) - out->begin > WS_MESSAGE_MAX) buf_truncate(out->buf, out->begin);
}

void wire_publication(WireFormat format, Str channel, const Publication *p, Buf *out)
{
    CfOut o = wire_begin(format, out);
    if (format == WIRE_WORKSPACE || format == WIRE_EXPIRY)
        put_notice(format, p, &o);
    else
        put_centrifuge(format, channel, p, &o);
    wire_end(format, &o);
}
