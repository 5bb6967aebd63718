/* scheduled.h: an event that has not happened, as the admin API shows it.
 *
 * Thread: inside store jobs. */
#ifndef ORQ_APP_ADMIN_SCHEDULED_H
#define ORQ_APP_ADMIN_SCHEDULED_H

#include "base/buf.h"
#include "port/store.h"

/* One that waits, or one that will never happen, as "one event" (logs.c) with its timeline. ST_NOT_FOUND. */
Status scheduled_json_whole(StoreTx *tx, uint32_t tenant_no, Str event_id, Arena *arena, Buf *out,
                            Err *err) MUST_USE;

#endif
