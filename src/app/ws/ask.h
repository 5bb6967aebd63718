/* ask.h: how clients' questions travel to the store and back (domain/realtime/call.h), as errands do for
 * requests.
 *
 * Thread: the lane's loop. */
#ifndef ORQ_APP_WS_ASK_H
#define ORQ_APP_WS_ASK_H

#include "domain/realtime/call.h"

extern const CallOps ask_ops;

#endif
