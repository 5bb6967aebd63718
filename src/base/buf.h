/* buf.h: growable bytes with a ceiling.
 *
 * Most bytes in here were sent by someone else, so the limit is asked for at birth (limits.h), never
 * guessed later. Growth doubles: appending n bytes costs O(n) overall.
 *
 * A Buf remembers its first failure: writers append without looking and ask buf_status once at the
 * end, which keeps encoders readable. After a failure nothing more is appended.
 *
 * Thread: one owner.  Errors: ST_TOO_BIG at the ceiling, ST_UNAVAILABLE when memory is gone. */
#ifndef ORQ_BASE_BUF_H
#define ORQ_BASE_BUF_H

#include "base/status.h"

typedef struct Buf {
    uint8_t *_at;
    size_t _len, _cap, _max;
    Status _st; /* the first failure */
} Buf;

void buf_init(Buf *b, size_t max_bytes);
void buf_done(Buf *b);  /* fine on a zeroed or half-built Buf */
void buf_clear(Buf *b); /* empty, keeps its memory, forgets a failure */

void buf_add(Buf *b, Str bytes); /* copies; bytes is borrowed for the call */
void buf_add_byte(Buf *b, uint8_t byte);
void buf_add_u64(Buf *b, uint64_t value); /* decimal */
void buf_add_i64(Buf *b, int64_t value);
void buf_format(Buf *b, const char *format, ...) PRINTF_LIKE(2, 3); /* at most 1 KiB a call */
/* Room for n more bytes at the end, or NULL; then say how many were used. */
uint8_t *buf_reserve(Buf *b, size_t n);
void buf_commit(Buf *b, size_t used);
void buf_truncate(Buf *b, size_t len); /* len <= current */
void buf_consume(Buf *b, size_t n);    /* drops n bytes from the front */

static inline Str buf_view(const Buf *b) /* valid until the next change */
{
    return str_make(b->_at, b->_len);
}
static inline size_t buf_len(const Buf *b)
{
    return b->_len;
}
static inline Status buf_status(const Buf *b)
{
    return b->_st;
}

#define buf_lit(b, literal) buf_add(b, S(literal))

#endif
