/* What the server sends: frame headers, close frames. Server frames are never masked nor fragmented,
 * so a header depends on nothing but opcode and length, and a publication's is written once for all
 * its readers. */
#include "proto/ws_frame.h"

#include "base/limits.h"

enum { CLOSE_REASON_MAX = WS_CONTROL_MAX - 2, FIN = 0x80 };

static void big_endian_put(uint8_t *ret, uint64_t value, size_t count)
{
    for (size_t i = 0; i < count; i++) ret[i] = (uint8_t)(value >> 8 * (count - 1 - i));
}

size_t ws_header(uint8_t ret[WS_HEADER_MAX], WsOpcode opcode, uint64_t payload_len)
{
    size_t bytes = payload_len < 126 ? 0 : payload_len <= UINT16_MAX ? 2 : 8;
    ret[0] = (uint8_t)(FIN | opcode);
    ret[1] = bytes == 0 ? (uint8_t)payload_len : bytes == 2 ? 126 : 127;
    big_endian_put(ret + 2, payload_len, bytes);
    return 2 + bytes;
}

/* A reason is UTF-8; half a character at its end would make the peer refuse our refusal. */
static Str reason_cut(Str reason)
{
    size_t len = reason.len;
    if (len <= CLOSE_REASON_MAX) return reason;
    for (len = CLOSE_REASON_MAX; len && ((uint8_t)reason.at[len] & 0xc0) == 0x80;) len--;
    return str_head(reason, len);
}

size_t ws_close_frame(uint8_t ret[2 + 125], uint16_t code, Str reason)
{
    if (code == 1005) return ws_header(ret, WS_OP_CLOSE, 0);
    CHECK(ws_close_code_is_valid(code));
    Str cut = reason_cut(reason);
    size_t at = ws_header(ret, WS_OP_CLOSE, 2 + cut.len);
    big_endian_put(ret + at, code, 2);
    if (cut.len) memcpy(ret + at + 2, cut.at, cut.len);
    return at + 2 + cut.len;
}

bool ws_close_code_is_valid(uint16_t code)
{
    if (code >= 3000) return code <= 4999; /* libraries, applications */
    /* Of the protocol's own: 1004 means nothing; 1005, 1006 and 1015 only report, they never travel. */
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}
