/* scheduler.c: one round at a time.
 *
 *   ASLEEP --due--> READ (a reader) --> PLAN (slices) --> FIRE (accept) --> ASIDE (a job) --.
 *     ^  ^                                  |   nothing to fire, nothing aside: skipped     |
 *     |  '-- failed: again in RETRY_MS -----'                                               |
 *     '--------- nothing more is due --------------------- READ again, while something is --'
 *
 * Invariants
 * 1. A row goes with the event it becomes, in one transaction. So a crash anywhere leaves it waiting and
 *    overdue, or fired; and a row that was cancelled while its round ran is not there to be fired.
 * 2. The round is read from what is committed; a row committed after the read is noted (earliest_ms was
 *    reset before the read), so none is slept through.
 * 3. The wall clock may be set at any time: the loop's timer knows only durations, so a sleep is at most
 *    SCHEDULE_NAP_MS_MAX long, and then the clock, not the store, is asked.
 * 4. A round counts as an errand: the loop does not end before it is home. */
#include "app/scheduler.h"

#include "app/app.h"
#include "app/committed.h"
#include "app/schedule_audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "domain/schedule/fire.h"

enum { RETRY_MS = 1000 };

typedef struct Aside { /* a row of the round that does not fire */
    const DueEvent *due;
    FireVerdict verdict;
    Err why;
    bool done; /* the job's result: it is held, or dropped */
} Aside;

struct Scheduler {
    Lane *lane;
    Timer timer;
    Mail wake;
    atomic_bool woken;        /* wake is on its way */
    atomic_llong earliest_ms; /* the next one due, as far as is known; SCHEDULE_NEVER */
    bool started, busy;       /* a round is out */
    bool failing;             /* said once */
    /* the round */
    Mail mail;
    void (*step)(Scheduler *s); /* what follows when the store is done */
    Task task;
    union {
        StoreCall call;
        StoreJob job;
        AcceptCall accept;
    };
    int64_t now_ms; /* of its beginning; what threads of the store may look at */
    Arena arena;    /* all that follows lives here */
    Snapshot *snapshot;
    DueEvents *due;
    uint32_t judged; /* of due */
    EventPlan *plans;
    Aside *aside;
    uint32_t plan_count, aside_count;
    bool cut; /* the arena was full before all were judged */
};

static void begin(Scheduler *s);
static void read_home(Scheduler *s);
static TaskResult plan_slice(Task *task);
static void fire(Scheduler *s);
static void set_aside(Scheduler *s);
static void end(Scheduler *s, uint64_t pause_ms);

/* ---- sleeping and waking ---- */

static void on_time(Timer *timer);

static void sleep_until_due(Scheduler *s)
{
    Loop *loop = s->lane->loop;
    int64_t due_ms = atomic_load(&s->earliest_ms), wait_ms;

    timer_cancel(&s->timer);
    if (due_ms == SCHEDULE_NEVER) return;
    wait_ms = due_ms > loop->now_ms ? due_ms - loop->now_ms : 0;
    if (wait_ms > SCHEDULE_NAP_MS_MAX) wait_ms = SCHEDULE_NAP_MS_MAX;
    loop_arm(loop, &s->timer, (uint64_t)wait_ms, on_time);
}

static void on_time(Timer *timer)
{
    Scheduler *s = CONTAINER_OF(timer, Scheduler, timer);

    if (s->busy || s->lane->drain_until_ms) return;
    if (atomic_load(&s->earliest_ms) <= s->lane->loop->now_ms)
        begin(s);
    else
        sleep_until_due(s);
}

static bool lower(Scheduler *s, int64_t due_ms)
{
    long long known = atomic_load(&s->earliest_ms);

    while (due_ms < known)
        if (atomic_compare_exchange_weak(&s->earliest_ms, &known, due_ms)) return true;
    return false;
}

static void on_wake(Mail *mail, Loop *here)
{
    Scheduler *s = CONTAINER_OF(mail, Scheduler, wake);
    (void)here;

    atomic_store(&s->woken, false);
    if (s->started && !s->busy) sleep_until_due(s);
}

void scheduler_note(Scheduler *s, const AcceptCall *call)
{
    int64_t due_ms = SCHEDULE_NEVER, count = 0;

    for (size_t i = 0; i < call->event_count; i++) {
        if (!event_waits(&call->events[i])) continue;
        int64_t at_ms = call->events[i].schedule.send_at_ms;
        if (at_ms < due_ms) due_ms = at_ms;
        count++;
    }
    if (count == 0) return;
    metric_add(METRIC_SCHEDULED_WAITING, count);
    if (lower(s, due_ms) && !atomic_exchange(&s->woken, true))
        mailbox_post(s->lane->loop, &s->wake);
}

