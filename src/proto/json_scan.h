/* json_scan.h: the inner loop that reader and writer of JSON share; private to json*.c.
 *
 * A plain byte is one that a JSON string shows as itself: printable ASCII but '"' and '\'. Almost
 * all text is runs of them, so they are looked at eight at a time; that loop is most of the cost of
 * reading a document.
 *
 * Thread: none of its own. */
#ifndef ORQ_PROTO_JSON_SCAN_H
#define ORQ_PROTO_JSON_SCAN_H

#include <endian.h>

#include "base/check.h"
#include "base/str.h"

#define JSON_EACH_BYTE(n) (UINT64_C(0x0101010101010101) * (n))

/* Sets the top bit of the lowest byte that is not plain, and maybe of bytes above it: a subtraction
 * that borrows spoils only what is higher, and the caller wants the lowest. */
static inline uint64_t json_stops(uint64_t word)
{
    uint64_t no_quote = word ^ JSON_EACH_BYTE('"');
    uint64_t no_slash = word ^ JSON_EACH_BYTE('\\');
    return (word | (word - JSON_EACH_BYTE(0x20)) | (no_quote - JSON_EACH_BYTE(1)) |
            (no_slash - JSON_EACH_BYTE(1))) &
           JSON_EACH_BYTE(0x80);
}

/* The first byte at or after `at` that is not plain, or end. */
static inline const char *json_plain_end(const char *at, const char *end)
{
    for (uint64_t word; (size_t)(end - at) >= sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        uint64_t stops = json_stops(le64toh(word));
        if (stops) return at + (__builtin_ctzll(stops) >> 3);
    }
    while (at < end && (uint8_t)*at >= 0x20 && (uint8_t)*at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return at;
}

#endif
