/* sqlite_schedule.h: the rows of events that happen later, on the way of an accept.
 *
 * Thread: the writer's. */
#ifndef ORQ_DRIVER_STORE_SQLITE_SCHEDULE_H
#define ORQ_DRIVER_STORE_SQLITE_SCHEDULE_H

#include "driver/store/sqlite_db.h"

/* The event waits until schedule.send_at_ms, unless its tenant has too many that wait. */
Status schedule_put(Db *c, const EventPlan *e, bool *ret_refused, Err *err) MUST_USE;

/* The row schedule.fires_no goes, if it is still there. */
Status schedule_take(Db *c, const EventPlan *e, bool *ret_gone, Err *err) MUST_USE;

#endif
