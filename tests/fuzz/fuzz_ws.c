/* Any bytes as what a WebSocket client sends: the decoder says the same whatever the cut, its text is
 * UTF-8, no payload is over the ceiling (tests/ws_test.h checks each event), and what it hands out is
 * never more than what came in. */
#include "fuzz.h"

#include "../ws_test.h"

FUZZ_INIT()

static size_t payload_bytes(Str in)
{
    WsDecoder d;
    size_t total = 0;
    uint8_t *own = mem_alloc(in.len), *at = own;
    size_t left = in.len;
    memcpy(own, in.at, in.len);
    ws_decoder_init(&d);
    for (WsEvent event = WS_TEXT; event != WS_MORE && event != WS_FAILED;) {
        WsOut out;
        size_t used = 0;
        event = ws_decode(&d, at, left, &used, &out);
        total += out.payload.len;
        at += used;
        left -= used;
    }
    ws_decoder_done(&d);
    mem_free(own);
    return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    Str in = str_make(data, size);
    WsTranscript whole;
    ws_transcript_run(&whole, in, size, 1);
    size_t cuts[][2] = {
        {1, 1}, {3, 7}, {size / 2, size}, {size - size / 4, size}, {0, 1 + size / 5}};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        WsTranscript cut;
        ws_transcript_run(&cut, in, cuts[i][0], cuts[i][1]);
        CHECK(str_eq(buf_view(&cut.text), buf_view(&whole.text)));
        ws_transcript_done(&cut);
    }
    ws_transcript_done(&whole);
    CHECK(payload_bytes(in) <= size);
    return 0;
}
