/* erase_user.h: forgetting one user of a tenant, a bounded piece at a time: events, deliveries (with
 * addresses, also dead letters), messages, inbox, and at last the user's own row.
 *
 * The caller repeats erase_user_step, each in a job of its own, until `done`. What arrives for the user
 * meanwhile goes too; what arrives after belongs to a new user of the same id, whose feed begins anew.
 * After a crash half way the call is simply made again.
 *
 * Thread: inside store jobs.  Errors: the store's own. */
#ifndef ORQ_DOMAIN_TENANT_ERASE_USER_H
#define ORQ_DOMAIN_TENANT_ERASE_USER_H

#include "port/store.h"

typedef struct EraseUser { /* zero-initialised but for the first two */
    uint32_t tenant_no;
    Str user_id;
    uint64_t notifications, events; /* gone so far */
    uint64_t schedules; /* events that waited and will not fire; they are `events` too */
    int64_t _event_no;  /* events up to here were looked at */
    bool done;
} EraseUser;

Status erase_user_step(StoreTx *tx, EraseUser *erase, Err *err) MUST_USE;

#endif
