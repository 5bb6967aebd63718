/* Any bytes as the HTML of a mail: its text is bounded by it (a link is said twice at most, a reference grows to
 * four bytes), valid where the HTML was, and holds no control character that was not in it. */
#include "fuzz.h"

#include "base/utf8.h"
#include "domain/deliver/html_text.h"

FUZZ_INIT()

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str html = str_make(data, size);
    Buf out;
    if (size > KIB(64)) return 0;
    buf_init(&out, 8 * size + 64);
    html_text(html, &out);
    CHECK(buf_status(&out) == ST_OK);
    if (utf8_is_valid(html)) CHECK(utf8_is_valid(buf_view(&out)));
    buf_done(&out);
    return 0;
}
