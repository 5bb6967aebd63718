/* put.h: JSON objects a member at a time; commas look after themselves.
 *
 *   put_open(b);  put_text(b, "name", name);  put_flag(b, "active", true);  put_close(b);
 *
 * Thread: none of its own.  Errors: the Buf remembers the first. */
#ifndef ORQ_APP_ADMIN_PUT_H
#define ORQ_APP_ADMIN_PUT_H

#include "base/buf.h"
#include "base/id.h"

void put_open(Buf *b); /* '{', after a comma where one is due; also for the elements of an array */
void put_close(Buf *b);
void put_key(Buf *b, const char *key);
void put_text(Buf *b, const char *key, Str text); /* {NULL,0} is null */
void put_num(Buf *b, const char *key, int64_t number);
void put_flag(Buf *b, const char *key, bool flag);
void put_id(Buf *b, const char *key, Uuid id);
void put_time(Buf *b, const char *key, int64_t unix_ms); /* ISO 8601 */
void put_raw(Buf *b, const char *key, Str json);
void put_array_open(Buf *b, const char *key);
void put_array_close(Buf *b);
void put_item(Buf *b, Str text); /* a string in an array */

#endif
