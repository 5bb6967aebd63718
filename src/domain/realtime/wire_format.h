/* wire_format.h: how a publication looks on each kind of socket. A channel encodes a publication once
 * per format in use, complete with its frame, and every reader of that format shares the bytes.
 *
 * Thread: none of its own. */
#ifndef ORQ_DOMAIN_REALTIME_WIRE_FORMAT_H
#define ORQ_DOMAIN_REALTIME_WIRE_FORMAT_H

#include "base/buf.h"

typedef enum WireFormat {
    WIRE_CENTRIFUGE_JSON, /* centrifuge JSON in WebSocket text frames */
    WIRE_FORMAT_COUNT
} WireFormat;

/* Appends one whole frame. data is JSON without newlines. */
void wire_publication(WireFormat format, Str channel, Str data, Buf *out);
/* Length of the whole frame that starts at `at` (a frame made by wire_publication). */
size_t wire_frame_len(WireFormat format, const uint8_t *at);

/* One WebSocket text frame: begin, append the payload to out, end. */
size_t wire_text_begin(Buf *out);
void wire_text_end(Buf *out, size_t begin);

#endif
