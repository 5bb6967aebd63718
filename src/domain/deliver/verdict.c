#include "domain/deliver/verdict.h"

enum { DELAY_S_MAX = 3 * 86400, JITTER_PERCENT = 20 };

Status retry_plan_parse(const Str *seconds, uint32_t count, RetryPlan *ret_plan, Err *err)
{
    RetryPlan plan = {.count = count};
    if (count > RETRY_DELAYS_MAX)
        return err_set(err, ST_INVALID, "retry_delays holds %u delays; the limit is %d", count,
                       RETRY_DELAYS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value;
        if (!str_to_u64(seconds[i], &value) || value < 1 || value > DELAY_S_MAX)
            return err_set(err, ST_INVALID,
                           "retry_delays: \"%.*s\" is not a number of seconds from 1 to %d",
                           STR_FMT(str_head(seconds[i], 40)), DELAY_S_MAX);
        plan.delay_ms[i] = (uint32_t)value * 1000;
    }
    *ret_plan = plan;
    return ST_OK;
}

/* Many that failed together must not come back together. */
static int64_t with_jitter(int64_t delay_ms, Random *random)
{
    int64_t spread_ms = delay_ms * JITTER_PERCENT / 100;
    return delay_ms - spread_ms + (int64_t)(random_u64(random) % (uint64_t)(2 * spread_ms + 1));
}

/* Never sooner than was asked for. */
static int64_t asked_delay(uint32_t retry_after_ms, Random *random)
{
    int64_t delay_ms = retry_after_ms < RETRY_AFTER_MS_MAX ? retry_after_ms : RETRY_AFTER_MS_MAX;
    return delay_ms +
           (int64_t)(random_u64(random) % (uint64_t)(delay_ms * JITTER_PERCENT / 100 + 1));
}

static Verdict again(const Outcome *outcome, const Standing *s, const RetryPlan *plan,
                     Random *random)
{
    if (s->retry_count >= plan->count) return (Verdict){.to = STATE_DEAD};
    bool asked = outcome->class == OUTCOME_RETRY_AFTER && outcome->retry_after_ms;
    int64_t delay_ms = asked ? asked_delay(outcome->retry_after_ms, random)
                             : with_jitter(plan->delay_ms[s->retry_count], random);
    return (Verdict){.to = STATE_RETRY_WAIT, .due_ms = s->now_ms + delay_ms};
}

Verdict verdict_of(const Outcome *outcome, const Standing *s, const RetryPlan *plan, Random *random)
{
    switch (outcome->class) {
    case OUTCOME_OK:
        return (Verdict){.to = STATE_SENT};
    case OUTCOME_RETRY:
    case OUTCOME_RETRY_AFTER:
        return again(outcome, s, plan, random);
    case OUTCOME_AMBIGUOUS:
        return s->at_most_once ? (Verdict){.to = STATE_DEAD} : again(outcome, s, plan, random);
    case OUTCOME_CONFIGURATION:
        if (s->has_next_provider) return (Verdict){.next_provider = true};
        return again(outcome, s, plan, random);
    case OUTCOME_PERMANENT:
        if (outcome->fail_over && s->has_next_provider) return (Verdict){.next_provider = true};
        return (Verdict){.to = STATE_DEAD};
    case OUTCOME_SUPPRESS:
        return (Verdict){.to = STATE_DEAD};
    case OUTCOME_CLASS_COUNT:
        break;
    }
    CHECK(!"an outcome");
    return (Verdict){.to = STATE_DEAD};
}
