/* sqlite_epoch.h: the epoch of a user's feed, from the store's own number and the user's.
 *
 * Thread: that of the connection. */
#ifndef ORQ_DRIVER_STORE_SQLITE_EPOCH_H
#define ORQ_DRIVER_STORE_SQLITE_EPOCH_H

#include "driver/store/sqlite_db.h"

/* The store's number (010_stream.sql): the same for the life of the database. */
Status epoch_base(Db *c, uint64_t *ret_base, Err *err) MUST_USE;

/* Never 0; another one for another number. It says nothing of the user's number, which would
 * tell anybody who subscribes how many users there are. */
uint64_t epoch_of(uint64_t base, int64_t user_no);

#endif
