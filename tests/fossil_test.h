/* fossil_test.h: a delta applied, strictly: what a client does, for tests of those who write them. */
#ifndef ORQ_TESTS_FOSSIL_TEST_H
#define ORQ_TESTS_FOSSIL_TEST_H

#include "base/buf.h"
#include "base/check.h"

static inline uint32_t fossil_number(Str *rest)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
    uint32_t value = 0;
    while (rest->len) {
        const char *digit = memchr(digits, rest->at[0], 64);
        if (!digit) break;
        value = value << 6 | (uint32_t)(digit - digits);
        *rest = str_from(*rest, 1);
    }
    return value;
}

static inline char fossil_byte(Str *rest)
{
    CHECK(rest->len);
    char c = rest->at[0];
    *rest = str_from(*rest, 1);
    return c;
}

static inline void fossil_apply(Str source, Str delta, Buf *ret_target)
{
    uint32_t sum = 0, size = fossil_number(&delta);
    CHECK(fossil_byte(&delta) == '\n');
    for (;;) {
        uint32_t number = fossil_number(&delta);
        char kind = fossil_byte(&delta);
        if (kind == '@') {
            uint32_t from = fossil_number(&delta);
            CHECK(fossil_byte(&delta) == ',' && from + number <= source.len);
            buf_add(ret_target, str_make(source.at + from, number));
        } else if (kind == ':') {
            CHECK(number <= delta.len);
            buf_add(ret_target, str_head(delta, number));
            delta = str_from(delta, number);
        } else {
            Str target = buf_view(ret_target);
            for (size_t i = 0; i < target.len; i++)
                sum += (uint32_t)(uint8_t)target.at[i] << (24 - 8 * (i & 3));
            CHECK(kind == ';' && delta.len == 0 && number == sum && size == target.len);
            return;
        }
    }
}

#endif
