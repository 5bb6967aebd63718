/* A line of Origin, a line of Host or pattern, any bytes in either:
 *  1. what is our own with TLS is our own without, and begins with https://;
 *  2. what is allowed holds no byte that could end or bend a host: no space, path, user or query;
 *  3. what a pattern without a star admits, the same pattern admits with a star for its first label;
 *  4. a page that was admitted is admitted by a list with its own origin alone. */
#include "fuzz.h"

#include "app/http/origin.h"
#include "base/buf.h"

FUZZ_INIT()

static void check_plain(Str origin)
{
    CHECK(str_find(origin, ':') > 0);
    for (size_t i = 0; i < origin.len; i++) {
        CHECK((uint8_t)origin.at[i] > ' ' && (uint8_t)origin.at[i] < 0x7f);
        CHECK(!memchr("@?#\\%*,", origin.at[i], 7));
    }
}

static bool listed(Str pattern, Str origin)
{
    const StrList list = {&pattern, 1};
    return origin_is_listed(&list, origin);
}

static void check_own(Str origin, Str host)
{
    bool tls = origin_is_own(origin, host, ORIGIN_TLS);
    bool plain = origin_is_own(origin, host, ORIGIN_PLAIN);
    if (tls) CHECK(plain && str_eq_nocase(str_head(origin, 8), S("https://")));
    if (plain) check_plain(origin);
    if (plain) CHECK(listed(origin, origin));
}

static void check_listed(Str origin, Str pattern)
{
    Buf b;
    if (!listed(pattern, origin)) return;
    check_plain(origin);
    CHECK(listed(origin, origin));
    ptrdiff_t slashes = str_find(pattern, '/'), dot = str_find(pattern, '.');
    if (slashes < 0 || dot <= slashes + 2 || str_find(pattern, '*') >= 0) return;
    if (str_find(pattern, '[') >= 0) return; /* an address has no labels */
    buf_init(&b, 1 << 20);
    buf_add(&b, str_head(pattern, (size_t)slashes + 2));
    buf_lit(&b, "*");
    buf_add(&b, str_from(pattern, (size_t)dot));
    CHECK(listed(buf_view(&b), origin));
    buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str other = str_make(data, size), origin = str_cut(&other, '\n');
    if (!other.at) other = S("");
    check_own(origin, other);
    check_listed(origin, other);
    return 0;
}
