/* committed.h: what follows a call that came back from the store, whoever sent it: a request, a realtime client
 * or the scheduler. To be called from `done`, before the call goes home.
 *
 * Thread: the store's; accepts and marks in commit order. */
#ifndef ORQ_APP_COMMITTED_H
#define ORQ_APP_COMMITTED_H

#include "app/app.h"

/* Nothing happens for a call that failed, or that changed nothing. */
void committed(App *app, StoreCall *call);

#endif
