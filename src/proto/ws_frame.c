/* The decoder. A frame's header is judged byte by byte in wire order, so the verdict cannot depend on
 * how the bytes were cut:
 *
 *     FIN RSV RSV RSV opcode | MASK length | 0, 2 or 8 bytes of length | 4 bytes of mask | payload
 *
 * A payload goes one of two ways:
 *   - all of it is in the input and it is an event of its own (a control frame, or a message in one
 *     frame): unmasked where it lies and handed out as a view. This is nearly every frame.
 *   - else it is copied to the assembly as it comes, unmasked there and, if it is text, checked as
 *     far as it is known.
 *
 * Invariants:
 *   1. the assembly exists only while a header, a frame or a message is incomplete, while the last
 *      event still points into it, or after a failure;
 *   2. what it holds grows with what was received, never with what a header announces;
 *   3. a control frame may stand between fragments, so it has a place of its own in there. */
#include "proto/ws_frame.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "proto/ws_deflate.h"

enum { FRAME_HEADER_MAX = 14 };

typedef struct Fault {
    uint16_t code; /* 0 = none */
    const char *reason;
} Fault;

typedef struct Frame {
    WsOpcode opcode;
    bool fin;
    bool deflated; /* the message that it begins is (RSV1, RFC 7692 6) */
    uint8_t mask[4];
    uint32_t len;  /* of the payload; WS_MESSAGE_MAX bounds it */
    uint32_t seen; /* bytes of the payload taken */
} Frame;

struct WsAssembly {
    Fault fault;
    uint8_t header[FRAME_HEADER_MAX]; /* of a frame whose header is in pieces */
    uint8_t header_len;
    bool in_frame; /* `frame` has payload to come */
    bool in_message;
    bool deflated; /* the message */
    uint8_t utf8;  /* where the text stands */
    WsOpcode message_opcode;
    uint32_t fragments;
    Frame frame;
    Buf message;
    Buf inflated; /* a deflated message, once it is whole */
    uint8_t control[WS_CONTROL_MAX];
};

typedef struct Input {
    uint8_t *at;
    size_t len;
} Input;

static uint8_t *input_take(Input *in, size_t n)
{
    uint8_t *at = in->at;
    in->at += n;
    in->len -= n;
    return at;
}

/* --- the assembly's life --- */

void ws_decoder_init(WsDecoder *d)
{
    *d = (WsDecoder){0};
}

void ws_decoder_done(WsDecoder *d)
{
    if (d->_assembly) {
        buf_done(&d->_assembly->message);
        buf_done(&d->_assembly->inflated);
    }
    mem_free(d->_assembly);
    d->_assembly = NULL;
}

void ws_decoder_inflate(WsDecoder *d)
{
    d->_deflate = true;
}

static WsAssembly *assembly_of(WsDecoder *d)
{
    if (!d->_assembly) {
        d->_assembly = mem_new(WsAssembly);
        buf_init(&d->_assembly->message, WS_MESSAGE_MAX);
        buf_init(&d->_assembly->inflated, WS_MESSAGE_MAX);
    }
    return d->_assembly;
}

/* The event that may have pointed into it is over. */
static void assembly_let_go(WsDecoder *d)
{
    WsAssembly *a = d->_assembly;
    if (!a || a->fault.code || a->header_len || a->in_frame || a->in_message) return;
    ws_decoder_done(d);
}

static WsEvent fail(WsDecoder *d, Fault fault, WsOut *ret_out)
{
    WsAssembly *a = assembly_of(d);
    buf_done(&a->message);
    buf_done(&a->inflated);
    a->fault = fault;
    *ret_out = (WsOut){.close_code = fault.code, .reason = fault.reason};
    return WS_FAILED;
}

static WsEvent fail_with(WsDecoder *d, uint16_t code, const char *reason, WsOut *ret_out)
{
    return fail(d, (Fault){code, reason}, ret_out);
}

/* --- the header --- */

static bool is_control(WsOpcode opcode)
{
    return opcode >= WS_OP_CLOSE;
}

