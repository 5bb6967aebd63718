/* limit.h: may the tenant trigger so many events now? The HTTP side of port/limiter.h.
 *
 * After validation and before anything that reserves or stores (E.8), so 401 and 422 count nothing,
 * and a repeated request counts like any other (E.7).
 *
 * Thread: the loop's. */
#ifndef ORQ_APP_API_LIMIT_H
#define ORQ_APP_API_LIMIT_H

#include "app/http/request.h"

/* Counts the events and returns true, or answers 429 itself and returns false; all of them or none.
 * Either way a limited tenant's answer gets its RateLimit headers. */
bool limit_admit(Request *rq, const Tenant *tenant, uint32_t count);

/* So many of the admitted events were not made durable (a repeat): they do not use up the tenant's day.
 * Before the answer; never more than were admitted. An error answer gives back by itself: it says
 * that nothing was made durable. */
void limit_give_back(Request *rq, const Tenant *tenant, uint32_t count);

#endif
