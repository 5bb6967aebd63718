/* The frame header comes before a payload whose length is not known yet: four bytes are left free,
 * which fits every payload of 126 to 65,535 bytes; a shorter one is moved down by two, a longer one
 * (only a large publication) up by six. */
#include "domain/realtime/wire_format.h"

#include "proto/centrifuge.h"
#include "proto/ws_frame.h"

enum { ROOM = 4 };

size_t wire_text_begin(Buf *out)
{
    size_t begin = buf_len(out);
    buf_lit(out, "\0\0\0\0");
    return begin;
}

void wire_text_end(Buf *out, size_t begin)
{
    uint8_t header[WS_HEADER_MAX];
    if (buf_status(out) != ST_OK) return;
    size_t payload = buf_len(out) - begin - ROOM;
    size_t need = ws_header(header, WS_OP_TEXT, payload);
    if (need > ROOM && !buf_reserve(out, need - ROOM)) return;
    uint8_t *at = (uint8_t *)(uintptr_t)buf_view(out).at + begin;
    if (need != ROOM) memmove(at + need, at + ROOM, payload);
    memcpy(at, header, need);
    if (need > ROOM)
        buf_commit(out, need - ROOM);
    else
        buf_truncate(out, begin + need + payload);
}

void wire_publication(WireFormat format, Str channel, Str data, Buf *out)
{
    switch (format) {
    case WIRE_CENTRIFUGE_JSON: {
        size_t begin = wire_text_begin(out);
        cf_json_publication(out, channel, data);
        wire_text_end(out, begin);
        return;
    }
    case WIRE_FORMAT_COUNT:
        break;
    }
    CHECK(false);
}

size_t wire_frame_len(WireFormat format, const uint8_t *at)
{
    CHECK(format == WIRE_CENTRIFUGE_JSON); /* RFC 6455 5.2, unmasked */
    size_t len = at[1] & 0x7f;
    if (len < 126) return 2 + len;
    if (len == 126) return 4 + ((size_t)at[2] << 8 | at[3]);
    len = 0;
    for (int i = 2; i < 10; i++) len = len << 8 | at[i];
    return 10 + len;
}
