/* courier.h: sends what the queue holds: e-mail and SMS, on a thread of its own.
 *
 *   claim (durable) --> render --> provider --> answer --> settle (durable)
 *
 * A trigger never waits for it (ORQ-15): it is told after a commit which lines have something new, looks at
 * its timer for what is due later, and asks nobody else: no polling.
 *
 * Thread: new and free where the process starts; courier_drain and the three tellers from any.
 * Ownership: free after loops and store have ended. */
#ifndef ORQ_APP_COURIER_COURIER_H
#define ORQ_APP_COURIER_COURIER_H

#include "domain/deliver/queue_store.h"

typedef struct App App;
typedef struct Courier Courier;

/* After bootstrap: the app's config, store and registry are there. Runs from here on. */
Courier *courier_new(App *app);
/* Claims nothing more; what is in flight gets DRAIN_TIMEOUT_MS; then its thread ends. */
void courier_drain(Courier *c);
void courier_join(Courier *c);
void courier_free(Courier *c); /* NULL is fine */

/* ---- telling it: after the commit ---- */

void courier_accepted(Courier *c, const AcceptCall *call); /* NULL is fine: nobody to tell */
void courier_wake(Courier *c, LineKey line);               /* something was put back into it */
void courier_adopt(Courier *c, Snapshot *snapshot);        /* takes a reference of its own */

#endif
