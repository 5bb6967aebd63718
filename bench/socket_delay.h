/* socket_delay.h: from the moment a trigger was due to its arrival on the user's socket, in an open loop. */
#ifndef ORQ_BENCH_SOCKET_DELAY_H
#define ORQ_BENCH_SOCKET_DELAY_H

#include "kit.h"

typedef struct SocketDelay {
    Samples *delays;
    double cpu_share; /* of one core, the server's */
} SocketDelay;

/* `users` users with one socket each, `rate` triggers a second in turn, for so many seconds. A trigger
 * that had to wait for a free connection or for us is late from the moment it was due. */
void socket_delay_run(const Server *s, unsigned users, unsigned rate, unsigned seconds,
                      SocketDelay *ret);

#endif
