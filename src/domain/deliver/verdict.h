/* verdict.h: what an outcome means for its delivery: done, later, elsewhere, or never.
 *
 *   OK             SENT
 *   RETRY          after the schedule's next delay, +-20 %; DEAD when there is none left
 *   RETRY_AFTER    after what the provider asked for, up to RETRY_AFTER_MS_MAX; else as RETRY
 *   AMBIGUOUS      as RETRY, with the same id; DEAD when the template says at most once
 *   CONFIGURATION  the tenant's next provider; as RETRY when there is none: someone may mend it meanwhile
 *   PERMANENT      DEAD; the next provider first when the vendor says that may help
 *   SUPPRESS       DEAD
 *
 * Pure. */
#ifndef ORQ_DOMAIN_DELIVER_VERDICT_H
#define ORQ_DOMAIN_DELIVER_VERDICT_H

#include "base/limits.h"
#include "base/random.h"
#include "domain/deliver/state.h"
#include "port/provider.h"

typedef struct RetryPlan { /* the setting retry_delays */
    uint32_t delay_ms[RETRY_DELAYS_MAX];
    uint32_t count;
} RetryPlan;

/* "60","300": seconds. ST_INVALID names what is wrong. */
Status retry_plan_parse(const Str *seconds, uint32_t count, RetryPlan *ret_plan, Err *err) MUST_USE;

typedef struct Verdict {
    bool next_provider; /* ask it now; the rest does not matter then */
    DeliveryState to;   /* SENT, RETRY_WAIT, DEAD */
    int64_t due_ms;     /* RETRY_WAIT */
} Verdict;

typedef struct Standing { /* where the delivery stands */
    uint32_t retry_count;
    bool at_most_once, has_next_provider;
    int64_t now_ms;
} Standing;

Verdict verdict_of(const Outcome *outcome, const Standing *standing, const RetryPlan *plan,
                   Random *random);

#endif
