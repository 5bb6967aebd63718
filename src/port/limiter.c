#include "port/limiter.h"

#include <stddef.h>

void limiter_take(Limiter *limiter, const LimitAsk *ask, LimitVerdict *ret_verdict)
{
    limiter->ops->take(limiter, ask, ret_verdict);
}

void limiter_give_back(Limiter *limiter, uint32_t tenant_no, uint32_t day, uint32_t count)
{
    limiter->ops->give_back(limiter, tenant_no, day, count);
}

void limiter_restore(Limiter *limiter, uint32_t tenant_no, uint32_t day, uint64_t accepted)
{
    limiter->ops->restore(limiter, tenant_no, day, accepted);
}

void limiter_free(Limiter *limiter)
{
    if (limiter) limiter->ops->free(limiter);
}
