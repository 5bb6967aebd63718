/* recent_sweep.h: forgets, a step at a time, the channels nobody has spoken on for long (domain/realtime/recent.h).
 *
 * Thread: start on lane 0's loop; free after it has ended. */
#ifndef ORQ_APP_RECENT_SWEEP_H
#define ORQ_APP_RECENT_SWEEP_H

#include "app/app.h"

typedef struct RecentSweep RecentSweep;

RecentSweep *recent_sweep_start(Lane *lane);
void recent_sweep_free(RecentSweep *s); /* may be NULL */

#endif
