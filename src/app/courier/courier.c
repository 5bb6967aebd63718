/* courier.c: the thread.
 *
 *   start  recover, scan (scan.c), then turns
 *   drain  nothing more is claimed, what has not begun goes back, what is in flight may finish until
 *          DRAIN_TIMEOUT_MS. Then it is cut and stays claimed: the next start knows it as uncertain */
#include "app/app.h"
#include "app/courier/parts.h"
#include "app/wire.h"
#include "base/log.h"
#include "base/mem.h"

static Str chain_key(const void *value)
{
    const Chain *chain = value;
    return str_make(&chain->key, sizeof chain->key);
}

static Str line_key(const void *value)
{
    const Line *line = value;
    return str_make(&line->key, sizeof line->key);
}

static Str provider_key(const void *value)
{
    const ProviderState *state = value;
    return str_make(&state->id, sizeof state->id);
}

/* Looking at a broken provider more rarely than it would be retried anyway helps nobody. */
static uint32_t pause_max(const RetryPlan *plan)
{
    uint32_t half = plan->count ? plan->delay_ms[0] / 2 : PROVIDER_PAUSE_MS_MAX;
    return half < PROVIDER_PAUSE_MS_MAX ? half : PROVIDER_PAUSE_MS_MAX;
}

static void start(Loop *loop)
{
    scan_start(loop->lane);
}

Courier *courier_new(App *app)
{
    Err err;
    Courier *c = mem_new(Courier);
    const StrList *delays = &app->config->retry_delays;
    c->app = app;
    c->loop = loop_new(app->lane_count);
    c->loop->lane = c;
    c->carrier = wire_carrier(app->config, c->loop);
    c->kinds = app->provider_kinds;
    c->claim =
        c->loop->now_ms; /* no predecessor on this data had the same: its start was earlier */
    CHECK(retry_plan_parse(delays->at, delays->count, &c->plan, &err) == ST_OK); /* config_check */
    c->pause_max_ms = pause_max(&c->plan);
    c->timeout_ms = (uint32_t)app->config->provider_timeout * 1000;
    c->snapshot = registry_snapshot(app->registry);
    map_init(&c->lines, COURIER_LINES_MAX, line_key);
    map_init(&c->chains, COURIER_IN_FLIGHT_MAX, chain_key);
    map_init(&c->providers, COURIER_PROVIDERS_MAX, provider_key);
    list_init(&c->ready);
    list_init(&c->answered);
    list_init(&c->starting);
    inbox_init(c);
    loop_start(c->loop, start);
    return c;
}

void courier_join(Courier *c)
{
    loop_join(c->loop);
}

void courier_free(Courier *c)
{
    if (!c) return;
    carrier_free(c->carrier);
    while (!list_is_empty(&c->answered)) { /* what could not be settled at the end */
        Sending *s = CONTAINER_OF(list_first(&c->answered), Sending, node);
        list_unlink(&s->node);
        sending_free(s);
    }
    inbox_done(c);
    lines_free(c);
    providers_free(c);
    map_done(&c->chains);
    snapshot_unref(c->snapshot);
    loop_free(c->loop);
    mem_free(c);
}

/* ---- the end ---- */

static void on_late(Timer *timer)
{
    Courier *c = CONTAINER_OF(timer, Courier, drain_timer);
    LogNum left;
    LOG(LOG_WARN, "courier.cut", log_num("inFlight", c->on_wire, &left));
    c->cut = true;
    carrier_cut(c->carrier);
    courier_check_end(c);
}

void courier_begin_end(Courier *c)
{
    if (c->draining) return;
    c->draining = true;
    loop_arm(c->loop, &c->drain_timer, DRAIN_TIMEOUT_MS, on_late);
    sendings_release_waiting(c);
    turn_soon(c);
}

void courier_check_end(Courier *c)
{
    bool given_up = c->cut && c->failing; /* the store takes nothing: that stays claimed, too */
    bool idle = !c->turn_out && c->on_wire == 0 && !c->scan.out && (c->in_hand == 0 || given_up);
    if (!idle || c->ended) return;
    c->ended = true;
    timer_cancel(&c->drain_timer);
    timer_cancel(&c->pause);
    timer_cancel(&c->scan.timer);
    loop_stop(c->loop);
}
