/* timer -> job on the store's writer -> mail home -> timer. One job at a time; while it is out it counts as
 * an errand, so its loop does not end before it is home. */
#include "app/key_sweep.h"

#include "app/app.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/intake/key.h"

enum { REST_MS = 2000, BREATH_MS = 50 }; /* after a step that found little; after a full one */

struct KeySweep {
    Timer timer;
    Mail mail;
    StoreJob job;
    Lane *lane;
    int64_t now_ms;
    int64_t deleted; /* by the last step */
    bool failing;    /* the last step did; said once */
};

static void step(Timer *timer);

static void rest(KeySweep *s, uint64_t delay_ms)
{
    loop_arm(s->lane->loop, &s->timer, delay_ms, step);
}

static Status run(StoreTx *tx, StoreJob *job, Err *err)
{
    KeySweep *s = CONTAINER_OF(job, KeySweep, job);
    return keys_sweep(tx, s->now_ms, &s->deleted, err);
}

static void post_home(StoreCall *call)
{
    KeySweep *s = CONTAINER_OF(CONTAINER_OF(call, StoreJob, call), KeySweep, job);
    mailbox_post(s->lane->loop, &s->mail);
}

static void come_home(Mail *mail, Loop *here)
{
    KeySweep *s = CONTAINER_OF(mail, KeySweep, mail);
    bool failed = s->job.call.st != ST_OK;
    (void)here;

    s->lane->errands_out--;
    if (failed && !s->failing)
        LOG(LOG_WARN, "key_sweep.failed", log_str("why", err_view(&s->job.call.err)));
    s->failing = failed;
    rest(s, !failed && s->deleted >= KEY_SWEEP_ROWS ? BREATH_MS : REST_MS);
}

static void step(Timer *timer)
{
    KeySweep *s = CONTAINER_OF(timer, KeySweep, timer);

    if (s->lane->drain_until_ms) return;
    s->now_ms = s->lane->loop->now_ms;
    s->deleted = 0;
    s->job = (StoreJob){.call = {.kind = STORE_WRITE_JOB, .done = post_home}, .run = run};
    if (store_submit(s->lane->app->store, &s->job.call) == ST_OK)
        s->lane->errands_out++;
    else
        rest(s, REST_MS);
}

void key_sweep_start(Lane *lane)
{
    KeySweep *s = mem_new(KeySweep);
    s->lane = lane;
    s->mail.open = come_home;
    lane->app->key_sweep = s;
    rest(s, REST_MS);
}

void key_sweep_free(KeySweep *sweep)
{
    mem_free(sweep);
}