void scheduler_look(Scheduler *s)
{
    atomic_store(&s->earliest_ms, 0);
    if (s->started && !s->busy) sleep_until_due(s);
}

/* ---- to the store and back ---- */

static void come_home(Mail *mail, Loop *here)
{
    Scheduler *s = CONTAINER_OF(mail, Scheduler, mail);
    (void)here;
    s->step(s);
}

/* On a thread of the store. What became durable is published before anything that is accepted later. */
static void store_done(StoreCall *call)
{
    Scheduler *s = CONTAINER_OF(call, Scheduler, call);

    committed(s->lane->app, call);
    mailbox_post(s->lane->loop, &s->mail);
}

static void release_round(Scheduler *s)
{
    arena_done(&s->arena);
    snapshot_unref(s->snapshot);
    s->snapshot = NULL;
    s->busy = false;
    s->lane->errands_out--;
}

/* Nothing is lost: the rows are still there, and due. */
static void fail(Scheduler *s, Str why)
{
    if (!s->failing) LOG(LOG_WARN, "scheduler.failed", log_str("why", why));
    s->failing = true;
    release_round(s);
    atomic_store(&s->earliest_ms, 0);
    loop_arm(s->lane->loop, &s->timer, RETRY_MS, on_time);
}

static void submit(Scheduler *s, StoreKind kind, void (*step)(Scheduler *s))
{
    s->call.kind = kind;
    s->call.done = store_done;
    s->step = step;
    Status st = store_submit(s->lane->app->store, &s->call);
    if (st != ST_OK) fail(s, str_of(status_text(st)));
}

static bool arrived(Scheduler *s)
{
    if (s->call.st == ST_OK) return true;
    fail(s, err_view(&s->call.err));
    return false;
}

/* ---- read ---- */

static Status run_read(StoreTx *tx, StoreJob *job, Err *err)
{
    Scheduler *s = CONTAINER_OF(job, Scheduler, job);
    return schedule_due(tx, s->now_ms, &s->arena, s->due, err);
}

static void begin(Scheduler *s)
{
    s->busy = true;
    s->lane->errands_out++;
    s->now_ms = s->lane->loop->now_ms;
    s->snapshot = snapshot_ref(s->lane->snapshot);
    s->judged = s->plan_count = s->aside_count = 0;
    s->cut = false;
    arena_init(&s->arena, SCHEDULE_ARENA_MAX);
    s->due = arena_new(&s->arena, DueEvents);
    atomic_store(&s->earliest_ms, SCHEDULE_NEVER);
    s->job = (StoreJob){.run = run_read};
    submit(s, STORE_READ_JOB, read_home);
}

static void read_home(Scheduler *s)
{
    if (!arrived(s)) return;
    s->plans = arena_alloc(&s->arena, s->due->count * sizeof *s->plans);
    s->aside = arena_alloc(&s->arena, s->due->count * sizeof *s->aside);
    if (plan_slice(&s->task) == TASK_AGAIN) loop_defer(s->lane->loop, &s->task);
}

/* ---- plan ---- */

static void judge(Scheduler *s, const DueEvent *due)
{
    Lane *lane = s->lane;
    char id[UUID_TEXT_LEN];
    uuid_text(due->tenant_id, id);
    const PlanContext ctx = {.snapshot = s->snapshot,
                             .tenant = snapshot_by_id(s->snapshot, str_make(id, sizeof id)),
                             .now_ms = lane->loop->now_ms,
                             .random = &lane->loop->random,
                             .arena = &s->arena,
                             .scratch = &lane->scratch};
    Aside *aside = &s->aside[s->aside_count];

    *aside = (Aside){.due = due};
    aside->verdict = fire_judge(&ctx, due, &s->plans[s->plan_count], &aside->why);
    if (aside->verdict == FIRE_NOW)
        s->plan_count++;
    else
        s->aside_count++;
}

