/* key_fetch.h: the key sets that tenants name by URL are fetched, kept fresh and handed to every loop.
 *
 *   a key is made, the server starts     fetched at once
 *   every jwks_refresh seconds           again
 *   a token names a key nobody knows     again, but not within jwks_min_interval of the last time
 *
 * A new document is stored with its key; the tenant is staged and every loop gets the new snapshot, as
 * after an admin's change. An unchanged one changes nothing. A fetch that fails leaves the last good
 * set in use, is told in the key's lastError, and is tried again within a minute.
 *
 * Thread: key_fetch_want from any loop; the rest on lane 0's; freed after the loops have ended, before
 * they are freed. */
#ifndef ORQ_APP_KEY_FETCH_H
#define ORQ_APP_KEY_FETCH_H

#include "app/lane.h"

typedef struct KeyFetch KeyFetch;

void key_fetch_start(Lane *lane);
void key_fetch_free(KeyFetch *f); /* NULL is fine */
/* Lane 0 has another snapshot. */
void key_fetch_look(KeyFetch *f);
void key_fetch_want(App *app, uint32_t tenant_no);

#endif
