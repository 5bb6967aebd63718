/* url.h: request targets (RFC 3986), queries (the WHATWG form encoding), both strict.
 *
 * Thread: none of its own.  Ownership: decoded text lives in the arena, or is borrowed from the
 * input when nothing was escaped.  Errors: ST_INVALID for bad escapes, NUL, control characters,
 * broken UTF-8 after decoding; ST_TOO_BIG at the arena's ceiling. */
#ifndef ORQ_PROTO_URL_H
#define ORQ_PROTO_URL_H

#include "base/arena.h"
#include "base/status.h"

/* Splits "/a/b?x=1" into its raw path and raw query (without '?'; {NULL,0} when there is none). */
Status url_split(Str target, Str *ret_path, Str *ret_query) MUST_USE;
/* %XX only; '+' stays. For one path segment: "%2F" becomes '/'. */
Status url_decode(Str raw, Arena *arena, Str *ret_text) MUST_USE;
/* The first value of a query parameter, decoded ('+' is a space). ST_NOT_FOUND when absent. */
Status url_query(Str query, Str name, Arena *arena, Str *ret_value) MUST_USE;

#endif
