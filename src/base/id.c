#include "base/id.h"

#include "base/hash.h"

static void stamp(Uuid *id, uint8_t version)
{
    id->at[6] = (uint8_t)((id->at[6] & 0x0f) | (version << 4));
    id->at[8] = (uint8_t)((id->at[8] & 0x3f) | 0x80);
}

Uuid uuid_v7(int64_t now_ms, Random *random)
{
    Uuid id;
    for (int i = 0; i < 6; i++) id.at[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
    random_fill(random, id.at + 6, 10);
    stamp(&id, 7);
    return id;
}

Uuid uuid_v4(Random *random)
{
    Uuid id;
    random_fill(random, id.at, sizeof id.at);
    stamp(&id, 4);
    return id;
}

void uuid_text(Uuid id, char ret[UUID_TEXT_LEN])
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    const uint8_t *from = id.at;
    for (size_t g = 0; g < sizeof groups; g++) {
        if (g) *ret++ = '-';
        hex_encode(from, groups[g], ret);
        from += groups[g];
        ret += (ptrdiff_t)2 * groups[g];
    }
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool uuid_parse(Str text, Uuid *ret_id)
{
    Uuid id;
    size_t byte = 0;
    if (text.len != UUID_TEXT_LEN) return false;
    for (size_t i = 0; i < text.len;) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text.at[i++] != '-') return false;
            continue;
        }
        int high = nibble(text.at[i]), low = nibble(text.at[i + 1]);
        if (high < 0 || low < 0) return false;
        id.at[byte++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *ret_id = id;
    return true;
}

bool uuid_is_zero(Uuid id)
{
    static const Uuid zero;
    return memcmp(&id, &zero, sizeof id) == 0;
}
