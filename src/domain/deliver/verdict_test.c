#include "domain/deliver/verdict.h"

#include "check_test.h"

static const RetryPlan plan = {{1000, 10000}, 2};

static Verdict judge(OutcomeClass class, Standing standing)
{
    static Random random;
    const Outcome outcome = {.class = class};
    random_init(&random);
    standing.now_ms = 1000000;
    return verdict_of(&outcome, &standing, &plan, &random);
}

TEST(verdict_follows_the_schedule_with_jitter)
{
    for (int i = 0; i < 200; i++) {
        Verdict v = judge(OUTCOME_RETRY, (Standing){.retry_count = 1});
        assert_int_equal(v.to, STATE_RETRY_WAIT);
        assert_in_range(v.due_ms, 1000000 + 8000, 1000000 + 12000);
    }
    assert_int_equal(judge(OUTCOME_RETRY, (Standing){.retry_count = 2}).to, STATE_DEAD);
    assert_int_equal(judge(OUTCOME_RETRY_AFTER, (Standing){.retry_count = 2}).to, STATE_DEAD);
}

TEST(verdict_honours_what_the_provider_asks_for_up_to_an_hour)
{
    Random random;
    random_init(&random);
    const Standing s = {.now_ms = 5};
    Outcome outcome = {.class = OUTCOME_RETRY_AFTER, .retry_after_ms = 30000};
    Verdict v = verdict_of(&outcome, &s, &plan, &random);
    assert_in_range(v.due_ms, 30005, 36005);
    outcome.retry_after_ms = 86400000;
    v = verdict_of(&outcome, &s, &plan, &random);
    assert_in_range(v.due_ms, 3600005, 3600005 * 12 / 10);
}

TEST(verdict_of_every_class)
{
    assert_int_equal(judge(OUTCOME_OK, (Standing){0}).to, STATE_SENT);
    assert_int_equal(judge(OUTCOME_PERMANENT, (Standing){0}).to, STATE_DEAD);
    assert_int_equal(judge(OUTCOME_PERMANENT, (Standing){.has_next_provider = true}).to,
                     STATE_DEAD);
    assert_int_equal(judge(OUTCOME_SUPPRESS, (Standing){.has_next_provider = true}).to, STATE_DEAD);
    assert_int_equal(judge(OUTCOME_AMBIGUOUS, (Standing){0}).to, STATE_RETRY_WAIT);
    assert_int_equal(judge(OUTCOME_AMBIGUOUS, (Standing){.at_most_once = true}).to, STATE_DEAD);
    assert_int_equal(judge(OUTCOME_CONFIGURATION, (Standing){0}).to, STATE_RETRY_WAIT);
    assert_true(judge(OUTCOME_CONFIGURATION, (Standing){.has_next_provider = true}).next_provider);
}

TEST(verdict_fails_over_only_where_that_may_help)
{
    Random random;
    random_init(&random);
    const Outcome outcome = {.class = OUTCOME_PERMANENT, .fail_over = true};
    assert_true(
        verdict_of(&outcome, &(Standing){.has_next_provider = true}, &plan, &random).next_provider);
    assert_int_equal(verdict_of(&outcome, &(Standing){0}, &plan, &random).to, STATE_DEAD);
}

TEST(verdict_plan_is_parsed_or_refused)
{
    RetryPlan parsed;
    const Str good[] = {S("60"), S("259200")};
    const Str bad[][1] = {{S("0")}, {S("259201")}, {S("1.5")}, {S("")}, {S("-1")}, {S("soon")}};
    assert_status(retry_plan_parse(good, 2, &parsed, NULL), ST_OK);
    assert_int_equal(parsed.delay_ms[1], 259200000);
    assert_status(retry_plan_parse(good, 0, &parsed, NULL), ST_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(retry_plan_parse(bad[i], 1, &parsed, NULL), ST_INVALID);
}

TEST_MAIN()
