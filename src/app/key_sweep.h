/* key_sweep.h: idempotency keys that have expired are deleted, in small steps that nobody waits for.
 *
 * A step is one write job of about KEY_SWEEP_ROWS rows; a full one is soon followed by another, so that the
 * sweep keeps up with any traffic and still leaves the writer to it most of the time. When nothing has
 * expired, a step is an empty transaction: no byte is written.
 *
 * Thread: started on lane 0's loop; freed after the store is closed. */
#ifndef ORQ_APP_KEY_SWEEP_H
#define ORQ_APP_KEY_SWEEP_H

#include "app/lane.h"

typedef struct KeySweep KeySweep;

void key_sweep_start(Lane *lane);
void key_sweep_free(KeySweep *sweep); /* NULL is fine */

#endif
