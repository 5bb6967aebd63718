/* local.h: the Limiter of port/limiter.h in this process's memory.
 *
 * Thread: limiter_local_new where the process starts; see limiter.h for the rest. */
#ifndef ORQ_DRIVER_LIMITER_LOCAL_H
#define ORQ_DRIVER_LIMITER_LOCAL_H

#include "port/limiter.h"

Limiter *limiter_local_new(void);

#endif
