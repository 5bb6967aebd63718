/* presence.h: who listens to a channel. There is no table of it: the hub's readers are the truth, so an idle
 * client costs nothing for it. Each loop sees its own; presence_add puts their findings together.
 *
 * Thread: presence_of the hub's loop; the rest any.  Ownership: in the arena given. */
#ifndef ORQ_DOMAIN_REALTIME_PRESENCE_H
#define ORQ_DOMAIN_REALTIME_PRESENCE_H

#include "base/arena.h"
#include "base/map.h"
#include "domain/realtime/hub.h"

typedef struct Presence {
    CfClientInfo *clients;
    uint32_t count;
    bool truncated; /* there are more than PRESENCE_MAX */
} Presence;

void presence_of(Hub *h, uint32_t tenant_no, Str channel, Arena *arena, Presence *ret_presence);
/* All loops' together; what they name stays where it is. False: too many, or the arena is full. */
bool presence_join(const Presence *const parts[], int count, Arena *arena, Presence *ret_all);
uint32_t presence_users(Presence *p); /* how many different users; sorts the clients by user */

/* ---- channels that are alive ---- */

typedef struct ChannelCount {
    Str channel;
    uint32_t clients;
} ChannelCount;

typedef struct ChannelCounts { /* by name, each once, at most REALTIME_CHANNELS_MAX */
    ChannelCount *at;
    uint32_t count;
    Map *_by_name;
} ChannelCounts;

void channel_counts_init(ChannelCounts *all);
void channel_counts_add(ChannelCounts *all, const ChannelCount *more, uint32_t count);
void channel_counts_done(ChannelCounts *all);

/* A pattern with '*' for any run of bytes; "" matches all. */
bool channel_matches(Str pattern, Str channel);

#endif
