/* sqlite_users.h: (tenant, user id) -> number and last feed position, kept by the writer.
 *
 * Saves an accept two index descents. True because only the writer changes these tables; what is
 * remembered runs ahead of the disk by the open transaction, so each user touched since the last
 * commit is marked, and forgotten when that transaction does not make it.
 *
 * Bounded (STORE_USERS_CACHED); the one unused longest goes first.
 *
 * Thread: the writer's. */
#ifndef ORQ_DRIVER_STORE_SQLITE_USERS_H
#define ORQ_DRIVER_STORE_SQLITE_USERS_H

#include "base/list.h"
#include "base/map.h"
#include "driver/store/sqlite_db.h"

typedef struct EndUser {
    int64_t no;
    uint64_t last_seq; /* position of the newest notification in the feed; 0: none yet */
    uint64_t epoch;    /* of the feed */
    ListNode _age;     /* in Users._by_age */
    ListNode _touch;   /* in Users._touched, when the open transaction used it */
    uint32_t _key_len;
    char _key[]; /* the tenant's number, then the id */
} EndUser;

typedef struct Users {
    Map _map;
    List _by_age; /* longest unused first */
    List _touched;
    uint64_t _epoch_base; /* the store's (sqlite_epoch.h), once it was needed */
    bool _has_epoch_base;
} Users;

void users_init(Users *u);
void users_done(Users *u);

/* The user, made when new, and marked as touched. The pointer is good until the next call. */
Status users_touch(Users *u, Db *c, uint32_t tenant_no, Str id, EndUser **ret_user,
                   Err *err) MUST_USE;

void users_committed(Users *u);   /* what was touched is true now */
void users_rolled_back(Users *u); /* what was touched is forgotten */
void users_forget(Users *u);      /* all: a job wrote these tables */

#endif
