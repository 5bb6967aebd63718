/* A chunked body, decoded in place: what comes out are slices of what went in.
 *
 *   SIZE --CR--> SIZE_LF --LF--> DATA --all of it--> DATA_CR -> DATA_LF --> SIZE
 *    '--;--> EXTENSION --CR--'  '-- size 0 --> TRAILERS --blank line--> end
 *
 * We decode by hand because being strict takes as much state as decoding: llhttp 8 lets line ends
 * and extensions pass on which servers disagree. Extensions are skipped (RFC 9112 7.1.1), but only
 * short ones of printable bytes: whatever else hides there looks for such a disagreement. Sizes are 1
 * to 16 hex digits, so that nothing can overflow, and the body's ceiling is applied before the first
 * byte of a chunk is taken. */
#include "proto/http1_parts.h"

enum {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILERS
};

enum { SIZE_DIGITS_MAX = 16, EXTENSION_BYTES_MAX = 200 };

void http_chunk_init(HttpChunk *c)
{
    *c = (HttpChunk){._state = CHUNK_SIZE};
}

static int hex_value(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return -1;
}

/* The CR of the size line: no byte of the chunk is taken before the ceiling has been looked at. */
static bool size_line_over(HttpChunk *c, HttpFail *ret_fail)
{
    if (c->_left > HTTP_BODY_MAX - c->_total)
        return parse_failed(ret_fail, 413, "the body is too large");
    c->_total += c->_left;
    c->_state = CHUNK_SIZE_LF;
    return true;
}

static bool size_byte(HttpChunk *c, uint8_t byte, HttpFail *ret_fail)
{
    int digit = hex_value(byte);
    if (digit >= 0 && c->_digits < SIZE_DIGITS_MAX) {
        c->_left = c->_left << 4 | (uint64_t)digit;
        c->_digits++;
        return true;
    }
    if (byte == ';' && c->_digits > 0) {
        c->_state = CHUNK_EXTENSION;
        c->_digits = 0; /* counts the extension's bytes from here */
        return true;
    }
    if (byte != '\r' || c->_digits == 0)
        return parse_failed(ret_fail, 400, "a chunk size is not plain hexadecimal");
    return size_line_over(c, ret_fail);
}

static bool extension_byte(HttpChunk *c, uint8_t byte, HttpFail *ret_fail)
{
    if (byte == '\r') return size_line_over(c, ret_fail);
    if ((byte < ' ' && byte != '\t') || byte > '~' || c->_digits++ == EXTENSION_BYTES_MAX)
        return parse_failed(ret_fail, 400, "a chunk extension is not short printable text");
    return true;
}

static void size_known(HttpChunk *c)
{
    c->_digits = 0;
    c->_state = c->_left ? CHUNK_DATA : CHUNK_TRAILERS;
    if (!c->_left) http_scan_init_trailers(&c->_trailers);
}

/* One byte of the framing between data. */
static bool frame_byte(HttpChunk *c, uint8_t byte, HttpFail *ret_fail)
{
    if (c->_state == CHUNK_SIZE) return size_byte(c, byte, ret_fail);
    if (c->_state == CHUNK_EXTENSION) return extension_byte(c, byte, ret_fail);
    if (byte != (c->_state == CHUNK_DATA_CR ? '\r' : '\n'))
        return parse_failed(ret_fail, 400, "a chunk is not delimited by CRLF");
    if (c->_state == CHUNK_SIZE_LF)
        size_known(c);
    else
        c->_state = c->_state == CHUNK_DATA_CR ? CHUNK_DATA_LF : CHUNK_SIZE;
    return true;
}

static Str take_data(HttpChunk *c, Str in)
{
    Str data = str_head(in, c->_left);
    c->_left -= data.len;
    if (!c->_left) c->_state = CHUNK_DATA_CR;
    return data;
}

HttpPart http_chunk(HttpChunk *c, Str in, size_t *ret_used, Str *ret_data, HttpFail *ret_fail)
{
    size_t used = 0;
    HttpPart part = PART_MORE;
    while (used < in.len && part == PART_MORE) {
        Str rest = str_from(in, used);
        if (c->_state == CHUNK_DATA) {
            *ret_data = take_data(c, rest);
            used += ret_data->len;
            part = PART_DATA;
        } else if (c->_state == CHUNK_TRAILERS) {
            size_t scanned = 0;
            part = http_scan(&c->_trailers, rest, &scanned, ret_fail);
            used += scanned;
        } else {
            if (!frame_byte(c, (uint8_t)in.at[used++], ret_fail)) part = PART_FAILED;
        }
    }
    *ret_used = used;
    return part;
}
