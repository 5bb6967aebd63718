#include "driver/provider/kit.h"

#include "base/limits.h"
#include "check_test.h"

enum { MIB_OF_TESTS = MIB(1) };

static ProviderAnswer answer_with(Str name, Str value)
{
    ProviderAnswer answer = {.status = 429, .now_ms = 784111777000, .header_count = 1};
    answer.headers[0] = (ProviderHeader){name, value};
    return answer;
}

TEST(kit_retry_after_reads_seconds_and_dates)
{
    static const struct {
        const char *value;
        uint32_t wait_ms;
    } cases[] = {
        {"7", 7000},
        {" 120 ", 120000},
        {"0", 0},
        {"99999999999", 86400000},
        {"Sun, 06 Nov 1994 08:49:47 GMT", 10000},
        {"Sun, 06 Nov 1994 08:49:27 GMT", 0},
        {"soon", 0},
        {"-5", 0},
        {"1.5", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ProviderAnswer answer = answer_with(S("retry-after"), str_of(cases[i].value));
        assert_int_equal(kit_retry_after_ms(&answer), cases[i].wait_ms);
    }
}

TEST(kit_pace_reads_rate_headers)
{
    ProviderAnswer answer = {.now_ms = 1700000000000, .header_count = 3};
    answer.headers[0] = (ProviderHeader){S("ratelimit-limit"), S("5;w=1, 100;w=60")};
    answer.headers[1] = (ProviderHeader){S("X-RateLimit-Remaining"), S("0")};
    answer.headers[2] = (ProviderHeader){S("RateLimit-Reset"), S("1700000003")};
    Pace pace = kit_pace(&answer);
    assert_int_equal(pace.limit, 5);
    assert_true(pace.has_remaining);
    assert_int_equal(pace.remaining, 0);
    assert_int_equal(pace.reset_ms, 3000);

    answer.headers[2].value = S("2");
    assert_int_equal(kit_pace(&answer).reset_ms, 2000);
    answer.header_count = 0;
    assert_false(kit_pace(&answer).has_remaining);
}

TEST(kit_outcome_of_every_status)
{
    static const struct {
        int status;
        OutcomeClass class;
    } cases[] = {
        {200, OUTCOME_OK},
        {202, OUTCOME_OK},
        {301, OUTCOME_CONFIGURATION},
        {400, OUTCOME_PERMANENT},
        {401, OUTCOME_CONFIGURATION},
        {402, OUTCOME_PERMANENT},
        {403, OUTCOME_CONFIGURATION},
        {404, OUTCOME_CONFIGURATION},
        {405, OUTCOME_CONFIGURATION},
        {408, OUTCOME_RETRY},
        {413, OUTCOME_PERMANENT},
        {422, OUTCOME_PERMANENT},
        {425, OUTCOME_RETRY},
        {429, OUTCOME_RETRY_AFTER},
        {500, OUTCOME_RETRY},
        {503, OUTCOME_RETRY},
    };
    Arena arena;
    arena_init(&arena, MIB_OF_TESTS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ProviderAnswer answer = {.status = cases[i].status};
        Outcome outcome = {0};
        kit_outcome(&answer, S("Acme"), S("no\r\nway"), &arena, &outcome);
        assert_int_equal(outcome.class, cases[i].class);
        if (cases[i].status == 422) assert_str(outcome.cause, "Acme answered 422: no  way");
        if (cases[i].class == OUTCOME_OK) assert_int_equal(outcome.cause.len, 0);
    }
    ProviderAnswer answer = answer_with(S("Retry-After"), S("3"));
    Outcome outcome = {0};
    answer.status = 503;
    kit_outcome(&answer, S("Acme"), S(""), &arena, &outcome);
    assert_int_equal(outcome.class, OUTCOME_RETRY_AFTER);
    assert_int_equal(outcome.retry_after_ms, 3000);
    assert_str(outcome.cause, "Acme answered 503");
    arena_done(&arena);
}

TEST(kit_builds_bodies_and_authorization)
{
    Arena arena;
    Buf body;
    ProviderRequest request = {0};
    arena_init(&arena, MIB_OF_TESTS);
    kit_open(&body);
    kit_form_add(&body, S("To"), S("+254 7"));
    kit_form_add(&body, S("Body"), S("a&b=\xc3\xa9~"));
    assert_status(kit_body(&body, S("application/x-www-form-urlencoded"), &arena, &request, NULL),
                  ST_OK);
    assert_str(request.body, "To=%2B254+7&Body=a%26b%3D%C3%A9%7E");
    assert_str(request.headers[0].name, "Content-Type");
    assert_str(kit_basic(S("AC1"), S("tok"), &arena), "Basic QUMxOnRvaw==");
    assert_str(kit_bearer(S("re_1"), &arena), "Bearer re_1");
    arena_done(&arena);
}

TEST_MAIN()
