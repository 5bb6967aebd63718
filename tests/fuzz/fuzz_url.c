/* Any bytes as a request target: refused, or
 *  1. path and query are the target, cut at the first '?';
 *  2. what decodes is clean UTF-8, never longer than it was written;
 *  3. escaping each byte of a decoded text and decoding it gives that text;
 *  4. asking for a parameter by the decoded name of the first one finds the first one. */
#include "fuzz.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "proto/url.h"

FUZZ_INIT()

static void check_clean(Str text, Str raw)
{
    CHECK(text.len <= raw.len && utf8_is_valid(text));
    for (size_t i = 0; i < text.len; i++) CHECK((uint8_t)text.at[i] >= 0x20 && text.at[i] != 0x7f);
}

/* Every byte as %XX is one more way to write the same text. */
static void check_escaped(Str text)
{
    Arena a;
    Buf b;
    Str again;
    arena_init(&a, REQUEST_ARENA_MAX);
    buf_init(&b, REQUEST_ARENA_MAX);
    for (size_t i = 0; i < text.len; i++) {
        char hex[2];
        hex_encode((const uint8_t *)text.at + i, 1, hex);
        buf_lit(&b, "%");
        buf_add(&b, str_make(hex, 2));
    }
    CHECK(url_decode(buf_view(&b), &a, &again) == ST_OK && str_eq(again, text));
    buf_done(&b);
    arena_done(&a);
}

static void check_decode(Str raw, Arena *a)
{
    Str text;
    Status st = url_decode(raw, a, &text);
    CHECK(st == ST_OK || st == ST_INVALID);
    if (st != ST_OK) return;
    check_clean(text, raw);
    check_escaped(text);
}

static void check_query(Str query, Arena *a)
{
    Str rest = query, name, value, first;
    Str raw = str_cut(&rest, '&');
    Str raw_name = str_cut(&raw, '=');
    if (raw_name.len == 0 || str_find(raw_name, '+') >= 0) return;
    if (url_decode(raw_name, a, &name) != ST_OK) return;
    Status st = url_query(query, name, a, &value);
    CHECK(st == ST_OK || st == ST_INVALID); /* found: its value may be broken */
    if (st != ST_OK) return;
    check_clean(value, query);
    if (str_find(raw, '+') < 0) CHECK(url_decode(raw, a, &first) == ST_OK && str_eq(value, first));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena a;
    Str target = str_make(data, size), path, query, value;
    arena_init(&a, REQUEST_ARENA_MAX);
    check_decode(target, &a);
    if (url_split(target, &path, &query) == ST_OK) {
        CHECK(path.at == target.at && path.len + (query.at ? query.len + 1 : 0) == target.len);
        CHECK(str_find(path, '?') < 0);
        check_decode(path, &a);
        check_query(query, &a);
        Status st = url_query(query, S("token"), &a, &value);
        CHECK(st == ST_OK || st == ST_INVALID || st == ST_NOT_FOUND);
    }
    arena_done(&a);
    return 0;
}