/* RSV1 is for the first frame of a message, and only where deflate was agreed on (RFC 7692 6). */
static bool may_be_deflated(const WsDecoder *d, WsOpcode opcode)
{
    return d->_deflate && (opcode == WS_OP_TEXT || opcode == WS_OP_BINARY);
}

static Fault first_byte_check(uint8_t byte, const WsDecoder *d, Frame *f)
{
    const WsAssembly *a = d->_assembly;
    bool in_message = a && a->in_message;
    f->fin = byte & 0x80;
    f->opcode = (WsOpcode)(byte & 0x0f);
    f->deflated = byte & 0x40;
    if (byte & 0x30 || (f->deflated && !may_be_deflated(d, f->opcode)))
        return (Fault){1002, "a reserved bit is set"};
    switch (f->opcode) {
    case WS_OP_CONTINUATION:
        if (!in_message) return (Fault){1002, "there is nothing to continue"};
        if (a->fragments == WS_FRAGMENTS_MAX)
            return (Fault){1008, "the message has too many fragments"};
        return (Fault){0};
    case WS_OP_TEXT:
    case WS_OP_BINARY:
        if (in_message) return (Fault){1002, "a message starts inside another"};
        return (Fault){0};
    case WS_OP_CLOSE:
    case WS_OP_PING:
    case WS_OP_PONG:
        if (!f->fin) return (Fault){1002, "a control frame is fragmented"};
        return (Fault){0};
    }
    return (Fault){1002, "the opcode is unknown"};
}

static Fault second_byte_check(uint8_t byte, const Frame *f)
{
    if (!(byte & 0x80)) return (Fault){1002, "the frame is not masked"};
    if (is_control(f->opcode) && (byte & 0x7f) > WS_CONTROL_MAX)
        return (Fault){1002, "a control frame is too long"};
    return (Fault){0};
}

static size_t length_bytes(uint8_t second_byte)
{
    switch (second_byte & 0x7f) {
    case 126:
        return 2;
    case 127:
        return 8;
    default:
        return 0;
    }
}

static uint64_t big_endian(const uint8_t *at, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) value = value << 8 | at[i];
    return value;
}

static Fault length_check(uint64_t len, size_t bytes, const WsAssembly *a)
{
    if (len >> 63) return (Fault){1002, "the length has its highest bit set"};
    if ((bytes == 2 && len < 126) || (bytes == 8 && len <= UINT16_MAX))
        return (Fault){1002, "the length is not in its shortest form"};
    size_t held = a && a->in_message ? buf_len(&a->message) : 0;
    if (len > WS_MESSAGE_MAX - held) return (Fault){1009, "the message is too long"};
    return (Fault){0};
}

/* Reads a header at `at`; returns its length, or 0: with a fault, or when more is needed. */
static size_t header_parse(const uint8_t *at, size_t len, const WsDecoder *d, Frame *ret_frame,
                           Fault *ret_fault)
{
    Frame f = {0};
    if (len >= 1) *ret_fault = first_byte_check(at[0], d, &f);
    if (ret_fault->code || len < 2) return 0;
    *ret_fault = second_byte_check(at[1], &f);
    size_t bytes = length_bytes(at[1]);
    if (ret_fault->code || len < 2 + bytes) return 0;
    uint64_t payload = bytes ? big_endian(at + 2, bytes) : at[1] & 0x7f;
    bool add = !is_control(f.opcode);
    *ret_fault = length_check(payload, bytes, add ? d->_assembly : NULL);
    if (ret_fault->code || len < 2 + bytes + 4) return 0;
    f.len = (uint32_t)payload;
    memcpy(f.mask, at + 2 + bytes, 4);
    *ret_frame = f;
    return 2 + bytes + 4;
}

