/* scheduled.h: an event that waits, as the admin API shows it.
 *
 * Thread: none of its own. */
#ifndef ORQ_APP_ADMIN_SCHEDULED_H
#define ORQ_APP_ADMIN_SCHEDULED_H

#include "base/buf.h"
#include "domain/schedule/schedule_store.h"

/* Its members, into an object that is open. */
void scheduled_json(Buf *out, const ScheduledRow *row);

#endif
