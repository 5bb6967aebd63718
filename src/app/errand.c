/* An errand leaves its loop, is settled on a thread of the store, and comes home by mail.
 *
 *   loop:   errand_send --> store: run ... COMMIT --> settle:  publish what became durable
 *                                                              swap the snapshot everywhere
 *   loop:   back        <------------ mail ------------------- post home
 *
 * Invariants
 * 1. `back` runs exactly once for a call the store took, on the loop it left from.
 * 2. Nothing is published or swapped before its commit, and both happen in commit order: settle() runs
 *    on the writer between two commits, and mailboxes keep the order of posting.
 * 3. An errand that changes a tenant comes home after every loop has the new snapshot, so whoever reads
 *    its answer and asks again, on any connection, meets the change. */
#include "app/errand.h"

#include "app/app.h"
#include "app/committed.h"
#include "app/courier/courier.h"
#include "app/key_fetch.h"
#include "app/live.h"
#include "app/scheduler.h"
#include "base/mem.h"

static void settle(StoreCall *call);
static void come_home(Mail *mail, Loop *here);
static void on_deadline(Timer *timer);

Errand *errand_new(Request *rq, void (*back)(Request *rq, Errand *e))
{
    Errand *e = arena_new(&rq->arena, Errand);
    e->mail.open = come_home;
    e->rq = rq;
    e->back = back;
    return e;
}

bool errand_send(Errand *e, StoreKind kind)
{
    Request *rq = e->rq;
    Loop *loop = rq->lane->loop;

    e->call.kind = kind;
    e->call.done = settle;
    Status st = store_submit(rq->lane->app->store, &e->call);
    if (st != ST_OK) {
        respond_status(rq, st, NULL);
        return false;
    }
    rq->lane->errands_out++;
    loop_arm(loop, &e->deadline, (uint64_t)rq->lane->app->config->store_timeout * 1000,
             on_deadline);
    return true;
}

static void on_deadline(Timer *timer)
{
    respond_unknown(CONTAINER_OF(timer, Errand, deadline)->rq);
}

Registry *errand_registry(const Errand *e)
{
    return e->rq->lane->app->registry;
}

static void settle(StoreCall *call)
{
    Errand *e = CONTAINER_OF(call, Errand, call);
    Lane *home = e->rq->lane;

    committed(home->app, call);
    if (e->changes_tenant && call->st == ST_OK) {
        snapshot_swap(home->app, &e->staged, home->loop, &e->mail);
        return;
    }
    if (e->changes_tenant) registry_unstage(&e->staged);
    mailbox_post(home->loop, &e->mail);
}

static void come_home(Mail *mail, Loop *here)
{
    Errand *e = CONTAINER_OF(mail, Errand, mail);
    (void)here;
    timer_cancel(&e->deadline);
    e->rq->lane->errands_out--;
    e->back(e->rq, e);
}

/* ---- one new snapshot for every lane ---- */

typedef struct SwapRound SwapRound;

typedef struct SwapMail {
    Mail mail;
    SwapRound *round;
} SwapMail;

struct SwapRound {
    Loop *home;
    Mail *done;
    uint32_t tenant_no;
    Snapshot *snapshot; /* one reference, ours, while the round runs */
    atomic_int lanes_left;
    SwapMail mails[LOOPS_MAX];
};

static void swap_here(Mail *mail, Loop *here)
{
    SwapRound *round = CONTAINER_OF(mail, SwapMail, mail)->round;
    Lane *lane = here->lane;
    Snapshot *before = lane->snapshot;

    lane->snapshot = snapshot_ref(round->snapshot);
    snapshot_unref(before);
    const Tenant *changed = snapshot_by_no(lane->snapshot, round->tenant_no);
    if (!changed || !changed->active) live_recheck(lane);
    if (changed && changed->active && here->index == 0) scheduler_look(lane->app->scheduler);
    if (here->index == 0) key_fetch_look(lane->app->key_fetch);
    if (atomic_fetch_sub(&round->lanes_left, 1) > 1) return;
    mailbox_post(round->home, round->done);
    snapshot_unref(round->snapshot);
    mem_free(round);
}

void snapshot_swap(App *app, StagedTenant *staged, Loop *home, Mail *done)
{
    SwapRound *round = mem_new(SwapRound);

    round->home = home;
    round->done = done;
    round->tenant_no = staged->tenant_no;
    round->snapshot = registry_publish(app->registry, staged);
    courier_adopt(app->courier, round->snapshot);
    atomic_init(&round->lanes_left, app->lane_count);
    for (int i = 0, count = app->lane_count; i < count;
         i++) { /* the last post may free the round */
        round->mails[i] = (SwapMail){.mail.open = swap_here, .round = round};
        mailbox_post(app->lanes[i].loop, &round->mails[i].mail);
    }
}