/* Takes header bytes from the input, joined to those kept from before. True when it is complete. */
static bool header_take(WsDecoder *d, Input *in, Frame *ret_frame, Fault *ret_fault)
{
    uint8_t joined[FRAME_HEADER_MAX];
    size_t kept = d->_assembly ? d->_assembly->header_len : 0;
    size_t more = in->len < FRAME_HEADER_MAX - kept ? in->len : FRAME_HEADER_MAX - kept;
    if (kept) memcpy(joined, d->_assembly->header, kept);
    if (more) memcpy(joined + kept, in->at, more);
    size_t len = header_parse(joined, kept + more, d, ret_frame, ret_fault);
    if (ret_fault->code) return false;
    if (len == 0) {
        WsAssembly *a = assembly_of(d);
        memcpy(a->header, joined, kept + more);
        a->header_len = (uint8_t)(kept + more);
        input_take(in, more);
        return false;
    }
    if (kept) d->_assembly->header_len = 0;
    input_take(in, len - kept);
    return true;
}

/* --- the payload --- */

/* Eight bytes at a time; the peer chose the mask, `phase` is where in it we stand. */
static void unmask(uint8_t *at, size_t len, const uint8_t mask[4], size_t phase)
{
    uint8_t key_bytes[8];
    uint64_t key, word;
    for (size_t i = 0; i < 8; i++) key_bytes[i] = mask[(phase + i) & 3];
    memcpy(&key, key_bytes, 8);
    for (; len >= 8; at += 8, len -= 8) {
        memcpy(&word, at, 8);
        word ^= key;
        memcpy(at, &word, 8);
    }
    for (size_t i = 0; i < len; i++) at[i] ^= key_bytes[i];
}

static WsEvent close_event(WsDecoder *d, Str payload, WsOut *ret_out)
{
    *ret_out = (WsOut){.close_code = 1005};
    if (payload.len == 0) return WS_CLOSE;
    if (payload.len == 1) return fail_with(d, 1002, "a close code has two bytes", ret_out);
    uint16_t code = (uint16_t)big_endian((const uint8_t *)payload.at, 2);
    if (!ws_close_code_is_valid(code))
        return fail_with(d, 1002, "the close code is not one to send", ret_out);
    *ret_out = (WsOut){.payload = str_from(payload, 2), .close_code = code};
    if (!utf8_is_valid(ret_out->payload))
        return fail_with(d, 1007, "the close reason is not UTF-8", ret_out);
    return WS_CLOSE;
}

static WsEvent control_event(WsDecoder *d, WsOpcode opcode, Str payload, WsOut *ret_out)
{
    if (opcode == WS_OP_CLOSE) return close_event(d, payload, ret_out);
    *ret_out = (WsOut){.payload = payload};
    return opcode == WS_OP_PING ? WS_PING : WS_PONG;
}

/* utf8: where the text stands at its end. */
static WsEvent message_event(WsDecoder *d, WsOpcode opcode, Str payload, uint8_t utf8,
                             WsOut *ret_out)
{
    if (opcode == WS_OP_TEXT && utf8 != UTF8_ACCEPT)
        return fail_with(d, 1007, "the text is not UTF-8", ret_out);
    *ret_out = (WsOut){.payload = payload};
    return opcode == WS_OP_TEXT ? WS_TEXT : WS_BINARY;
}

static WsEvent deflated_event(WsDecoder *d, WsOpcode opcode, Str deflated, WsOut *ret_out)
{
    WsAssembly *a = assembly_of(d);
    Status st = ws_inflate(deflated, &a->inflated);
    if (st == ST_TOO_BIG) return fail_with(d, 1009, "the message is too long", ret_out);
    if (st == ST_INVALID) return fail_with(d, 1007, "the message is not deflated", ret_out);
    if (st != ST_OK) return fail_with(d, 1011, "no memory is left for the message", ret_out);
    Str message = buf_view(&a->inflated);
    return message_event(d, opcode, message,
                         opcode == WS_OP_TEXT ? utf8_feed(UTF8_ACCEPT, message) : UTF8_ACCEPT,
                         ret_out);
}

/* The whole payload is here and is an event of its own. */
static WsEvent payload_in_place(WsDecoder *d, const Frame *f, Input *in, WsOut *ret_out)
{
    uint8_t *at = input_take(in, f->len);
    Str payload = str_make(at, f->len);
    unmask(at, f->len, f->mask, 0);
    if (is_control(f->opcode)) return control_event(d, f->opcode, payload, ret_out);
    if (f->deflated) return deflated_event(d, f->opcode, payload, ret_out);
    uint8_t utf8 = f->opcode == WS_OP_TEXT ? utf8_feed(UTF8_ACCEPT, payload) : UTF8_ACCEPT;
    return message_event(d, f->opcode, payload, utf8, ret_out);
}

