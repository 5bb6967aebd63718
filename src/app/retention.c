/* retention.c: a timer and one write job at a time.
 *
 *   WAITING --timer--> STEP (writer) --mail--> done? WAITING for retention_interval
 *      ^                                         more? WAITING for a breath, so that traffic goes first
 *      '--- the writer has a queue: WAITING a little longer ---'
 *
 * A failed step is logged once a sweep and tried again with the next: the rows do not run away. */
#include "app/retention.h"

#include "app/app.h"
#include "base/log.h"
#include "base/mem.h"
#include "domain/retention/sweep.h"

enum {
    BREATH_MS = 16,     /* between two steps: some 15,000 rows a second at most */
    BUSY_MS = 250,      /* the writer is behind */
    BUSY_CALLS = 200,   /* that many calls wait: it is */
    ROUNDS_A_LIFE = 30, /* rows that were kept are looked at again this often while they age */
};

struct Retention {
    Lane *lane;
    Timer timer;
    Mail mail;
    StoreJob job;
    Sweep sweep;
    SweepLimits limits;
    uint64_t round_at_ms; /* monotonic: the next round begins */
};

static void on_time(Timer *timer);
static void step_done(StoreCall *call);

static const Config *config_of(const Retention *r)
{
    return r->lane->app->config;
}

static int64_t before(int64_t now_ms, int64_t age_s)
{
    return age_s ? now_ms - age_s * 1000 : 0;
}

static SweepLimits limits_at(const Config *c, int64_t now_ms)
{
    return (SweepLimits){.now_ms = now_ms,
                         .read_before_ms = before(now_ms, c->retention_read),
                         .unread_before_ms = before(now_ms, c->retention_unread),
                         .logs_before_ms = before(now_ms, c->retention_logs),
                         .audit_before_ms = before(now_ms, c->retention_audit)};
}

/* The shortest life among those that a walk may pass by. */
static uint64_t round_ms(const Config *c)
{
    const int64_t lives[] = {c->retention_read, c->retention_unread, c->retention_logs};
    int64_t shortest = 86400 * ROUNDS_A_LIFE;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++)
        if (lives[i] && lives[i] < shortest) shortest = lives[i];
    return (uint64_t)shortest * 1000 / ROUNDS_A_LIFE;
}

static void wait(Retention *r, uint64_t delay_ms)
{
    loop_arm(r->lane->loop, &r->timer, delay_ms, on_time);
}

static void wait_for_next(Retention *r)
{
    uint64_t mono_ms = r->lane->loop->mono_ms;
    sweep_again(&r->sweep);
    if (mono_ms >= r->round_at_ms) {
        sweep_round(&r->sweep);
        r->round_at_ms = mono_ms + round_ms(config_of(r));
    }
    wait(r, (uint64_t)config_of(r)->retention_interval * 1000);
}

/* On the writer's thread. */
static Status run_step(StoreTx *tx, StoreJob *job, Err *err)
{
    Retention *r = CONTAINER_OF(job, Retention, job);
    Sweep next = r->sweep;
    Status st = sweep_step(tx, &next, &r->limits, err);
    if (st == ST_OK) r->sweep = next;
    return st;
}

static void log_sweep(const SweepCounts *gone)
{
    LogNum notifications, events, audit, sessions;
    if (!gone->notifications && !gone->events && !gone->audit && !gone->sessions) return;
    LOG(LOG_INFO, "retention.swept",
        log_num("notifications", (int64_t)gone->notifications, &notifications),
        log_num("events", (int64_t)gone->events, &events),
        log_num("audit", (int64_t)gone->audit, &audit),
        log_num("sessions", (int64_t)gone->sessions, &sessions));
}

static void come_home(Mail *mail, Loop *here)
{
    Retention *r = CONTAINER_OF(mail, Retention, mail);
    (void)here;
    r->lane->errands_out--;
    if (r->job.call.st != ST_OK) {
        LOG(LOG_WARN, "retention.failed", log_str("why", err_view(&r->job.call.err)));
        wait_for_next(r);
    } else if (r->sweep.done) {
        log_sweep(&r->sweep.gone);
        wait_for_next(r);
    } else {
        wait(r, BREATH_MS);
    }
}

static void step_done(StoreCall *call)
{
    Retention *r = CONTAINER_OF(call, Retention, job.call);
    r->mail.open = come_home;
    mailbox_post(r->lane->loop, &r->mail);
}

static void on_time(Timer *timer)
{
    Retention *r = CONTAINER_OF(timer, Retention, timer);
    Store *store = r->lane->app->store;
    if (r->lane->drain_until_ms) return; /* the process is ending */
    if (store_health(store).queued > BUSY_CALLS) {
        wait(r, BUSY_MS);
        return;
    }
    r->limits = limits_at(config_of(r), r->lane->loop->now_ms);
    r->job = (StoreJob){.call = {.kind = STORE_WRITE_JOB, .done = step_done}, .run = run_step};
    if (store_submit(store, &r->job.call) == ST_OK)
        r->lane->errands_out++;
    else
        wait(r, BUSY_MS);
}

Retention *retention_start(Lane *lane)
{
    Retention *r = mem_new(Retention);
    r->lane = lane;
    wait(r, (uint64_t)config_of(r)->retention_interval * 1000);
    return r;
}

void retention_free(Retention *r)
{
    mem_free(r);
}
