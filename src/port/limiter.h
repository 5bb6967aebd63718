/* limiter.h: how much a tenant may still ask for: so many events a minute, so many a UTC day.
 *
 * The minute is a sliding window: at no moment do the last 60 seconds hold more than per_minute
 * events. The day ends at 00:00 UTC. Each decision is one atomic step for all loops together, so
 * exactly the limit is admitted, whoever asks at once. What is refused counts nowhere.
 *
 * Limits come with every call, so a changed limit holds from the next call on; what was counted
 * stays. An unlimited minute is not counted; the day always is, so that a cap set at noon knows the
 * morning.
 *
 * Time is an argument: the minute follows a monotonic clock, the day a wall clock (see LimitAsk).
 *
 * Thread: any, but for limiter_restore and limiter_free: before the loops run, and after. */
#ifndef ORQ_PORT_LIMITER_H
#define ORQ_PORT_LIMITER_H

#include <stdint.h>

typedef struct Limiter Limiter;

typedef enum LimitBy { LIMIT_BY_NONE, LIMIT_BY_MINUTE, LIMIT_BY_DAY } LimitBy;

typedef struct LimitAsk {
    uint32_t tenant_no;
    uint32_t per_minute, per_day; /* 0: unlimited */
    uint32_t count;               /* events; all of them are admitted or none */
    uint64_t mono_ms; /* loops may differ by a turn: time never goes back for a tenant */
    int64_t wall_ms;  /* Unix ms. One day back is clock jitter around midnight and changes
                                     nothing; more is a corrected clock and is followed */
} LimitAsk;

typedef struct LimitVerdict {
    LimitBy refused_by;
    uint32_t limit;     /* the one that is exhausted first; 0: there is none */
    uint32_t remaining; /* of it, after this decision */
    uint32_t reset_s;   /* until some of it comes back */
    uint32_t
        retry_after_s; /* refused: when this very call could be admitted; 1..60 for the minute */
    uint32_t day;      /* days since 1970 the events were counted in, for limiter_give_back */
} LimitVerdict;

void limiter_take(Limiter *limiter, const LimitAsk *ask, LimitVerdict *ret_verdict);

/* Events that were admitted and then not made durable (a repeat, a failure) do not use up the day they
 * were counted in. They stay in the minute: a repeat is traffic too (E.7). */
void limiter_give_back(Limiter *limiter, uint32_t tenant_no, uint32_t day, uint32_t count);

/* What the store knows of a day, at start. */
void limiter_restore(Limiter *limiter, uint32_t tenant_no, uint32_t day, uint64_t accepted);

void limiter_free(Limiter *limiter); /* NULL is fine */

/* What a driver fills in; the functions above go through it. */
typedef struct LimiterOps {
    void (*take)(Limiter *limiter, const LimitAsk *ask, LimitVerdict *ret_verdict);
    void (*give_back)(Limiter *limiter, uint32_t tenant_no, uint32_t day, uint32_t count);
    void (*restore)(Limiter *limiter, uint32_t tenant_no, uint32_t day, uint64_t accepted);
    void (*free)(Limiter *limiter);
} LimiterOps;

struct Limiter {
    const LimiterOps *ops;
};

enum { DAY_MS = 86400000 };

/* Days since 1970 of a moment; a clock before 1970 is day 0. */
static inline uint32_t utc_day(int64_t wall_ms)
{
    return wall_ms < 0 ? 0 : (uint32_t)(wall_ms / DAY_MS);
}

#endif
