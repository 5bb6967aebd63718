/* usage.h: what tenants had accepted today, from the store to the limiter, once at start.
 *
 * The store writes it with the events (one row a tenant and day), so this reads one row a tenant,
 * however many events there were.
 *
 * Thread: inside a store job, before the loops run.  Errors: the store's own. */
#ifndef ORQ_DOMAIN_TENANT_USAGE_H
#define ORQ_DOMAIN_TENANT_USAGE_H

#include "port/limiter.h"
#include "port/store.h"

Status usage_restore(StoreTx *tx, Limiter *limiter, int64_t now_ms, Err *err) MUST_USE;

#endif
