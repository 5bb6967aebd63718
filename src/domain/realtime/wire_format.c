/* The frame header comes before a payload whose length is not known yet: four bytes are left free,
 * which fits every payload of 126 to 65,535 bytes; a shorter one is moved down by two, a longer one
 * (only a large publication) up by six. */
#include "domain/realtime/wire_format.h"

#include "proto/ws_frame.h"

enum { ROOM = 4 };

const CfCodec *wire_codec(WireFormat format)
{
    CHECK(format == WIRE_JSON_WS);
    return &cf_json;
}

CfOut wire_begin(WireFormat format, Buf *out)
{
    CHECK(format < WIRE_FORMAT_COUNT);
    buf_lit(out, "\0\0\0\0");
    return (CfOut){out, buf_len(out)};
}

bool wire_end(WireFormat format, CfOut *o)
{
    uint8_t header[WS_HEADER_MAX];
    Buf *out = o->buf;
    size_t begin = o->begin - ROOM;
    CHECK(format < WIRE_FORMAT_COUNT);
    if (buf_status(out) != ST_OK) return false;
    size_t payload = buf_len(out) - o->begin;
    if (payload == 0) {
        buf_truncate(out, begin);
        return false;
    }
    size_t need = ws_header(header, WS_OP_TEXT, payload);
    if (need > ROOM && !buf_reserve(out, need - ROOM)) return false;
    uint8_t *at = (uint8_t *)(uintptr_t)buf_view(out).at + begin;
    if (need != ROOM) memmove(at + need, at + ROOM, payload);
    memcpy(at, header, need);
    if (need > ROOM)
        buf_commit(out, need - ROOM);
    else
        buf_truncate(out, begin + need + payload);
    return true;
}

static void put_centrifuge(const CfCodec *codec, Str channel, const Publication *p, CfOut *out)
{
    CfPublication publication = {.data = p->data,
                                 .offset = p->offset,
                                 .epoch = p->offset == 1 || p->tell_epoch ? p->epoch : S(""),
                                 .info = p->info.user.len ? &p->info : NULL};
    switch (p->kind) {
    case PUBLICATION_DATA:
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

void wire_publication(WireFormat format, Str channel, const Publication *p, Buf *out)
{
    CfOut o = wire_begin(format, out);
    put_centrifuge(wire_codec(format), channel, p, &o);
    wire_end(format, &o);
}

size_t wire_frame_len(WireFormat format, const uint8_t *at)
{
    CHECK(format == WIRE_JSON_WS); /* RFC 6455 5.2, unmasked */
    size_t len = at[1] & 0x7f;
    if (len < 126) return 2 + len;
    if (len == 126) return 4 + ((size_t)at[2] << 8 | at[3]);
    len = 0;
    for (int i = 2; i < 10; i++) len = len << 8 | at[i];
    return 10 + len;
}
