/* One list, so that a change is treated alike on every way into the store. */
#include "app/committed.h"

#include "app/courier/courier.h"
#include "app/live.h"
#include "app/measure.h"
#include "app/scheduler.h"

void committed(App *app, StoreCall *call)
{
    const AcceptCall *accept = CONTAINER_OF(call, AcceptCall, call);
    bool accepted = call->kind == STORE_ACCEPT && call->st == ST_OK;
    if (accepted) measure_accept(accept);
    live_committed(app, call);
    if (accepted) courier_accepted(app->courier, accept);
    if (accepted) scheduler_note(app->scheduler, accept);
}
