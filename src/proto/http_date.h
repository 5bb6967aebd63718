/* http_date.h: the date of HTTP headers, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7). The two forms
 * that were obsolete in 1999 are not read.
 *
 * Thread: none of its own. */
#ifndef ORQ_PROTO_HTTP_DATE_H
#define ORQ_PROTO_HTTP_DATE_H

#include "base/str.h"

bool http_date_parse(Str text, int64_t *ret_unix_ms);

#endif
