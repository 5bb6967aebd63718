#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

enum { FIRST_BYTES = 256 };

void buf_init(Buf *b, size_t max_bytes)
{
    *b = (Buf){._max = max_bytes};
}

void buf_done(Buf *b)
{
    mem_free(b->_at);
    buf_init(b, b->_max);
}

void buf_clear(Buf *b)
{
    b->_len = 0;
    b->_st = ST_OK;
}

static bool grow(Buf *b, size_t need)
{
    if (b->_st != ST_OK) return false;
    if (need > b->_max - b->_len) {
        b->_st = ST_TOO_BIG;
        return false;
    }
    size_t cap = b->_cap ? b->_cap : FIRST_BYTES;
    while (cap - b->_len < need) cap *= 2;
    if (cap > b->_max) cap = b->_max;
    uint8_t *at = mem_try_resize(b->_at, cap);
    if (!at) {
        b->_st = ST_UNAVAILABLE;
        return false;
    }
    b->_at = at;
    b->_cap = cap;
    return true;
}

uint8_t *buf_reserve(Buf *b, size_t n)
{
    if (UNLIKELY(b->_st != ST_OK)) return NULL;
    if (UNLIKELY(n > b->_cap - b->_len) && !grow(b, n)) return NULL;
    if (UNLIKELY(!b->_at) && !grow(b, 1)) return NULL; /* n == 0 on a fresh Buf */
    return b->_at + b->_len;
}

void buf_commit(Buf *b, size_t used)
{
    CHECK(used <= b->_cap - b->_len);
    b->_len += used;
}

void buf_add(Buf *b, Str bytes)
{
    if (bytes.len == 0) return;
    uint8_t *at = buf_reserve(b, bytes.len);
    if (!at) return;
    memcpy(at, bytes.at, bytes.len);
    b->_len += bytes.len;
}

void buf_add_byte(Buf *b, uint8_t byte)
{
    uint8_t *at = buf_reserve(b, 1);
    if (!at) return;
    *at = byte;
    b->_len++;
}

void buf_add_u64(Buf *b, uint64_t value)
{
    char digits[20];
    size_t i = sizeof digits;
    do {
        digits[--i] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_add(b, str_make(digits + i, sizeof digits - i));
}

void buf_add_i64(Buf *b, int64_t value)
{
    if (value < 0) buf_add_byte(b, '-');
    buf_add_u64(b, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void buf_format(Buf *b, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    CHECK(len >= 0 && (size_t)len < sizeof text);
    buf_add(b, str_make(text, (size_t)len));
}

void buf_truncate(Buf *b, size_t len)
{
    CHECK(len <= b->_len);
    b->_len = len;
}

void buf_consume(Buf *b, size_t n)
{
    CHECK(n <= b->_len);
    if (n && n < b->_len) memmove(b->_at, b->_at + n, b->_len - n);
    b->_len -= n;
}
