/* Any bytes as a compressed message (the first byte chooses the ceiling):
 *  1. inflating never goes beyond its ceiling;
 *  2. what it gave, deflated and inflated again, is the same. */
#include "fuzz.h"

#include "proto/ws_deflate.h"

FUZZ_INIT()

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Buf plain, again;
    if (size == 0 || size > WS_MESSAGE_MAX) return 0;
    size_t max = data[0] & 1 ? WS_MESSAGE_MAX : 1 + (size_t)data[0];
    buf_init(&plain, max);
    buf_init(&again, max);
    Status st = ws_inflate(str_make(data + 1, size - 1), &plain);
    CHECK(buf_len(&plain) <= max);
    if (st == ST_OK && buf_len(&plain)) {
        size_t len = 0, room = buf_len(&plain);
        uint8_t *deflated = mem_alloc(room);
        if (ws_deflate(buf_view(&plain), deflated, room, &len)) {
            CHECK(ws_inflate(str_make(deflated, len), &again) == ST_OK);
            CHECK(str_eq(buf_view(&plain), buf_view(&again)));
        }
        mem_free(deflated);
    }
    buf_done(&plain);
    buf_done(&again);
    return 0;
}
