/* crowd.h: how many connections each user holds, over all loops, when there is a limit to that.
 *
 * Thread: crowd_new and crowd_free where the process starts; the rest from any loop (a short lock, taken
 * only with a limit).  Errors: ST_FULL: this user has as many as may be. */
#ifndef ORQ_DOMAIN_REALTIME_CROWD_H
#define ORQ_DOMAIN_REALTIME_CROWD_H

#include "base/status.h"

typedef struct Crowd Crowd;
typedef struct CrowdMember CrowdMember; /* a user with at least one connection */

Crowd *crowd_new(uint32_t limit); /* connections a user; NULL for 0, which is no limit */
void crowd_free(Crowd *c);        /* everybody has left. Here and below NULL is fine */

/* One more connection of the user. *ret_member is what crowd_leave takes; NULL without a limit. */
Status crowd_enter(Crowd *c, uint32_t tenant_no, Str user, CrowdMember **ret_member) MUST_USE;
void crowd_leave(Crowd *c, CrowdMember *member); /* NULL: it never entered */

#endif
