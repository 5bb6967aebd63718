/* wire_format.h: how messages look on each kind of connection: an encoding (CfCodec) in a framing.
 *
 * A channel encodes a publication once per format in use, complete with its frame, and every reader
 * of that format shares the bytes.
 *
 * Thread: none of its own. */
#ifndef ORQ_DOMAIN_REALTIME_WIRE_FORMAT_H
#define ORQ_DOMAIN_REALTIME_WIRE_FORMAT_H

#include "domain/realtime/publication.h"

typedef enum WireFormat {
    WIRE_JSON_WS, /* centrifuge JSON in WebSocket text frames */
    WIRE_FORMAT_COUNT
} WireFormat;

const CfCodec *wire_codec(WireFormat format);

/* Appends one whole frame, or nothing when the format has no word for such a publication. */
void wire_publication(WireFormat format, Str channel, const Publication *p, Buf *out);
/* Length of the whole frame that starts at `at` (one of this format, or a WebSocket control frame). */
size_t wire_frame_len(WireFormat format, const uint8_t *at);

/* One frame around messages: begin, append them to the CfOut, end. wire_end takes everything back when
 * nothing was appended, and returns whether there is a frame. */
CfOut wire_begin(WireFormat format, Buf *out);
bool wire_end(WireFormat format, CfOut *out);

#endif
