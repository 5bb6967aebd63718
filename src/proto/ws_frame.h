/* ws_frame.h: WebSocket frames (RFC 6455 5), server side.
 *
 * The decoder is a small struct that lives as long as the connection (an idle one holds no buffer);
 * a message that arrives whole in one read is unmasked in place and returned as a view of the input.
 * Only a message in pieces gets a buffer, at most WS_MESSAGE_MAX.
 *
 * Refused with a close code: unmasked or reserved bits (1002), unknown opcodes (1002), control frames
 * fragmented or over 125 bytes (1002), non-minimal lengths (1002), wrong continuation (1002), bad
 * UTF-8 in text as soon as it is seen (1007), bad close payloads (1002, 1007), too long (1009),
 * too many fragments (1008). No memory for a message in pieces: 1011.
 *
 * Thread: one owner. */
#ifndef ORQ_PROTO_WS_FRAME_H
#define ORQ_PROTO_WS_FRAME_H

#include "base/status.h"

typedef enum WsOpcode {
    WS_OP_CONTINUATION = 0,
    WS_OP_TEXT = 1,
    WS_OP_BINARY = 2,
    WS_OP_CLOSE = 8,
    WS_OP_PING = 9,
    WS_OP_PONG = 10
} WsOpcode;

typedef enum WsEvent { WS_MORE, WS_TEXT, WS_BINARY, WS_PING, WS_PONG, WS_CLOSE, WS_FAILED } WsEvent;

typedef struct WsAssembly WsAssembly; /* a message or frame in pieces; on the heap only meanwhile */

typedef struct WsDecoder {
    WsAssembly *_assembly; /* NULL between messages */
    bool _deflate;         /* permessage-deflate was agreed on */
} WsDecoder;

typedef struct WsOut {
    Str payload; /* TEXT, BINARY, PING, PONG; CLOSE: the reason. Valid until the next call */
    uint16_t close_code; /* CLOSE: the peer's (1005 = none sent). FAILED: the one to send */
    const char *reason;  /* FAILED: plain words */
} WsOut;

void ws_decoder_init(WsDecoder *d);
void ws_decoder_done(WsDecoder *d);
/* permessage-deflate was agreed on (ws_deflate.h): messages may come compressed, and are handed out
 * inflated, at most WS_MESSAGE_MAX of them. */
void ws_decoder_inflate(WsDecoder *d);
/* Takes bytes from the input (which it may unmask in place) until one event is complete. Call again
 * with the rest until WS_MORE, even when nothing is left: that lets go of the last event's memory.
 * Incomplete frames are kept inside: all input is consumed on WS_MORE. After WS_FAILED the decoder
 * accepts nothing more and says so again. */
WsEvent ws_decode(WsDecoder *d, uint8_t *in, size_t len, size_t *ret_used, WsOut *ret_out);

enum { WS_HEADER_MAX = 10 };
/* The header of an unfragmented, unmasked server frame; returns its length. */
size_t ws_header(uint8_t ret[WS_HEADER_MAX], WsOpcode opcode, uint64_t payload_len);
/* A whole close frame; returns its length. The reason is cut at 123 bytes, between characters. Code
 * 1005 (none was sent) makes an empty one; other codes must be valid on the wire. */
size_t ws_close_frame(uint8_t ret[2 + 125], uint16_t code, Str reason);
bool ws_close_code_is_valid(uint16_t code); /* may appear on the wire (RFC 6455 7.4) */

#endif
