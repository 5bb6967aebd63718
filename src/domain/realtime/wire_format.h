/* wire_format.h: how messages look on each kind of connection: an encoding (CfCodec) in a framing.
 *
 * A channel encodes a publication once per format in use, complete with its frame, and every reader
 * of that format shares the bytes. The frames of the streaming transports are HTTP chunks, so they are
 * shared like those of a WebSocket.
 *
 * Thread: none of its own. */
#ifndef ORQ_DOMAIN_REALTIME_WIRE_FORMAT_H
#define ORQ_DOMAIN_REALTIME_WIRE_FORMAT_H

#include "domain/realtime/publication.h"

typedef enum WireFormat {
    WIRE_JSON_WS,             /* centrifuge JSON in WebSocket text frames */
    WIRE_PROTOBUF_WS,         /* centrifuge Protobuf in WebSocket binary frames */
    WIRE_JSON_STREAM,         /* JSON, a message a line, in HTTP chunks */
    WIRE_PROTOBUF_STREAM,     /* Protobuf in HTTP chunks */
    WIRE_JSON_SSE,            /* JSON, an event a message (text/event-stream), in HTTP chunks */
    WIRE_JSON_WS_DEFLATE,     /* as WIRE_JSON_WS, longer messages compressed (RFC 7692) */
    WIRE_PROTOBUF_WS_DEFLATE, /* likewise */
    WIRE_WORKSPACE, /* notices (notice.h) in WebSocket text frames, as this dialect spells them */
    WIRE_EXPIRY,    /* likewise */
    WIRE_FORMAT_COUNT
} WireFormat;

/* With a centrifuge format: publications as deltas from the one before. Its readers see every publication
 * of the channel from the first one on, which is whole. */
enum { WIRE_DELTA = 64 };

const CfCodec *wire_codec(WireFormat format); /* of a centrifuge format */

/* Appends one whole frame, or nothing when the format has no word for such a publication. */
void wire_publication(WireFormat format, Str channel, const Publication *p, Buf *out);
/* Length of the whole frame that starts at `at` (one of this format, or a WebSocket control frame). */
size_t wire_frame_len(WireFormat format, const uint8_t *at);

/* One frame around messages: begin, append them to the CfOut, end. wire_end takes everything back when
 * nothing was appended, and returns whether there is a frame. */
CfOut wire_begin(WireFormat format, Buf *out);
bool wire_end(WireFormat format, CfOut *out);

/* The chunk that ends a streamed response (RFC 9112 7.1). */
Str wire_stream_end(void);

#endif
