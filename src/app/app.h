/* app.h: the process: what main wires together and every lane may look at.
 *
 * Thread: read-only once the loops run, except `registry` (the store's writer thread). */
#ifndef ORQ_APP_APP_H
#define ORQ_APP_APP_H

#include <stdatomic.h>

#include "app/config.h"
#include "base/id.h"
#include "base/limits.h"
#include "app/lane.h"
#include "net/outbound.h"
#include "port/limiter.h"

struct App {
    const Config *config;
    Store *store;
    Registry *registry;
    Limiter *limiter; /* any thread */
    Lane lanes[LOOPS_MAX];
    int lane_count;
    char node[UUID_TEXT_LEN];    /* this process, for the emulation transports */
    uint64_t started_mono_ms;    /* when the lanes began */
    atomic_int lanes_draining;   /* lanes that still have connections after lane_stop */
    struct Crowd *crowd;         /* locks inside; NULL without a limit */
    struct Sessions *sessions;   /* admin sign-ins; locks inside */
    struct LoginGate *logins;    /* failed sign-ins; locks inside */
    struct Operator *operator_;  /* the built-in operator's password on its way to the store */
    struct Secrets *secrets;     /* read-only */
    struct Retention *retention; /* lane 0's */
    struct KeySweep *key_sweep;  /* lane 0's */
    struct Scheduler *scheduler; /* lane 0's; scheduler.h says what others may call */
    OutboundPolicy outbound;     /* where calls to others may go; read-only */
    struct KeyFetch *key_fetch;  /* lane 0's */
    struct Demo *demo;           /* NULL without the setting; read-only */

    struct Recent *recent;            /* hot windows of channels; locks inside */
    struct RecentSweep *recent_sweep; /* lane 0's */
    atomic_uint people_listeners;     /* subscriptions that hear who joins (subscription.h) */

    struct Tls *tls; /* NULL without the setting; reloaded by the process's first thread */
    const struct ProviderKinds *provider_kinds;
    struct Courier *courier; /* e-mail and SMS; its own thread */
};

#endif
