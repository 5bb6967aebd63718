/* live.h: from a committed event to the sockets that wait for it.
 *
 * Thread: live_publish on the store's writer thread, in commit order, so that every loop sees the
 * notifications of a user in the order of their numbers. */
#ifndef ORQ_APP_LIVE_H
#define ORQ_APP_LIVE_H

#include "app/app.h"

/* Publishes the notifications of a committed call on every lane, those of replays aside. Copies what it needs: the call goes
 * home right after. */
void live_publish(App *app, const AcceptCall *call);

/* On the lane's own loop, after its snapshot changed: connections of a tenant that is suspended or gone
 * end. */
void live_recheck(Lane *lane);

#endif
