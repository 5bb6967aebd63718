/* live.h: from something said to the sockets that wait for it, on every loop.
 *
 * Who says several things on one channel from one thread is heard in that order. For what needs an answer
 * there is gather.h. */
#ifndef ORQ_APP_LIVE_H
#define ORQ_APP_LIVE_H

#include "app/app.h"
#include "domain/realtime/publication.h"

/* Publishes on every lane. Copies what it needs. Thread: any. */
void live_say(App *app, uint32_t tenant_no, Str channel, const Publication *publication);

/* What a store call changed for those who listen, for whoever submits one: to be called from `done`, before
 * the call goes home. The notifications of an accept, those of replays aside; read marks (global_state).
 * Nothing for a call that failed or changed nothing.
 * Thread: the store's, in commit order, so that every loop sees the notifications of a user in the order
 * of their numbers. */
void live_committed(App *app, StoreCall *call);

/* ---- the workspace dialect ---- */

/* A user has entered a workspace: on every lane those of the same channel with a lower order go. */
void live_replace(App *app, uint32_t tenant_no, Str channel, uint64_t order);

/* On the lane's own loop, after its snapshot changed: connections of a tenant that is suspended or gone
 * end. */
void live_recheck(Lane *lane);

#endif
