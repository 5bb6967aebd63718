/* What a limited tenant reads, on the limiter this build is wired to. */
#include "app/api/limit.h"

#include "app/app.h"
#include "app/wire.h"
#include "base/limits.h"
#include "check_test.h"

static struct {
    int status;
    char body[512];
    char headers[512]; /* "name: value\n" each */
} seen;

void respond_header(Request *rq, Str name, Str value)
{
    size_t len = strlen(seen.headers);
    (void)rq;
    snprintf(seen.headers + len, sizeof seen.headers - len, "%.*s: %.*s\n", STR_FMT(name),
             STR_FMT(value));
}

void respond_json(Request *rq, int status, Str json)
{
    (void)rq;
    seen.status = status;
    snprintf(seen.body, sizeof seen.body, "%.*s", STR_FMT(json));
}

typedef struct World {
    App app;
    Loop loop;
    Lane lane;
    Tenant tenant;
    Request rq;
} World;

static World *world_new(uint32_t per_minute, uint32_t per_day)
{
    const Config config = {.store = S("sqlite:")};
    World *w = mem_new(World);
    w->app.limiter = wire_limiter(&config);
    w->loop.mono_ms = 5000;
    w->loop.now_ms = INT64_C(20000) * DAY_MS + 1000;
    w->lane.app = &w->app;
    w->lane.loop = &w->loop;
    buf_init(&w->lane.scratch, MIB(1));
    w->tenant.no = 3;
    w->tenant.name = S("Acme \"Ltd\"");
    w->tenant.rate_limit_per_minute = per_minute;
    w->tenant.daily_cap = per_day;
    return w;
}

static void world_free(World *w)
{
    limiter_free(w->app.limiter);
    buf_done(&w->lane.scratch);
    arena_done(&w->rq.arena);
    mem_free(w);
}

/* A request of its own each time; it lasts until the next. */
static bool admit(World *w, uint32_t count)
{
    memset(&seen, 0, sizeof seen);
    arena_done(&w->rq.arena);
    w->rq = (Request){.lane = &w->lane};
    arena_init(&w->rq.arena, REQUEST_ARENA_MAX);
    return limit_admit(&w->rq, &w->tenant, count);
}

TEST(limit_says_how_much_is_left_and_then_no)
{
    World *w = world_new(2, 0);
    assert_true(admit(w, 1));
    assert_string_equal(seen.headers,
                        "RateLimit-Limit: 2\nRateLimit-Remaining: 1\nRateLimit-Reset: 60\n");
    assert_int_equal(seen.status, 0);
    w->loop.mono_ms += 15000;
    assert_true(admit(w, 1));
    assert_false(admit(w, 1));
    assert_int_equal(seen.status, 429);
    assert_string_equal(seen.body,
                        "{\"statusCode\":429,\"error\":\"Too Many Requests\",\"message\":"
                        "\"Rate limit exceeded for tenant Acme \\\"Ltd\\\". "
                        "Limit: 2/min\",\"retryAfter\":45}");
    assert_string_equal(seen.headers, "RateLimit-Limit: 2\nRateLimit-Remaining: 0\n"
                                      "RateLimit-Reset: 45\nRetry-After: 45\n");
    world_free(w);
}

TEST(limit_of_the_day_ends_at_midnight)
{
    World *w = world_new(0, 1);
    assert_true(admit(w, 1));
    assert_false(admit(w, 1));
    assert_string_equal(seen.body,
                        "{\"statusCode\":429,\"error\":\"Too Many Requests\",\"message\":"
                        "\"Daily notification cap exceeded for tenant Acme \\\"Ltd\\\". "
                        "Cap: 1/day\",\"retryAfter\":86399}");
    assert_non_null(strstr(seen.headers, "\nRetry-After: 86399\n"));
    world_free(w);
}

TEST(limit_that_is_not_set_says_nothing)
{
    World *w = world_new(0, 0);
    assert_true(admit(w, 1000));
    assert_string_equal(seen.headers, "");
    world_free(w);
}

TEST(limit_takes_back_at_most_what_it_counted)
{
    World *w = world_new(0, 5);
    assert_true(admit(w, 3));
    limit_give_back(&w->rq, &w->tenant, 1);
    limit_give_back(&w->rq, &w->tenant, 100);
    limit_give_back(&w->rq, &w->tenant, 100);
    assert_int_equal(w->rq.counted, 0);
    assert_true(admit(w, 5));
    assert_false(admit(w, 1));
    limit_give_back(&w->rq, &w->tenant, 1); /* of a refused request: nothing was counted */
    assert_false(admit(w, 1));
    world_free(w);
}

TEST_MAIN()
