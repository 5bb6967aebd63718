/* unsubscribe.h: the token in a mail's List-Unsubscribe link (RFC 8058): who asks for no more of what.
 *
 *   base64url( tenant 16 | category '\n' address | HMAC-SHA256, its first 16 bytes )
 *
 * It says all itself, so a link works as long as the mail lies in a mailbox, whatever was swept meanwhile. Only
 * we can make one; it is no secret to the one it was sent to, and lets its holder do nothing else.
 *
 * Thread: any.  Ownership: in the arena. */
#ifndef ORQ_DOMAIN_DELIVER_UNSUBSCRIBE_H
#define ORQ_DOMAIN_DELIVER_UNSUBSCRIBE_H

#include "base/arena.h"
#include "base/id.h"

enum { UNSUBSCRIBE_TOKEN_MAX = 768 };

typedef struct OptOut {
    Uuid tenant;
    Str category; /* the event type */
    Str address;
} OptOut;

/* {NULL,0} when it would be too long for a header. */
Str unsubscribe_token(Str secret, const OptOut *who, Arena *arena);
/* False for a token that was not made with this secret. */
bool unsubscribe_open(Str secret, Str token, Arena *arena, OptOut *ret_who);

#endif