/* Each gets as much memory as a request; what does not fit is the next round's. */
static TaskResult plan_slice(Task *task)
{
    Scheduler *s = CONTAINER_OF(task, Scheduler, task);
    uint32_t until = s->due->count - s->judged > BATCH_SLICE ? s->judged + BATCH_SLICE
                                                             : s->due->count;

    for (; s->judged < until && !s->cut; s->judged++) {
        s->cut = arena_bytes(&s->arena) + REQUEST_ARENA_MAX > SCHEDULE_ARENA_MAX;
        if (s->cut) break;
        judge(s, &s->due->at[s->judged]);
    }
    if (s->judged < s->due->count && !s->cut) return TASK_AGAIN;
    fire(s);
    return TASK_DONE;
}

/* ---- fire ---- */

static void fire_home(Scheduler *s)
{
    int64_t fired = 0;

    if (!arrived(s)) return;
    for (uint32_t i = 0; i < s->plan_count; i++) fired += event_happened(&s->plans[i]);
    metric_add(METRIC_SCHEDULED_FIRED, fired);
    metric_add(METRIC_SCHEDULED_WAITING, -fired);
    set_aside(s);
}

static void fire(Scheduler *s)
{
    if (s->plan_count == 0) {
        set_aside(s);
        return;
    }
    s->accept = (AcceptCall){.events = s->plans, .event_count = s->plan_count};
    submit(s, STORE_ACCEPT, fire_home);
}

/* ---- set aside ---- */

static Status audit_drop(StoreTx *tx, const Aside *aside, int64_t now_ms, Err *err)
{
    const DueEvent *due = aside->due;
    const EndedEvent ended = {.end = SCHEDULE_MISSED,
                              .event_id = due->event_id,
                              .event_type = due->event_type,
                              .trace_id = due->trace_id,
                              .why = err_view(&aside->why),
                              .created_ms = due->created_ms,
                              .send_at_ms = due->send_at_ms,
                              .ended_ms = now_ms};
    return schedule_audit(tx, due->tenant_no, &ended, err);
}

static Status drop(StoreTx *tx, Aside *aside, int64_t now_ms, Err *err)
{
    Status st = schedule_drop(tx, aside->due, &aside->done, err);
    return st == ST_OK && aside->done ? audit_drop(tx, aside, now_ms, err) : st;
}

static Status run_aside(StoreTx *tx, StoreJob *job, Err *err)
{
    Scheduler *s = CONTAINER_OF(job, Scheduler, job);
    Status st = ST_OK;

    for (uint32_t i = 0; i < s->aside_count && st == ST_OK; i++)
        st = s->aside[i].verdict == FIRE_HOLD
                 ? schedule_hold(tx, s->aside[i].due, &s->aside[i].done, err)
                 : drop(tx, &s->aside[i], s->now_ms, err);
    return st;
}

static void aside_home(Scheduler *s)
{
    int64_t dropped = 0;
    bool stale = false; /* the store calls a tenant active that our snapshot does not */

    if (!arrived(s)) return;
    for (uint32_t i = 0; i < s->aside_count; i++) {
        const Aside *aside = &s->aside[i];
        if (aside->verdict == FIRE_DROP) dropped += aside->done;
        stale |= aside->verdict == FIRE_HOLD && !aside->done;
    }
    metric_add(METRIC_SCHEDULED_DROPPED, dropped);
    metric_add(METRIC_SCHEDULED_WAITING, -dropped);
    end(s, stale ? RETRY_MS : 0);
}

static void set_aside(Scheduler *s)
{
    if (s->aside_count == 0) {
        end(s, 0);
        return;
    }
    s->job = (StoreJob){.run = run_aside};
    submit(s, STORE_WRITE_JOB, aside_home);
}

/* ---- and again ---- */

static void end(Scheduler *s, uint64_t pause_ms)
{
    int64_t next_ms = s->cut ? 0 : s->due->next_ms;

    s->failing = false;
    release_round(s);
    (void)lower(s, next_ms);
    if (s->lane->drain_until_ms) return;
    if (pause_ms)
        loop_arm(s->lane->loop, &s->timer, pause_ms, on_time);
    else if (atomic_load(&s->earliest_ms) <= s->lane->loop->now_ms)
        begin(s);
    else
        sleep_until_due(s);
}

Scheduler *scheduler_new(Lane *lane)
{
    Scheduler *s = mem_new(Scheduler);

    s->lane = lane;
    s->wake.open = on_wake;
    s->mail.open = come_home;
    s->task.run = plan_slice;
    atomic_init(&s->earliest_ms, 0);
    return s;
}

void scheduler_start(Scheduler *s)
{
    s->started = true;
    begin(s);
}

void scheduler_free(Scheduler *s)
{
    mem_free(s);
}
