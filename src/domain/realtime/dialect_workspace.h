/* dialect_workspace.h: one socket of the workspace dialect: a user in a workspace, which is a tenant by its
 * slug.
 *
 *   NEW --workspace_enter--> IN --closed, silent, expired, replaced--> OUT        NEW --refused--> OUT
 *
 * The socket only listens. Nothing is said on opening (CEN-08), nothing is answered (CEN-23): its clients
 * show every frame as a notification. What was missed is gone (CEN-16).
 *
 * Thread: one loop.  Ownership: embedded in the transport's connection. */
#ifndef ORQ_DOMAIN_REALTIME_DIALECT_WORKSPACE_H
#define ORQ_DOMAIN_REALTIME_DIALECT_WORKSPACE_H

#include "domain/realtime/client.h"
#include "domain/realtime/dialect.h"

typedef enum WorkspaceClose {
    WORKSPACE_SHUTDOWN = 1001,     /* also: silent for too long */
    WORKSPACE_SLOW = 1013,         /* it may come again */
    WORKSPACE_UNAUTHORIZED = 4001, /* clients stop on this one */
    WORKSPACE_MISSING = 4002,
    WORKSPACE_EXPIRED = 4003,
    WORKSPACE_REPLACED = 4009
} WorkspaceClose;

typedef struct Workspace {
    Writer writer; /* first */
    Realtime *realtime;
    const DialectOps *ops;
    const Tenant *tenant; /* referenced; NULL: not in */
    Reader own, all;      /* what is for this user, and for all in the workspace */
    int64_t expires_ms;
    int64_t active_ms; /* something came in, or a notification went out */
    uint64_t order;    /* of entering, over all loops: the newer of two has more */
} Workspace;

void workspace_init(Workspace *w, Realtime *realtime, const DialectOps *ops);
void workspace_done(Workspace *w); /* the transport is gone */

/* Lets the user in, or closes with the first of these that is true (E.17): no token 4001, no slug 4002, a
 * token that is not genuine 4001, expired 4003, of no access to the workspace 4001. `order` is above that
 * of everyone who entered before, on any loop. */
void workspace_enter(Workspace *w, Str token, Str slug, uint64_t order);
static inline bool workspace_is_in(const Workspace *w)
{
    return w->tenant != NULL;
}

void workspace_on_activity(Workspace *w); /* a frame of any kind came in or went out */
void workspace_on_time(Workspace *w);
void workspace_close(Workspace *w, WorkspaceClose code, Str reason); /* nothing when it is out */
void workspace_leave(Workspace *w); /* out, without a word: the transport closes */

/* A newer connection of that user (its notice channel) has entered: those before it go (E.18). */
void workspace_replace(Hub *hub, uint32_t tenant_no, Str channel, uint64_t order);

#endif
