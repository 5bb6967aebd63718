/* live.h: from something said to the sockets that wait for it, on every loop.
 *
 * Who says several things on one channel from one thread is heard in that order. */
#ifndef ORQ_APP_LIVE_H
#define ORQ_APP_LIVE_H

#include "app/app.h"
#include "domain/realtime/publication.h"

/* Publishes on every lane. Copies what it needs. Thread: any. */
void live_say(App *app, uint32_t tenant_no, Str channel, const Publication *publication);

/* The notifications of a committed call, those of replays aside: the call goes home right after.
 * Thread: the store's writer, in commit order, so that every loop sees the notifications of a user in
 * the order of their numbers. */
void live_publish(App *app, const AcceptCall *call);

/* On the lane's own loop, after its snapshot changed: connections of a tenant that is suspended or gone
 * end. */
void live_recheck(Lane *lane);

#endif
