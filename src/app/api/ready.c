/* GET /ready: may this server be sent work now? 200, or 503 with the check that failed.
 *
 *   process   "draining" after SIGTERM; not there before
 *   store     "failed"  the last commit failed (or the disk refused a trial page)
 *             "stuck"   one transaction has been running for more than STORE_STUCK_MS
 *             "queue"   more than STORE_QUEUE_HIGH calls wait
 *   disk      "full"    less than disk_free_min; "unknown" when the directory cannot be asked
 *
 * Every answer is of now: nothing is remembered here, so it flips back as soon as the cause is gone.
 * Words only, no numbers: anyone may ask (threat 32); the numbers are in /metrics. */
#include "app/api/disk.h"
#include "app/app.h"
#include "app/http/router.h"
#include "base/limits.h"

static const char *check_store(Store *store)
{
    StoreHealth health = store_health(store);
    if (store_is_stuck(&health)) return "stuck";
    if (!health.writable) return "failed";
    return health.queued > STORE_QUEUE_HIGH ? "queue" : "ok";
}

static const char *check_disk(const Config *config)
{
    uint64_t bytes;
    if (!disk_free(config->data, &bytes)) return "unknown";
    return bytes < (uint64_t)config->disk_free_min * MIB(1) ? "full" : "ok";
}

void ops_ready(Request *rq)
{
    App *app = rq->lane->app;
    const char *store = check_store(app->store), *disk = check_disk(app->config);
    bool draining = atomic_load(&app->lanes_draining) > 0;
    bool ready = str_is(S("ok"), store) && str_is(S("ok"), disk) && !draining;

    if (!ready) respond_header(rq, S("Retry-After"), S("2"));
    respond_json(rq, ready ? 200 : 503,
                 arena_format(&rq->arena,
                              "{\"status\":\"%s\",\"checks\":{\"store\":\"%s\",\"disk\":\"%s\"%s}}",
                              ready ? "ready" : "not ready", store, disk,
                              draining ? ",\"process\":\"draining\"" : ""));
}
