/* isotime.h: ISO 8601 / RFC 3339 in UTC. Times are milliseconds since 1970.
 *
 * Thread: none of its own. */
#ifndef ORQ_BASE_ISOTIME_H
#define ORQ_BASE_ISOTIME_H

#include "base/str.h"

enum { ISO_MS_LEN = 24 }; /* 2026-04-22T12:00:00.000Z */

void iso_ms(int64_t unix_ms, char ret[ISO_MS_LEN]); /* no NUL; years 1970 to 9999 */
/* Accepts YYYY-MM-DDTHH:MM:SS with optional fraction and Z or +-HH:MM; no zone means UTC. */
bool iso_parse(Str text, int64_t *ret_unix_ms);

#endif
