/* erase.h: deleting a tenant with everything it owns, a bounded piece at a time.
 *
 * A tenant may own millions of rows and the one writer serves everybody, so nobody deletes a tenant in
 * one transaction. The caller suspends it first (nothing new arrives, also after a crash half way: it
 * is then a suspended tenant that can be deleted again), then repeats erase_step, each in a job of
 * its own, until `done`. The tenant's own row goes last. Audit entries stay.
 *
 * Thread: inside store jobs.  Errors: the store's own. */
#ifndef ORQ_DOMAIN_TENANT_ERASE_H
#define ORQ_DOMAIN_TENANT_ERASE_H

#include "port/store.h"

typedef struct Erase { /* zero-initialised but for the number */
    uint32_t tenant_no;
    uint32_t _table;
    int64_t _no;        /* rows of the table in hand up to this number were looked at */
    uint64_t schedules; /* events that waited and will not fire */
    bool done;
} Erase;

Status erase_step(StoreTx *tx, Erase *erase, Err *err) MUST_USE;

#endif
