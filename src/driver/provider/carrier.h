/* carrier.h: the port's carrier: HTTP by the HTTP client (driver/http), mail by libcurl's SMTP on the same
 * plumbing: hundreds of calls in flight on one loop, connections kept and used again, every connect checked by
 * the outbound policy.
 *
 * Thread: its loop's. */
#ifndef ORQ_DRIVER_PROVIDER_CARRIER_H
#define ORQ_DRIVER_PROVIDER_CARRIER_H

#include "net/loop.h"
#include "net/outbound.h"
#include "port/provider.h"

/* ca_file: "" for the system's authorities. Both are copied. */
Carrier *carrier_new(Loop *loop, const OutboundPolicy *policy, Str ca_file);

#endif
