/* Any bytes as an answer that repeats a secret: what is kept is bounded, text, and has no secret in it. The
 * same bytes as a date of HTTP, and as stored credentials.
 *
 * Input: bytes 0-7 the secret, the rest the text. */
#include "fuzz.h"

#include "base/utf8.h"
#include "domain/catalog/provider_store.h"
#include "domain/deliver/excerpt.h"
#include "proto/http_date.h"

FUZZ_INIT()

enum { SECRET_LEN = 8 };

static bool holds(Str text, Str secret)
{
    for (size_t i = 0; i + secret.len <= text.len; i++)
        if (str_eq(str_make(text.at + i, secret.len), secret)) return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ProviderKind kind = {
        .fields = {{.name = STR_INIT("key"), .secret = true}, {.name = STR_INIT("user")}}};
    Credentials credentials = {{{NULL, 0}}};
    int64_t at_ms;
    Arena arena;
    if (size < SECRET_LEN || size > KIB(64)) return 0;
    Str secret = str_make(data, SECRET_LEN);
    if (!utf8_is_valid(secret)) return 0; /* a secret is the string of a JSON document */
    Str text = str_make(data + SECRET_LEN, size - SECRET_LEN);
    credentials.value[0] = secret;
    arena_init(&arena, MIB(4));
    Str kept = excerpt_clean(text, &kind, &credentials, &arena);
    CHECK(kept.len < EXCERPT_BYTES_MAX + 8 && utf8_is_valid(kept));
    bool stars = false; /* a secret of stars and question marks would be written by us */
    for (size_t i = 0; i < SECRET_LEN; i++) stars |= secret.at[i] == '*' || secret.at[i] == '?';
    if (!stars) CHECK(!holds(kept, secret));
    (void)http_date_parse(text, &at_ms);
    (void)credentials_parse(&kind, text, &arena, &credentials);
    arena_done(&arena);
    return 0;
}
