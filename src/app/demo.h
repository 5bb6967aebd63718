/* demo.h: the demo tenant behind /demo, with the setting `demo` only (POST /demo/session and
 * /demo/trigger answer 404 otherwise).
 *
 * The page never sees the API key: the server acts for it, and for users named "demo-..." only.
 *
 * Thread: as told per call. */
#ifndef ORQ_APP_DEMO_H
#define ORQ_APP_DEMO_H

#include "app/app.h"
#include "app/secrets.h"

/* Inside the write job before registry_load: finds the tenant with the slug "demo", or makes it with
 * its template, and keeps its key for the banner. app->secrets is loaded. */
Status demo_load(StoreTx *tx, App *app, int64_t now_ms, Err *err) MUST_USE;
/* Prints where the page is and a curl to paste; host goes before at: the scheme, and a name or nothing. */
void demo_announce(const App *app, const char *host, Str at);
void demo_free(App *app); /* fine without a demo */

#endif
