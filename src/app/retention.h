/* retention.h: sweeps what is old out of the store, on lane 0's timer, in small steps (sweep.h).
 *
 * Settings: retention_read, retention_unread, retention_logs, retention_audit (seconds; 0 keeps for
 * ever) and retention_interval, the pause between two sweeps.
 *
 * Thread: start on lane 0's loop; free when loops and store have ended. */
#ifndef ORQ_APP_RETENTION_H
#define ORQ_APP_RETENTION_H

#include "app/lane.h"

typedef struct Retention Retention;

Retention *retention_start(Lane *lane);
void retention_free(Retention *r);

#endif
