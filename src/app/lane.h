/* lane.h: all that one loop owns: its snapshot, its keys, its share of the hub.
 *
 * Thread: its loop.  The App behind it is shared and read-only after start, but for the parts that
 * say otherwise. */
#ifndef ORQ_APP_LANE_H
#define ORQ_APP_LANE_H

#include "base/buf.h"
#include "domain/realtime/grant.h"
#include "domain/tenant/registry.h"
#include "net/loop.h"
#include "port/store.h"
#include "proto/jwt.h"

typedef struct App App;
typedef struct Lane Lane;

struct Lane {
    App *app;
    Loop *loop;
    Snapshot *snapshot; /* the current one; whoever keeps it over a turn takes a reference */
    JwtKey *token_key;
    void (*want_keys)(void *app, uint32_t tenant_no); /* grant.h */
    struct Hmac *hmac;                                /* of signatures */
    Buf scratch; /* lent within one call: clear it, use it, leave it */
    struct HttpServer *http;
    struct WsServer *ws;
    struct Streams *streams;
    struct Listener *listener;
    uint32_t errands_out; /* taken by the store, not home yet */
    Timer drain_timer;
    uint64_t drain_until_ms; /* monotonic; what is left then is cut */
    bool drained;            /* neither connections nor errands are left here */
    Mail mail;               /* lane_stop's */
};

/* On its loop's thread: makes the servers and begins to listen. App, loop, snapshot and key are set. */
void lane_start(Lane *lane);
/* Any thread: drain, then end the loop. */
void lane_stop(Lane *lane);
/* After its thread has ended and the store is closed. */
void lane_free(Lane *lane);

/* What decides about tokens here; `snapshot` is the request's, or the lane's current one. */
static inline GrantSources lane_grants(const Lane *lane, const Snapshot *snapshot)
{
    return (GrantSources){.token_key = lane->token_key,
                          .snapshot = snapshot,
                          .now_ms = lane->loop->now_ms,
                          .want_keys = lane->want_keys,
                          .ctx = lane->app};
}

#endif