static void frame_begin(WsAssembly *a, const Frame *f)
{
    a->frame = *f;
    a->in_frame = true;
    if (is_control(f->opcode)) return;
    if (f->opcode != WS_OP_CONTINUATION) {
        a->in_message = true;
        a->message_opcode = f->opcode;
        a->deflated = f->deflated;
        a->fragments = 0;
        a->utf8 = UTF8_ACCEPT;
    }
    a->fragments++;
}

/* Copies n bytes of payload, unmasked; returns where they are now, or NULL without memory. */
static uint8_t *payload_keep(WsAssembly *a, const uint8_t *from, size_t n)
{
    bool control = is_control(a->frame.opcode);
    uint8_t *at = control ? a->control + a->frame.seen : buf_reserve(&a->message, n);
    if (!at) return NULL;
    if (n) memcpy(at, from, n);
    unmask(at, n, a->frame.mask, a->frame.seen);
    if (!control) buf_commit(&a->message, n);
    a->frame.seen += (uint32_t)n;
    return at;
}

static WsEvent frame_end(WsDecoder *d, WsOut *ret_out)
{
    WsAssembly *a = d->_assembly;
    a->in_frame = false;
    if (is_control(a->frame.opcode))
        return control_event(d, a->frame.opcode, str_make(a->control, a->frame.len), ret_out);
    if (!a->frame.fin) return WS_MORE;
    a->in_message = false;
    if (a->deflated) return deflated_event(d, a->message_opcode, buf_view(&a->message), ret_out);
    return message_event(d, a->message_opcode, buf_view(&a->message), a->utf8, ret_out);
}

static WsEvent payload_take(WsDecoder *d, Input *in, WsOut *ret_out)
{
    WsAssembly *a = d->_assembly;
    size_t left = a->frame.len - a->frame.seen, n = in->len < left ? in->len : left;
    const uint8_t *at = payload_keep(a, input_take(in, n), n);
    if (!at) return fail_with(d, 1011, "no memory is left for the message", ret_out);
    if (!is_control(a->frame.opcode) && a->message_opcode == WS_OP_TEXT && !a->deflated) {
        a->utf8 = utf8_feed(a->utf8, str_make(at, n));
        if (a->utf8 == UTF8_REJECT) return fail_with(d, 1007, "the text is not UTF-8", ret_out);
    }
    return n == left ? frame_end(d, ret_out) : WS_MORE;
}

/* WS_MORE: the input is used up, or a fragment ended and the next frame may follow. */
static WsEvent frame_step(WsDecoder *d, Input *in, WsOut *ret_out)
{
    if (d->_assembly && d->_assembly->in_frame) return payload_take(d, in, ret_out);
    Frame f;
    Fault fault = {0};
    if (!header_take(d, in, &f, &fault)) return fault.code ? fail(d, fault, ret_out) : WS_MORE;
    bool alone = is_control(f.opcode) || (f.fin && f.opcode != WS_OP_CONTINUATION);
    if (alone && f.len <= in->len) return payload_in_place(d, &f, in, ret_out);
    frame_begin(assembly_of(d), &f);
    return payload_take(d, in, ret_out);
}

WsEvent ws_decode(WsDecoder *d, uint8_t *in, size_t len, size_t *ret_used, WsOut *ret_out)
{
    Input input;
    WsEvent event = WS_MORE;
    input.at = in;
    input.len = len;
    *ret_out = (WsOut){0};
    if (d->_assembly && d->_assembly->fault.code) {
        event = fail(d, d->_assembly->fault, ret_out);
    } else {
        assembly_let_go(d);
        while (input.len && event == WS_MORE) event = frame_step(d, &input, ret_out);
    }
    *ret_used = len - input.len;
    return event;
}
