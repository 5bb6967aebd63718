/* The key is derived, so that a token of this kind is none of another that the same secret signs. */
#include "domain/deliver/unsubscribe.h"

#include "base/base64.h"
#include "base/hash.h"

enum { TENANT_BYTES = 16, TAG_BYTES = 16, BYTES_MAX = UNSUBSCRIBE_TOKEN_MAX * 3 / 4 };

static Sha256 tag_of(Str secret, Str bytes)
{
    const Sha256 key = hash_hmac_sha256(secret, S("orqestra unsubscribe link"));
    return hash_hmac_sha256(str_make(key.at, sizeof key.at), bytes);
}

Str unsubscribe_token(Str secret, const OptOut *who, Arena *arena)
{
    uint8_t bytes[BYTES_MAX];
    size_t len = TENANT_BYTES + who->category.len + 1 + who->address.len;
    if (len + TAG_BYTES > BYTES_MAX || str_find(who->category, '\n') >= 0) return (Str){NULL, 0};
    memcpy(bytes, who->tenant.at, TENANT_BYTES);
    memcpy(bytes + TENANT_BYTES, who->category.at, who->category.len);
    bytes[TENANT_BYTES + who->category.len] = '\n';
    memcpy(bytes + len - who->address.len, who->address.at, who->address.len);
    Sha256 tag = tag_of(secret, str_make(bytes, len));
    memcpy(bytes + len, tag.at, TAG_BYTES);
    char *text = arena_try(arena, BASE64URL_LEN(len + TAG_BYTES) + 1);
    if (!text) return (Str){NULL, 0};
    return str_make(text, base64url_encode(bytes, len + TAG_BYTES, text));
}

bool unsubscribe_open(Str secret, Str token, Arena *arena, OptOut *ret_who)
{
    uint8_t *bytes = arena_try(arena, BYTES_MAX);
    size_t len = 0;
    if (!bytes || token.len > UNSUBSCRIBE_TOKEN_MAX || !base64url_decode(token, bytes, &len) ||
        len <= TENANT_BYTES + 1 + TAG_BYTES)
        return false;
    len -= TAG_BYTES;
    Sha256 tag = tag_of(secret, str_make(bytes, len));
    if (!bytes_equal(tag.at, bytes + len, TAG_BYTES)) return false;
    Str rest = str_make(bytes + TENANT_BYTES, len - TENANT_BYTES);
    OptOut who = {.category = str_cut(&rest, '\n')};
    memcpy(who.tenant.at, bytes, TENANT_BYTES);
    who.address = rest;
    if (!rest.len) return false;
    *ret_who = who;
    return true;
}
