/* fossil.h: a publication as the difference to the one before it, in the delta format of Fossil SCM:
 *
 *   <size>\n   ( <count>@<offset>,   copy from the source
 *              | <count>:<bytes> )*  as it is
 *   <checksum>;
 *
 * numbers in base 64, the checksum being the sum of the target's big-endian 32-bit words.
 *
 * Thread: none of its own. */
#ifndef ORQ_PROTO_FOSSIL_H
#define ORQ_PROTO_FOSSIL_H

#include "base/buf.h"

/* Appends the delta from source to target. False, and out as it was, when it would not be shorter than the
 * target. No copy begins or ends inside a UTF-8 character, so the delta of texts is a text. */
bool fossil_delta(Str source, Str target, Buf *out) MUST_USE;

#endif
