/* bootstrap.h: what must be there before the first request: secrets, tenants, the operator, and with
 * the setting `demo` the demo tenant.
 *
 * Thread: the process's first, before the loops run and after they have ended. */
#ifndef ORQ_APP_BOOTSTRAP_H
#define ORQ_APP_BOOTSTRAP_H

#include "app/app.h"

/* app->config and app->store are set. Fills secrets, registry, sessions; runs the jobs of a first
 * start. A failure leaves what it made to bootstrap_undo. */
Status bootstrap(App *app, Err *err) MUST_USE;
/* Prints on stdout what a person needs once it runs: where the pages are, the operator's password when
 * it was made just now, the demo's key. */
void bootstrap_announce(App *app);
void bootstrap_undo(App *app);

#endif
