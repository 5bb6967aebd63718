/* channel.h: what a channel's name means to one user of one tenant (RT-07, E.13).
 *
 *   global_system#<user>, <one of the tenant's channels>#<user>     streams: the user's notifications
 *   global_state#<user>                                             what changes about them (read marks)
 *
 * A stream is positioned and recovers for everybody who subscribes, asked for or not: its offset is the
 * position in the user's feed, its epoch a constant of that stored feed (port/store.h, StreamCall). The state
 * has no past: who missed a change asks for the feed again.
 *
 * Thread: any (pure). */
#ifndef ORQ_DOMAIN_REALTIME_CHANNEL_H
#define ORQ_DOMAIN_REALTIME_CHANNEL_H

#include "domain/tenant/tenant.h"

#define STATE_CHANNEL "global_state"

typedef enum ChannelKind { CHANNEL_FOREIGN, CHANNEL_STREAM, CHANNEL_STATE } ChannelKind;

/* CHANNEL_FOREIGN: not this user's; *ret_name is the channel without "#user". */
ChannelKind channel_kind(const Tenant *tenant, Str user, Str channel, Str *ret_name);

/* ---- epochs on the wire ---- */

enum { EPOCH_TEXT_LEN = 16, EPOCH_ANY = 0, EPOCH_NONE = 2 /* never a real one: those are odd */ };

/* Writes EPOCH_TEXT_LEN characters; a stream that does not exist (0) has the epoch "". */
Str epoch_text(uint64_t epoch, char text[EPOCH_TEXT_LEN]);
/* EPOCH_ANY for "", EPOCH_NONE for what epoch_text never writes. */
uint64_t epoch_parse(Str text);
static inline bool epoch_fits(uint64_t asked, uint64_t real)
{
    return asked == EPOCH_ANY || asked == real;
}

#endif
