/* members.h: the members of an object in the order JavaScript visits them; private to this folder.
 *
 * Keys that are array indexes come first, ascending; then the others as they were first written. Of
 * equal keys the first gives the place and the last gives the value.
 *
 * Thread: one render.  Ownership: rows are appended to the caller's Buf. */
#ifndef ORQ_DOMAIN_TEMPLATE_MEMBERS_H
#define ORQ_DOMAIN_TEMPLATE_MEMBERS_H

#include "domain/template/value.h"

typedef struct Member {
    JsonRef key, value;
    uint32_t index; /* the key as array index, or UINT32_MAX */
    uint32_t place; /* in the text */
} Member;

/* Appends the rows of an object to `rows`; false when rows or scratch are full. */
bool members_list(Value object, Scratch *scratch, Buf *rows, uint32_t *ret_count) MUST_USE;

static inline Member member_at(const Buf *rows, size_t base, uint32_t i)
{
    Member m;
    memcpy(&m, buf_view(rows).at + base + i * sizeof m, sizeof m);
    return m;
}

#endif
