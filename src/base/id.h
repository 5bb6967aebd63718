/* id.h: UUIDs (RFC 9562). Version 7 for what is stored (time-ordered: inserts stay at the end of the
 * index), version 4 for what must tell nothing.
 *
 * Thread: none of its own; time and randomness are arguments. */
#ifndef ORQ_BASE_ID_H
#define ORQ_BASE_ID_H

#include "base/random.h"

enum { UUID_TEXT_LEN = 36 };

typedef struct Uuid {
    uint8_t at[16];
} Uuid;

Uuid uuid_v7(int64_t now_ms, Random *random);
Uuid uuid_v4(Random *random);
void uuid_text(Uuid id, char ret[UUID_TEXT_LEN]); /* lower case, no NUL */
bool uuid_parse(Str text, Uuid *ret_id);          /* either case; the 36-character form only */
bool uuid_is_zero(Uuid id);

#endif
