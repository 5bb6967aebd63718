/* Any two texts (cut where the first two bytes say): the delta from one to the other, if there is one, is
 * shorter, gives the other again, and is UTF-8 when that is. */
#include "fuzz.h"

#include "../fossil_test.h"
#include "base/utf8.h"
#include "proto/fossil.h"

FUZZ_INIT()

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Buf delta, again;
    if (size < 2) return 0;
    Str all = str_make(data + 2, size - 2);
    size_t cut = all.len ? ((size_t)data[0] << 8 | data[1]) % all.len : 0;
    Str source = str_head(all, cut), target = str_from(all, cut);
    buf_init(&delta, MIB(4));
    buf_init(&again, MIB(4));
    if (fossil_delta(source, target, &delta)) {
        CHECK(buf_len(&delta) < target.len);
        fossil_apply(source, buf_view(&delta), &again);
        CHECK(str_eq(buf_view(&again), target));
        CHECK(!utf8_is_valid(target) || utf8_is_valid(buf_view(&delta)));
    }
    buf_done(&delta);
    buf_done(&again);
    return 0;
}
