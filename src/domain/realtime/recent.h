/* recent.h: the last publications of channels that are nobody's feed: a hot window in memory.
 *
 * A user's own channel is a durable stream in the store. Every other channel (a dialogue, a room opened by a
 * subscription token) has its stream here from the first word on: an epoch, offsets from 1, and what was said
 * last, until RECENT_TTL_MS after the last word. It is gone with the process, and then the epoch is another one:
 * whoever comes back with the old one is told honestly that it missed something (RELIABILITY P12, P13).
 *
 * Channels nobody has spoken on are not remembered, or whoever subscribes to enough of them would fill the
 * memory. They share one epoch, which a channel takes along when it begins and which is a new one as soon as
 * any channel is forgotten.
 *
 * Publishing gives a publication its place and hands it on while the channel is locked, so that every
 * loop hears a channel in the order of its offsets, whichever loops speak.
 *
 * Thread: any; one lock inside, held for the copy of a publication.  Ownership: copies what it keeps.
 * Errors: nothing is refused. At RECENT_CHANNELS_MAX the channel that was silent longest is forgotten, at
 * RECENT_BYTES_MAX it gives up its publications (not its place); whoever wanted them hears so. */
#ifndef ORQ_DOMAIN_REALTIME_RECENT_H
#define ORQ_DOMAIN_REALTIME_RECENT_H

#include "base/arena.h"
#include "domain/realtime/publication.h"

typedef struct Recent Recent;

Recent *recent_new(void);
void recent_free(Recent *r);

typedef struct RecentPlace {
    uint64_t offset, epoch; /* channel.h tells how an epoch is spelled */
} RecentPlace;

typedef struct RecentSay { /* what to do with a publication that has its place */
    void (*say)(void *ctx, uint32_t tenant_no, Str channel, const Publication *p);
    void *ctx;
} RecentSay;

/* `key` not "": the first publication of the channel under that key, while it is kept, is the only one; a
 * repeat is told its place and says nothing. */
RecentPlace recent_publish(Recent *r, uint32_t tenant_no, Str channel, const Publication *p,
                           Str key, int64_t mono_ms, RecentSay say);

typedef struct RecentQuery {
    uint64_t since; /* strictly after it; with reverse strictly before, newest first; 0: all */
    uint32_t limit; /* 0: the place alone */
    bool reverse;
} RecentQuery;

typedef struct RecentPage {
    CfPublication *publications; /* copies in the arena */
    uint32_t count;
    RecentPlace top;
    uint64_t floor; /* the last offset that is no longer kept */
} RecentPage;

/* ST_TOO_BIG: more than the arena holds. */
Status recent_read(Recent *r, uint32_t tenant_no, Str channel, const RecentQuery *query,
                   int64_t mono_ms, Arena *arena, RecentPage *ret_page) MUST_USE;

/* Forgets what is too old; a bounded step. True: call again. */
bool recent_sweep(Recent *r, int64_t mono_ms);

typedef struct RecentSize {
    uint32_t channels;
    size_t bytes;
} RecentSize;
RecentSize recent_size(Recent *r);

#endif
