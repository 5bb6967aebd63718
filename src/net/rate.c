/* One number for all loops: the moment until which the admitted ones have used up their time, each
 * 1/rate of a second. It may run ahead of the clock by the burst, no further (GCRA). Loops that read
 * their clocks a little apart only see a little more or less of the burst. */
#include "net/rate.h"

#include <stdatomic.h>

enum { SECOND_NS = 1000000000 };

static uint64_t step_ns; /* 0: no limit */
static atomic_uint_fast64_t used_until_ns;

void rate_limit(uint64_t per_second)
{
    step_ns = per_second ? SECOND_NS / per_second : 0;
    atomic_store(&used_until_ns, 0);
}

bool rate_admit(uint64_t now_ns)
{
    if (!step_ns) return true;
    uint64_t was = atomic_load_explicit(&used_until_ns, memory_order_relaxed), next;
    do {
        next = (was > now_ns ? was : now_ns) + step_ns;
        if (next > now_ns + SECOND_NS) return false;
    } while (!atomic_compare_exchange_weak_explicit(&used_until_ns, &was, next,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}
