/* dialect_expiry.h: one socket of the product-expiry dialect: a user who is told, and may mark as read.
 *
 *   NEW --expiry_enter--> IN --closed, token expired--> OUT        NEW --refused--> OUT
 *
 * Its clients answer whatever they do not know with mark_read, so that is never answered, whatever it
 * holds (EXP-18); neither is anything else but PING (E.25).
 *
 * Thread: one loop.  Ownership: embedded in the transport's connection. */
#ifndef ORQ_DOMAIN_REALTIME_DIALECT_EXPIRY_H
#define ORQ_DOMAIN_REALTIME_DIALECT_EXPIRY_H

#include "domain/realtime/client.h"
#include "domain/realtime/dialect.h"

typedef enum ExpiryClose {
    EXPIRY_SHUTDOWN = 1001,
    EXPIRY_REFUSED = 1008, /* the token */
    EXPIRY_SLOW = 1013     /* it may come again */
} ExpiryClose;

typedef struct Expiry {
    Writer writer; /* first */
    Realtime *realtime;
    const DialectOps *ops;
    /* Marks that notification of this user as read, if there is one; nothing is ever told about it. */
    void (*mark_read)(struct Expiry *e, Uuid id);
    const Tenant *tenant; /* referenced; NULL: not in */
    Reader own;
    int64_t expires_ms;
} Expiry;

void expiry_init(Expiry *e, Realtime *realtime, const DialectOps *ops,
                 void (*mark_read)(Expiry *e, Uuid id));
void expiry_done(Expiry *e); /* the transport is gone */

/* Greets and lets in, or closes with 1008 and the reason clients look for (EXP-02, E.24). */
void expiry_enter(Expiry *e, Str token);
void expiry_on_text(Expiry *e, Str message);
void expiry_on_time(Expiry *e);
void expiry_close(Expiry *e, ExpiryClose code, Str reason); /* nothing when it is out */
void expiry_leave(Expiry *e);     /* out, without a word: the transport closes */
Str expiry_user(const Expiry *e); /* while it is in */

#endif
