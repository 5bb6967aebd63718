/* utf8.h: strict UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
 *
 * The incremental checker keeps one byte of state, so text split anywhere, even inside a character,
 * is refused at the first byte that cannot continue.
 *
 * Thread: none of its own. */
#ifndef ORQ_BASE_UTF8_H
#define ORQ_BASE_UTF8_H

#include "base/str.h"

enum { UTF8_ACCEPT = 0, UTF8_REJECT = 255 };

uint8_t utf8_feed(uint8_t state,
                  Str bytes); /* start with UTF8_ACCEPT; ACCEPT = ends on a boundary */
bool utf8_is_valid(Str text);
/* Length of the valid character at the start of text, or 0. */
size_t utf8_char_len(Str text);
size_t utf8_encode(uint32_t code_point, char ret[4]); /* code_point is a scalar value */

#endif
