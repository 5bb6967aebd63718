/* wire.h: which drivers stand behind the ports. wire.c is the only file that names one.
 *
 * Thread: the process's first, at start. */
#ifndef ORQ_APP_WIRE_H
#define ORQ_APP_WIRE_H

#include "app/config.h"
#include "net/loop.h"
#include "net/outbound.h"
#include "port/http.h"
#include "port/limiter.h"
#include "port/provider.h"
#include "port/store.h"

/* By the setting `store`. ST_INVALID for a scheme this build does not have. */
Status wire_store(const Config *config, Store **ret_store, Err *err) MUST_USE;
/* Never fails; limiter_free. */
Limiter *wire_limiter(const Config *config);
/* What this build knows to send by, and the way there, on the loop of whoever uses it. */
const ProviderKinds *wire_provider_kinds(void);
Carrier *wire_carrier(const Config *config, Loop *loop);
/* For calls to others, on that loop; the policy outlives it. ca_file: "" for the system's authorities. */
HttpClient *wire_http(Loop *loop, const OutboundPolicy *policy, Str ca_file);
/* `orqestra backup`: a copy of the data directory that can be served at once. */
Status wire_backup(const Config *config, Str target, Err *err) MUST_USE;

/* `orqestra compact`: the data without what was deleted; sizes in bytes. No server may run on it. */
Status wire_compact(const Config *config, int64_t *ret_before, int64_t *ret_after,
                    Err *err) MUST_USE;

#endif
