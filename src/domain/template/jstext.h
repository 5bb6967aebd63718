/* jstext.h: the parts of JavaScript's idea of text and numbers that a template can show.
 *
 * Handlebars inherits them from its host language: what counts as white space, how a number is
 * written, what the length of a string is. Templates must look the same here.
 *
 * Thread: none of its own.  Source: ECMA-262 (11.2 white space, 6.1.6.1.20 Number::toString). */
#ifndef ORQ_DOMAIN_TEMPLATE_JSTEXT_H
#define ORQ_DOMAIN_TEMPLATE_JSTEXT_H

#include "base/str.h"

enum { JS_NUMBER_MAX = 32 }; /* bytes; the longest is "-1.2345678901234567e-300" */

/* Bytes of white space at the start and at the end. */
size_t js_space_head(Str text);
size_t js_space_tail(Str text);

/* A double as String(value) writes it: the shortest digits that read back as the same value. */
Str js_number(double value, char room[JS_NUMBER_MAX]);
/* Is this JSON number already written the way JavaScript would write it? Says yes only when sure. */
bool js_number_is_canonical(Str raw);

/* "0", "1", ... "4294967294": what an array takes as an index. False for "01", "-1", "1.0". */
bool js_array_index(Str key, uint32_t *ret_index);

/* Strings count UTF-16 units. A unit that is half of a pair reads as U+FFFD. Both are linear. */
uint32_t js_length(Str text);
bool js_unit_at(Str text, uint32_t index, char room[4], Str *ret_unit);

#endif
