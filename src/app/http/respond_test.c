/* What an answer does besides being sent. Its client is gone, so that nothing is. */
#include "app/api/limit.h"
#include "app/app.h"
#include "app/wire.h"
#include "base/limits.h"
#include "base/log.h"
#include "check_test.h"

typedef struct World {
    App app;
    Loop loop;
    Lane lane;
    Tenant tenant;
} World;

static Request *request(World *w)
{
    Request *rq = mem_new(Request);
    rq->lane = &w->lane;
    rq->tenant = &w->tenant;
    arena_init(&rq->arena, REQUEST_ARENA_MAX);
    return rq;
}

/* Ends a request that was admitted; false, and answered, when it was not. */
static bool admitted_then(World *w, int status)
{
    Request *rq = request(w);
    if (!limit_admit(rq, &w->tenant, 1)) return false;
    if (status < 400)
        respond_json(rq, status, S("{}"));
    else
        respond_error(rq, status, S("no"));
    return true;
}

TEST(respond_with_an_error_gives_back_what_the_day_had_counted)
{
    const Config config = {.store = S("sqlite:")};
    World *w = mem_new(World);
    log_set_level(LOG_ERROR);
    w->app.limiter = wire_limiter(&config);
    w->lane = (Lane){.app = &w->app, .loop = &w->loop};
    w->tenant = (Tenant){.no = 3, .name = S("t"), .slug = S("t"), .daily_cap = 2};
    buf_init(&w->lane.scratch, MIB(1));

    for (int i = 0; i < 5; i++) assert_true(admitted_then(w, i % 2 ? 500 : 413));
    assert_true(admitted_then(w, 200));
    assert_true(admitted_then(w, 500));
    assert_true(admitted_then(w, 200));
    assert_false(admitted_then(w, 200));
    assert_false(admitted_then(w, 200)); /* the 429 before gave nothing back */

    limiter_free(w->app.limiter);
    buf_done(&w->lane.scratch);
    mem_free(w);
}

TEST_MAIN()
