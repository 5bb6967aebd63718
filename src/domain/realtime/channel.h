/* channel.h: what a channel's name means within a tenant (RT-07, E.13).
 *
 *   global_system#<user>, <one of the tenant's channels>#<user>     the user's notifications, a durable stream
 *   global_state#<user>                                             what changes about them (read marks)
 *   <the same names>#<user>,<user>...                               a dialogue of those users
 *   anything else                                                   a room: a subscription token opens it
 *
 * Streams, dialogues and rooms are positioned and recover for everybody who subscribes, asked for or not. A
 * stream's offset is the position in the user's feed, its epoch a constant of that stored feed (port/store.h,
 * StreamCall); dialogues and rooms have theirs in memory (recent.h). The state has no past: who missed a
 * change asks for the feed again. A user's id holds neither '#' nor ',' (intake/trigger.h), so that no dialogue
 * has the name of a feed.
 *
 * Thread: any (pure). */
#ifndef ORQ_DOMAIN_REALTIME_CHANNEL_H
#define ORQ_DOMAIN_REALTIME_CHANNEL_H

#include "domain/tenant/tenant.h"

#define STATE_CHANNEL "global_state"

typedef enum ChannelKind {
    CHANNEL_STREAM,
    CHANNEL_STATE,
    CHANNEL_DIALOGUE,
    CHANNEL_ROOM
} ChannelKind;

typedef struct ChannelName {
    ChannelKind kind;
    Str name, users; /* around the last '#'; a room's: all of it, "" */
} ChannelName;

ChannelName channel_read(const Tenant *tenant, Str channel);
/* Does the name alone make it one of this user's? Never for a room. */
bool channel_is_for(const ChannelName *channel, Str user);
static inline bool channel_is_recent(ChannelKind kind) /* its stream is in memory */
{
    return kind == CHANNEL_DIALOGUE || kind == CHANNEL_ROOM;
}
/* May a channel have this name at all? 1 to CHANNEL_NAME_MAX bytes of UTF-8 without control characters:
 * those are for channels of our own making (notice.h). */
bool channel_is_sane(Str channel);

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
