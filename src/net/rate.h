/* rate.h: how many new connections a second the process admits.
 *
 * A herd that comes back all at once costs a handshake, a token check and a recovery each; those who are
 * in pay for it with their latency. Up to one second's worth may come in one burst, after that they are
 * admitted evenly.
 *
 * Thread: rate_limit once at start; rate_admit from any loop, lock-free. */
#ifndef ORQ_NET_RATE_H
#define ORQ_NET_RATE_H

#include <stdbool.h>
#include <stdint.h>

void rate_limit(uint64_t per_second); /* 0: no limit */
bool rate_admit(uint64_t now_ns);     /* monotonic */

#endif
