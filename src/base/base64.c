/* One coder for both alphabets; they differ in two characters and in padding.
 *
 * Strictness is the point: a text has exactly one decoding and bytes exactly one text, so nobody can
 * make a second spelling of a signature that still verifies (RFC 4648 3.5, 12). */
#include "base/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t encode(const char *alphabet, const uint8_t *bytes, size_t len, char *ret)
{
    char *out = ret;
    for (; len >= 3; bytes += 3, len -= 3) {
        uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = alphabet[bits >> 6 & 63];
        *out++ = alphabet[bits & 63];
    }
    if (len > 0) {
        uint32_t bits = (uint32_t)bytes[0] << 16 | (len == 2 ? (uint32_t)bytes[1] << 8 : 0);
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        if (len == 2) *out++ = alphabet[bits >> 6 & 63];
    }
    return (size_t)(out - ret);
}

size_t base64_encode(const uint8_t *bytes, size_t len, char *ret)
{
    size_t used = encode(standard, bytes, len, ret);
    while (used % 4) ret[used++] = '=';
    return used;
}

size_t base64url_encode(const uint8_t *bytes, size_t len, char *ret)
{
    return encode(url_safe, bytes, len, ret);
}

enum { NO_DIGIT = 64 };

/* Value of a digit; the last two of the alphabet are arguments. */
static uint32_t digit(char c, char d62, char d63)
{
    if (c >= 'A' && c <= 'Z') return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z') return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9') return (uint32_t)(c - '0') + 52;
    if (c == d62) return 62;
    return c == d63 ? 63 : NO_DIGIT;
}

/* text without its padding. A single left-over digit holds no byte; two or three hold one or two
 * bytes and 4 or 2 spare bits, which must be zero. */
static bool decode(Str text, const char *alphabet, uint8_t *ret, size_t *ret_len)
{
    uint32_t bits = 0, held = 0; /* held: bits not yet written */
    size_t len = 0;
    if (text.len % 4 == 1) return false;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t value = digit(text.at[i], alphabet[62], alphabet[63]);
        if (value == NO_DIGIT) return false;
        bits = bits << 6 | value;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        ret[len++] = (uint8_t)(bits >> held);
        bits &= (1u << held) - 1;
    }
    if (bits != 0) return false;
    *ret_len = len;
    return true;
}

bool base64_decode(Str text, uint8_t *ret, size_t *ret_len)
{
    if (text.len % 4) return false;
    for (int pad = 0; pad < 2 && text.len && text.at[text.len - 1] == '='; pad++) text.len--;
    return decode(text, standard, ret, ret_len);
}

bool base64url_decode(Str text, uint8_t *ret, size_t *ret_len)
{
    return decode(text, url_safe, ret, ret_len);
}
