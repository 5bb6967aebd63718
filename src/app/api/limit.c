/* Two texts, one envelope (API-24, X4): retryAfter in the body is Retry-After in the head (API-25). The
 * RateLimit fields are those of draft-ietf-httpapi-ratelimit-headers-06, for the limit with less left. */
#include "app/api/limit.h"

#include "app/app.h"

static void put_number(Request *rq, Str name, uint32_t number)
{
    respond_header(rq, name, arena_format(&rq->arena, "%u", number));
}

static void put_headers(Request *rq, const LimitVerdict *v)
{
    if (v->limit == 0) return;
    put_number(rq, S("RateLimit-Limit"), v->limit);
    put_number(rq, S("RateLimit-Remaining"), v->remaining);
    put_number(rq, S("RateLimit-Reset"), v->reset_s);
}

static void refuse(Request *rq, const Tenant *tenant, const LimitVerdict *v)
{
    bool day = v->refused_by == LIMIT_BY_DAY;
    Buf *out = &rq->lane->scratch;

    put_number(rq, S("Retry-After"), v->retry_after_s);
    buf_clear(out);
    buf_lit(out, "{\"statusCode\":429,\"error\":\"Too Many Requests\",\"message\":\"");
    buf_add(out, day ? S("Daily notification cap") : S("Rate limit"));
    buf_lit(out, " exceeded for tenant ");
    json_put_escaped(out, tenant->name);
    buf_format(out, day ? ". Cap: %u/day" : ". Limit: %u/min", v->limit);
    buf_format(out, "\",\"retryAfter\":%u}", v->retry_after_s);
    respond_json(rq, 429, buf_view(out));
}

bool limit_admit(Request *rq, const Tenant *tenant, uint32_t count)
{
    const Loop *loop = rq->lane->loop;
    const LimitAsk ask = {.tenant_no = tenant->no,
                          .per_minute = tenant->rate_limit_per_minute,
                          .per_day = tenant->daily_cap,
                          .count = count,
                          .mono_ms = loop->mono_ms,
                          .wall_ms = loop->now_ms};
    LimitVerdict v = {.refused_by = LIMIT_BY_NONE};

    limiter_take(rq->lane->app->limiter, &ask, &v);
    put_headers(rq, &v);
    if (v.refused_by != LIMIT_BY_NONE) {
        refuse(rq, tenant, &v);
        return false;
    }
    rq->counted = count;
    rq->counted_day = v.day;
    return true;
}

void limit_give_back(Request *rq, const Tenant *tenant, uint32_t count)
{
    if (count > rq->counted) count = rq->counted;
    if (count == 0) return;
    rq->counted -= count;
    limiter_give_back(rq->lane->app->limiter, tenant->no, rq->counted_day, count);
}
